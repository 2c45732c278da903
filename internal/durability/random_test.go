//go:build linux

package durability

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "repeat the choices of a random run; 0 takes new ones")
	killsFlag = flag.Int("kills", 40, "how often the random run kills")
)

// load is what clients do to a server while it is killed again and again, and
// what they were answered.
type load struct {
	r    *rig
	quit chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	started map[string]string   // run by the call that started it
	resumed map[string][]string // runs by the run that they resume
}

// TestRandomKills kills server and runner at random moments, also while the
// server recovers, under clients that start, resume and stop runs, and repeat
// calls. Then everything ends, and the clients' notes, the journal and what the
// server says must agree.
func TestRandomKills(t *testing.T) {
	t.Parallel()
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -seed %d -kills %d", seed, *killsFlag)
	r := newRig(t, "--resume-limit", "none", "--max-local-jobs", "8")
	r.start()
	workflows := r.defineLoad()
	l := &load{r: r, quit: make(chan struct{}), started: map[string]string{}, resumed: map[string][]string{}}
	for i := range 8 {
		l.wg.Go(func() { l.client(rand.New(rand.NewPCG(seed, uint64(i))), workflows) })
	}
	killed := r.killOften(rand.New(rand.NewPCG(seed, 99)), *killsFlag)
	close(l.quit)
	l.wg.Wait()
	for _, w := range workflows {
		eventually(t, "the end of all runs of "+w, func() bool {
			return !slices.ContainsFunc(r.runs(w), func(run *glue.WorkflowRun) bool { return !over(run) })
		})
	}
	all := r.audit(workflows...)
	l.holdAnswers(all)
	r.holdLog()
	t.Logf("%s; %d runs, %d resumes, %d processes of jobs", killed, len(l.started), len(all)-len(l.started), len(r.journalCount()))
}

func (r *rig) defineLoad() []string {
	r.createJobs(
		job{name: "c1", does: "sleep:0.02"}, job{name: "c2"}, job{name: "c3", does: "sleep:0.05"}, job{name: "c4"},
		job{name: "split"}, job{name: "p1"}, job{name: "p2", does: "sleep:0.1"}, job{name: "p3"}, job{name: "p4", does: "flaky", retries: 2}, job{name: "join"},
		job{name: "bad", does: "fail", retries: 2}, job{name: "good", does: "flaky", retries: 1}, job{name: "onbad"}, job{name: "ongood"}, job{name: "end"},
		job{name: "long", does: "family:" + filepath.Join(r.dir, "up")}, job{name: "short"}, job{name: "never"},
	)
	r.createWorkflow("chain", "c1", "c1=SUCCEEDED -> c2", "c2=SUCCEEDED -> c3", "c3=SUCCEEDED -> c4")
	r.createWorkflow("fan", "split", "split=SUCCEEDED -> p1 p2 p3 p4", "p1=SUCCEEDED & p2=SUCCEEDED & p3=SUCCEEDED & p4=SUCCEEDED -> join")
	r.createWorkflow("branch", "bad good", "bad=FAILED -> onbad", "good=SUCCEEDED -> ongood", "onbad=SUCCEEDED | ongood=SUCCEEDED -> end")
	r.createWorkflow("halt", "long short", "long=SUCCEEDED | long=STOPPED -> never")
	return []string{"chain", "fan", "branch", "halt"}
}

// client makes calls until it is told to quit.
func (l *load) client(choose *rand.Rand, workflows []string) {
	for {
		select {
		case <-l.quit:
			return
		default:
		}
		w := workflows[choose.IntN(len(workflows))]
		call := fmt.Sprintf("start-%d", choose.Uint64())
		run, ok := l.start(call, w)
		if !ok {
			return
		}
		if choose.IntN(4) == 0 { // a repeat of the call, perhaps by way of another server
			if again, ok := l.start(call, w); ok && again != run {
				l.r.t.Errorf("call %s started %s, its repeat %s", call, run, again)
			}
		}
		if w == "halt" || choose.IntN(10) == 0 {
			l.stop(w, run)
		}
		if choose.IntN(2) == 0 {
			l.resume(choose, w, run)
		}
	}
}

func (l *load) start(call, workflow string) (run string, ok bool) {
	var out glue.StartWorkflowRunResponse
	err := l.r.callAs(call, "StartWorkflowRun", glue.StartWorkflowRunRequest{Name: workflow, RunProperties: map[string]string{"call": call}}, &out)
	if err != nil {
		l.r.t.Errorf("start %s: %v", workflow, err)
		return "", false
	}
	l.mu.Lock()
	l.started[call] = out.RunId
	l.mu.Unlock()
	return out.RunId, true
}

