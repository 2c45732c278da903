package spark

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Plan is how a job run is run.
type Plan struct {
	Argv []string
	Env  map[string]string
	// Detail is what a user should know of it, one line.
	Detail string
}

// Planner knows what all jobs share.
type Planner struct {
	Runtime  *Runtime
	Settings Settings
	Machine  Machine
}

// properties are settings of Spark in the order in which they were made; a later
// value replaces an earlier one.
type properties struct {
	order  []string
	values map[string]string
}

func (p *properties) set(key, value string) {
	if p.values == nil {
		p.values = map[string]string{}
	}
	if _, ok := p.values[key]; !ok {
		p.order = append(p.order, key)
	}
	p.values[key] = value
}

// joined are settings of which a job needs ours beside its own, and what lies between.
var joined = map[string]string{
	"spark.driver.extraClassPath":  string(os.PathListSeparator),
	"spark.executorEnv.PYTHONPATH": string(os.PathListSeparator),
	"spark.archives":               ",",
}

// override sets what an operator or a job asks for.
func (p *properties) override(key, value string) {
	if ours := p.values[key]; ours != "" && joined[key] != "" {
		value += joined[key] + ours
	}
	p.set(key, value)
}

// Size says what a job gets: the cores of a local one, zero on a cluster.
func (p *Planner) Size(j *Job) (size Size, localCores int) {
	size = Demand{j.WorkerType, j.NumberOfWorkers, j.MaxCapacity}.Size()
	cores, local := p.Settings.Local()
	if !local {
		return size, 0
	}
	if cores == 0 {
		cores = p.Machine.LocalCores(size)
	}
	return size, cores
}

// Plan says how to run a job. An error is the job's or the operator's to mend.
func (p *Planner) Plan(j Job) (Plan, error) {
	if p.shares(&j) {
		return p.shared(j)
	}
	s, err := p.submission(j)
	return Plan{Argv: j.launch(s.detail, s.argv), Env: s.env, Detail: s.detail}, err
}

// submission is a call of spark-submit.
type submission struct {
	argv   []string
	env    map[string]string
	detail string
}

func (p *Planner) submission(j Job) (submission, error) {
	var plan submission
	program, class, err := j.primary()
	if err != nil {
		return plan, err
	}
	size, cores := p.Size(&j)
	props := &properties{}
	p.basics(props, &j)
	p.size(props, size, cores)
	storage(props, j.Env)
	notes, err := p.catalog(props, &j)
	if err != nil {
		return plan, err
	}
	link, err := p.events(props, &j)
	if err != nil {
		return plan, err
	}
	plan.env = maps.Clone(j.Env)
	if err := p.environment(plan.env, props, &j, cores); err != nil {
		return plan, err
	}
	if cores == 0 {
		if err := ship(props, &j); err != nil {
			return plan, err
		}
	}
	jars, err := p.classPath(props, &j, cores)
	if err != nil {
		return plan, err
	}
	if err := overrides(props, p.Settings.Conf, j.Arguments[argConf]); err != nil {
		return plan, err
	}
	if cores > 0 {
		collector(props)
	}
	plan.detail = p.detail(&j, cores, notes, link)
	plan.argv = p.argv(props, &j, cores, jars, program, class)
	return plan, nil
}

// basics are settings that hold for every job.
func (p *Planner) basics(props *properties, j *Job) {
	props.set("spark.app.name", j.JobName)
	props.set("spark.reglue.jobRunId", j.JobRunID)
	props.set("spark.submit.deployMode", "client")
	props.set("spark.sql.session.timeZone", "UTC") // as in Glue
	props.set("spark.sql.warehouse.dir", "file:"+filepath.Join(j.Scratch, "warehouse"))
	props.set("spark.ui.enabled", "false")
	props.set("spark.ui.showConsoleProgress", "false")
	options := []string{
		"-Duser.timezone=UTC",
		"-Dlog4j2.configurationFile=file:" + filepath.Join(j.Home, logConfig),
		"-Djava.io.tmpdir=" + j.Scratch,
		"-Dderby.system.home=" + j.Scratch,
		"-XX:-UsePerfData", // no files in /tmp
	}
	for i, o := range options {
		options[i] = strconv.Quote(o)
	}
	props.set("spark.driver.defaultJavaOptions", strings.Join(options, " "))
	props.set("spark.executor.defaultJavaOptions", "-Duser.timezone=UTC")
}

func (p *Planner) size(props *properties, s Size, localCores int) {
	if localCores > 0 {
		props.set("spark.driver.memory", fmt.Sprintf("%dm", p.Machine.LocalHeapMB(s, localCores)))
		return
	}
	props.set("spark.driver.memory", fmt.Sprintf("%dm", p.Machine.LocalHeapMB(Size{Executors: 0, HeapMB: s.HeapMB}, 1)))
	props.set("spark.executor.memory", fmt.Sprintf("%dm", s.HeapMB))
	props.set("spark.executor.cores", strconv.Itoa(s.Cores))
	props.set("spark.executor.instances", strconv.Itoa(s.Executors))
	props.set("spark.cores.max", strconv.Itoa(s.Executors*s.Cores))
}

