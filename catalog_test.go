package reglue

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// awsCLI calls `aws glue` at an endpoint and returns what it prints.
func awsCLI(t *testing.T, endpoint string) func(args ...string) string {
	return func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "aws", append([]string{
			"glue", "--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json",
		}, args...)...)
		cmd.Env = append(cmd.Environ(), "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_PAGER=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return strings.TrimSpace(string(out))
		}
		return string(out)
	}
}

// TestCatalogWithTheAWSCLI uses the Data Catalog of the program as people type it.
func TestCatalogWithTheAWSCLI(t *testing.T) {
	needs(t, "aws")
	endpoint := serve(t, build(t), "--data", filepath.Join(t.TempDir(), "data"))
	glue := awsCLI(t, endpoint)
	glue("create-database", "--database-input", "Name=Shop")
	glue("create-table", "--database-name", "shop", "--table-input",
		`{"Name": "sales", "PartitionKeys": [{"Name": "day", "Type": "date"}], "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}]}}`)
	for _, day := range []string{"2024-01-01", "2024-01-02", "2024-02-01"} {
		glue("create-partition", "--database-name", "shop", "--table-name", "sales", "--partition-input", "Values="+day)
	}
	var days [][]string
	out := glue("get-partitions", "--database-name", "shop", "--table-name", "sales", "--page-size", "1",
		"--expression", "day between '2024-01-02' and '2024-02-01'", "--query", "Partitions[].Values")
	if err := json.Unmarshal([]byte(out), &days); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff([][]string{{"2024-01-02"}, {"2024-02-01"}}, days); diff != "" {
		t.Error(diff)
	}
	out = glue("get-table", "--database-name", "shop", "--name", "none")
	if want := "(EntityNotFoundException) when calling the GetTable operation: Table none not found."; !strings.Contains(out, want) {
		t.Errorf("got %s", out)
	}
}
