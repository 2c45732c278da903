package spark

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/executor"
)

var testMachine = Machine{Cores: 2, MemoryMB: 16 << 10, Slots: 8}

func testRuntime() *Runtime {
	return &Runtime{
		Home: "/spark", Python: "/venv/bin/python", JavaHome: "/java", Spark: "3.5.6", PythonVersion: "3.11.2",
		Jars: []string{"/jars/hadoop-aws-3.3.4.jar", "/jars/postgresql-42.7.4.jar", "/jars/iceberg-spark-runtime-3.5_2.12-1.10.0.jar"},
	}
}

// plan plans a job with these arguments, whose own are a and b.
func plan(t *testing.T, settings Settings, change func(*Job)) (Plan, error) {
	t.Helper()
	j := Job{
		Spec: executor.Spec{
			JobRunID: "jr_1", JobName: "orders", Command: CommandETL, ScriptLocation: "s3://etl/orders.py",
			GlueVersion: "5.1", WorkerType: "G.1X", NumberOfWorkers: 3, Arguments: map[string]string{},
		},
		Script: "/kept/orders.py", Args: []string{"--a", "b"}, Scratch: "/data/spark/scratch/jr_1", Home: t.TempDir(), UIPort: 4567,
		Env: map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4780", "AWS_REGION": "eu-west-1", "AWS_SECRET_ACCESS_KEY": "hidden"},
	}
	if change != nil {
		change(&j)
	}
	if err := settings.Check(); err != nil {
		t.Fatal(err)
	}
	p := Planner{Runtime: testRuntime(), Settings: settings, Machine: testMachine}
	return p.Plan(j)
}

// conf is what the plan sets Spark's settings to.
func confOf(p Plan) map[string]string {
	values := map[string]string{}
	for i, a := range p.Argv {
		if a == "--conf" {
			k, v, _ := strings.Cut(p.Argv[i+1], "=")
			values[k] = v
		}
	}
	return values
}

func arguments(kv ...string) func(*Job) {
	return func(j *Job) {
		for i := 0; i < len(kv); i += 2 {
			j.Arguments[kv[i]] = kv[i+1]
		}
	}
}

func TestPlanOfAJob(t *testing.T) {
	t.Parallel()
	p, err := plan(t, Settings{}, func(j *Job) {
		j.Jars, j.Files = []string{"/kept/udf.jar"}, []string{"/kept/lookup.csv"}
	})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(p.Argv, "--")
	if got := p.Argv[2:at]; !slices.Equal(got, []string{"Spark 3.5.6 with Python 3.11 on local[2]", "/kept/lookup.csv"}) {
		t.Errorf("the launcher gets %q", got)
	}
	if got := p.Argv[at+1 : at+4]; !slices.Equal(got, []string{"/spark/bin/spark-submit", "--master", "local[2]"}) {
		t.Errorf("it runs %q", got)
	}
	end := []string{"--jars", "/kept/udf.jar", "--files", "/kept/lookup.csv", "/kept/orders.py", "--a", "b"}
	if got := p.Argv[len(p.Argv)-len(end):]; !slices.Equal(got, end) {
		t.Errorf("the command ends with %q", got)
	}
	conf := confOf(p)
	for k, want := range map[string]string{
		"spark.app.name": "orders", "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false",
		"spark.hadoop.fs.s3.impl":      "org.apache.hadoop.fs.s3a.S3AFileSystem",
		"spark.hadoop.fs.s3a.endpoint": "http://127.0.0.1:4780", "spark.hadoop.fs.s3a.path.style.access": "true",
		"spark.hadoop.fs.s3a.endpoint.region": "eu-west-1",
		"spark.driver.extraClassPath":         "/jars/hadoop-aws-3.3.4.jar:/jars/postgresql-42.7.4.jar",
		"spark.driver.memory":                 "6553m", // four fifths of the memory, for two such jobs
	} {
		if conf[k] != want {
			t.Errorf("%s = %q, want %q", k, conf[k], want)
		}
	}
	if strings.Contains(strings.Join(p.Argv, " "), "hidden") {
		t.Error("a secret is on the command line")
	}
}

