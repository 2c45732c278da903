package s3_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reglue/reglue/internal/s3"
)

// TestExists looks for what jobs declare to write: objects, prefixes and files,
// through the folders of the server and those that are mapped.
func TestExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, mapped, local := filepath.Join(dir, "data"), filepath.Join(dir, "mapped"), filepath.Join(dir, "local")
	put := func(parts ...string) {
		t.Helper()
		path := filepath.Join(parts...)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(data, "s3", "lake", "sales", "day=1", "part-0.csv")
	put(data, "s3", "lake", "größe +1: ü.csv")
	put(mapped, "deep", "er", "x.csv")
	put(local, "out.csv")
	for _, empty := range []string{filepath.Join(data, "s3", "lake", "empty", "also"), filepath.Join(data, "s3", "bare"), filepath.Join(local, "empty")} {
		if err := os.MkdirAll(empty, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m, err := s3.NewMap(data, []string{"s3://warehouse/in=" + mapped})
	if err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]bool{
		"s3://lake/sales/day=1/part-0.csv":        true,
		"s3://lake/sales/day=1/":                  true,
		"s3://lake/sales/day=1":                   true,
		"s3://lake/sales/":                        true,
		"s3://lake":                               true,
		"s3://lake/":                              true,
		"s3://lake/größe +1: ü.csv":               true,
		"s3://lake/sales/day=2/":                  false,
		"s3://lake/sales/day=1/part-0.csv/nested": false,
		"s3://lake/empty/":                        false,
		"s3://bare":                               false,
		"s3://none/x":                             false,
		"s3://warehouse/in/deep/er/x.csv":         true,
		"s3://warehouse/in/deep/":                 true,
		"s3://warehouse/in/":                      true,
		"s3://warehouse/in":                       true,
		"s3://warehouse":                          true,
		"s3://warehouse/out/":                     false,
		"file://" + local + "/out.csv":            true,
		"file://localhost" + local + "/out.csv":   true,
		local + "/out.csv":                        true,
		local:                                     true,
		local + "/empty":                          false,
		"file://" + local + "/none":               false,
	} {
		if got, err := m.Exists(location); got != want || err != nil {
			t.Errorf("%s: %v %v, want %v", location, got, err, want)
		}
	}
	if got, err := m.Exists("s3://lake/../../etc/passwd"); got {
		t.Errorf("leads out of the bucket: %v %v", got, err)
	}
}
