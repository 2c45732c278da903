package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/postgrestest"
	"github.com/reglue/reglue/internal/secret"
)

const (
	encryptionFailed = "GlueEncryptionException"
	hunter2          = "hunter2!" // the password of the tests: nothing but an answer may show it

	db1 = `'JDBC_CONNECTION_URL': 'jdbc:postgresql://127.0.0.1:5/orders'`
)

func jdbcConnection(name, more string) string {
	return `{'ConnectionInput': {'Name': '` + name + `', 'ConnectionType': 'JDBC', 'ConnectionProperties': {` + db1 + `, 'USERNAME': 'etl', 'PASSWORD': '` + hunter2 + `'}` + more + `}}`
}

func (s *server) connection(ask string) map[string]any {
	s.t.Helper()
	return s.do("GetConnection", `{`+ask+`}`)["Connection"].(map[string]any)
}

func properties(c map[string]any) map[string]any {
	p, _ := c["ConnectionProperties"].(map[string]any)
	return p
}

// asJob calls an operation with the token of a job run.
func (s *server) asJob(op, body string) map[string]any {
	s.t.Helper()
	answer, err := s.api.Call(WithCall(s.t.Context(), engine.Call{JobRun: "jr_1"}), op, []byte(quoted(body)))
	if err != nil {
		s.t.Fatalf("%s %s: %v", op, body, err)
	}
	text, err := encode(answer)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestConnections(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if out := s.do("CreateConnection", jdbcConnection("c", `, 'Description': 'd', 'MatchCriteria': ['a', 'b']`)); out["CreateConnectionStatus"] != "READY" {
		t.Error(out)
	}
	got := s.connection(`'Name': 'c'`)
	if got["Status"] != "READY" || fmt.Sprint(got["ConnectionSchemaVersion"]) != "1" || got["CreationTime"] == nil || got["CreationTime"] != got["LastUpdatedTime"] {
		t.Error(got)
	}
	want := map[string]any{"JDBC_CONNECTION_URL": "jdbc:postgresql://127.0.0.1:5/orders", "USERNAME": "etl", "PASSWORD": hunter2}
	if diff := cmp.Diff(want, properties(got)); diff != "" {
		t.Error(diff)
	}
	delete(want, "PASSWORD")
	if diff := cmp.Diff(want, properties(s.connection(`'Name': 'c', 'HidePassword': true`))); diff != "" {
		t.Errorf("hidden: %s", diff)
	}
	// An update replaces all of it.
	s.do("UpdateConnection", `{'Name': 'c', 'ConnectionInput': {'Name': 'c', 'ConnectionType': 'NETWORK', 'ConnectionProperties': {},
		'PhysicalConnectionRequirements': {'SubnetId': 'subnet-1', 'SecurityGroupIdList': ['sg-1'], 'AvailabilityZone': 'a'}}}`)
	changed := s.connection(`'Name': 'c'`)
	if changed["ConnectionType"] != "NETWORK" || len(properties(changed)) != 0 || changed["Description"] != nil ||
		changed["CreationTime"] != got["CreationTime"] {
		t.Error(changed)
	}
	s.do("CreateConnection", jdbcConnection("b", ""))
	out := s.do("BatchDeleteConnection", `{'ConnectionNameList': ['c', 'none', 'C']}`)
	if diff := cmp.Diff(map[string]any{"Succeeded": []any{"c"}, "Errors": map[string]any{
		"none": map[string]any{"ErrorCode": enf, "ErrorMessage": "Connection none not found."},
		"C":    map[string]any{"ErrorCode": enf, "ErrorMessage": "Connection C not found."},
	}}, out); diff != "" {
		t.Error(diff)
	}
	s.do("DeleteConnection", `{'ConnectionName': 'b'}`)
	wantNames(t, "left", names(s.do("GetConnections", `{}`), "ConnectionList", "Name"))
}

func TestConnectionFilters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, rest := range map[string]string{
		"a": `'ConnectionType': 'NETWORK', 'MatchCriteria': ['x', 'y']`,
		"b": `'ConnectionType': 'SFTP', 'MatchCriteria': ['x'], 'PythonProperties': {'HOST': 'h'}`,
		"c": `'ConnectionType': 'SNOWFLAKE'`,
		"d": `'ConnectionType': 'SNOWFLAKE', 'AuthenticationConfiguration': {'AuthenticationType': 'BASIC'}`,
	} {
		s.do("CreateConnection", `{'ConnectionInput': {'Name': '`+name+`', `+rest+`, 'ConnectionProperties': {}}}`)
	}
	for filter, want := range map[string][]string{
		`{}`:                              {"a", "b", "c", "d"},
		`{'MatchCriteria': []}`:           {"a", "b", "c", "d"},
		`{'MatchCriteria': ['x']}`:        {"a", "b"},
		`{'MatchCriteria': ['y', 'x']}`:   {"a"},
		`{'ConnectionType': 'SNOWFLAKE'}`: {"c", "d"},
		`{'ConnectionSchemaVersion': 2}`:  {"b", "d"},
		`{'ConnectionType': 'SNOWFLAKE', 'ConnectionSchemaVersion': 1}`: {"c"},
	} {
		for _, size := range []int{1, 2, 9} {
			var got []string
			token := ""
			for {
				out := s.do("GetConnections", fmt.Sprintf(`{'Filter': %s, 'MaxResults': %d%s}`, filter, size, token))
				got = append(got, names(out, "ConnectionList", "Name")...)
				next, more := out["NextToken"].(string)
				if !more {
					break
				}
				token = fmt.Sprintf(`, 'NextToken': %q`, next)
			}
			wantNames(t, filter, got, want...)
		}
	}
}

