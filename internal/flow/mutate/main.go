// Mutate breaks the rules of package flow one at a time, in a copy that only the
// compiler sees, and checks that flow's tests notice each:
//
//	go run ./internal/flow/mutate [-graphs 3000] [-only R13]
//
// It prints a table and fails if a mutant survives, does not apply or does not
// compile.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"text/tabwriter"
)

// folder is the package under mutation, from the module's root.
const folder = "internal/flow"

var (
	graphs  = flag.Int("graphs", 3000, "random workflows that each mutant is held against")
	only    = flag.String("only", "", "run the mutants whose rule or name has this text")
	workers = flag.Int("workers", 2, "mutants at a time")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// result is what became of a mutant.
type result struct {
	mutant
	verdict string // killed, or what went wrong
	// scenario, random and other name the tests that noticed: a scenario file,
	// if possible one that names the rule; the oracle; else another test.
	scenario, random, other string
}

func run() error {
	if _, err := os.Stat(filepath.Join(folder, "step.go")); err != nil {
		return fmt.Errorf("run it at the root of the repository: %w", err)
	}
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	base := attempt(tmp, 0, mutant{rule: "-", name: "unchanged"})
	if base.verdict != survived {
		return fmt.Errorf("the tests fail without a mutant: %+v", base)
	}
	var chosen []mutant
	for _, m := range mutants {
		if strings.Contains(m.rule+" "+m.name, *only) {
			chosen = append(chosen, m)
		}
	}
	results := make([]result, len(chosen))
	next := make(chan int)
	var wg sync.WaitGroup
	for range *workers {
		wg.Go(func() {
			for i := range next {
				results[i] = attempt(tmp, i+1, chosen[i])
			}
		})
	}
	for i := range chosen {
		next <- i
	}
	close(next)
	wg.Wait()
	return report(results)
}

const (
	killed   = "killed"
	survived = "SURVIVED"
)

// attempt builds flow's tests with the mutant in place and runs them.
func attempt(tmp string, i int, m mutant) result {
	r := result{mutant: m}
	args := []string{"test", "-c", "-vet=off", "-o", filepath.Join(tmp, fmt.Sprintf("t%d", i))}
	if m.file != "" {
		overlay, err := m.overlay(tmp, i)
		if err != nil {
			r.verdict = err.Error()
			return r
		}
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, "./"+folder)...).CombinedOutput(); err != nil {
		r.verdict, r.other = "DOES NOT COMPILE", firstLine(out)
		return r
	}
	binary := args[4]
	r.verdict = survived
	r.scenario = r.test(binary, "-test.run=TestScenarios")
	r.random = r.test(binary, "-test.run=TestOracle$", fmt.Sprint("-graphs=", *graphs))
	if r.verdict == survived {
		r.other = r.test(binary, "-test.failfast", fmt.Sprint("-graphs=", *graphs))
	}
	_ = os.Remove(binary)
	return r
}

// test runs some of the tests and names one that noticed the mutant.
func (r *result) test(binary string, args ...string) string {
	test := exec.Command(binary, append(args, "-test.timeout=60s")...)
	test.Dir = folder
	out, err := test.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &exit):
		r.verdict = killed
		return r.noticed(out)
	}
	r.verdict = err.Error()
	return ""
}

// overlay writes the changed file and the go tool's overlay that puts it in place.
func (m *mutant) overlay(tmp string, i int) (string, error) {
	path, err := filepath.Abs(filepath.Join(folder, m.file))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return "", fmt.Errorf("DOES NOT APPLY: %d places", n)
	}
	changed := filepath.Join(tmp, fmt.Sprintf("m%d.go", i))
	if err := os.WriteFile(changed, bytes.Replace(text, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		return "", err
	}
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(tmp, fmt.Sprintf("o%d.json", i))
	return name, os.WriteFile(name, plan, 0o600)
}

var failure = regexp.MustCompile(`--- FAIL: (\S+)|panic: (.*)`)

// noticed names a test that failed, if it can one whose file names the rule.
func (r *result) noticed(out []byte) string {
	by := ""
	for _, m := range failure.FindAllSubmatch(out, -1) {
		name := strings.TrimPrefix(string(m[1])+string(m[2]), "TestScenarios/")
		if by == "" || by == "TestScenarios" || strings.HasPrefix(name, r.rule) && !strings.HasPrefix(by, r.rule) {
			by = name
		}
	}
	return by
}

func firstLine(out []byte) string {
	lines := strings.SplitN(string(out), "\n", 3)
	if len(lines) > 1 && strings.HasPrefix(lines[0], "#") {
		return lines[1]
	}
	return lines[0]
}

func report(results []result) error {
	bad := 0
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tMUTANT\tVERDICT\tSCENARIO\tRANDOM\tOTHER")
	for _, r := range results {
		if r.verdict != killed {
			bad++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.rule, r.name, r.verdict, r.scenario, r.random, r.other)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d mutants, %d killed\n", len(results), len(results)-bad)
	if bad > 0 {
		return fmt.Errorf("%d mutants were not killed", bad)
	}
	return nil
}
