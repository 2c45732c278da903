package api

import (
	"context"
	"reflect"
	"regexp"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// The quotas of an account's Data Catalog unless it asks for more.
const (
	DefaultMaxDatabases     = 10_000
	DefaultMaxTables        = 200_000
	DefaultMaxTableVersions = 100_000
	DefaultMaxPartitions    = 10_000_000
	DefaultMaxFunctions     = 100

	maxPartitionIndexes = 3
)

const (
	// maxLooks is how many keys of partitions one request looks at.
	maxLooks = 200_000
	// sweepRows is how many rows of deleted tables are cleared away at once.
	sweepRows = 2000
	// maxCatalogTallies bounds the tallies that are kept.
	maxCatalogTallies = 10_000
)

// CatalogQuotas limit how many there may be. Zero means the default of an AWS
// account, a negative number no limit.
type CatalogQuotas struct {
	Databases int
	// Tables and Functions are in one database.
	Tables, Functions int
	// Partitions and Versions are of one table; Versions are those before the
	// present one.
	Partitions, Versions int
}

// catalogTallies are used by the engine's committer alone. Those within a
// database or table go by its id.
type catalogTallies struct {
	databases tally
	within    map[withinKey]*tally
}

type withinKey struct {
	what string
	id   int64
}

func (c *catalogTallies) of(what string, id int64) *tally {
	k := withinKey{what, id}
	if c.within[k] == nil {
		if c.within == nil || len(c.within) >= maxCatalogTallies {
			c.within = map[withinKey]*tally{}
		}
		c.within[k] = &tally{}
	}
	return c.within[k]
}

// roomWithin holds one more of what a database or table has against a quota.
func (a *API) roomWithin(what string, id int64, limit int, count func(limit int) (int, error)) error {
	fits, err := a.catalog.of(what, id).add(limit, count)
	if err == nil && !fits {
		err = overQuota(what, limit)
	}
	return err
}

// inCatalog makes an operation of the Data Catalog. There is one catalog, that of
// the account.
func inCatalog[Request, Response any](f func(*API, context.Context, *Request) (Response, error)) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		request := new(Request)
		if err := glue.Decode(op, body, request); err != nil {
			return nil, err
		}
		members := reflect.ValueOf(request).Elem()
		if id := members.FieldByName("CatalogId").String(); id != "" && id != a.scope.Account {
			kind := glue.Validation
			for _, declared := range []glue.Kind{glue.InvalidInput, glue.EntityNotFound} {
				if glue.Declares(op, declared) {
					kind = declared
				}
			}
			return nil, glue.Errorf(kind, "Catalog %s not found. The catalog of this account is %s.", id, a.scope.Account)
		}
		for _, member := range []string{"TransactionId", "QueryAsOfTime", "OpenTableFormatInput", "UpdateOpenTableFormatInput"} {
			if v := members.FieldByName(member); v.IsValid() && !v.IsZero() {
				return nil, invalid("%s is not supported here: governed tables, and tables whose files Glue writes itself, are not", member)
			}
		}
		return f(a, ctx, request)
	}
}

// alter makes a change of the catalog durable.
func (a *API) alter(ctx context.Context, f func(tx *store.Tx, now glue.Time) error) error {
	if a.readOnly {
		return errReadOnly
	}
	return a.engine.Update(ctx, f)
}

// sweep clears away what was in deleted databases and tables. They are gone
// already: when it is cut short, the next one goes on.
func (a *API) sweep(ctx context.Context) {
	for more := true; more; {
		err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) (err error) {
			more, err = tx.SweepCatalog(sweepRows)
			return err
		})
		if err != nil {
			a.opt.Log.Warn("deleted tables are not cleared away yet", "error", err)
			return
		}
	}
}

// folded is a name of a database or table as it is stored.
func folded(name string) string { return strings.ToLower(name) }

func findDatabase(tx *store.Tx, name string) (*store.DatabaseRecord, error) {
	d, err := tx.Database(folded(name))
	if err == nil && d == nil {
		err = glue.Errorf(glue.EntityNotFound, "Database %s not found.", folded(name))
	}
	return d, err
}

// openDatabase finds a database to look into.
func openDatabase(tx *store.Tx, name string) (*store.DatabaseRecord, error) {
	d, err := findDatabase(tx, name)
	switch {
	case err != nil:
		return nil, err
	case d.Database.TargetDatabase != nil:
		return nil, elsewhere("Database", d.Database.Name, "TargetDatabase")
	case d.Database.FederatedDatabase != nil:
		return nil, elsewhere("Database", d.Database.Name, "FederatedDatabase")
	}
	return d, nil
}

// elsewhere is the answer to a look into what only refers to another thing.
func elsewhere(kind, name, member string) error {
	return invalid("%s %s refers to one elsewhere by its %s, which is not followed here", kind, name, member)
}

func findTable(tx *store.Tx, database, name string) (*store.TableRecord, error) {
	d, err := openDatabase(tx, database)
	if err != nil {
		return nil, err
	}
	return tableIn(tx, d.ID, name)
}

func tableIn(tx *store.Tx, database int64, name string) (*store.TableRecord, error) {
	t, err := tx.Table(database, folded(name))
	if err == nil && t == nil {
		err = glue.Errorf(glue.EntityNotFound, "Table %s not found.", folded(name))
	}
	return t, err
}

// openTable finds a table whose partitions are asked for.
func openTable(tx *store.Tx, database, name string) (*store.TableRecord, error) {
	t, err := findTable(tx, database, name)
	if err == nil && t.Table.TargetTable != nil {
		err = elsewhere("Table", t.Table.Name, "TargetTable")
	}
	return t, err
}

// anyText finds the * of a pattern that stand for any text: those that do not
// repeat what a regular expression can only mean to repeat.
var anyText = regexp.MustCompile(`(^|[^.)\]\\*])\*`)

// namePattern reads a pattern of names: a regular expression over the whole name,
// whatever the case, in which a * behind a letter stands for any text, as in Hive.
// An empty one is nil.
func namePattern(member, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(`(?i)\A(?:` + anyText.ReplaceAllString(text, "$1.*") + `)\z`)
	if err != nil {
		return nil, invalid("%s %q is no pattern of names: %v", member, text, err)
	}
	return re, nil
}
