package reglue

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

const bookshop = "bookshop"

// TestSparkWorkflow runs ten Spark jobs of a template. One fails on a bad row, the branch
// for failures runs; the row is corrected and the run resumed: what was done is carried,
// the rest runs, the data is whole. The same with a Spark for each job and with one for
// each run.
func TestSparkWorkflow(t *testing.T) {
	t.Run("cold", func(t *testing.T) { testSparkWorkflow(t, newSparkRig(t)) })
	t.Run("warm", func(t *testing.T) {
		rig := newSparkRig(t, "--spark-warm")
		testSparkWorkflow(t, rig)
		// What a job writes is noted for it, so that a plan can warn.
		out, err := rig.reglue(t, "resume", bookshop, "--node", "land_orders", "--plan", "-o", "json")
		if err != nil || !strings.Contains(out, "s3://bookshop/landed/orders/") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func testSparkWorkflow(t *testing.T, rig *sparkRig) {
	rig.bucket = bookshop
	_, err := rig.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bookshop)})
	must(t, err)
	rig.upload(t, "examples/spark/workflow/raw", "raw")
	if out, err := rig.reglue(t, "apply", "examples/spark/workflow/template.yaml"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	began := time.Now()
	started, err := rig.glue.StartWorkflowRun(t.Context(), &glue.StartWorkflowRunInput{Name: aws.String(bookshop)})
	must(t, err)
	first := rig.workflowOutcome(t, bookshop, *started.RunId)
	t.Logf("the night took %s", time.Since(began).Round(time.Second))
	done := []string{"land_orders", "land_customers", "land_products", "clean_customers"}
	wantJobStates(t, first, map[string]types.JobRunState{
		"land_orders": "SUCCEEDED", "land_customers": "SUCCEEDED", "land_products": "SUCCEEDED", "clean_customers": "SUCCEEDED",
		"clean_orders": "FAILED", "report_bad_orders": "SUCCEEDED",
		"enrich": "", "totals": "", "ranking": "", "publish": "",
	})
	if m := jobError(first); m != "ValueError: order 3: amount 'twelve' is no number" {
		t.Errorf("clean_orders failed with %q", m)
	}
	wantData(t, rig.dataSets(t, "reports"), `
bad_orders (json)
  {"id": "3", "customer": "c1", "isbn": "b2", "amount": "twelve"}
`)

	_, err = rig.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(bookshop), Key: aws.String("corrections/orders/june.csv"), Body: strings.NewReader("id,amount\n3,12.00\n"),
	})
	must(t, err)
	began = time.Now()
	if out, err := rig.reglue(t, "resume", bookshop, "--failed"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("the rest took %s", time.Since(began).Round(time.Second))
	workflow, err := rig.glue.GetWorkflow(t.Context(), &glue.GetWorkflowInput{Name: aws.String(bookshop)})
	must(t, err)
	second := rig.workflowOutcome(t, bookshop, *workflow.Workflow.LastRun.WorkflowRunId)
	if aws.ToString(second.PreviousRunId) != *started.RunId {
		t.Errorf("the second run follows %q", aws.ToString(second.PreviousRunId))
	}
	wantJobStates(t, second, map[string]types.JobRunState{
		"land_orders": "SUCCEEDED", "land_customers": "SUCCEEDED", "land_products": "SUCCEEDED", "clean_customers": "SUCCEEDED",
		"clean_orders": "SUCCEEDED", "report_bad_orders": "",
		"enrich": "SUCCEEDED", "totals": "SUCCEEDED", "ranking": "SUCCEEDED", "publish": "SUCCEEDED",
	})
	for _, job := range done {
		if a, b := latest(first, job), latest(second, job); *a.Id != *b.Id {
			t.Errorf("%s was not carried: %s, then %s", job, *a.Id, *b.Id)
		}
	}
	if n := second.WorkflowRunProperties["cities"]; n != "2" {
		t.Errorf("the run holds cities = %q", n)
	}
	wantData(t, rig.dataSets(t, "report")+rig.catalog(t, bookshop, nil), `
. (parquet)
  schema city: string, orders: int64, margin: double, best: string
  day=2024-06-01 {"city": "Oslo", "orders": 1, "margin": 9.5, "best": "Ben"}
  day=2024-06-01 {"city": "Turin", "orders": 3, "margin": 27.25, "best": "Ada L."}
table report: city string, orders bigint, margin double, best string
  at s3://bookshop/report/ as parquet
  by day string
  2024-06-01 at s3://bookshop/report/day=2024-06-01/
`)
}

func latest(run *types.WorkflowRun, job string) types.JobRun {
	for _, n := range run.Graph.Nodes {
		if n.Type == types.NodeTypeJob && *n.Name == job && len(n.JobDetails.JobRuns) > 0 {
			return n.JobDetails.JobRuns[0]
		}
	}
	return types.JobRun{Id: aws.String("")}
}

func wantJobStates(t *testing.T, run *types.WorkflowRun, want map[string]types.JobRunState) {
	t.Helper()
	got := map[string]types.JobRunState{}
	for job := range want {
		got[job] = latest(run, job).JobRunState
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states of %s: %s\n%s", *run.WorkflowRunId, diff, jobError(run))
	}
}

func wantData(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(got), "\n")); diff != "" {
		t.Error(diff)
	}
}
