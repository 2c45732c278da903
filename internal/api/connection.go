package api

import (
	"context"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

const kindConnection = "connection"

// connectionOf is a connection as its input describes it, with its secrets in it.
func connectionOf(in *glue.ConnectionInput, now glue.Time) glue.Connection {
	version := int32(1)
	if in.SparkProperties != nil || in.AthenaProperties != nil || in.PythonProperties != nil ||
		in.AuthenticationConfiguration != nil || in.ValidateForComputeEnvironments != nil {
		version = 2
	}
	return glue.Connection{
		Name: in.Name, Description: in.Description, ConnectionType: in.ConnectionType, MatchCriteria: in.MatchCriteria,
		ConnectionProperties: in.ConnectionProperties, SparkProperties: in.SparkProperties,
		AthenaProperties: in.AthenaProperties, PythonProperties: in.PythonProperties,
		PhysicalConnectionRequirements: in.PhysicalConnectionRequirements,
		CreationTime:                   now, LastUpdatedTime: now, Status: glue.ConnectionStatusReady,
		AuthenticationConfiguration:   glue.PublicAuthentication(in.AuthenticationConfiguration),
		ConnectionSchemaVersion:       &version,
		CompatibleComputeEnvironments: in.ValidateForComputeEnvironments,
	}
}

// requiredProperties are those that a type's connections must have, as the guide
// lists them: of each row all members of one of the alternatives.
var requiredProperties = map[glue.ConnectionType][][]string{
	glue.ConnectionTypeJdbc: {
		{"JDBC_CONNECTION_URL", "HOST PORT JDBC_ENGINE"},
		{"USERNAME PASSWORD", "USERNAME ENCRYPTED_PASSWORD", "SECRET_ID"},
	},
	glue.ConnectionTypeKafka: {{"KAFKA_BOOTSTRAP_SERVERS"}},
	glue.ConnectionTypeMongodb: {
		{"CONNECTION_URL"},
		{"USERNAME PASSWORD", "USERNAME ENCRYPTED_PASSWORD", "SECRET_ID"},
	},
	glue.ConnectionTypeMarketplace: {{"CONNECTOR_TYPE CONNECTOR_URL CONNECTOR_CLASS_NAME CONNECTION_URL"}},
}

// checkConnection holds a connection against what its type needs. Who is
// authenticated otherwise needs no user.
func checkConnection(
	kind glue.ConnectionType, properties map[glue.ConnectionPropertyKey]string, auth *glue.AuthenticationConfigurationInput,
) error {
	for _, alternatives := range requiredProperties[kind] {
		if auth != nil && strings.HasPrefix(alternatives[0], "USERNAME") {
			continue
		}
		met := slices.ContainsFunc(alternatives, func(all string) bool {
			for key := range strings.FieldsSeq(all) {
				if _, ok := properties[glue.ConnectionPropertyKey(key)]; !ok {
					return false
				}
			}
			return true
		})
		if !met {
			lists := make([]string, len(alternatives))
			for i, all := range alternatives {
				lists[i] = strings.ReplaceAll(all, " ", ", ")
			}
			return invalid("A connection of type %s must have the ConnectionProperties %s", kind, strings.Join(lists, "; or "))
		}
	}
	return nil
}

func (a *API) createConnection(ctx context.Context, r *glue.CreateConnectionRequest) (*glue.CreateConnectionResponse, error) {
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	err := a.putConnection(ctx, r.ConnectionInput, func(tx *store.Tx, rec *store.ConnectionRecord) error {
		if old, err := tx.Connection(rec.Connection.Name); err != nil || old != nil {
			return orThere(err, "Connection")
		}
		limit := quota(a.opt.MaxConnections, DefaultMaxConnections)
		if err := a.room(&a.connections, "connections", limit, tx.ConnectionNames); err != nil {
			return err
		}
		return tx.PutTags(a.scope.ARN(kindConnection, rec.Connection.Name), r.Tags)
	})
	if err != nil {
		return nil, err
	}
	return &glue.CreateConnectionResponse{CreateConnectionStatus: glue.ConnectionStatusReady}, nil
}

// updateConnection replaces the whole definition, passwords included.
func (a *API) updateConnection(ctx context.Context, r *glue.UpdateConnectionRequest) (*glue.UpdateConnectionResponse, error) {
	if r.Name != r.ConnectionInput.Name {
		return nil, invalid("A connection can't be renamed: Name is %s, ConnectionInput.Name is %s", r.Name, r.ConnectionInput.Name)
	}
	err := a.putConnection(ctx, r.ConnectionInput, func(tx *store.Tx, rec *store.ConnectionRecord) error {
		old, err := findConnection(tx, r.Name)
		if err != nil {
			return err
		}
		now, was := &rec.Connection, &old.Connection
		now.CreationTime = was.CreationTime
		if now.LastConnectionValidationTime == 0 {
			now.LastConnectionValidationTime = was.LastConnectionValidationTime
		}
		return nil
	})
	return &glue.UpdateConnectionResponse{}, err
}

// putConnection writes a connection, unless settle, which completes it, refuses.
// Credentials are tried first when the input asks for it.
func (a *API) putConnection(
	ctx context.Context, in *glue.ConnectionInput, settle func(*store.Tx, *store.ConnectionRecord) error,
) error {
	if err := checkConnection(in.ConnectionType, in.ConnectionProperties, in.AuthenticationConfiguration); err != nil {
		return err
	}
	if a.readOnly {
		return errReadOnly
	}
	rec := &store.ConnectionRecord{Connection: connectionOf(in, 0)}
	tried := isTrue(in.ValidateCredentials) && tryable(in.ConnectionType)
	if tried {
		if err := a.try(ctx, rec.Connection, in.AuthenticationConfiguration); err != nil {
			return err
		}
	}
	if err := a.seal(ctx, rec, in.AuthenticationConfiguration); err != nil {
		return err
	}
	return a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		rec.Connection.CreationTime, rec.Connection.LastUpdatedTime = now, now
		if tried {
			rec.Connection.LastConnectionValidationTime = now
		}
		if err := settle(tx, rec); err != nil {
			return err
		}
		return tx.PutConnection(rec)
	})
}

