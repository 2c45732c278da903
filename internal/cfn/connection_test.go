package cfn

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

const connected = `
Parameters:
  Password: {Type: String, NoEcho: true, Default: hunter2}
Resources:
  Orders:
    Type: AWS::Glue::Connection
    Properties:
      CatalogId: !Ref AWS::AccountId
      ConnectionInput:
        Name: Orders-DB
        ConnectionType: JDBC
        Description: the shop
        ConnectionProperties: {JDBC_CONNECTION_URL: "jdbc:postgresql://db:5432/orders", USERNAME: etl, PASSWORD: !Ref Password}
        PhysicalConnectionRequirements: {SubnetId: subnet-1, SecurityGroupIdList: [sg-1]}
  Unnamed:
    Type: AWS::Glue::Connection
    Properties:
      CatalogId: !Ref AWS::AccountId
      ConnectionInput:
        ConnectionType: MYSQL
        ConnectionProperties: {HOST: db, PORT: 3306}
        ValidateForComputeEnvironments: [SPARK]
        AuthenticationConfiguration:
          AuthenticationType: BASIC
          BasicAuthenticationCredentials: {Username: u, Password: !Ref Password}
  Strict:
    Type: AWS::Glue::SecurityConfiguration
    Properties:
      Name: strict
      EncryptionConfiguration:
        S3Encryptions: [{S3EncryptionMode: SSE-S3}]
        CloudWatchEncryption: {CloudWatchEncryptionMode: DISABLED}
  Load:
    Type: AWS::Glue::Job
    Properties:
      Name: load
      Role: r
      Command: {Name: pythonshell, ScriptLocation: s3://b/a.py}
      Connections: {Connections: [!Ref Orders, !Ref Unnamed]}
      SecurityConfiguration: !Ref Strict
`

func parseConnected(t *testing.T, edits ...string) *Template {
	t.Helper()
	tmpl, warnings, err := Parse([]byte(strings.NewReplacer(edits...).Replace(connected)), "c.yaml", Options{StackName: "Stack", Account: "123456789012"})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	return tmpl
}

func TestConnectionTemplates(t *testing.T) {
	t.Parallel()
	tmpl := parseConnected(t)
	if got := strings.Join(tmpl.Jobs[0].Connections.Connections, " ") + " " + tmpl.Jobs[0].SecurityConfiguration; got != "Orders-DB Stack-Unnamed strict" {
		t.Error(got)
	}
	if got := tmpl.Connections[1].ConnectionInput; got.ConnectionProperties["PORT"] != "3306" || tmpl.Connections[0].ConnectionInput.ConnectionProperties["PASSWORD"] != "hunter2" {
		t.Errorf("%+v", got)
	}
	if single := parseConnected(t, "[{S3EncryptionMode: SSE-S3}]", "{S3EncryptionMode: SSE-S3}"); !cmp.Equal(single.SecurityConfigurations, tmpl.SecurityConfigurations) {
		t.Errorf("%+v", single.SecurityConfigurations)
	}
	text, err := Export(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("the password is exported:\n%s", text)
	}
	for _, want := range []string{"# Passwords are not exported", "PASSWORD: !Ref OrdersPassword", "Password: !Ref UnnamedPassword", "NoEcho: true", "- !Ref Orders\n",
		"SecurityConfiguration: !Ref Strict", "S3Encryptions:", "CatalogId: !Ref AWS::AccountId"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	again, warnings, err := Parse(text, "again.yaml", Options{Account: "123456789012", Parameters: map[string]string{"OrdersPassword": "hunter2", "UnnamedPassword": "hunter2"}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	for _, pair := range [][2]any{{tmpl.Connections, again.Connections}, {tmpl.SecurityConfigurations, again.SecurityConfigurations}, {tmpl.Jobs, again.Jobs}} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("differs after export and parse:\n%s\n%s", diff, text)
		}
	}
	if _, _, err := Parse(text, "again.yaml", Options{}); err == nil || !strings.Contains(err.Error(), "OrdersPassword") {
		t.Errorf("without the passwords: %v", err)
	}
}

func TestConnectionTemplatesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ from, to, want string }{
		{"ConnectionType: MYSQL", "ConnectionType: CARRIER", "CreateConnection would refuse this connection"},
		{"PORT: 3306", "DOOR: 1", "CreateConnection would refuse this connection"},
		{"SSE-S3", "SSE-X", "CreateSecurityConfiguration would refuse this security configuration"},
		{"ConnectionType: MYSQL", "ConnectionType: MYSQL\n        Name: Orders-DB", `is a connection named "Orders-DB" too`},
	} {
		_, _, err := Parse([]byte(strings.Replace(connected, tt.from, tt.to, 1)), "c.yaml", Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want …%s", tt.to, err, tt.want)
		}
	}
	plain := strings.Replace(connected, "PASSWORD: !Ref Password", "PASSWORD: hunter2", 1)
	_, warnings, err := Parse([]byte(plain), "c.yaml", Options{})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), "PASSWORD has a password in the template") || strings.Contains(warnings[0].String(), "hunter2") {
		t.Error(err, warnings)
	}
}

