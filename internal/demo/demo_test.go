package demo_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/reglue/reglue/internal/awsglue"
	"github.com/reglue/reglue/internal/demo"
)

func laidOut(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a folder")
	if err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// template is what the test needs to know of the CloudFormation template.
type template struct {
	Parameters map[string]struct {
		Default string `yaml:"Default"`
	} `yaml:"Parameters"`
	Resources map[string]struct {
		Type       string    `yaml:"Type"`
		Properties yaml.Node `yaml:"Properties"`
	} `yaml:"Resources"`
}

type jobProperties struct {
	Name    string `yaml:"Name"`
	Command struct {
		Name           string `yaml:"Name"`
		ScriptLocation string `yaml:"ScriptLocation"`
	} `yaml:"Command"`
}

func readTemplate(t *testing.T, dir string) template {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, demo.Template))
	if err != nil {
		t.Fatal(err)
	}
	var got template
	if err := yaml.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// runJob runs a job's script as the template describes it, and returns its exit
// and the last line of its standard error.
func runJob(t *testing.T, dir, job string) (ok bool, lastError string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing: install it, for example with apt-get install python3")
		}
		t.Skip("python3 is missing: install it, for example with apt-get install python3")
	}
	glue, err := awsglue.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	argv := []string{
		filepath.Join(dir, "scripts", job+".py"),
		"--JOB_NAME", job, "--JOB_ID", "j_" + job, "--JOB_RUN_ID", "jr_" + job,
		"--output", filepath.Join(dir, "output"),
	}
	if source, ingests := strings.CutPrefix(job, "ingest_"); ingests {
		argv = append(argv, "--"+source, filepath.Join(dir, "input", source+".csv"))
	}
	cmd := exec.Command(python, argv...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONPATH=" + glue, "PYTHONNOUSERSITE=1"}
	var errs strings.Builder
	cmd.Stderr = &errs
	err = cmd.Run()
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	return err == nil, lines[len(lines)-1]
}

func mustRun(t *testing.T, dir string, jobs ...string) {
	t.Helper()
	for _, job := range jobs {
		if ok, lastError := runJob(t, dir, job); !ok {
			t.Fatalf("%s failed: %s", job, lastError)
		}
	}
}

func TestStory(t *testing.T) {
	t.Parallel()
	dir := laidOut(t)
	began := time.Now()
	mustRun(t, dir, "ingest_flights", "ingest_weather", "ingest_airlines", "clean_weather")

	ok, lastError := runJob(t, dir, demo.FailingJob)
	const want = "ValueError: flights.csv line 4711: dep_delay 'N/A?' is not a number"
	if ok || lastError != want {
		t.Fatalf("%s: ok=%v, last line %q, want %q", demo.FailingJob, ok, lastError, want)
	}
	if ok, _ := runJob(t, dir, "join_flights_weather"); ok {
		t.Fatal("join_flights_weather ran without clean flights: the failed job left a table")
	}
	mustRun(t, dir, demo.FailureJob)
	fault, there, err := demo.Find(dir)
	if err != nil || !there {
		t.Fatalf("Find = %v, %v, want the fault", there, err)
	}
	wantBad := []string{fault.Path, strconv.Itoa(fault.Line), fault.Column, fault.Bad, "EV", "4702", "EWR", "GSO", "2013-02-09T21:00:00Z"}
	if diff := cmp.Diff([][]string{wantBad}, readCSV(t, filepath.Join(dir, demo.Quarantine))[1:]); diff != "" {
		t.Error(diff)
	}

	if _, err := demo.Repair(dir); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, demo.FailingJob, "join_flights_weather", "report")
	t.Logf("the whole story took %v, one job after the other", time.Since(began))

	got, err := demo.Result(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(independentResult(t), got); diff != "" {
		t.Error(diff)
	}
	wantRuns := []string{
		"clean_flights", "clean_flights", "clean_weather", "ingest_airlines", "ingest_flights",
		"ingest_weather", "join_flights_weather", "join_flights_weather", "quarantine_flights", "report",
	}
	if diff := cmp.Diff(wantRuns, journal(t, dir)); diff != "" {
		t.Error(diff)
	}
	checkAirlines(t, dir)
}