func TestComputeEnvironments(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateConnection", `{'ConnectionInput': {'Name': 'c', 'ConnectionType': 'SNOWFLAKE', 'ConnectionProperties': {'HOST': 'h', 'PORT': '1'},
		'SparkProperties': {'HOST': 'spark', 'token': '`+hunter2+`'}, 'AthenaProperties': {'spill_bucket': 'b'}, 'ValidateForComputeEnvironments': ['SPARK', 'ATHENA']}}`)
	for environment, want := range map[string]map[string]any{
		"SPARK":  {"HOST": "spark", "PORT": "1", "token": hunter2},
		"ATHENA": {"HOST": "h", "PORT": "1", "spill_bucket": "b"},
		"PYTHON": {"HOST": "h", "PORT": "1"},
	} {
		got := s.connection(`'Name': 'c', 'ApplyOverrideForComputeEnvironment': '` + environment + `'`)
		if diff := cmp.Diff(want, properties(got)); diff != "" {
			t.Errorf("%s: %s", environment, diff)
		}
		if diff := cmp.Diff([]any{"SPARK", "ATHENA"}, got["CompatibleComputeEnvironments"]); diff != "" {
			t.Error(diff)
		}
	}
	if got := s.connection(`'Name': 'c', 'HidePassword': true`)["SparkProperties"]; !cmp.Equal(got, any(map[string]any{"HOST": "spark"})) {
		t.Error(got)
	}
}

// secretConnections are connections with the password in every place that may
// have one.
var secretConnections = map[string]string{
	"password": `'ConnectionType': 'JDBC', 'ConnectionProperties': {` + db1 + `, 'USERNAME': 'etl', 'PASSWORD': '` + hunter2 + `'}`,
	"url":      `'ConnectionType': 'JDBC', 'ConnectionProperties': {'JDBC_CONNECTION_URL': 'jdbc:mysql://h/d?user=u&password=` + hunter2 + `&x=y', 'SECRET_ID': 'arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf'}`,
	"user":     `'ConnectionType': 'MONGODB', 'ConnectionProperties': {'CONNECTION_URL': 'mongodb://u:` + hunter2 + `@h:1/d', 'SECRET_ID': 's'}`,
	"oracle":   `'ConnectionType': 'JDBC', 'ConnectionProperties': {'JDBC_CONNECTION_URL': 'jdbc:oracle:thin:u/` + hunter2 + `@h:1/d', 'SECRET_ID': 's'}`,
	"spark":    `'ConnectionType': 'SNOWFLAKE', 'ConnectionProperties': {'SparkProperties': '{\"sfPassword\": \"` + hunter2 + `\", \"secretId\": \"s\"}'}`,
	"kafka": `'ConnectionType': 'KAFKA', 'ConnectionProperties': {'KAFKA_BOOTSTRAP_SERVERS': 'h:1', 'KAFKA_CLIENT_KEYSTORE_PASSWORD': '` + hunter2 + `',
		'KAFKA_CLIENT_KEY_PASSWORD': '` + hunter2 + `', 'KAFKA_SASL_SCRAM_PASSWORD': '` + hunter2 + `', 'ENCRYPTED_KAFKA_SASL_PLAIN_PASSWORD': '` + hunter2 + `'}`,
	"own": `'ConnectionType': 'CUSTOM', 'ConnectionProperties': {}, 'SparkProperties': {'apiKey': '` + hunter2 + `'}, 'AthenaProperties': {'secret': '` + hunter2 + `'},
		'PythonProperties': {'client_secret': '` + hunter2 + `', 'url': 'https://u:` + hunter2 + `@h/'}`,
	"basic":  `'ConnectionType': 'MYSQL', 'ConnectionProperties': {}, 'AuthenticationConfiguration': {'AuthenticationType': 'BASIC', 'BasicAuthenticationCredentials': {'Username': 'u', 'Password': '` + hunter2 + `'}}`,
	"custom": `'ConnectionType': 'CUSTOM', 'ConnectionProperties': {}, 'AuthenticationConfiguration': {'AuthenticationType': 'CUSTOM', 'CustomAuthenticationCredentials': {'anything': '` + hunter2 + `'}}`,
	"oauth": `'ConnectionType': 'SALESFORCE', 'ConnectionProperties': {}, 'AuthenticationConfiguration': {'AuthenticationType': 'OAUTH2', 'OAuth2Properties': {'OAuth2GrantType': 'JWT_BEARER',
		'AuthorizationCodeProperties': {'AuthorizationCode': '` + hunter2 + `'}, 'OAuth2Credentials': {'AccessToken': '` + hunter2 + `', 'RefreshToken': '` + hunter2 + `', 'UserManagedClientApplicationClientSecret': '` + hunter2 + `'}}}`,
}

// A password is in no file of the folder, in no log, and in no answer that hides
// it; and what was sent comes back whole to those who may have it.
func TestPasswordsAreKeptEncrypted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	for name, rest := range secretConnections {
		s.do("CreateConnection", `{'ConnectionInput': {'Name': '`+name+`', `+rest+`}}`)
		s.do("UpdateConnection", `{'Name': '`+name+`', 'ConnectionInput': {'Name': '`+name+`', `+rest+`}}`)
	}
	_, err := os.Stat(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(hunter2)) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"GetConnections", "GetConnection"} {
		for name := range secretConnections {
			ask := `{'HidePassword': true}`
			if op == "GetConnection" {
				ask = `{'HidePassword': true, 'Name': '` + name + `'}`
			}
			if text := fmt.Sprint(s.do(op, ask)); strings.Contains(text, hunter2) {
				t.Errorf("%s shows the password: %s", op, text)
			}
		}
	}
	shown := map[string]string{
		"url":    `JDBC_CONNECTION_URL:jdbc:mysql://h/d?user=u&password=****&x=y SECRET_ID:arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf`,
		"user":   `CONNECTION_URL:mongodb://u:****@h:1/d SECRET_ID:s`,
		"oracle": `JDBC_CONNECTION_URL:jdbc:oracle:thin:u/****@h:1/d SECRET_ID:s`,
		"spark":  `SparkProperties:{"sfPassword": "****", "secretId": "s"}`,
		"kafka":  `KAFKA_BOOTSTRAP_SERVERS:h:1`,
	}
	for name, want := range shown {
		if got := fmt.Sprint(properties(s.connection(`'Name': '` + name + `', 'HidePassword': true`))); got != "map["+want+"]" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, rest := range secretConnections {
		var in map[string]any
		if err := json.Unmarshal([]byte(quoted(`{`+rest+`}`)), &in); err != nil {
			t.Fatal(err)
		}
		got := s.connection(`'Name': '` + name + `'`)
		for _, member := range []string{"ConnectionProperties", "SparkProperties", "AthenaProperties", "PythonProperties"} {
			if diff := cmp.Diff(in[member], got[member]); diff != "" {
				t.Errorf("%s: %s: %s", name, member, diff)
			}
		}
	}
	for _, body := range []string{ // refusals do not repeat it either
		`{'ConnectionInput': {'Name': 'x', 'ConnectionType': 'JDBC', 'ConnectionProperties': {'PASSWORD': '` + hunter2 + `', 'NOSUCH': 'x'}}}`,
		`{'ConnectionInput': {'Name': 'x', 'ConnectionType': 'JDBC', 'ConnectionProperties': {'PASSWORD': '` + hunter2 + `'}}}`,
		`{'ConnectionInput': {'Name': 'x', 'ConnectionType': 'JDBC', 'ValidateCredentials': true, 'ConnectionProperties': {` + db1 + `, 'USERNAME': 'etl', 'PASSWORD': '` + hunter2 + `'}}}`,
	} {
		if _, err := s.raw("CreateConnection", quoted(body)); err == nil || strings.Contains(err.Error(), hunter2) {
			t.Error(err)
		}
	}
}

