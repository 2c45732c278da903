package reglue

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/postgrestest"
)

var update = flag.Bool("update", false, "rewrite the expected.txt of the Spark examples")

const examplesBucket = "examples"

// TestSparkExamples runs every script of examples/spark as it would be deployed: files,
// databases, tables, connections and jobs made by AWS's SDK, the job started over the
// wire, run by spark-submit. What it leaves in S3, the catalog and the database must be
// what its expected.txt says.
func TestSparkExamples(t *testing.T) {
	rig := newSparkRig(t)
	rig.bucket = examplesBucket
	_, err := rig.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(examplesBucket)})
	must(t, err)
	postgres := postgrestest.Start(t)

	scripts, err := filepath.Glob("examples/spark/*/script.py")
	must(t, err)
	began := time.Now()
	t.Run("scripts", func(t *testing.T) {
		for _, script := range scripts {
			dir := filepath.Dir(script)
			t.Run(filepath.Base(dir), func(t *testing.T) {
				t.Parallel()
				(&sparkExample{sparkRig: rig, name: filepath.Base(dir), dir: dir, postgres: postgres}).run(t)
			})
		}
	})
	t.Logf("%d scripts took %s", len(scripts), time.Since(began).Round(time.Second))
}

// sparkExample is a folder of examples/spark.
type sparkExample struct {
	*sparkRig
	name, dir string
	postgres  postgrestest.Server
	tables    []string // that were there before the job ran
}

func (e *sparkExample) run(t *testing.T) {
	e.upload(t, filepath.Join(e.dir, "script.py"), e.name+"/script.py")
	extra, err := filepath.Glob(e.dir + "/*.py")
	must(t, err)
	for _, file := range extra {
		e.upload(t, file, e.name+"/"+filepath.Base(file))
	}
	e.define(t)
	for _, nth := range []string{"", "2"} {
		if nth != "" && !e.has("in"+nth) && !e.has("setup"+nth+".sql") {
			break
		}
		e.upload(t, filepath.Join(e.dir, "in"+nth), e.name+"/in")
		if e.has("setup" + nth + ".sql") {
			e.psql(t, e.name, "-f", filepath.Join(e.dir, "setup"+nth+".sql"))
		}
		e.start(t, nth)
		e.compare(t, "expected"+nth+".txt")
	}
}

func (e *sparkExample) has(file string) bool {
	_, err := os.Stat(filepath.Join(e.dir, file))
	return err == nil
}

// define makes what the job needs beside its files.
func (e *sparkExample) define(t *testing.T) {
	ctx := t.Context()
	_, err := e.glue.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &e.name}})
	must(t, err)
	var tables []types.TableInput
	readJSON(t, filepath.Join(e.dir, "tables.json"), &tables)
	var partitions map[string][][]string
	readJSON(t, filepath.Join(e.dir, "partitions.json"), &partitions)
	for _, table := range tables {
		_, err := e.glue.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: &e.name, TableInput: &table})
		must(t, err)
		e.tables = append(e.tables, *table.Name)
		for _, values := range partitions[*table.Name] {
			sd := *table.StorageDescriptor
			folder := *sd.Location
			for i, key := range table.PartitionKeys {
				folder += *key.Name + "=" + values[i] + "/"
			}
			sd.Location = &folder
			_, err := e.glue.CreatePartition(ctx, &glue.CreatePartitionInput{
				DatabaseName: &e.name, TableName: table.Name,
				PartitionInput: &types.PartitionInput{Values: values, StorageDescriptor: &sd},
			})
			must(t, err)
		}
	}
	job := glue.CreateJobInput{
		Name: &e.name, Role: aws.String("etl"), GlueVersion: aws.String("5.0"),
		Command: &types.JobCommand{
			Name: aws.String("glueetl"), PythonVersion: aws.String("3"),
			ScriptLocation: aws.String("s3://" + examplesBucket + "/" + e.name + "/script.py"),
		},
	}
	readJSON(t, filepath.Join(e.dir, "job.json"), &job)
	if job.Connections != nil {
		e.connect(t)
	}
	_, err = e.glue.CreateJob(ctx, &job)
	must(t, err)
}