func findConnection(tx *store.Tx, name string) (*store.ConnectionRecord, error) {
	c, err := tx.Connection(name)
	if err == nil && c == nil {
		err = glue.Errorf(glue.EntityNotFound, "Connection %s not found.", name)
	}
	return c, err
}

func dropConnection(tx *store.Tx, name string) error {
	if _, err := findConnection(tx, name); err != nil {
		return err
	}
	return tx.DeleteConnection(name)
}

func (a *API) deleteConnection(ctx context.Context, r *glue.DeleteConnectionRequest) (*glue.DeleteConnectionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error { return dropConnection(tx, r.ConnectionName) })
	return &glue.DeleteConnectionResponse{}, err
}

func (a *API) batchDeleteConnection(ctx context.Context, r *glue.BatchDeleteConnectionRequest) (*glue.BatchDeleteConnectionResponse, error) {
	out := &glue.BatchDeleteConnectionResponse{}
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		out.Succeeded, out.Errors = []string{}, map[string]glue.ErrorDetail{}
		for _, name := range r.ConnectionNameList {
			failed, err := itemFailed(dropConnection(tx, name))
			switch {
			case err != nil:
				return err
			case failed != nil:
				out.Errors[name] = *failed
			default:
				out.Succeeded = append(out.Succeeded, name)
			}
		}
		return nil
	})
	return out, err
}

func (a *API) getConnection(ctx context.Context, r *glue.GetConnectionRequest) (*glue.GetConnectionResponse, error) {
	out := &glue.GetConnectionResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findConnection(tx, r.Name)
		if err != nil {
			return err
		}
		how, err := a.disclosure(ctx, tx, "GetConnection", r.HidePassword)
		if err != nil {
			return err
		}
		out.Connection, err = a.shown(rec, how)
		return err
	})
	if err == nil {
		override(out.Connection, r.ApplyOverrideForComputeEnvironment)
	}
	return out, err
}

// override puts the properties for a compute environment over the general ones.
func override(c *glue.Connection, environment glue.ComputeEnvironment) {
	own := map[glue.ComputeEnvironment]map[string]string{
		glue.ComputeEnvironmentSpark: c.SparkProperties, glue.ComputeEnvironmentAthena: c.AthenaProperties,
		glue.ComputeEnvironmentPython: c.PythonProperties,
	}[environment]
	for key, value := range own {
		setProperty(c, glue.ConnectionPropertyKey(key), value)
	}
}

func setProperty(c *glue.Connection, key glue.ConnectionPropertyKey, value string) {
	if c.ConnectionProperties == nil {
		c.ConnectionProperties = map[glue.ConnectionPropertyKey]string{}
	}
	c.ConnectionProperties[key] = value
}

func (a *API) getConnections(ctx context.Context, r *glue.GetConnectionsRequest) (*glue.GetConnectionsResponse, error) {
	filter := glue.GetConnectionsFilter{}
	if r.Filter != nil {
		filter = *r.Filter
	}
	version := int32(0)
	if filter.ConnectionSchemaVersion != nil {
		version = *filter.ConnectionSchemaVersion
	}
	p, err := newPage("GetConnections", r.NextToken, r.MaxResults, defaultPage, filter.MatchCriteria, filter.ConnectionType, version)
	if err != nil {
		return nil, err
	}
	wanted := func(c *glue.Connection) bool {
		for _, criterion := range filter.MatchCriteria {
			if !slices.Contains(c.MatchCriteria, criterion) {
				return false
			}
		}
		return (filter.ConnectionType == "" || filter.ConnectionType == c.ConnectionType) &&
			(version == 0 || version == *c.ConnectionSchemaVersion)
	}
	out := &glue.GetConnectionsResponse{ConnectionList: []glue.Connection{}}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		how, err := a.disclosure(ctx, tx, "GetConnections", r.HidePassword)
		if err != nil {
			return err
		}
		recs, err := connectionsWhere(tx, p.after, p.more(), wanted)
		if err != nil {
			return err
		}
		recs, out.NextToken = cut(&p, recs, func(c *store.ConnectionRecord) string { return c.Connection.Name })
		for i := range recs {
			c, err := a.shown(&recs[i], how)
			if err != nil {
				return err
			}
			out.ConnectionList = append(out.ConnectionList, *c)
		}
		return nil
	})
	return out, err
}

// connectionsWhere are connections after a name that are wanted.
func connectionsWhere(tx *store.Tx, after string, limit int, wanted func(*glue.Connection) bool) (out []store.ConnectionRecord, err error) {
	for {
		page, err := tx.Connections(after, limit)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for i := range page {
			if !wanted(&page[i].Connection) {
				continue
			}
			if out = append(out, page[i]); len(out) == limit {
				return out, nil
			}
		}
		after = page[len(page)-1].Connection.Name
	}
}
