//go:build linux

package durability

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/runner"
)

// moment is what had happened when the power was cut, and what is left.
type moment struct {
	name string
	left left
	// answered: a client knows of the run; claimed: somebody began to claim the
	// job run; started: its program runs; told: a client knows how it ended.
	answered, claimed, started, told bool
}

// claimSuffix ends the name of a claim file, which lies beside the job's folder.
const claimSuffix = ".claim"

// journalSuffix ends the name of the journal of a runner.
const journalSuffix = ".journal"

// exitAt is where the exit begins in the claim file of a small job.
const exitAt = 4096

// TestPowerLoss traces database and job files through a workflow run, cuts the
// power after each single step, and starts a server on what is left: on
// everything, on what was synced alone, and on names without content. Whatever is
// left, a run that was answered or has begun is known, a job that may have run
// does not run again, and an end that a client was told of is known.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	needStrace(t)
	r := newRig(t)
	template := r.defined()
	run, steps, contents := r.traceRun()
	losses := cutAfterEach(steps)
	t.Logf("%d steps, %d different losses", len(steps), len(losses))
	for _, l := range losses {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			state, lines := rerun(t, template, run, func(data string) error { return l.left.write(data, contents) })
			switch {
			case state == "unknown" && !l.answered && !l.claimed:
			case state == "lost" && l.claimed && !l.told && lines == 0:
			case state == "SUCCEEDED" && lines == 0 && l.started: // by its exit
			case state == "SUCCEEDED" && lines == 1 && !l.started:
			default:
				t.Errorf("%s, ran %d times; %+v", state, lines, l)
			}
		})
	}
	if last := losses[len(losses)-1]; !last.answered || !last.claimed || !last.started || !last.told {
		t.Errorf("the trace does not show all that happened: %+v", last)
	}
}

// cutAfterEach gives what may be left after each step, each different thing once.
func cutAfterEach(steps []op) []moment {
	var losses []moment
	var now moment
	d, seen := newDisk(), map[string]bool{}
	for i, step := range steps {
		d.do(step)
		now.answered = now.answered || step.kind == opAnswered
		now.claimed = now.claimed || strings.HasSuffix(step.to, claimSuffix)
		now.started = now.started || step.kind == opStarted
		now.told = now.told || step.kind == opTold
		states := d.losses()
		for _, how := range slices.Sorted(maps.Keys(states)) {
			now.left = states[how]
			// What of a commit that was not synced is there, is SQLite's to find out.
			if f := d.now[wal]; f != nil {
				now.left[wal] = f.onDisk()
			}
			now.name = ""
			if key := fmt.Sprint(now); !seen[key] {
				seen[key] = true
				now.name = fmt.Sprintf("%02d %s, %s", i, step, how)
				losses = append(losses, now)
			}
		}
	}
	return losses
}