// storage leads s3://, s3a:// and s3n:// to the S3 that the job's clients use. Spark
// takes the keys from the environment.
func storage(props *properties, env map[string]string) {
	const hadoop = "spark.hadoop."
	for _, scheme := range []string{"s3", "s3a", "s3n"} {
		props.set(hadoop+"fs."+scheme+".impl", "org.apache.hadoop.fs.s3a.S3AFileSystem")
		props.set(hadoop+"fs.AbstractFileSystem."+scheme+".impl", "org.apache.hadoop.fs.s3a.S3A")
	}
	endpoint := env["AWS_ENDPOINT_URL_S3"]
	if endpoint == "" {
		return
	}
	props.set(hadoop+"fs.s3a.endpoint", endpoint)
	props.set(hadoop+"fs.s3a.endpoint.region", env["AWS_REGION"])
	if strings.HasPrefix(endpoint, "http://") {
		props.set(hadoop+"fs.s3a.path.style.access", "true")
		props.set(hadoop+"fs.s3a.connection.ssl.enabled", "false")
		// A file that is written appears when it is whole; nobody else lists uploads.
		props.set(hadoop+"fs.s3a.multipart.purge", "false")
		// The endpoint keeps folders by itself.
		props.set(hadoop+"fs.s3a.change.detection.mode", "none")
	}
}

// catalog gives Spark the Data Catalog as its metastore, if the job asks for it.
func (p *Planner) catalog(props *properties, j *Job) (notes []string, err error) {
	if !j.on(argCatalog) {
		return nil, nil
	}
	if p.Settings.Metastore == "" {
		return []string{argCatalog + " has no effect: there is no metastore"}, nil
	}
	props.set(confCatalogImpl, catalogOfHive)
	props.set("spark.hadoop.hive.metastore.uris", p.Settings.Metastore)
	props.set("spark.sql.hive.metastorePartitionPruningFallbackOnException", "true")
	if p.Settings.Warehouse != "" {
		props.set("spark.sql.warehouse.dir", "file:"+p.Settings.Warehouse)
	}
	if p.Settings.MetastoreConf == nil {
		return nil, nil
	}
	if err := os.MkdirAll(hiveDir(j), 0o700); err != nil {
		return nil, err
	}
	return nil, ensure(filepath.Join(hiveDir(j), "core-site.xml"), p.Settings.MetastoreConf)
}

// hiveDir stands first on the class path of a job that has the catalog: Hadoop reads
// what lies there before Spark has a say.
func hiveDir(j *Job) string { return filepath.Join(j.Home, "hive") }

// events keeps the event log of a job that asks for it, and gives its UI an address.
func (p *Planner) events(props *properties, j *Job) (link string, err error) {
	path := strings.TrimSpace(j.Arguments[argEventLogs])
	if !j.on(argUI) && path == "" {
		return "", nil
	}
	dir := EventDir(j.Home)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	props.set("spark.eventLog.enabled", "true")
	props.set("spark.eventLog.dir", "file:"+dir)
	if !j.on(argUI) {
		return "", nil
	}
	props.set("spark.ui.enabled", "true")
	props.set("spark.ui.port", strconv.Itoa(j.UIPort))
	props.set("spark.ui.killEnabled", "false") // whoever reaches the port could
	return fmt.Sprintf("http://127.0.0.1:%d", j.UIPort), nil
}

// EventDir is where the event logs of Spark jobs lie below their shared folder.
func EventDir(home string) string { return filepath.Join(home, "events") }

// environment adds what Spark reads from it.
func (p *Planner) environment(env map[string]string, props *properties, j *Job, localCores int) error {
	env["SPARK_HOME"] = p.Runtime.Home
	env["JAVA_HOME"] = p.Runtime.JavaHome
	env["PYSPARK_PYTHON"] = p.Runtime.Python
	env["PYSPARK_DRIVER_PYTHON"] = filepath.Join(j.Home, driverPython)
	env["REGLUE_PYTHON"] = p.Runtime.Python
	env["PYTHONHASHSEED"] = "0" // as spark-submit sets it for workers
	env["TZ"] = "UTC"
	env["SPARK_LOCAL_DIRS"] = j.Scratch
	// The SDK for Java warns when these are no regular files.
	none := filepath.Join(j.Home, noProfiles)
	env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"] = none, none
	if localCores > 0 || p.Settings.masterHere() {
		env["SPARK_LOCAL_IP"] = "127.0.0.1"
		env["SPARK_LOCAL_HOSTNAME"] = "localhost"
	}
	driver, err := customerVars(argDriverEnv, j.Arguments[argDriverEnv])
	if err != nil {
		return err
	}
	maps.Copy(env, driver)
	executors, err := customerVars(argExecutorEnv, j.Arguments[argExecutorEnv])
	if err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(executors)) {
		if localCores > 0 {
			env[k] = executors[k] // the driver is the executor
		} else {
			props.set("spark.executorEnv."+k, executors[k])
		}
	}
	return nil
}