// connect makes a database of the example's own, and the connection to it.
func (e *sparkExample) connect(t *testing.T) {
	e.psql(t, "postgres", "-c", "create database "+e.name)
	_, err := e.glue.CreateConnection(t.Context(), &glue.CreateConnectionInput{ConnectionInput: &types.ConnectionInput{
		Name: &e.name, ConnectionType: types.ConnectionTypeJdbc,
		ConnectionProperties: map[string]string{
			"JDBC_CONNECTION_URL": "jdbc:postgresql://" + e.postgres.Host + ":" + e.postgres.Port + "/" + e.name,
			"USERNAME":            e.postgres.User, "PASSWORD": e.postgres.Password,
		},
	}})
	must(t, err)
}

// start runs the job, by a workflow where the example has one, and waits for it.
func (e *sparkExample) start(t *testing.T, nth string) {
	if e.has("workflow.json") {
		e.startWorkflow(t)
		return
	}
	input := glue.StartJobRunInput{JobName: &e.name}
	readJSON(t, filepath.Join(e.dir, "run"+nth+".json"), &input)
	started, err := e.glue.StartJobRun(t.Context(), &input)
	must(t, err)
	run := e.outcome(t, e.name, *started.JobRunId)
	t.Logf("%s after %d s", run.JobRunState, run.ExecutionTime)
	if run.JobRunState != types.JobRunStateSucceeded {
		t.Fatalf("%s: %s\n%s", run.JobRunState, aws.ToString(run.ErrorMessage), e.logs(t, *started.JobRunId))
	}
}

func (e *sparkExample) startWorkflow(t *testing.T) {
	workflow := glue.CreateWorkflowInput{Name: &e.name}
	readJSON(t, filepath.Join(e.dir, "workflow.json"), &workflow)
	_, err := e.glue.CreateWorkflow(t.Context(), &workflow)
	must(t, err)
	_, err = e.glue.CreateTrigger(t.Context(), &glue.CreateTriggerInput{
		Name: &e.name, WorkflowName: &e.name, Type: types.TriggerTypeOnDemand, Actions: []types.Action{{JobName: &e.name}},
	})
	must(t, err)
	started, err := e.glue.StartWorkflowRun(t.Context(), &glue.StartWorkflowRunInput{Name: &e.name})
	must(t, err)
	run := e.workflowOutcome(t, e.name, *started.RunId)
	if run.Statistics.SucceededActions != 1 {
		t.Fatalf("the job failed: %s", jobError(run))
	}
}

// compare holds what there is now against what the example expects.
func (e *sparkExample) compare(t *testing.T, file string) {
	got := e.dataSets(t, e.name+"/out") + e.catalog(t, e.name, e.tables) + e.databaseTables(t) + e.properties(t)
	path := filepath.Join(e.dir, file)
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("what it left differs from %s:\n%s", path, diff)
	}
}

// databaseTables prints the tables of the example's database.
func (e *sparkExample) databaseTables(t *testing.T) string {
	job, err := e.glue.GetJob(t.Context(), &glue.GetJobInput{JobName: &e.name})
	must(t, err)
	if job.Job.Connections == nil {
		return ""
	}
	var b strings.Builder
	names := e.psql(t, e.name, "-Atc", "select tablename from pg_tables where schemaname = 'public' order by 1")
	for _, name := range strings.Fields(names) {
		b.WriteString("postgres " + name + "\n")
		rows := strings.Split(strings.TrimSpace(e.psql(t, e.name, "-A", "-P", "footer=off", "-c", `select * from "`+name+`"`)), "\n")
		slices.Sort(rows[1:])
		for _, row := range rows {
			b.WriteString("  " + row + "\n")
		}
	}
	return b.String()
}

// properties prints what the run of the example's workflow holds.
func (e *sparkExample) properties(t *testing.T) string {
	if !e.has("workflow.json") {
		return ""
	}
	w, err := e.glue.GetWorkflow(t.Context(), &glue.GetWorkflowInput{Name: &e.name})
	must(t, err)
	var b strings.Builder
	found := w.Workflow.LastRun.WorkflowRunProperties
	for _, name := range slices.Sorted(maps.Keys(found)) {
		b.WriteString("run property " + name + " = " + found[name] + "\n")
	}
	return b.String()
}

func (e *sparkExample) psql(t *testing.T, database string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "psql", append([]string{
		"-X", "-v", "ON_ERROR_STOP=1", "-h", e.postgres.Host, "-p", e.postgres.Port, "-U", e.postgres.User, "-d", database,
	}, args...)...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+e.postgres.Password)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}