// heldConnections answers as a server does, which tells no credentials within
// AuthenticationConfiguration.
type heldConnections struct {
	*fakeGlue
	connections map[string]*glue.Connection
	security    map[string]*glue.SecurityConfiguration
	refuse      string // the operation that fails
}

func (h *heldConnections) Call(ctx context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err == nil && glue.KnownOperation(op) {
		err = glue.Validate(op, body)
	}
	if err != nil {
		return err
	}
	keep := func(in *glue.ConnectionInput) error {
		c := &glue.Connection{}
		h.connections[in.Name] = c
		err := recast(in, c)
		c.AuthenticationConfiguration, c.CompatibleComputeEnvironments = glue.PublicAuthentication(in.AuthenticationConfiguration), in.ValidateForComputeEnvironments
		version := int32(2)
		c.Status, c.CreationTime, c.ConnectionSchemaVersion = "READY", 1, &version
		return err
	}
	if h.refuse == op {
		h.refuse = ""
		return glue.Errorf(glue.OperationTimeout, "too late")
	}
	switch in := in.(type) {
	case *glue.GetConnectionRequest:
		if h.connections[in.Name] == nil {
			return notFound("connection", in.Name)
		}
		return recast(map[string]any{"Connection": h.connections[in.Name]}, out)
	case *glue.CreateConnectionRequest:
		h.calls = append(h.calls, op+" "+in.ConnectionInput.Name)
		return keep(in.ConnectionInput)
	case *glue.UpdateConnectionRequest:
		h.calls = append(h.calls, op+" "+in.Name)
		return keep(in.ConnectionInput)
	case *glue.GetSecurityConfigurationRequest:
		if h.security[in.Name] == nil {
			return notFound("security configuration", in.Name)
		}
		return recast(map[string]any{"SecurityConfiguration": h.security[in.Name]}, out)
	case *glue.CreateSecurityConfigurationRequest:
		h.calls = append(h.calls, op+" "+in.Name)
		h.security[in.Name] = &glue.SecurityConfiguration{Name: in.Name, CreatedTimeStamp: 1, EncryptionConfiguration: in.EncryptionConfiguration}
		return nil
	case *glue.DeleteSecurityConfigurationRequest:
		h.calls = append(h.calls, op+" "+in.Name)
		delete(h.security, in.Name)
		return nil
	}
	return h.fakeGlue.Call(ctx, op, in, out)
}

func TestApplyConnections(t *testing.T) {
	t.Parallel()
	h := &heldConnections{fakeGlue: newFakeGlue(), connections: map[string]*glue.Connection{}, security: map[string]*glue.SecurityConfiguration{}}
	apply(t, h, parseConnected(t))
	want := []string{"CreateConnection Orders-DB", "CreateConnection Stack-Unnamed", "CreateSecurityConfiguration strict", "CreateJob load"}
	if diff := cmp.Diff(want, h.changes()); diff != "" {
		t.Error(diff)
	}
	for _, r := range apply(t, h, parseConnected(t)) {
		if r.Action != Unchanged || (r.Note != "") != (r.Name == "Stack-Unnamed") {
			t.Errorf("applied again: %+v", r)
		}
	}
	var fields []string
	for _, r := range apply(t, h, parseConnected(t, "hunter2", "changed", "SSE-S3", "DISABLED", "HOST: db", "HOST: db2")) {
		fields = append(fields, r.Fields...)
	}
	if diff := cmp.Diff([]string{"ConnectionProperties.PASSWORD", "ConnectionProperties.HOST", "S3Encryption[0].S3EncryptionMode"}, fields); diff != "" {
		t.Error(diff)
	}
	want = []string{"UpdateConnection Orders-DB", "UpdateConnection Stack-Unnamed", "DeleteSecurityConfiguration strict", "CreateSecurityConfiguration strict"}
	if diff := cmp.Diff(want, h.changes()); diff != "" {
		t.Error(diff)
	}
	// A server that gives passwords encrypted alone.
	p := h.connections["Orders-DB"].ConnectionProperties
	p["ENCRYPTED_PASSWORD"] = "x"
	delete(p, "PASSWORD")
	results := apply(t, h, parseConnected(t, "SSE-S3", "DISABLED", "HOST: db", "HOST: db2"))
	if r := results[0]; r.Action != Unchanged || !strings.Contains(r.Note, "does not tell its password") {
		t.Errorf("%+v", r)
	}
}

// The old security configuration is back when the new one is refused.
func TestReplacedSecurityConfigurationIsRestored(t *testing.T) {
	t.Parallel()
	h := &heldConnections{fakeGlue: newFakeGlue(), connections: map[string]*glue.Connection{}, security: map[string]*glue.SecurityConfiguration{}}
	apply(t, h, parseConnected(t))
	h.refuse = "CreateSecurityConfiguration"
	_, err := Apply(t.Context(), h, parseConnected(t, "SSE-S3", "DISABLED"))
	if err == nil || !strings.Contains(err.Error(), "is back as it was") || h.security["strict"].EncryptionConfiguration.S3Encryption[0].S3EncryptionMode != "SSE-S3" {
		t.Error(err, h.security["strict"])
	}
}