// TestSpoiledClaim starts a server on claim files as no sound disk leaves them,
// but a bad one may.
func TestSpoiledClaim(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	run, template := r.dispatched()
	claim := `{"runner":"GONE","pid":4000000,"boot":"another","at":"2026-01-01T00:00:00Z","inode":1}` + "\n"
	settled := strings.Replace(claim, "GONE", "", 1)
	text := `{"reason":"exited","code":0,"started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z","ran_ns":1000000000}`
	exit := fmt.Sprintf("%08x %s\n", crc32.ChecksumIEEE([]byte(text)), text)
	with := func(claim, exit string) string {
		return claim + strings.Repeat("\x00", exitAt-len(claim)) + exit + strings.Repeat("\x00", exitAt-len(exit))
	}
	for name, tc := range map[string]struct {
		files map[string]string // by what follows the job run's id
		state string
		lines int
	}{
		"nothing":                         {nil, "SUCCEEDED", 1},
		"a claim's temporary name":        {map[string]string{".claim.GONE.tmp": with(claim, "")}, "SUCCEEDED", 1},
		"an empty claim":                  {map[string]string{".claim": ""}, "lost", 0},
		"a claim of zeros":                {map[string]string{".claim": with("", "")}, "lost", 0},
		"half a claim":                    {map[string]string{".claim": claim[:30]}, "lost", 0},
		"a claim without its room":        {map[string]string{".claim": claim}, "lost", 0},
		"a claim":                         {map[string]string{".claim": with(claim, "")}, "lost", 0},
		"half an exit":                    {map[string]string{".claim": with(claim, exit[:40])}, "lost", 0},
		"an exit that is cut off":         {map[string]string{".claim": with(claim, exit)[:exitAt+40]}, "lost", 0},
		"an exit with a flipped bit":      {map[string]string{".claim": with(claim, strings.Replace(exit, `"code":0`, `"code":1`, 1))}, "lost", 0},
		"claim and exit":                  {map[string]string{".claim": with(claim, exit)}, "SUCCEEDED", 0},
		"a claim of zeros and an exit":    {map[string]string{".claim": with("", exit)}, "SUCCEEDED", 0},
		"settled but for the exit":        {map[string]string{".claim": with(settled, "")}, "SUCCEEDED", 1},
		"settled but for half the exit":   {map[string]string{".claim": with(settled, exit[:9])}, "SUCCEEDED", 1},
		"logs of a job that has no claim": {map[string]string{".stdout.log": "2026-01-01T00:00:00.000Z words\n"}, "SUCCEEDED", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, lines := rerun(t, template, run, func(data string) error { return spoil(filepath.Join(data, run.folder), tc.files) })
			if state != tc.state || lines != tc.lines {
				t.Errorf("%s, ran %d times; want %s, %d", state, lines, tc.state, tc.lines)
			}
		})
	}
}

