package s3_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reglue/reglue/internal/s3"
)

func TestNewMapRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/file", "")
	tests := []struct {
		rules []string
		want  string
	}{
		{[]string{"s3://bucket"}, "write it as s3://bucket=DIR"},
		{[]string{"bucket=" + dir}, "write it as s3://bucket=DIR"},
		{[]string{"s3://bucket="}, "write it as s3://bucket=DIR"},
		{[]string{"s3://=" + dir}, "is not a bucket name"},
		{[]string{"s3://..=" + dir}, "is not a bucket name"},
		{[]string{"s3://a..b=" + dir}, "is not a bucket name"},
		{[]string{"s3://bucket/../x=" + dir}, "the prefix cannot be a folder"},
		{[]string{"s3://bucket//x=" + dir}, "the prefix cannot be a folder"},
		{[]string{"s3://bucket=" + dir + "/absent"}, "there is no folder " + dir + "/absent"},
		{[]string{"s3://bucket=" + dir + "/file"}, "is a file: map a folder"},
		{[]string{"s3://bucket/x=" + dir, "s3://bucket/x/=" + dir}, "is already mapped to"},
	}
	for _, tt := range tests {
		_, err := s3.NewMap(t.TempDir(), tt.rules)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "--map") {
			t.Errorf("NewMap(%q) = %v, want an error with --map and %q", tt.rules, err, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	data, bucket, raw, deep := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	m, err := s3.NewMap(data, []string{"s3://b01=" + bucket, "s3://b01/raw=" + raw, "s3://b01/raw/deep/=" + deep})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		bucket + "/job.py", bucket + "/rawer", raw + "/job.py", deep + "/a b.py", data + "/s3/own/x/job.py", data + "/100%.py", data + "/sp ace.py",
	} {
		write(t, file, "")
	}
	found := map[string]string{
		"s3://b01/job.py":                      bucket + "/job.py",
		"s3://b01/rawer":                       bucket + "/rawer",
		"s3://b01/raw/job.py":                  raw + "/job.py",
		"s3://b01/raw/deep/a b.py":             deep + "/a b.py",
		"s3://own/x/job.py":                    data + "/s3/own/x/job.py",
		data + "/100%.py":                      data + "/100%.py",
		"file://" + data + "/100%.py":          data + "/100%.py",
		"file://" + data + "/sp%20ace.py":      data + "/sp ace.py",
		"file://localhost" + data + "/100%.py": data + "/100%.py",
	}
	for location, want := range found {
		if got, err := m.Resolve(location); err != nil || got != want {
			t.Errorf("Resolve(%q) = %q, %v, want %q", location, got, err, want)
		}
	}
	refused := map[string]string{
		"s3://own/absent.py":         "there is no file " + data + "/s3/own/absent.py; put the file there, or say where the bucket's files are with --map s3://own=DIR",
		"s3://none/job.py":           "--map s3://none=DIR",
		"s3://b01/raw/absent.py":     "there is no file " + raw + "/absent.py; --map s3://b01/raw=" + raw + " looks there",
		"s3://b01/raw":               "it is the folder of --map s3://b01/raw",
		"s3://b01/../../etc/passwd":  "cannot be a file",
		"s3://b01/raw/../../x":       "cannot be a file",
		"s3://../x":                  "is not a bucket name",
		"s3://b01":                   "names no file",
		"s3://b01/raw/":              "names no file",
		"s3://own/x":                 "is not a file",
		"s3://own/x/job.py/deeper":   "there is no file",
		"scripts/job.py":             "write it as s3://bucket/key, file:///absolute/path or an absolute path",
		"file://scripts/job.py":      "three slashes",
		"https://example.org/job.py": "write it as",
		"":                           "write it as",
		data + "/absent":             "there is no file",
		data:                         "is not a file",
	}
	for location, want := range refused {
		path, err := m.Resolve(location)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), location) {
			t.Errorf("Resolve(%q) = %q, %v, want an error with the location and %q", location, path, err, want)
		}
	}
}

// TestMapCreatesNothing holds the promise that a reading command leaves no trace.
func TestMapCreatesNothing(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "absent")
	m, err := s3.NewMap(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Resolve("s3://bucket/key"); err == nil {
		t.Error("Resolve found a file where there is no folder")
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data folder was created (%v)", err)
	}
}

// FuzzResolveStaysInside: whatever the key, the path is below the folder.
func FuzzResolveStaysInside(f *testing.F) {
	for _, key := range []string{"a", "../a", "a/../../b", "/etc/passwd", "a//b", "./a", "..", "a/..", "\x00", "a\\..\\b"} {
		f.Add(key)
	}
	outside := f.TempDir()
	folder := filepath.Join(outside, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"a", "b", "x"} {
		if err := os.WriteFile(filepath.Join(outside, name), nil, 0o600); err != nil {
			f.Fatal(err)
		}
	}
	m, err := s3.NewMap(f.TempDir(), []string{"s3://bucket=" + folder})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		// Nothing lies in the folder, so whatever resolves has left it.
		if path, err := m.Resolve("s3://bucket/" + key); err == nil {
			t.Errorf("Resolve of key %q found %s", key, path)
		}
	})
}
