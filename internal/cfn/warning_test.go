package cfn

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is not there to be created is not warned of, and what only reglue does not do
// only when reglue is to do it.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const src = `
Conditions: {No: !Equals [a, b], Yes: !Equals [a, a]}
Resources:
  Flow: {Type: AWS::Glue::Workflow, Properties: {Name: nightly}}
  Job: {Type: AWS::Glue::Job, Properties: {Name: load, Role: r, Command: {Name: glueray, ScriptLocation: s3://b/load.py}}}
  Shell: {Type: AWS::Glue::Job, Properties: {Name: shell, Role: r, Command: {Name: pythonshell, ScriptLocation: doc.go}}}
  Start: {Type: AWS::Glue::Trigger, Properties: {Name: start, Type: SCHEDULED, Schedule: "cron(0 3 * * ? *)", WorkflowName: !Ref Flow, Actions: [{JobName: !Ref Job}, {CrawlerName: crawl}]}}
  Gone: {Type: AWS::S3::Bucket, Condition: No}
  Kept: {Type: AWS::S3::Bucket, Condition: Yes}
  Crawl: {Type: AWS::Glue::Crawler}
`
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, aws := range []bool{false, true} {
		_, warnings, err := Parse([]byte(src), "t.yaml", Options{AWS: aws, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range warnings {
			got = append(got, w.String())
		}
		const standsIn = " is not created here; what refers to it gets a value that stands in for it"
		want := []string{
			"t.yaml:5: Resources.Job: the job load is a glueray job: its runs end FAILED, as reglue does not run Ray jobs",
			"t.yaml:7: Resources.Start: the trigger start is SCHEDULED: the schedule is stored, but nothing fires by itself in this version of reglue; start the workflow yourself",
			"t.yaml:7: Resources.Start: the trigger start starts the crawler crawl: this version of reglue has no crawlers",
			"t.yaml:9: Resources.Kept: AWS::S3::Bucket" + standsIn,
			"t.yaml:10: Resources.Crawl: AWS::Glue::Crawler" + standsIn,
		}
		if aws {
			want = append([]string{"t.yaml:6: Resources.Shell: the job shell has a script on this machine, where AWS can't read it: upload it and give its s3:// location"}, want[3:]...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("AWS %t: %s", aws, diff)
		}
	}
}
