package reglue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// sparkRuntime is the folder of Spark that jobs run on: REGLUE_SPARK, or what 'make
// tools' installs. Without one the test is skipped; in CI it fails.
func sparkRuntime(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("REGLUE_SPARK")
	if dir == "" {
		dir = filepath.Join(".tools", "spark")
	}
	dir, err := filepath.Abs(dir)
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "venv", "bin", "spark-submit")); err == nil {
		return dir
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("no Spark at %s; run scripts/tools and source scripts/path", dir)
	}
	t.Skipf("no Spark at %s: 'make tools' installs it, '. scripts/path' names it", dir)
	return ""
}

// sparkRig is a served program with a Spark, and the clients that talk to it.
type sparkRig struct {
	bin, endpoint, data, spark string
	bucket                     string // of the example

	glue *glue.Client
	s3   *s3.Client
}

func newSparkRig(t *testing.T, flags ...string) *sparkRig {
	t.Helper()
	r := &sparkRig{spark: sparkRuntime(t), bin: build(t), data: filepath.Join(t.TempDir(), "data")}
	r.endpoint = serve(t, r.bin, append([]string{"--data", r.data, "--spark", r.spark, "--spark-master", "local[2]",
		// Short jobs are over before compiled code would pay.
		"--spark-conf", "spark.driver.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}, flags...)...)
	r.glue = sdkClient(r.endpoint)
	r.s3 = s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(r.endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("AKTEST", "secret", ""),
	})
	return r
}

// upload puts a file, or all files below a folder, into the bucket.
func (r *sparkRig) upload(t *testing.T, path, key string) {
	t.Helper()
	must(t, filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && entry.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = r.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &r.bucket, Key: aws.String(key + filepath.ToSlash(strings.TrimPrefix(file, path))),
			Body: bytes.NewReader(content),
		})
		return err
	}))
}

// outcome waits for a job run.
func (r *sparkRig) outcome(t *testing.T, job, id string) *types.JobRun {
	t.Helper()
	var run *types.JobRun
	eventually(t, func(ctx context.Context) bool {
		out, err := r.glue.GetJobRun(ctx, &glue.GetJobRunInput{JobName: &job, RunId: &id})
		must(t, err)
		run = out.JobRun
		return run.CompletedOn != nil
	})
	return run
}

// workflowOutcome waits for a run of a workflow.
func (r *sparkRig) workflowOutcome(t *testing.T, workflow, id string) *types.WorkflowRun {
	t.Helper()
	var run *types.WorkflowRun
	eventually(t, func(ctx context.Context) bool {
		out, err := r.glue.GetWorkflowRun(ctx, &glue.GetWorkflowRunInput{Name: &workflow, RunId: &id, IncludeGraph: aws.Bool(true)})
		must(t, err)
		run = out.Run
		return run.CompletedOn != nil
	})
	return run
}

// eventually asks again and again, as AWS's own waiters do; a JVM takes seconds.
func eventually(t *testing.T, done func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	for tick := time.NewTicker(250 * time.Millisecond); !done(ctx); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it takes more than 10 minutes")
		}
	}
}

// reglue runs a command of the program against the server.
func (r *sparkRig) reglue(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.bin, append(args, "--data", r.data)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// logs are the last lines of what a job run printed.
func (r *sparkRig) logs(t *testing.T, id string) string {
	t.Helper()
	out, _ := r.reglue(t, "logs", id)
	lines := strings.Split(out, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// dataSets prints what lies in a folder of the bucket.
func (r *sparkRig) dataSets(t *testing.T, folder string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(r.spark, "venv", "bin", "python"),
		"examples/spark/show.py", filepath.Join(r.data, "s3", r.bucket, filepath.FromSlash(folder)))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}

// catalog prints the tables of a database, but for those named.
func (r *sparkRig) catalog(t *testing.T, database string, except []string) string {
	t.Helper()
	out, err := r.glue.GetTables(t.Context(), &glue.GetTablesInput{DatabaseName: &database})
	must(t, err)
	var b strings.Builder
	for _, table := range out.TableList {
		known := slices.Contains(except, *table.Name)
		if known && len(table.PartitionKeys) == 0 {
			continue
		}
		sd := table.StorageDescriptor
		fmt.Fprintf(&b, "table %s: %s\n", *table.Name, columns(sd.Columns))
		if !known {
			fmt.Fprintf(&b, "  at %s as %s\n", aws.ToString(sd.Location), table.Parameters["classification"])
		}
		if len(table.PartitionKeys) > 0 {
			fmt.Fprintf(&b, "  by %s\n", columns(table.PartitionKeys))
			parts, err := r.glue.GetPartitions(t.Context(), &glue.GetPartitionsInput{DatabaseName: &database, TableName: table.Name})
			must(t, err)
			for _, p := range parts.Partitions {
				fmt.Fprintf(&b, "  %s at %s\n", strings.Join(p.Values, "/"), aws.ToString(p.StorageDescriptor.Location))
			}
		}
	}
	return b.String()
}

func columns(list []types.Column) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = *c.Name + " " + aws.ToString(c.Type)
	}
	return strings.Join(names, ", ")
}

// readJSON decodes a file into v; without the file v stays as it is.
func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(t, err)
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
