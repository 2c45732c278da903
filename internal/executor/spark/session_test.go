package spark

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// sharedBy is the folder of the Spark that a job shares; empty when it has its own.
func sharedBy(t *testing.T, settings Settings, change func(*Job)) string {
	t.Helper()
	home := t.TempDir()
	p, err := plan(t, settings, func(j *Job) {
		j.Home, j.WorkflowName, j.WorkflowRunID = "/home", "w", "wr_1"
		j.Env["AWS_ACCESS_KEY_ID"], j.Env["AWS_ENDPOINT_URL_GLUE"] = j.JobRunID, "http://127.0.0.1/job/"+j.JobRunID
		j.SessionEnv = map[string]string{"AWS_ACCESS_KEY_ID": j.WorkflowRunID, "AWS_SECRET_ACCESS_KEY": "the run's"}
		if change != nil {
			change(j)
		}
		if j.on(argUI) {
			j.Home = home // the folder of event logs is made
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Argv, func(a string) bool { return strings.HasSuffix(a, sessionJob) })
	if i < 0 {
		return ""
	}
	var first start
	if err := json.Unmarshal([]byte(p.Env[envSpark]), &first); err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"jr_1", "hidden"} {
		for name, value := range first.Env {
			if strings.Contains(value, private) {
				t.Errorf("the shared Spark has %s=%s", name, value)
			}
		}
	}
	if p.Env["AWS_SECRET_ACCESS_KEY"] != "hidden" || first.Env["AWS_SECRET_ACCESS_KEY"] != "the run's" {
		t.Errorf("credentials of the job and its Spark: %q, %q", p.Env["AWS_SECRET_ACCESS_KEY"], first.Env["AWS_SECRET_ACCESS_KEY"])
	}
	return p.Argv[i+1]
}

func TestWhoSharesASpark(t *testing.T) {
	warm := Settings{Warm: true}
	base := sharedBy(t, warm, nil)
	if base == "" {
		t.Fatal("a Spark job of a workflow run has a Spark of its own")
	}
	for _, c := range []struct {
		name   string
		change func(*Job)
	}{
		{"another job of the run", func(j *Job) { j.JobName, j.Script, j.Args = "b", "/kept/b.py", nil }},
		{"other arguments", arguments("--day", "7")},
	} {
		if got := sharedBy(t, warm, c.change); got != base {
			t.Errorf("%s: %q, want %q", c.name, got, base)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Job)
	}{
		{"another run", func(j *Job) { j.WorkflowRunID = "wr_2" }},
		{"a setting", arguments("--conf", "spark.sql.ansi.enabled=true")},
		{"a jar", func(j *Job) { j.Jars = []string{"/kept/udf.jar"} }},
		{"what Python imports", func(j *Job) { j.Env["PYTHONPATH"] = "/kept/lib.zip" }},
		{"event logs", arguments("--enable-spark-ui", "true")},
	} {
		if got := sharedBy(t, warm, c.change); got == base || got == "" {
			t.Errorf("%s: %q, and without it %q", c.name, got, base)
		}
	}
	for _, c := range []struct {
		name     string
		settings Settings
		change   func(*Job)
	}{
		{"not asked for", Settings{}, nil},
		{"a cluster", Settings{Warm: true, Master: "spark://m:7077"}, nil},
		{"no workflow", warm, func(j *Job) { j.WorkflowRunID = "" }},
		{"streaming", warm, func(j *Job) { j.Command = CommandStreaming }},
		{"a metastore that asks whose a client is", Settings{Warm: true, Metastore: "thrift://127.0.0.1:1", MetastoreConf: []byte("<x/>")}, func(j *Job) {
			j.Arguments["--enable-glue-datacatalog"] = "true"
			j.Scratch = t.TempDir()
			j.Home = t.TempDir()
		}},
	} {
		if got := sharedBy(t, c.settings, c.change); got != "" {
			t.Errorf("%s: it shares %q", c.name, got)
		}
	}
}

func TestCollectorOfALocalJob(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		conf     string
		want     bool
	}{
		{Settings{}, "", true},
		{Settings{}, "spark.driver.extraJavaOptions=-Xss4m", true},
		{Settings{}, "spark.driver.extraJavaOptions=-XX:+UseG1GC -Xss4m", false},
		{Settings{Conf: []string{"spark.driver.extraJavaOptions=-XX:+UseSerialGC"}}, "", false},
		{Settings{Master: "spark://m:7077"}, "", false},
	} {
		p, err := plan(t, c.settings, arguments("--conf", c.conf))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(confOf(p)["spark.driver.defaultJavaOptions"], "UseParallelGC"); got != c.want {
			t.Errorf("%+v, --conf %q: %v", c.settings, c.conf, got)
		}
	}
}