func journal(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, demo.Journal))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		name, id, _ := strings.Cut(line, " ")
		if id != "jr_"+name {
			t.Errorf("journal line %q does not name job and job run", line)
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func readCSV(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// independentResult computes the result from the shipped data in another way
// than the scripts do: no cleaning, no files between, weather looked up a flight.
func independentResult(t *testing.T) demo.Table {
	t.Helper()
	kindOf := map[string]string{}
	for _, w := range readCSV(t, "data/weather.csv")[1:] {
		origin, wind, sight, hour := w[0], w[9], w[13], w[14]
		kindOf[origin+hour] = classify(mustFloat(t, sight), mustFloat(t, wind))
	}
	delays := map[string][]int{}
	cancelled := map[string]int{}
	for _, f := range readCSV(t, "data/flights.csv")[1:] {
		kind := kindOf[f[12]+f[18]]
		if f[3] == "NA" {
			cancelled[kind]++
			continue
		}
		minutes, err := strconv.Atoi(f[5])
		if err != nil {
			t.Fatal(err)
		}
		delays[kind] = append(delays[kind], minutes)
	}
	var table demo.Table
	for _, kind := range []string{
		"sight under 1 mile", "sight 1 to 3 miles", "clear, strong wind", "sight 3 to 10 miles", "clear, wind", "clear, calm",
	} {
		row := demo.Row{Weather: kind, Flights: len(delays[kind]) + cancelled[kind], Cancelled: cancelled[kind]}
		row.Percent = round(float64(row.Cancelled) * 100 / float64(row.Flights))
		if row.Departed = len(delays[kind]) > 0; row.Departed {
			sum := 0
			for _, minutes := range delays[kind] {
				sum += minutes
			}
			row.Delay = round(float64(sum) / float64(len(delays[kind])))
		}
		table = append(table, row)
	}
	if !slices.IsSortedFunc(table, func(a, b demo.Row) int { return int(10 * (b.Percent - a.Percent)) }) {
		t.Fatal("the expected order is not worst weather first")
	}
	return table
}

func classify(sight, wind float64) string {
	switch {
	case sight < 1:
		return "sight under 1 mile"
	case sight < 3:
		return "sight 1 to 3 miles"
	case sight < 10:
		return "sight 3 to 10 miles"
	case wind >= 20:
		return "clear, strong wind"
	case wind >= 12:
		return "clear, wind"
	}
	return "clear, calm"
}

func round(f float64) float64 {
	r, _ := strconv.ParseFloat(fmt.Sprintf("%.1f", f), 64)
	return r
}

func mustFloat(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func checkAirlines(t *testing.T, dir string) {
	t.Helper()
	flights := 0
	for _, record := range readCSV(t, filepath.Join(dir, "output", "report_by_airline.csv"))[1:] {
		n, err := strconv.Atoi(record[1])
		if err != nil {
			t.Fatal(err)
		}
		flights += n
		if len(record[0]) == 2 {
			t.Errorf("airline %q has a code instead of a name", record[0])
		}
	}
	if flights != 6104 {
		t.Errorf("the airlines have %d flights together, want 6104", flights)
	}
}

func TestTemplateMatchesScripts(t *testing.T) {
	t.Parallel()
	dir := laidOut(t)
	got := readTemplate(t, dir)
	if folder := got.Parameters["Folder"].Default; folder != dir {
		t.Errorf("Folder is %q, want %q", folder, dir)
	}
	if name := got.Parameters["Name"].Default; name != demo.Workflow {
		t.Errorf("Name is %q, want %q", name, demo.Workflow)
	}
	var jobs []string
	triggers := 0
	for _, resource := range got.Resources {
		switch resource.Type {
		case "AWS::Glue::Job":
			var job jobProperties
			if err := resource.Properties.Decode(&job); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, job.Name)
			if want := "scripts/" + job.Name + ".py"; job.Command.ScriptLocation != want || job.Command.Name != "pythonshell" {
				t.Errorf("job %s runs %+v, want the python shell script %s", job.Name, job.Command, want)
			}
			if _, err := os.Stat(filepath.Join(dir, job.Command.ScriptLocation)); err != nil {
				t.Error(err)
			}
		case "AWS::Glue::Trigger":
			triggers++
		}
	}
	want := demo.Jobs()
	sort.Strings(want)
	sort.Strings(jobs)
	if diff := cmp.Diff(want, jobs); diff != "" {
		t.Error(diff)
	}
	if triggers != 6 {
		t.Errorf("%d triggers, want 6", triggers)
	}
}

func TestWriteLeavesOthersFilesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := demo.Write(dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("Write = %v, want a refusal", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("Write left %v (%v)", entries, err)
	}
}

func TestWriteSpoilsExactlyOneValue(t *testing.T) {
	t.Parallel()
	dir := laidOut(t)
	source, err := os.ReadFile("data/flights.csv")
	if err != nil {
		t.Fatal(err)
	}
	laid, err := os.ReadFile(filepath.Join(dir, "input", "flights.csv"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(string(source), "\n"), strings.Split(string(laid), "\n")
	if len(a) != len(b) {
		t.Fatalf("%d lines, want %d", len(b), len(a))
	}
	for i := range a {
		if (a[i] == b[i]) == (i+1 == 4711) {
			t.Errorf("line %d: %q and %q", i+1, a[i], b[i])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "input", "README.md")); err != nil {
		t.Error(err)
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	dir := laidOut(t)
	fault, err := demo.Repair(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fault.Line != 4711 || fault.Column != "dep_delay" || fault.Bad != "N/A?" || fault.Good != "-8" {
		t.Errorf("fault = %+v", fault)
	}
	source, err := os.ReadFile("data/flights.csv")
	if err != nil {
		t.Fatal(err)
	}
	laid, err := os.ReadFile(fault.Path)
	if err != nil || string(laid) != string(source) {
		t.Errorf("after Repair the file differs from the source (%v)", err)
	}
	if _, err := demo.Repair(dir); err != nil {
		t.Errorf("a second Repair: %v", err)
	}
	if _, there, err := demo.Find(dir); there || err != nil {
		t.Errorf("Find after Repair = %v, %v", there, err)
	}
	if _, err := demo.BreakRow(dir); err != nil {
		t.Fatal(err)
	}
	if _, there, err := demo.Find(dir); !there || err != nil {
		t.Errorf("Find after BreakRow = %v, %v", there, err)
	}
}

func TestRepairLeavesAUsersOwnRowAlone(t *testing.T) {
	t.Parallel()
	dir := laidOut(t)
	fault, _, err := demo.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fault.Path)
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(b), "N/A?", "0", 1)
	if err := os.WriteFile(fault.Path, []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, there, err := demo.Find(dir); there || err != nil {
		t.Errorf("Find = %v, %v, want no fault", there, err)
	}
	if _, err := demo.Repair(dir); err == nil || !strings.Contains(err.Error(), "line 4711") {
		t.Errorf("Repair = %v, want an error that names the line", err)
	}
	if after, err := os.ReadFile(fault.Path); err != nil || string(after) != own {
		t.Errorf("Repair changed the file (%v)", err)
	}
}

func TestResultWithoutAReport(t *testing.T) {
	t.Parallel()
	if _, err := demo.Result(t.TempDir()); err == nil || !strings.Contains(err.Error(), "report_by_weather.csv") {
		t.Errorf("Result = %v, want an error that names the file", err)
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	table := demo.Table{
		{Weather: "storm", Flights: 25, Cancelled: 25, Percent: 100},
		{Weather: "clear, calm", Flights: 2131, Cancelled: 5, Percent: 0.2, Delay: 10.6, Departed: true},
		{Weather: "fog", Flights: 4, Cancelled: 2, Percent: 50, Delay: -3, Departed: true},
		{Weather: "none", Flights: 4, Delay: 0, Departed: true},
	}
	want := strings.Join([]string{
		"weather      flights  avg delay  cancelled",
		"storm             25          -     100.0%  ██████████",
		"clear, calm     2131   10.6 min       0.2%  █",
		"fog                4   -3.0 min      50.0%  █████",
		"none               4    0.0 min       0.0%",
		"",
	}, "\n")
	if diff := cmp.Diff(want, table.Chart(10)); diff != "" {
		t.Error(diff)
	}
}