func TestWhatAJobAsksForGoesFirst(t *testing.T) {
	t.Parallel()
	p, err := plan(t, Settings{Conf: []string{"spark.ui.enabled=true", "spark.a=operator", "spark.b=operator"}},
		arguments("--conf", "spark.a=job --conf spark.c=x=y z --conf spark.sql.session.timeZone=Europe/Paris"))
	if err != nil {
		t.Fatal(err)
	}
	conf := confOf(p)
	for k, want := range map[string]string{
		"spark.ui.enabled": "true", "spark.a": "job", "spark.b": "operator", "spark.c": "x=y z", "spark.sql.session.timeZone": "Europe/Paris",
	} {
		if conf[k] != want {
			t.Errorf("%s = %q, want %q", k, conf[k], want)
		}
	}
}

func TestRealS3(t *testing.T) {
	t.Parallel()
	p, err := plan(t, Settings{}, func(j *Job) { j.Env["AWS_ENDPOINT_URL_S3"] = "https://s3.eu-west-1.amazonaws.com" })
	if err != nil {
		t.Fatal(err)
	}
	conf := confOf(p)
	if conf["spark.hadoop.fs.s3a.endpoint"] != "https://s3.eu-west-1.amazonaws.com" || conf["spark.hadoop.fs.s3a.path.style.access"] != "" {
		t.Error(conf)
	}
}

func TestOnACluster(t *testing.T) {
	t.Parallel()
	p, err := plan(t, Settings{Master: "spark://head:7077"}, func(j *Job) {
		j.Jars, j.PyFiles = []string{"/kept/udf.jar"}, []string{"/kept/lib.zip"}
		j.Arguments["--customer-executor-env-vars"] = "CUSTOMER_A=1"
	})
	if err != nil {
		t.Fatal(err)
	}
	conf := confOf(p)
	for k, want := range map[string]string{
		"spark.executor.memory": "9830m", "spark.executor.cores": "4", "spark.executor.instances": "2", "spark.cores.max": "8",
		"spark.executorEnv.CUSTOMER_A": "1",
	} {
		if conf[k] != want {
			t.Errorf("%s = %q, want %q", k, conf[k], want)
		}
	}
	argv := strings.Join(p.Argv, " ")
	for _, want := range []string{"--master spark://head:7077", "--jars /kept/udf.jar,/jars/hadoop-aws-3.3.4.jar,/jars/postgresql-42.7.4.jar", "--py-files /kept/lib.zip"} {
		if !strings.Contains(argv, want) {
			t.Errorf("%q is not in %s", want, argv)
		}
	}
	if p.Env["SPARK_LOCAL_IP"] != "" {
		t.Error("executors elsewhere can't reach a driver on loopback")
	}
}

func TestSpecialArguments(t *testing.T) {
	t.Parallel()
	p, err := plan(t, Settings{Metastore: "thrift://127.0.0.1:9083"}, func(j *Job) {
		j.GlueVersion = "3.0"
		j.Jars = []string{"/kept/postgresql-42.2.1.jar"}
		arguments("--enable-glue-datacatalog", "true", "--enable-spark-ui", "true", "--user-jars-first", "true",
			"--datalake-formats", "iceberg", "--customer-driver-env-vars", `CUSTOMER_A=1, CUSTOMER_B="2,3 4"`)(j)
	})
	if err != nil {
		t.Fatal(err)
	}
	conf := confOf(p)
	for k, want := range map[string]string{
		"spark.sql.catalogImplementation": "hive", "spark.hadoop.hive.metastore.uris": "thrift://127.0.0.1:9083",
		"spark.ui.enabled": "true", "spark.ui.port": "4567", "spark.eventLog.enabled": "true",
		// The job's own driver of PostgreSQL replaces the runtime's.
		"spark.driver.extraClassPath": "/kept/postgresql-42.2.1.jar:/jars/iceberg-spark-runtime-3.5_2.12-1.10.0.jar:/jars/hadoop-aws-3.3.4.jar",
	} {
		if conf[k] != want {
			t.Errorf("%s = %q, want %q", k, conf[k], want)
		}
	}
	if p.Env["CUSTOMER_A"] != "1" || p.Env["CUSTOMER_B"] != "2,3 4" {
		t.Error(p.Env)
	}
	if want := "Spark 3.5.6 with Python 3.11 on local[2] (Glue 3.0 has Spark 3.1.1 and Python 3.7); its UI is at http://127.0.0.1:4567"; p.Detail != want {
		t.Errorf("detail %q, want %q", p.Detail, want)
	}
}

