package reglue

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/reglue/reglue/"

// TestImports holds the package table of ARCHITECTURE.md against the code: every
// package has a row, and imports only what its row names.
func TestImports(t *testing.T) {
	rows := packageTable(t)
	for pkg, imports := range packages(t) {
		allowed, ok := rows[pkg]
		if !ok {
			t.Errorf("%s has no row in ARCHITECTURE.md", pkg)
			continue
		}
		for _, imp := range imports {
			if !slices.Contains(allowed, imp) && !slices.Contains(allowed, "all") {
				t.Errorf("%s imports %s, which its row in ARCHITECTURE.md does not name", pkg, imp)
			}
		}
		delete(rows, pkg)
	}
	for pkg := range rows {
		t.Errorf("ARCHITECTURE.md names %s, which does not exist", pkg)
	}
}

var (
	tableRow = regexp.MustCompile("^\\| `([^`]+)` \\|.*\\|([^|]*)\\|$")
	name     = regexp.MustCompile("`([^`]+)`|all")
)

// packageTable maps each package to the short names of what it may import.
func packageTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		m := tableRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		rows[m[1]] = []string{}
		for _, n := range name.FindAllStringSubmatch(m[2], -1) {
			rows[m[1]] = append(rows[m[1]], strings.Trim(n[0], "`"))
		}
	}
	if len(rows) < 10 {
		t.Fatalf("only %d rows found in ARCHITECTURE.md", len(rows))
	}
	return rows
}

// packages maps each package of the product to the short names of the packages
// of ours that it imports.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f",
		`{{.ImportPath}} {{join .Imports " "}}`, "./cmd/...", "./internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		if tool(pkg) {
			continue
		}
		found[pkg] = []string{}
		for _, imp := range fields[1:] {
			if short, ours := strings.CutPrefix(imp, module+"internal/"); ours {
				found[pkg] = append(found[pkg], short)
			}
		}
	}
	return found
}

// tool reports whether a package is not part of the product: generators, and
// what only tests use.
func tool(pkg string) bool {
	for _, t := range []string{"internal/glue/gen", "internal/flow/oracle", "internal/flow/mutate", "internal/durability"} {
		if pkg == t {
			return true
		}
	}
	return false
}
