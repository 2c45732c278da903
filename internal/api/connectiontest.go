package api

import (
	"context"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/jdbc"
	"github.com/reglue/reglue/internal/store"
)

// maxTry bounds how long a connection is tried.
const maxTry = 10 * time.Second

func (a *API) testConnection(ctx context.Context, r *glue.TestConnectionRequest) (*glue.TestConnectionResponse, error) {
	switch {
	case r.ConnectionName != "" && r.TestConnectionInput != nil:
		return nil, invalid("ConnectionName and TestConnectionInput can't both be set")
	case r.ConnectionName == "" && r.TestConnectionInput == nil:
		return nil, invalid("ConnectionName or TestConnectionInput must be set")
	}
	if in := r.TestConnectionInput; in != nil {
		if err := checkConnection(in.ConnectionType, in.ConnectionProperties, in.AuthenticationConfiguration); err != nil {
			return nil, err
		}
		c := glue.Connection{
			ConnectionType: in.ConnectionType, ConnectionProperties: in.ConnectionProperties,
			AuthenticationConfiguration: glue.PublicAuthentication(in.AuthenticationConfiguration),
		}
		return &glue.TestConnectionResponse{}, a.try(ctx, c, in.AuthenticationConfiguration)
	}
	var c *glue.Connection
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rec, err := findConnection(tx, r.ConnectionName)
		if err == nil {
			c, err = a.shown(rec, disclosure{job: true})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &glue.TestConnectionResponse{}, a.try(ctx, *c, nil)
}

// tryable reports whether there is something to connect to behind connections of
// a type.
func tryable(kind glue.ConnectionType) bool {
	switch kind { //nolint:exhaustive // all others are services of other vendors
	case glue.ConnectionTypeJdbc, glue.ConnectionTypeKafka, glue.ConnectionTypeMongodb, glue.ConnectionTypeNetwork,
		glue.ConnectionTypePostgresql, glue.ConnectionTypeMysql, glue.ConnectionTypeSqlserver, glue.ConnectionTypeOracle,
		glue.ConnectionTypeSftp:
		return true
	}
	return false
}

// try connects as a connection describes it, with its secrets in it.
func (a *API) try(ctx context.Context, c glue.Connection, auth *glue.AuthenticationConfigurationInput) error {
	if !tryable(c.ConnectionType) {
		return invalid("Connections of type %s can't be tested here", c.ConnectionType)
	}
	c.ConnectionProperties = orNew(c.ConnectionProperties)
	if err := a.resolve(&c, auth); err != nil {
		return err
	}
	properties := c.ConnectionProperties
	server, err := serverOf(&c)
	if err != nil {
		return invalid("Connection test failed: %s", err)
	}
	user, password := properties["USERNAME"], properties["PASSWORD"]
	if id := properties["SECRET_ID"]; id != "" && password == "" {
		return invalid("Connection test failed: the secret %s is not known to this server: it has to be in the file that --secrets names", id)
	}
	login := jdbc.Login{User: user, Password: password, EnforceTLS: strings.EqualFold(properties["JDBC_ENFORCE_SSL"], "true")}
	if at := properties["CUSTOM_JDBC_CERT"]; at != "" && login.EnforceTLS {
		if login.Certificate, err = a.opt.Files.Resolve(at); err != nil {
			return invalid("Connection test failed: CUSTOM_JDBC_CERT: %s", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, maxTry)
	defer cancel()
	if err := jdbc.Try(ctx, server, login); err != nil {
		return invalid("Connection test failed: %s", err)
	}
	return nil
}

// serverOf is what a connection leads to.
func serverOf(c *glue.Connection) (jdbc.Server, error) {
	p := c.ConnectionProperties
	for _, key := range []glue.ConnectionPropertyKey{"JDBC_CONNECTION_URL", "CONNECTION_URL"} {
		if p[key] != "" {
			return jdbc.ParseURL(p[key])
		}
	}
	if brokers := p["KAFKA_BOOTSTRAP_SERVERS"]; brokers != "" {
		s := jdbc.Server{}
		for broker := range strings.SplitSeq(brokers, ",") {
			s.Addresses = append(s.Addresses, strings.TrimSpace(broker))
		}
		return s, nil
	}
	engine := strings.ToLower(p["JDBC_ENGINE"])
	if engine == "" && c.ConnectionType != glue.ConnectionTypeNetwork {
		engine = strings.ToLower(string(c.ConnectionType))
	}
	if p["HOST"] == "" {
		return jdbc.Server{}, invalid("the connection names no HOST and PORT, and no URL")
	}
	return jdbc.Server{Engine: engine, Addresses: []string{jdbc.Address(engine, p["HOST"], p["PORT"])}, Database: p["DATABASE"]}, nil
}
