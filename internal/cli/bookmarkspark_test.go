package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The template of this test: load reads what is new of a folder in S3 and adds it to
// another, then publish runs. Load fails after its write and before its commit when
// there is a file "break"; publish fails while there is no file "good".
const incremental = `
Parameters:
  Dir: {Type: String}
Resources:
  Nightly: {Type: AWS::Glue::Workflow, Properties: {Name: nightly}}
  Load:
    Type: AWS::Glue::Job
    Properties:
      Name: load
      Role: r
      GlueVersion: "5.0"
      WorkerType: G.1X
      NumberOfWorkers: 2
      Command: {Name: glueetl, ScriptLocation: load.py}
      DefaultArguments: {--dir: !Ref Dir, --job-bookmark-option: job-bookmark-enable}
  Publish: {Type: AWS::Glue::Job, Properties: {Name: publish, Role: r, Command: {Name: pythonshell, PythonVersion: "3.9", ScriptLocation: publish.py}, DefaultArguments: {--dir: !Ref Dir}}}
  Begin: {Type: AWS::Glue::Trigger, Properties: {Name: begin, WorkflowName: !Ref Nightly, Type: ON_DEMAND, Actions: [{JobName: !Ref Load}]}}
  Loaded: {Type: AWS::Glue::Trigger, Properties: {Name: loaded, WorkflowName: !Ref Nightly, Type: CONDITIONAL, StartOnCreation: true, Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: !Ref Load, State: SUCCEEDED}]}, Actions: [{JobName: !Ref Publish}]}}
`

const loadScript = `
import os, sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "dir"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
rows = glue.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://lake/in/"]}, "json", transformation_ctx="rows")
days = sorted(r["day"] for r in rows.toDF().collect()) if rows.count() else []
if days:
    glue.write_dynamic_frame.from_options(rows, "s3", {"path": "s3://lake/out/"}, "json", transformation_ctx="sink")
with open(os.path.join(args["dir"], "journal"), "a") as journal:
    journal.write("+".join(days) + "\n" if days else "nothing\n")
if os.path.exists(os.path.join(args["dir"], "break")):
    raise RuntimeError("killed between write and commit")
job.commit()
`

const publishScript = `
import os, sys
from awsglue.utils import getResolvedOptions
if not os.path.exists(os.path.join(getResolvedOptions(sys.argv, ["dir"])["dir"], "good")):
    raise ValueError("not good")
`

// TestBookmarkOnSpark: a job that ends between its write and its commit reads the same
// input again when it is resumed (R30); one that committed reads on, unless the resume
// rewinds its bookmark.
func TestBookmarkOnSpark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := works{dir, filepath.Join(dir, "nightly.yaml"), filepath.Join(dir, "data")}
	w.write(t, "nightly.yaml", incremental)
	w.write(t, "load.py", loadScript)
	w.write(t, "publish.py", publishScript)
	in := filepath.Join(dir, "lake", "in")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	arrives := func(day string) {
		t.Helper()
		w.write(t, filepath.Join("lake", "in", day+".json"), fmt.Sprintf(`{"day": %q, "n": 1}`+"\n", day))
	}
	own := []string{"--spark", sparkRuntime(t), "--map", "s3://lake=" + filepath.Join(dir, "lake")}
	run := func(code int, args ...string) string {
		t.Helper()
		out, errs := w.reglue(t, code, append(args, own...)...)
		return out + errs
	}
	written := func() int {
		t.Helper()
		rows := 0
		err := filepath.WalkDir(filepath.Join(dir, "lake", "out"), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "_") || strings.HasPrefix(d.Name(), ".") {
				return err
			}
			text, err := os.ReadFile(path)
			rows += strings.Count(string(text), "\n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}

	w.write(t, "good", "")
	arrives("monday")
	run(exitWhole, "run", w.template, "--parameter", "Dir="+dir)
	arrives("tuesday")
	w.write(t, "break", "")
	out := run(exitFailed, "run", "--workflow", "nightly")
	has(t, out, "RuntimeError: killed between write and commit")
	if got := written(); got != 2 {
		t.Errorf("%d rows were written", got)
	}
	if err := os.Remove(filepath.Join(dir, "break")); err != nil {
		t.Fatal(err)
	}
	out, _ = w.reglue(t, 0, "resume", "nightly", "--failed", "--plan")
	has(t, out, "Bookmarks", "load: it did not commit its bookmark in the run")
	if err := os.Remove(filepath.Join(dir, "good")); err != nil {
		t.Fatal(err)
	}
	run(exitFailed, "resume", "nightly", "--failed", "--yes") // load may write twice, and is known to
	if got := written(); got != 3 {                           // tuesday again, as the sink does not know of bookmarks
		t.Errorf("%d rows were written", got)
	}

	// Load committed, then publish failed: load alone reads nothing any more.
	w.write(t, "good", "")
	out, _ = w.reglue(t, 0, "resume", "nightly", "--node", "load", "--plan")
	has(t, out, "load: it committed its bookmark (version 2)", "! Job load committed its bookmark", "--rewind-bookmark=load")
	run(exitWhole, "resume", "nightly", "--node", "load", "--rewind-bookmark", "--yes")
	out, _ = w.reglue(t, 0, "show", "nightly")
	has(t, out, "bookmarks set back to before the run: load")
	if diff := cmp.Diff([]string{"monday", "tuesday", "tuesday", "tuesday"}, w.journal(t)); diff != "" {
		t.Error(diff)
	}
	out, _ = w.reglue(t, 0, "bookmark", "load")
	has(t, out, "load  version 4", "rows", "1 file in that run", "committed by jr_", "set back to version 1", "committed by jr_")
}
