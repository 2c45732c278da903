package s3_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestBoto3 runs testdata/boto3_client.py against the endpoint, without and with
// signatures. Each of its functions is a test.
func TestBoto3(t *testing.T) {
	t.Parallel()
	python := tool(t, "python3", "install Python 3 and run: pip install boto3", "-c", "import boto3")
	script, err := filepath.Abs("testdata/boto3_client.py")
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string]bool{"any request": false, "signed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, signed)
			out, errs, err := s.run(t, python, script, s.mapped)
			if err != nil {
				t.Fatalf("%s\n%s", out, errs)
			}
			if !strings.Contains(out, "passed") || strings.Contains(out, "FAILED") {
				t.Errorf("the script did not pass its tests:\n%s", out)
			}
			t.Log(strings.TrimSpace(out))
		})
	}
}
