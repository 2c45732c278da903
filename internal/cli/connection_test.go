package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/reglue/reglue/internal/postgrestest"
)

const connectedPipeline = `
Parameters:
  Url: {Type: String}
  User: {Type: String}
  Password: {Type: String, NoEcho: true}
  Third: {Type: String, Default: orders}
Resources:
  Orders:
    Type: AWS::Glue::Connection
    Properties:
      CatalogId: !Ref AWS::AccountId
      ConnectionInput: {Name: orders, ConnectionType: JDBC, ConnectionProperties: {JDBC_CONNECTION_URL: !Ref Url, USERNAME: !Ref User, PASSWORD: !Ref Password}}
  Shop:
    Type: AWS::Glue::Connection
    Properties:
      CatalogId: !Ref AWS::AccountId
      ConnectionInput: {Name: shop, ConnectionType: JDBC, ConnectionProperties: {JDBC_CONNECTION_URL: !Ref Url, SECRET_ID: shop-db}}
  Load:
    Type: AWS::Glue::Job
    Properties: {Name: load, Role: r, Command: {Name: pythonshell, ScriptLocation: load.py}, Connections: {Connections: [!Ref Orders, !Ref Shop, !Ref Third]}}
  Nightly: {Type: AWS::Glue::Workflow, Properties: {Name: nightly}}
  Begin: {Type: AWS::Glue::Trigger, Properties: {Name: begin, WorkflowName: !Ref Nightly, Type: ON_DEMAND, Actions: [{JobName: !Ref Load}]}}
`

const connectScript = `
import hashlib, json, os, urllib.request

def glue(operation, **request):
    headers = {"X-Amz-Target": "AWSGlue." + operation, "Content-Type": "application/x-amz-json-1.1"}
    asked = urllib.request.Request(os.environ["AWS_ENDPOINT_URL_GLUE"], json.dumps(request).encode(), headers)
    return json.load(urllib.request.urlopen(asked))

for name in "orders", "shop":
    p = glue("GetConnection", Name=name, HidePassword=False)["Connection"]["ConnectionProperties"]
    glue("TestConnection", ConnectionName=name)
    print(name, p["USERNAME"], hashlib.sha256(p["PASSWORD"].encode()).hexdigest(), flush=True)
`

// A job gets the passwords of its connections, of which one is encrypted in the
// folder and one lies in the file of secrets, and both open a real database. No
// file of the folder shows them, and neither does what is printed.
func TestJobsGetTheirConnections(t *testing.T) {
	t.Parallel()
	pg := postgrestest.Start(t)
	w := newWorks(t)
	w.write(t, "nightly.yaml", connectedPipeline)
	w.write(t, "load.py", connectScript)
	w.write(t, "secrets.yaml", "shop-db: {username: "+pg.User+", password: "+pg.Password+"}\n")
	secrets := filepath.Join(w.dir, "secrets.yaml")
	args := []string{"run", w.template, "--parameter", "Url=" + pg.JDBC(), "--parameter", "User=" + pg.User, "--parameter", "Password=" + pg.Password, "--secrets", secrets}
	printed, errs := w.reglue(t, exitWhole, args...)
	out, _ := w.reglue(t, 0, "logs", "nightly", "load")
	sum := sha256.Sum256([]byte(pg.Password))
	for _, name := range []string{"orders", "shop"} {
		has(t, out, name+" "+pg.User+" "+hex.EncodeToString(sum[:]))
	}
	shown, _ := w.reglue(t, 0, "runs", "-o", "json")
	for _, text := range []string{printed, errs, out, shown} {
		hasNot(t, text, pg.Password)
	}
	err := filepath.WalkDir(w.data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(pg.Password)) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	// A connection that is not there ends the job run before it begins.
	out, _ = w.reglue(t, exitFailed, append(args, "--parameter", "Third=warehouse")...)
	has(t, out, "the connection warehouse, which the job names, does not exist: create it, or take it out of the job's Connections")

	if err := os.Chmod(secrets, 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs = w.reglue(t, exitRefused, args...)
	has(t, errs, "--secrets: the file of secrets: "+secrets+" can be read by others (mode 0644): run `chmod 600 "+secrets+"`")
}
