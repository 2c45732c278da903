package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// constants are the package's string constants, read from its source.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	exprs := make(map[string]ast.Expr)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, v := range spec.Values {
					exprs[spec.Names[i].Name] = v
				}
			}
			return true
		})
	}
	out := make(map[string]string)
	for name, e := range exprs {
		if strings.HasPrefix(name, "sql") {
			out[name] = text(t, exprs, e)
		}
	}
	return out
}

func text(t *testing.T, exprs map[string]ast.Expr, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	case *ast.BinaryExpr:
		return text(t, exprs, e.X) + text(t, exprs, e.Y)
	case *ast.Ident:
		return text(t, exprs, exprs[e.Name])
	}
	t.Fatalf("a constant of SQL is made of %T", e)
	return ""
}

func openTest(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestEveryStatementPrepares(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	all := constants(t)
	if len(all) < 60 {
		t.Errorf("only %d statements found", len(all))
	}
	for name, query := range all {
		if _, err := db.writer.stmt(t.Context(), query); err != nil { //nolint:sqlclosecheck // kept until the connection closes
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The text is meant for PostgreSQL too, which knows neither ? nor SQLite's
// functions and keywords.
func TestStatementsArePortable(t *testing.T) {
	t.Parallel()
	// These are for SQLite alone: opening, migrating, checkpoints, its log.
	own := map[string]bool{
		"sqlBeginWrite": true, "sqlCheckpoint": true, "sqlLogState": true, "sqlCopy": true, "sqlTableCount": true, "sqlHasVersion": true,
	}
	foreign := regexp.MustCompile(`(?i)\?|\bINSERT OR\b|\bREPLACE INTO\b|\bIFNULL\b|\browid\b|\bGLOB\b|\bPRAGMA\b|` +
		`\blast_insert_rowid\b|\bdatetime\b|\bstrftime\b|\bsqlite_|\bjson_|"`)
	for name, query := range constants(t) {
		if found := foreign.FindString(query); found != "" && !own[name] {
			t.Errorf("%s uses %q: %s", name, found, query)
		}
	}
}

// Statements that run for each event must not scan.
func TestHotStatementsUseAnIndex(t *testing.T) {
	t.Parallel()
	db := openTest(t, t.TempDir())
	all := constants(t)
	// These look at every row or at a short list by design.
	scans := map[string]bool{
		"sqlSelectNumbers": true, "sqlVersion": true, "sqlTableCount": true, "sqlHasVersion": true, "sqlUnneededRuns": true,
		"sqlJobDefinitions": true,
		// These count what an index found, up to a limit.
		"sqlCountTables": true, "sqlCountTableVersions": true, "sqlCountPartitions": true, "sqlCountSchemas": true, "sqlCountFunctions": true,
	}
	for name, query := range all {
		if !strings.HasPrefix(query, "SELECT") && !strings.HasPrefix(query, "UPDATE") && !strings.HasPrefix(query, "DELETE") {
			continue
		}
		for _, step := range plan(t, db, query) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "USING INDEX") && !strings.Contains(step, "USING COVERING INDEX") && !scans[name] {
				t.Errorf("%s: %s\n%s", name, step, query)
			}
		}
	}
}

func plan(t *testing.T, db *DB, query string) (steps []string) {
	t.Helper()
	args := make([]any, strings.Count(query, "$"))
	rows, err := db.writer.c.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