func spoil(folder string, files map[string]string) error {
	for suffix, text := range files {
		if err := os.WriteFile(folder+suffix, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// liveRun is a workflow run with one job run, and the folder of that in the data
// folder, beside which its claim and logs lie.
type liveRun struct{ id, folder string }

// dispatched makes a data folder in which the start of a job run is committed and
// nothing of it is on the disk, and returns a copy of it, too.
func (r *rig) dispatched() (run liveRun, template string) {
	r.t.Helper()
	r.start()
	r.createJobs(job{name: "one", does: "here"})
	r.createWorkflow("w", "one")
	r.terminate()
	s := r.launch("runner.before-claim:1:stop")
	run.id = r.startRun("w")
	eventually(r.t, "a runner about to claim", func() bool { return slices.ContainsFunc(runners(r.data), stopped) })
	live, err := r.run("w", run.id)
	if err != nil {
		r.t.Fatal(err)
	}
	run.folder = strings.TrimPrefix(runner.JobDir(r.data, jobsOf(live)["one"][0].Id), r.data+"/")
	s.kill()
	r.killRunners()
	if err := os.Remove(filepath.Join(r.data, "endpoint.json")); err != nil {
		r.t.Fatal(err)
	}
	template = filepath.Join(r.dir, "template")
	copyFolder(r.t, r.data, template)
	return run, template
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	// Sockets of dead runners are no files that can be copied.
	if err := os.RemoveAll(filepath.Join(from, "runner")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(to, "runner"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// wal is the log of the database; it is filled with zeros before it is used.
const wal = "reglue.db-wal"

// defined makes a data folder that holds the definition of a workflow, and
// returns a copy of it.
func (r *rig) defined() (template string) {
	r.t.Helper()
	r.start()
	r.createJobs(job{name: "one", does: "here"})
	r.createWorkflow("w", "one")
	r.terminate()
	if err := os.Remove(filepath.Join(r.data, "endpoint.json")); err != nil {
		r.t.Fatal(err)
	}
	template = filepath.Join(r.dir, "template")
	copyFolder(r.t, r.data, template)
	return template
}

// traceRun runs the workflow under a traced server. It returns what happened to
// the log of the database and to the job's files, and the content of each path
// that was ever there. Every claim is of an earlier boot of the machine.
func (r *rig) traceRun() (run liveRun, steps []op, contents map[string]content) {
	r.t.Helper()
	trace := filepath.Join(r.dir, "trace")
	r.under = append(slices.Clone(traced), trace)
	s := r.start()
	run.id = r.startRun("w")
	for range 2 { // strace may not have noted the last answer when the server is killed
		if got := outcome(r.ended("w", run.id)); got != "COMPLETED one=SUCCEEDED" {
			r.t.Fatal(got)
		}
	}
	s.kill()        // first, since it would clear away what a dead runner leaves
	r.killRunners() // strace ends with the last process that it traces
	run.folder = r.jobFolder()
	all, err := readTrace(trace, r.data)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, o := range all {
		switch {
		case o.path == "reglue.db" && o.kind == opWrite:
			r.t.Fatal("the log was copied into the database; the test's model does not know how")
		case o.path == wal && o.kind == opWrite && o.n == 1<<20: // zeros
		case o.kind == opSync && (o.path == filepath.Dir(run.folder) || o.path == "runner"), // keeps names
			filepath.Ext(o.path) == journalSuffix,
			o.kind == opAnswered, o.kind == opStarted, o.kind == opTold,
			o.path == wal, o.path == run.folder, strings.HasPrefix(filepath.Base(o.path), filepath.Base(run.folder)+"."):
			steps = append(steps, o)
		}
	}
	return run, steps, r.contents(steps)
}

// jobFolder is the only job run's folder, in the data folder.
func (r *rig) jobFolder() string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.data, "jobs", "*", "jr_*"))
	found = slices.DeleteFunc(found, func(path string) bool { return filepath.Ext(path) != "" })
	if err != nil || len(found) != 1 {
		r.t.Fatalf("job folders: %v %v", found, err)
	}
	return strings.TrimPrefix(found[0], r.data+"/")
}

// contents reads the files that the steps have left, for each of the names that
// they ever had.
func (r *rig) contents(steps []op) map[string]content {
	r.t.Helper()
	d, owner := newDisk(), map[*inode][]string{}
	for _, o := range steps {
		d.do(o)
		for p, f := range d.now {
			owner[f] = append(owner[f], p)
		}
	}
	all := map[string]content{}
	for p, f := range d.now {
		if f.dir {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.data, p))
		if err != nil || int64(len(text)) != f.size && p != wal {
			r.t.Fatalf("%s has %d bytes, by the trace %d: %v", p, len(text), f.size, err)
		}
		text = otherBoot(text)
		if filepath.Ext(p) == journalSuffix {
			text = checkedAgain(text)
		}
		for _, name := range owner[f] {
			all[name] = content{text, f.over}
		}
	}
	return all
}

// otherBoot changes the name of the boot in a claim, and keeps its length.
func otherBoot(text []byte) []byte {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return text
	}
	boot = bytes.TrimSpace(boot)
	return bytes.ReplaceAll(text, boot, bytes.Repeat([]byte("0"), len(boot)))
}

// checkedAgain gives the lines of a journal the checksums of what they say now.
func checkedAgain(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if sum, rest, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" ")); ok && len(sum) == 8 {
			line = fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(rest), rest)
		}
		out = append(out, line...)
	}
	return out
}

// rerun starts a server on a copy of the template that is changed as left says,
// and tells how the run ends and how often the job ran in the copy.
func rerun(t *testing.T, template string, run liveRun, left func(data string) error) (state string, lines int) {
	t.Helper()
	r := newRig(t)
	if err := os.CopyFS(r.data, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	if err := left(r.data); err != nil {
		t.Fatal(err)
	}
	r.start()
	if _, err := r.run("w", run.id); isKind(err, glue.EntityNotFound) {
		return "unknown", 0
	}
	attempts := jobsOf(r.ended("w", run.id))["one"]
	if len(attempts) != 1 {
		t.Fatalf("%+v", attempts)
	}
	state = string(attempts[0].JobRunState)
	if lost(attempts[0]) {
		state = "lost"
	} else if diff := cmp.Diff(glue.JobRunStateSucceeded, attempts[0].JobRunState); diff != "" {
		t.Error(attempts[0].ErrorMessage)
	}
	text, err := os.ReadFile(filepath.Join(r.data, "journal"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return state, strings.Count(string(text), "\n")
}