// classPath puts the runtime's jars before Spark's own on the driver's class path,
// without those of which the job brings its own, and returns what goes to --jars.
func (p *Planner) classPath(props *properties, j *Job, localCores int) ([]string, error) {
	formats, err := p.formats(j)
	if err != nil {
		return nil, err
	}
	own := formats
	for _, jar := range p.Runtime.Jars {
		mine := slices.ContainsFunc(j.Jars, func(other string) bool { return artifact(other) == artifact(jar) })
		if !mine && lakeFormat(jar) == "" {
			own = append(own, jar)
		}
	}
	path := own
	if j.on(argUserJars) {
		path = append(slices.Clone(j.Jars), own...)
	}
	if j.on(argCatalog) && p.Settings.MetastoreConf != nil {
		path = append([]string{hiveDir(j)}, path...)
	}
	if len(path) > 0 {
		props.set("spark.driver.extraClassPath", strings.Join(path, string(os.PathListSeparator)))
	}
	if localCores > 0 {
		return j.Jars, nil
	}
	if j.on(argUserJars) {
		props.set("spark.executor.userClassPathFirst", "true")
	}
	return append(slices.Clone(j.Jars), own...), nil
}

// artifact is the name of a jar without its version.
func artifact(jar string) string {
	name := strings.TrimSuffix(filepath.Base(jar), jarFile)
	for i := 0; i+1 < len(name); i++ {
		if name[i] == '-' && name[i+1] >= '0' && name[i+1] <= '9' {
			return name[:i]
		}
	}
	return name
}

// overrides are the operator's settings, then the job's.
func overrides(props *properties, operator []string, argument string) error {
	for _, kv := range operator {
		k, v, _ := strings.Cut(kv, "=")
		props.override(strings.TrimSpace(k), strings.TrimSpace(v))
	}
	list, err := conf(argument)
	if err != nil {
		return err
	}
	for _, kv := range list {
		props.override(kv[0], kv[1])
	}
	return nil
}

// launch is a command under our launcher, which puts the job's files into its folder
// and says what runs.
func (j *Job) launch(detail string, command []string) []string {
	argv := append([]string{"/bin/sh", filepath.Join(j.Home, launcher), detail}, j.Files...)
	return append(append(argv, "--"), command...)
}

// chosenCollector is an option that chooses a garbage collector; two don't go together.
var chosenCollector = regexp.MustCompile(`-XX:\+Use\w*GC\b`)

// collector chooses the garbage collector of a local job that chooses none: on few
// cores, the work that Java's default does beside the job is the job's own time.
func collector(props *properties) {
	const options = "spark.driver.defaultJavaOptions"
	for _, key := range []string{options, "spark.driver.extraJavaOptions"} {
		if chosenCollector.MatchString(props.values[key]) {
			return
		}
	}
	props.set(options, strings.TrimSpace(props.values[options]+" -XX:+UseParallelGC"))
}

// argv is the call of spark-submit.
func (p *Planner) argv(props *properties, j *Job, localCores int, jars []string, program, class string) []string {
	argv := []string{p.Runtime.Submit(), "--master", p.master(localCores)}
	for _, k := range props.order {
		argv = append(argv, "--conf", k+"="+props.values[k])
	}
	for _, list := range []struct {
		flag  string
		files []string
	}{{"--jars", jars}, {"--py-files", j.PyFiles}, {"--files", j.Files}} {
		if len(list.files) > 0 {
			argv = append(argv, list.flag, strings.Join(list.files, ","))
		}
	}
	if class != "" {
		argv = append(argv, "--class", class)
	}
	return append(append(argv, program), j.Args...)
}

func (p *Planner) master(localCores int) string {
	if localCores > 0 {
		return fmt.Sprintf("local[%d]", localCores)
	}
	return p.Settings.Master
}

func (p *Planner) detail(j *Job, localCores int, notes []string, link string) string {
	text := fmt.Sprintf("Spark %s with Python %s on %s", p.Runtime.Spark, minor(p.Runtime.PythonVersion), p.master(localCores))
	if differs := versionOf(j.GlueVersion).Instead(p.Runtime); differs != "" {
		text += " (" + differs + ")"
	}
	for _, n := range notes {
		text += "; " + n
	}
	if link != "" {
		text += "; its UI is at " + link
	}
	return text
}
