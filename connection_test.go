package reglue

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/postgrestest"
)

// TestConnectionsWithTheAWSCLI tries a connection to a real PostgreSQL as people
// type it.
func TestConnectionsWithTheAWSCLI(t *testing.T) {
	needs(t, "aws")
	pg := postgrestest.Start(t)
	glue := awsCLI(t, serve(t, build(t), "--data", filepath.Join(t.TempDir(), "data")))
	input := func(password string) string {
		return fmt.Sprintf(`{"Name": "orders", "ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": %q, "USERNAME": %q, "PASSWORD": %q}}`,
			pg.JDBC(), pg.User, password)
	}
	has := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
	has(glue("create-connection", "--connection-input", input("wrong")), `"CreateConnectionStatus": "READY"`)
	has(glue("test-connection", "--connection-name", "orders"),
		"(InvalidInputException) when calling the TestConnection operation: Connection test failed: ")
	if out := glue("update-connection", "--name", "orders", "--connection-input", input(pg.Password)); out != "" {
		t.Error(out)
	}
	if out := glue("test-connection", "--connection-name", "orders"); out != "" {
		t.Error(out)
	}
	has(glue("get-connection", "--name", "orders"), `"PASSWORD": "`+pg.Password+`"`)
	if out := glue("get-connections", "--hide-password"); strings.Contains(out, "PASSWORD") {
		t.Error(out)
	}
	glue("create-security-configuration", "--name", "strict", "--encryption-configuration", "S3Encryption=[{S3EncryptionMode=SSE-S3}]")
	has(glue("get-security-configurations"), `"S3EncryptionMode": "SSE-S3"`)
}
