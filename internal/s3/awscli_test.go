package s3_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAWSCLI works with the high-level commands as people type them.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	aws := tool(t, "aws", "install the AWS CLI, for example with: pip install awscli", "--version")
	s := start(t, true)
	local := t.TempDir()
	must := func(args ...string) string {
		t.Helper()
		out, errs, err := s.run(t, aws, args...)
		if err != nil {
			t.Fatalf("aws %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
		}
		return out
	}
	fails := func(want string, args ...string) {
		t.Helper()
		_, errs, err := s.run(t, aws, args...)
		if err == nil || !strings.Contains(errs, want) {
			t.Errorf("aws %s: %v, stderr %q, want %q", strings.Join(args, " "), err, errs, want)
		}
	}

	must("s3", "mb", "s3://lake")
	write(t, local+"/in/a.csv", "1")
	write(t, local+"/in/sub dir/b.csv", "22")
	write(t, local+"/in/c.txt", "333")
	must("s3", "cp", "--recursive", local+"/in", "s3://lake/raw")
	if got := read(t, s.data+"/s3/lake/raw/sub dir/b.csv"); got != "22" {
		t.Errorf("b.csv holds %q", got)
	}
	var listed []string
	for _, line := range strings.Split(strings.TrimSpace(must("s3", "ls", "s3://lake/raw/")), "\n") {
		fields := strings.Fields(line)
		listed = append(listed, fields[len(fields)-1])
	}
	if diff := cmp.Diff([]string{"dir/", "a.csv", "c.txt"}, listed); diff != "" {
		t.Error(diff)
	}
	if out := must("s3", "ls"); !strings.Contains(out, " lake\n") || !strings.Contains(out, " mapped\n") {
		t.Errorf("aws s3 ls: %q", out)
	}

	big := strings.Repeat("0123456789abcdef", 1<<20/16*20)
	write(t, local+"/big", big)
	must("s3", "cp", local+"/big", "s3://mapped/big")
	must("s3", "cp", "s3://mapped/big", "s3://lake/big")
	must("s3", "cp", "s3://lake/big", local+"/back")
	if read(t, local+"/back") != big {
		t.Error("a file of 20 MiB came back changed")
	}
	if out := must("s3", "cp", "s3://lake/raw/c.txt", "-"); out != "333" {
		t.Errorf("cp to standard output gave %q", out)
	}

	must("s3", "sync", local+"/in", "s3://mapped/sync")
	if out := must("s3", "sync", local+"/in", "s3://mapped/sync"); out != "" {
		t.Errorf("a second sync moved something: %s", out)
	}
	if err := os.Remove(local + "/in/c.txt"); err != nil {
		t.Fatal(err)
	}
	must("s3", "sync", "--delete", local+"/in", "s3://mapped/sync")
	if diff := cmp.Diff([]string{"a.csv", "sub dir/b.csv"}, names(t, filepath.Join(s.mapped, "sync"))); diff != "" {
		t.Error(diff)
	}
	must("s3", "sync", "s3://mapped/sync", local+"/out")
	if got := read(t, local+"/out/sub dir/b.csv"); got != "22" {
		t.Errorf("synced b.csv holds %q", got)
	}

	must("s3", "mv", "s3://lake/raw/a.csv", "s3://lake/done/a.csv")
	fails("404", "s3", "cp", "s3://lake/raw/a.csv", "-")
	fails("BucketNotEmpty", "s3", "rb", "s3://lake")
	must("s3", "rm", "--recursive", "s3://lake")
	must("s3", "rb", "s3://lake")
	fails("--map s3://lake=DIR", "s3", "ls", "s3://lake")
	fails("NotImplemented", "s3api", "put-bucket-policy", "--bucket", "mapped", "--policy", "{}")

	url := strings.TrimSpace(must("s3", "presign", "s3://mapped/sync/a.csv"))
	if status, body := get(t, url); status != 200 || body != "1" {
		t.Errorf("presigned URL: %d %q", status, body)
	}
	if status, _ := get(t, url+"0"); status != 403 {
		t.Errorf("altered presigned URL: %d, want 403", status)
	}
}