func TestEncryptedPasswords(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateConnection", jdbcConnection("c", ""))
	s.do("CreateConnection", jdbcConnection("d", ""))
	settings := func() any { return s.do("GetDataCatalogEncryptionSettings", `{}`)["DataCatalogEncryptionSettings"] }
	off := map[string]any{"EncryptionAtRest": map[string]any{"CatalogEncryptionMode": "DISABLED"}, "ConnectionPasswordEncryption": map[string]any{"ReturnConnectionPasswordEncrypted": false}}
	if diff := cmp.Diff(any(off), settings()); diff != "" {
		t.Error(diff)
	}
	s.do("PutDataCatalogEncryptionSettings", `{'CatalogId': '000000000000', 'DataCatalogEncryptionSettings': {'EncryptionAtRest': {'CatalogEncryptionMode': 'SSE-KMS', 'SseAwsKmsKeyId': 'k'},
		'ConnectionPasswordEncryption': {'ReturnConnectionPasswordEncrypted': true, 'AwsKmsKeyId': 'k'}}}`)
	on := map[string]any{"EncryptionAtRest": map[string]any{"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "k"}, "ConnectionPasswordEncryption": map[string]any{"ReturnConnectionPasswordEncrypted": true, "AwsKmsKeyId": "k"}}
	if diff := cmp.Diff(any(on), settings()); diff != "" {
		t.Error(diff)
	}
	got := properties(s.connection(`'Name': 'c'`))
	sealed, _ := got["ENCRYPTED_PASSWORD"].(string)
	if got["PASSWORD"] != nil || sealed == "" || sealed != properties(s.connection(`'Name': 'c'`))["ENCRYPTED_PASSWORD"] {
		t.Error(got)
	}
	// Jobs decrypt it.
	job := properties(s.asJob("GetConnection", `{'Name': 'c'}`)["Connection"].(map[string]any))
	if job["PASSWORD"] != hunter2 || job["ENCRYPTED_PASSWORD"] != nil {
		t.Error(job)
	}
	if hidden := properties(s.connection(`'Name': 'c', 'HidePassword': true`)); hidden["ENCRYPTED_PASSWORD"] != nil {
		t.Error(hidden)
	}
	// What was read can be written back; in another connection it is no password of ours.
	for name, want := range map[string]any{"c": hunter2, "d": nil} {
		s.do("UpdateConnection", `{'Name': '`+name+`', 'ConnectionInput': {'Name': '`+name+`', 'ConnectionType': 'JDBC', 'ConnectionProperties': {`+db1+`, 'USERNAME': 'other', 'ENCRYPTED_PASSWORD': '`+sealed+`'}}}`)
		if got := properties(s.connection(`'Name': '` + name + `'`)); got["ENCRYPTED_PASSWORD"] != sealed || got["USERNAME"] != "other" {
			t.Error(got)
		}
		job := properties(s.asJob("GetConnection", `{'Name': '`+name+`'}`)["Connection"].(map[string]any))
		if job["PASSWORD"] != want {
			t.Error(job)
		}
	}
}

// A store without its key loses nothing: what is secret is refused with a reason,
// all else goes on, and it is whole again once the key is back.
func TestKeyIsMissing(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "secret.key")
	with := func(path string, do func(s *server)) {
		t.Helper()
		t.Run(filepath.Base(path), func(t *testing.T) {
			do(openServer(t, dir, func(set *settings) { set.api.SecretKey = secret.NewKey(path) }))
		})
	}
	right := filepath.Join(dir, "secret.key")
	with(right, func(s *server) { s.do("CreateConnection", jdbcConnection("c", "")) })
	with(elsewhere, func(s *server) {
		const missing = "is missing: copy it from where the data folder comes from"
		s.refuses("GetConnection", `{'Name': 'c'}`, encryptionFailed, missing)
		s.refuses("GetConnections", `{}`, encryptionFailed, missing)
		s.refuses("TestConnection", `{'ConnectionName': 'c'}`, encryptionFailed, missing)
		s.refuses("CreateConnection", jdbcConnection("d", ""), encryptionFailed, missing)
		s.refuses("UpdateConnection", `{'Name': 'c', `+jdbcConnection("c", "")[1:], encryptionFailed, missing)
		if got := properties(s.connection(`'Name': 'c', 'HidePassword': true`)); got["USERNAME"] != "etl" {
			t.Error(got)
		}
		s.do("CreateConnection", `{'ConnectionInput': {'Name': 'e', 'ConnectionType': 'NETWORK', 'ConnectionProperties': {}}}`)
		s.do("DeleteConnection", `{'ConnectionName': 'e'}`)
	})
	other := secret.NewKey(elsewhere)
	if err := other.Make(); err != nil {
		t.Fatal(err)
	}
	with(elsewhere, func(s *server) {
		s.refuses("GetConnection", `{'Name': 'c'}`, encryptionFailed, "it was encrypted with another key")
	})
	with(right, func(s *server) {
		if got := properties(s.connection(`'Name': 'c'`)); got["PASSWORD"] != hunter2 {
			t.Error(got)
		}
	})
}

func secretsFile(t *testing.T, text string) secret.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := secret.NewFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A job gets user and password of what SECRET_ID names; anybody else gets the id.
func TestSecretsOfJobs(t *testing.T) {
	t.Parallel()
	f := secretsFile(t, "orders: {username: etl, password: "+hunter2+"}\nkafka: {username: k, password: p}\n")
	s := newServer(t, func(set *settings) { set.api.Secrets = f })
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
	for name, rest := range map[string]string{
		"id":    `'ConnectionType': 'JDBC', 'ConnectionProperties': {` + db1 + `, 'SECRET_ID': 'orders'}`,
		"none":  `'ConnectionType': 'JDBC', 'ConnectionProperties': {` + db1 + `, 'SECRET_ID': 'gone'}`,
		"auth":  `'ConnectionType': 'MYSQL', 'ConnectionProperties': {'HOST': 'h'}, 'AuthenticationConfiguration': {'SecretArn': '` + arn + `orders-AbCdEf'}`,
		"basic": `'ConnectionType': 'MYSQL', 'ConnectionProperties': {'HOST': 'h'}, 'AuthenticationConfiguration': {'BasicAuthenticationCredentials': {'Username': 'u', 'Password': 'p'}}`,
		"kafka": `'ConnectionType': 'KAFKA', 'ConnectionProperties': {'KAFKA_BOOTSTRAP_SERVERS': 'h:1', 'KAFKA_SASL_SCRAM_SECRETS_ARN': '` + arn + `kafka'}`,
	} {
		s.do("CreateConnection", `{'ConnectionInput': {'Name': '`+name+`', `+rest+`}}`)
		if got := properties(s.connection(`'Name': '` + name + `'`)); got["PASSWORD"] != nil || got["KAFKA_SASL_SCRAM_PASSWORD"] != nil {
			t.Error(got)
		}
	}
	for name, want := range map[string]string{
		"id": "etl " + hunter2 + " orders", "none": "<nil> <nil> gone", "auth": "etl " + hunter2 + " <nil>", "basic": "u p <nil>",
	} {
		got := properties(s.asJob("GetConnection", `{'Name': '`+name+`'}`)["Connection"].(map[string]any))
		if text := fmt.Sprint(got["USERNAME"], " ", got["PASSWORD"], " ", got["SECRET_ID"]); text != want {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
		if got := properties(s.asJob("GetConnection", `{'Name': '`+name+`', 'HidePassword': true}`)["Connection"].(map[string]any)); got["PASSWORD"] != nil {
			t.Error(got)
		}
	}
	if got := properties(s.asJob("GetConnection", `{'Name': 'kafka'}`)["Connection"].(map[string]any)); got["KAFKA_SASL_SCRAM_USERNAME"] != "k" || got["KAFKA_SASL_SCRAM_PASSWORD"] != "p" {
		t.Error(got)
	}
	// A file that can't be read any more is told.
	if err := os.Chmod(f.Path(), 0o644); err != nil {
		t.Fatal(err)
	}
	s.refuses("TestConnection", `{'ConnectionName': 'id'}`, ii, "chmod 600")
}

func TestTestConnection(t *testing.T) {
	t.Parallel()
	pg := postgrestest.Start(t)
	f := secretsFile(t, fmt.Sprintf("orders: {username: %s, password: %s}\n", pg.User, pg.Password))
	s := newServer(t, func(set *settings) { set.api.Secrets = f })
	byURL := func(more string) string {
		return fmt.Sprintf(`'ConnectionType': 'JDBC', 'ConnectionProperties': {'JDBC_CONNECTION_URL': '%s', %s}`, pg.JDBC(), more)
	}
	login := fmt.Sprintf(`'USERNAME': '%s', 'PASSWORD': '%s'`, pg.User, pg.Password)
	for _, good := range []string{
		byURL(login), byURL(`'SECRET_ID': 'orders'`),
		fmt.Sprintf(`'ConnectionType': 'JDBC', 'ConnectionProperties': {'JDBC_ENGINE': 'postgresql', 'HOST': '%s', 'PORT': '%s', 'DATABASE': '%s', %s}`, pg.Host, pg.Port, pg.Database, login),
		fmt.Sprintf(`'ConnectionType': 'POSTGRESQL', 'ConnectionProperties': {'HOST': '%s', 'PORT': '%s', 'DATABASE': '%s'}, 'AuthenticationConfiguration': {'BasicAuthenticationCredentials': {'Username': '%s', 'Password': '%s'}}`,
			pg.Host, pg.Port, pg.Database, pg.User, pg.Password),
		fmt.Sprintf(`'ConnectionType': 'NETWORK', 'ConnectionProperties': {'HOST': '%s', 'PORT': '%s'}`, pg.Host, pg.Port),
		fmt.Sprintf(`'ConnectionType': 'KAFKA', 'ConnectionProperties': {'KAFKA_BOOTSTRAP_SERVERS': '%s:%s'}`, pg.Host, pg.Port),
	} {
		s.do("TestConnection", `{'TestConnectionInput': {`+good+`}}`)
		s.do("CreateConnection", `{'ConnectionInput': {'Name': 'c', 'ValidateCredentials': true, `+good+`}}`)
		if got := s.connection(`'Name': 'c'`); got["LastConnectionValidationTime"] == nil {
			t.Error(got)
		}
		s.do("TestConnection", `{'ConnectionName': 'c'}`)
		s.do("DeleteConnection", `{'ConnectionName': 'c'}`)
	}
	for bad, want := range map[string]string{
		byURL(`'USERNAME': 'etl', 'PASSWORD': '` + hunter2 + `'`):                                                         "Connection test failed: ",
		byURL(`'SECRET_ID': 'gone'`):                                                                                      "the secret gone is not known to this server",
		byURL(login + `, 'JDBC_ENFORCE_SSL': 'true'`):                                                                     "TLS",
		byURL(login + `, 'JDBC_ENFORCE_SSL': 'true', 'CUSTOM_JDBC_CERT': 's3://b/cert.pem'`):                              "CUSTOM_JDBC_CERT: ",
		`'ConnectionType': 'JDBC', 'ConnectionProperties': {'JDBC_CONNECTION_URL': 'what', ` + login + `}`:                "the URL is not of the form",
		`'ConnectionType': 'JDBC', 'ConnectionProperties': {` + login + `}`:                                               "must have the ConnectionProperties JDBC_CONNECTION_URL; or HOST, PORT, JDBC_ENGINE",
		`'ConnectionType': 'NETWORK', 'ConnectionProperties': {}`:                                                         "names no HOST and PORT",
		`'ConnectionType': 'SALESFORCE', 'ConnectionProperties': {}`:                                                      "Connections of type SALESFORCE can't be tested here",
		`'ConnectionType': 'NETWORK', 'ConnectionProperties': {'HOST': '127.0.0.1', 'PORT': '1'}`:                         "refused",
		`'ConnectionType': 'MONGODB', 'ConnectionProperties': {'CONNECTION_URL': 'mongodb://127.0.0.1:1', ` + login + `}`: "refused",
	} {
		s.refuses("TestConnection", `{'TestConnectionInput': {`+bad+`}}`, ii, want)
	}
	s.refuses("TestConnection", `{}`, ii, "ConnectionName or TestConnectionInput must be set")
	s.refuses("TestConnection", `{'ConnectionName': 'c', 'TestConnectionInput': {`+byURL(login)+`}}`, ii, "can't both be set")
	s.refuses("TestConnection", `{'ConnectionName': 'c'}`, enf, "Connection c not found.")
	wrong := byURL(`'USERNAME': 'etl', 'PASSWORD': '` + hunter2 + `'`)
	s.refuses("CreateConnection", `{'ConnectionInput': {'Name': 'c', 'ValidateCredentials': true, `+wrong+`}}`, ii, "password authentication failed")
	s.do("CreateConnection", `{'ConnectionInput': {'Name': 'c', `+wrong+`}}`) // not tried unless asked for
}

func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateConnection", jdbcConnection("c", ""))
	s.do("CreateSecurityConfiguration", `{'Name': 'c', 'EncryptionConfiguration': {}}`)
	network := func(more string) string {
		return `{'ConnectionInput': {'ConnectionType': 'NETWORK', 'ConnectionProperties': {}` + more + `}}`
	}
	jdbc := func(properties string) string {
		return network(`, 'Name': 'x', 'ConnectionType': 'JDBC', 'ConnectionProperties': {` + properties + `}`)
	}
	validation := "ValidationException"
	tests := []struct{ op, body, code, text string }{
		{"CreateConnection", jdbcConnection("c", ""), alreadyExists, "Connection already exists."},
		{"CreateConnection", network(``), ii, "at 'connectionInput.name'"},
		{"CreateConnection", network(`, 'Name': ''`), ii, "at 'connectionInput.name'"},
		{"CreateConnection", network(`, 'Name': 'x', 'ConnectionType': 'CARRIER_PIGEON'`), ii, "at 'connectionInput.connectionType'"},
		{"CreateConnection", network(`, 'Name': 'x', 'MatchCriteria': ['` + strings.Repeat("a', '", 10) + `a']`), ii, "at 'connectionInput.matchCriteria'"},
		{"CreateConnection", network(`, 'Name': 'x', 'AuthenticationConfiguration': {'SecretArn': 'x'}`), ii, "secretArn"},
		{"CreateConnection", network(`, 'Name': 'x', 'AuthenticationConfiguration': {'OAuth2Properties': {'TokenUrl': 'x'}}`), ii, "tokenUrl"},
		{"CreateConnection", `{'CatalogId': '1', ` + network(`, 'Name': 'x'`)[1:], ii, "Catalog 1 not found"},
		{"CreateConnection", `{'Tags': {'aws:x': ''}, ` + network(`, 'Name': 'x'`)[1:], ii, "reserved"},
		{"CreateConnection", `{}`, ii, "at 'connectionInput'"},
		{"CreateConnection", jdbc(`'HOST': 'h', 'PORT': '1'`), ii, "must have the ConnectionProperties JDBC_CONNECTION_URL; or HOST, PORT, JDBC_ENGINE"},
		{"CreateConnection", jdbc(db1 + `, 'USERNAME': 'u'`), ii, "must have the ConnectionProperties USERNAME, PASSWORD; or USERNAME, ENCRYPTED_PASSWORD; or SECRET_ID"},
		{"CreateConnection", jdbc(`'USER': 'u'`), ii, "Map keys must satisfy constraint"},
		{"UpdateConnection", `{'Name': 'none', ` + network(`, 'Name': 'none'`)[1:], enf, "Connection none not found."},
		{"UpdateConnection", `{'Name': 'c', ` + network(`, 'Name': 'd'`)[1:], ii, "can't be renamed"},
		{"GetConnection", `{'Name': 'C'}`, enf, "Connection C not found."},
		{"GetConnection", `{'Name': 'c', 'CatalogId': '1'}`, enf, "Catalog 1 not found"},
		{"GetConnection", `{'Name': 'c', 'ApplyOverrideForComputeEnvironment': 'x'}`, ii, "at 'applyOverrideForComputeEnvironment'"},
		{"GetConnections", `{'CatalogId': '1'}`, enf, "Catalog 1 not found"},
		{"GetConnections", `{'MaxResults': 1001}`, ii, "less than or equal to 1000"},
		{"GetConnections", `{'Filter': {'ConnectionSchemaVersion': 3}}`, ii, "less than or equal to 2"},
		{"DeleteConnection", `{'ConnectionName': 'none'}`, enf, "Connection none not found."},
		{"DeleteConnection", `{'ConnectionName': 'c', 'CatalogId': '1'}`, enf, "Catalog 1 not found"},
		{"TestConnection", `{'ConnectionName': 'c', 'CatalogId': '1'}`, enf, "Catalog 1 not found"},
		{"GetDataCatalogEncryptionSettings", `{'CatalogId': '1'}`, ii, "Catalog 1 not found"},
		{"PutDataCatalogEncryptionSettings", `{'DataCatalogEncryptionSettings': {'EncryptionAtRest': {}}}`, ii, "catalogEncryptionMode"},
		{"PutDataCatalogEncryptionSettings", `{'DataCatalogEncryptionSettings': {'ConnectionPasswordEncryption': {}}}`, ii, "returnConnectionPasswordEncrypted"},
		{"CreateSecurityConfiguration", `{'Name': 'c', 'EncryptionConfiguration': {}}`, alreadyExists, "Security configuration already exists."},
		{"CreateSecurityConfiguration", `{'Name': 'd'}`, ii, "at 'encryptionConfiguration'"},
		{"CreateSecurityConfiguration", `{'Name': 'd', 'EncryptionConfiguration': {'S3Encryption': [{'S3EncryptionMode': 'x'}]}}`, ii, "s3EncryptionMode"},
		{"CreateSecurityConfiguration", `{'Name': 'd', 'EncryptionConfiguration': {'CloudWatchEncryption': {'KmsKeyArn': 'x'}}}`, ii, "kmsKeyArn"},
		{"GetSecurityConfiguration", `{'Name': 'none'}`, enf, "Security configuration none not found."},
		{"DeleteSecurityConfiguration", `{'Name': 'none'}`, enf, "Security configuration none not found."},
		{"GetSecurityConfigurations", `{'MaxResults': 0}`, ii, "greater than or equal to 1"},
	}
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
	// These declare neither InvalidInputException nor EntityNotFoundException.
	for _, body := range []string{`{}`, `{'ConnectionNameList': ['` + strings.Repeat("a', '", 25) + `a']}`, `{'CatalogId': '1', 'ConnectionNameList': []}`} {
		if _, err := s.raw("BatchDeleteConnection", quoted(body)); err == nil || !strings.HasPrefix(err.Error(), validation) {
			t.Error(body, err)
		}
	}
}

func TestConnectionQuotas(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(set *settings) { set.api.MaxConnections, set.api.MaxSecurityConfigurations = 1, 1 })
	const full = "ResourceNumberLimitExceededException"
	for range 2 {
		s.do("CreateConnection", jdbcConnection("c", ""))
		s.refuses("CreateConnection", jdbcConnection("d", ""), full, "limited to 1 connections")
		s.do("DeleteConnection", `{'ConnectionName': 'c'}`)
		s.do("CreateSecurityConfiguration", `{'Name': 'c', 'EncryptionConfiguration': {}}`)
		s.refuses("CreateSecurityConfiguration", `{'Name': 'd', 'EncryptionConfiguration': {}}`, full, "limited to 1 security configurations")
		s.do("DeleteSecurityConfiguration", `{'Name': 'c'}`)
	}
}

func TestConnectionsOfAFolderThatIsOnlyRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateConnection", jdbcConnection("c", ""))
	reader := New(s.db, nil, Options{})
	if _, err := reader.Call(context.Background(), "CreateConnection", []byte(quoted(jdbcConnection("d", "")))); err == nil || !strings.Contains(err.Error(), "reading only") {
		t.Error(err)
	}
	if _, err := reader.Call(context.Background(), "GetConnection", []byte(`{"Name": "c", "HidePassword": true}`)); err != nil {
		t.Error(err)
	}
}