func TestScala(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app-1.0.jar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if _, err := w.Create("com/x/App.class"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	source := func(j *Job) {
		j.ScriptLocation, j.Script, j.Jars = "s3://etl/App.scala", "/kept/App.scala", []string{"/kept/lib.jar", path}
		arguments("--job-language", "scala", "--class", "com.x.App")(j)
	}
	for name, tc := range map[string]struct {
		change func(*Job)
		end    string
	}{
		"a source with its jar": {source, "--jars /kept/lib.jar --class com.x.App " + path + " --a b"},
		"a jar": {func(j *Job) {
			j.ScriptLocation, j.Script = "s3://etl/app.jar", "/kept/app.jar"
			arguments("--class", "com.x.App")(j)
		}, "--class com.x.App /kept/app.jar --a b"},
	} {
		p, err := plan(t, Settings{}, tc.change)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := strings.Join(p.Argv, " "); !strings.HasSuffix(got, tc.end) {
			t.Errorf("%s: the command ends with %s", name, got[len(got)-len(tc.end):])
		}
	}
	_, err = plan(t, Settings{}, func(j *Job) { source(j); j.Jars = j.Jars[:1] })
	if err == nil || !strings.Contains(err.Error(), "s3://etl/App.scala is Scala source, which reglue does not compile, and no jar of --extra-jars holds the class com.x.App") {
		t.Error(err)
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, want string }{
		{"--conf", "spark.a", `--conf is KEY=VALUE, further ones after another --conf, not "spark.a"`},
		{"--conf", "spark.a=1 --conf b c=2", `not "b c=2"`},
		{"--customer-driver-env-vars", "PATH=/x", "the name of PATH must begin with CUSTOMER_"},
		{"--datalake-formats", "hudi", "'reglue spark install --with hudi' installs them"},
		{"--datalake-formats", "lance", `--datalake-formats knows delta, hudi, iceberg, not "lance"`},
	} {
		if _, err := plan(t, Settings{}, arguments(tc.name, tc.value)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: %v, want %q", tc.name, tc.value, err, tc.want)
		}
	}
	for _, s := range []Settings{{Master: "mesos://x"}, {Master: "local[0]"}, {Master: "spark://"}, {Conf: []string{"x"}}} {
		if err := s.Check(); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		demand Demand
		want   Size
	}{
		{Demand{"G.1X", 10, 0}, Size{9, 4, 9830}},
		{Demand{"G.025X", 2, 0}, Size{1, 2, 2457}},
		{Demand{"R.8X", 2, 0}, Size{1, 32, 157286}},
		{Demand{"", 0, 10}, Size{9, 4, 9830}},
		{Demand{}, Size{1, 4, 9830}},
	} {
		if diff := cmp.Diff(tc.want, tc.demand.Size()); diff != "" {
			t.Errorf("%+v: %s", tc.demand, diff)
		}
	}
	// Whatever runs at once has slots and memory for it, and any job gets to run.
	for _, m := range []Machine{{1, 4 << 10, 4}, {2, 8 << 10, 8}, {2, 8 << 10, 1}, {16, 64 << 10, 64}, {8, 0, 3}} {
		for _, cores := range []int{1, 2, 16} {
			w := m.Weight(min(cores, m.Cores))
			if w < 1 || w > m.Slots {
				t.Errorf("%+v: %d cores weigh %d", m, cores, w)
			}
			heap := m.LocalHeapMB(Demand{"G.8X", 10, 0}.Size(), min(cores, m.Cores))
			if m.MemoryMB > 8<<10 && heap*(m.Slots/w) > m.MemoryMB {
				t.Errorf("%+v: %d jobs of %d cores have a heap of %d MB each", m, m.Slots/w, cores, heap)
			}
		}
	}
}
