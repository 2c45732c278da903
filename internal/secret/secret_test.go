package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret.key")
	k := NewKey(path)
	if ok, err := k.Exists(); ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := k.Seal("a", "x"); err == nil || !strings.Contains(err.Error(), path+" is missing") {
		t.Error(err)
	}
	for range 2 { // the second keeps the first
		if err := k.Make(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	one, err := k.Seal("c1", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	two, err := k.Seal("c1", "hunter2")
	if err != nil || one == two {
		t.Error("the same text twice gives the same result", err)
	}
	again := NewKey(path) // another process
	if got, err := again.Open("c1", one); err != nil || got != "hunter2" {
		t.Error(got, err)
	}
	for about, sealed := range map[string]string{"c2": one, "c1": one[:len(one)-2] + "AA", "": one, "c": "hunter2"} {
		if got, err := again.Open(about, sealed); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", about, got, err)
		}
	}
	other := NewKey(filepath.Join(t.TempDir(), "secret.key"))
	if err := other.Make(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open("c1", one); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Error(err)
	}
}

func TestKeyFileThatIsNone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret.key")
	write(t, path, strings.Repeat("x", keySize), 0o640)
	if _, err := NewKey(path).Exists(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	write(t, path, "short", 0o600)
	for _, err := range []error{second(NewKey(path).Exists()), NewKey(path).Make()} {
		if err == nil || !strings.Contains(err.Error(), "is no key") {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "short" {
		t.Error("the file was replaced", err)
	}
}

func second[T any](_ T, err error) error { return err }

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

const crm = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm"

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secrets.yaml")
	write(t, path, `
orders-db: {username: etl, password: "0123"}
`+crm+`-AbCdEf: {"username": "c", "password": "p"}
mail: just a text
json: '{"username": "j", "port": 5432}'
`, 0o600)
	f, err := NewFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Value{
		"orders-db":                        {"username": "etl", "password": "0123"},
		"crm":                              {"username": "c", "password": "p"},
		"crm-AbCdEf":                       {"username": "c", "password": "p"},
		crm + "-AbCdEf":                    {"username": "c", "password": "p"},
		crm + "-Others":                    nil,
		"mail":                             {"password": "just a text"},
		"json":                             {"username": "j", "port": "5432"},
		crm[:len(crm)-3] + "mail":          {"password": "just a text"},
		crm[:len(crm)-3] + "mail-aBcD12":   {"password": "just a text"},
		crm[:len(crm)-3] + "mail-aBcD12-x": nil,
		"Mail":                             nil,
	} {
		got, found, err := f.Lookup(id)
		if err != nil || found != (want != nil) || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v, %v", id, got, found, err)
		}
	}
	two := filepath.Join(t.TempDir(), "two")
	write(t, two, "arn:aws:secretsmanager:eu-west-1:1:secret:crm-AbCdEf: a\narn:aws:secretsmanager:us-east-1:1:secret:crm-AbCdEf: b", 0o600)
	if got, found, err := (File{two}).Lookup("crm"); found || err == nil || !strings.Contains(err.Error(), "by its ARN") {
		t.Errorf("a name of two secrets: %v, %v, %v", got, found, err)
	}
	if got := (Value{"UserName": "u"}).Get("user", "username"); got != "u" {
		t.Error(got)
	}
	write(t, path, "mail: changed", 0o600)
	if got, _, err := f.Lookup("mail"); err != nil || got["password"] != "changed" {
		t.Error(got, err)
	}
	if got, found, err := (File{}).Lookup("x"); got != nil || found || err != nil {
		t.Error(got, found, err)
	}
}

func TestFileThatCantBeUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secrets.yaml")
	for text, want := range map[string]string{
		"a: hunter2\n b: c: hunter2":      "is no YAML: see line",
		"a: \"hunter2\\q\"":               "is no YAML",
		"a: *hunter2":                     "is no YAML",
		"- hunter2":                       "line 1: must be a mapping",
		"a: [hunter2]":                    "line 1: a secret is a text, or",
		"a:\n  username: {x: hunter2}":    "line 2: a secret's members are texts",
		"a: {username: x, password: [x]}": "members are texts",
	} {
		write(t, path, text, 0o600)
		_, err := NewFile(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
	write(t, path, "a: b", 0o644)
	if _, err := NewFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if _, err := NewFile(path + "x"); err == nil {
		t.Error("a file that is not there was taken")
	}
}