// stop stops a run; it may be over by then, or a lost answer may have stopped it.
func (l *load) stop(workflow, run string) {
	err := l.r.call("StopWorkflowRun", glue.StopWorkflowRunRequest{Name: workflow, RunId: run}, nil)
	if err != nil && !isKind(err, glue.IllegalWorkflowState) {
		l.r.t.Errorf("stop %s: %v", run, err)
	}
}

// resume waits for a run's end and resumes it at one of its nodes.
func (l *load) resume(choose *rand.Rand, workflow, id string) {
	run, err := l.r.toEnd(workflow, id)
	if err != nil {
		l.r.t.Errorf("run %s: %v", id, err)
		return
	}
	var nodes []string
	for _, n := range run.Graph.Nodes {
		if n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0 {
			nodes = append(nodes, n.UniqueId)
		}
	}
	if run.Status != glue.WorkflowRunStatusCompleted || len(nodes) == 0 {
		return
	}
	var out glue.ResumeWorkflowRunResponse
	err = l.r.call("ResumeWorkflowRun", glue.ResumeWorkflowRunRequest{
		Name: workflow, RunId: id, NodeIds: []string{nodes[choose.IntN(len(nodes))]},
	}, &out)
	if err != nil {
		l.r.t.Errorf("resume %s: %v", id, err)
		return
	}
	l.r.mu.Lock()
	l.r.roots[out.RunId] = out.NodeIds
	l.r.mu.Unlock()
	l.mu.Lock()
	l.resumed[id] = append(l.resumed[id], out.RunId)
	l.mu.Unlock()
	if workflow == "halt" { // a lost runner completes it, and then it may be resumed at its job that never ends
		l.stop(workflow, out.RunId)
	}
	if choose.IntN(3) == 0 {
		l.resume(choose, workflow, out.RunId)
	}
}

// killOften kills a number of times and leaves a server running. It says what it
// killed.
func (r *rig) killOften(choose *rand.Rand, times int) string {
	r.t.Helper()
	var both, runner, early int
	for range times {
		s := r.server()
		if choose.IntN(5) > 0 {
			select {
			case <-s.ready:
			case <-s.gone:
				r.t.Fatal("the server ended by itself")
			case <-time.After(patience):
				r.t.Fatal("the server does not come up")
			}
		} else {
			early++ // perhaps while it recovers
		}
		moment := time.Duration(choose.IntN(400)) * time.Millisecond
		if choose.IntN(3) == 0 {
			moment /= 20
		}
		<-time.After(moment)
		switch choose.IntN(8) {
		case 0:
			runner++
			r.killRunners()
			continue
		case 1, 2:
			both++
			s.kill()
			r.killRunners()
		default:
			s.kill()
		}
		r.launch("")
	}
	return fmt.Sprintf("killed %d times: %d runners alone, %d with the server, %d servers not ready yet", times, runner, both, early)
}

// holdAnswers checks that each answered call has its run and each run its call.
func (l *load) holdAnswers(all []*glue.WorkflowRun) {
	l.r.t.Helper()
	known, calls, resumes := map[string]bool{}, map[string][]string{}, map[string][]string{}
	for _, run := range all {
		known[run.WorkflowRunId] = true
		if run.PreviousRunId == "" {
			call := run.WorkflowRunProperties["call"]
			calls[call] = append(calls[call], run.WorkflowRunId)
		} else {
			resumes[run.PreviousRunId] = append(resumes[run.PreviousRunId], run.WorkflowRunId)
		}
	}
	for call, run := range l.started {
		if got := calls[call]; !slices.Equal(got, []string{run}) {
			l.r.t.Errorf("%s was answered with %s, but there are %v", call, run, got)
		}
	}
	if len(calls) != len(l.started) {
		l.r.t.Errorf("runs of %d calls, but %d were made", len(calls), len(l.started))
	}
	for prior, want := range l.resumed {
		got := resumes[prior]
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			l.r.t.Errorf("resumes of %s were answered with %v, but there are %v", prior, want, got)
		}
		delete(resumes, prior)
	}
	if len(resumes) > 0 {
		l.r.t.Errorf("runs that nobody resumed: %v", resumes)
	}
}

// holdLog looks for what no crash may bring about.
func (r *rig) holdLog() {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "server.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") || strings.Contains(line, "goroutine ") {
			r.t.Errorf("server.log: %s", line)
		}
	}
}
