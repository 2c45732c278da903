package local

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/spark"
)

// cluster is a standalone cluster of Spark on this machine: a master and two workers
// of a core and a GB each.
type cluster struct {
	t       *testing.T
	rt      *spark.Runtime
	master  string // spark://…
	ui      string // of the master
	workers []*exec.Cmd
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	rt, err := spark.Find(t.Context(), spark.Search{Dir: sparkDir(t), Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, rt: rt}
	port, ui := port(t), port(t)
	c.master, c.ui = fmt.Sprintf("spark://127.0.0.1:%d", port), fmt.Sprintf("http://127.0.0.1:%d", ui)
	c.daemon("master.Master", "I have been elected leader", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--webui-port", fmt.Sprint(ui))
	for range 2 {
		c.workers = append(c.workers, c.daemon("worker.Worker", "Successfully registered with master",
			"--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", t.TempDir(), c.master))
	}
	return c
}

func port(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// daemon starts a part of the cluster, in a process group of its own, and waits for
// what it says when it is ready.
func (c *cluster) daemon(class, ready string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(c.rt.Home, "bin/spark-class"), append([]string{"org.apache.spark.deploy." + class}, args...)...)
	cmd.Env = append(os.Environ(), "SPARK_HOME="+c.rt.Home, "JAVA_HOME="+c.rt.JavaHome, "SPARK_LOCAL_IP=127.0.0.1", "SPARK_DAEMON_MEMORY=256m")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.kill(cmd) })
	said := bufio.NewScanner(log)
	for said.Scan() {
		if strings.Contains(said.Text(), ready) {
			go func() {
				for said.Scan() { // or it would block
				}
			}()
			return cmd
		}
	}
	c.t.Fatalf("%s did not say %q", class, ready)
	return nil
}

// kill ends a daemon as a crash would, with the executors that a worker has.
func (c *cluster) kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		_ = cmd.Wait()                                      // killed
	}
}

// state is what the master says of itself.
type state struct {
	ActiveApps []struct{ Name string } `json:"activeapps"`
	CoresUsed  int                     `json:"coresused"`
	Alive      int                     `json:"aliveworkers"`
}

func (c *cluster) state(ctx context.Context) (s state, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.ui+"/json/", nil)
	if err != nil {
		return s, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	return s, json.NewDecoder(answer.Body).Decode(&s)
}

// becomes waits for a state of the master, which tells nobody when it changes.
func (c *cluster) becomes(what string, ok func(state) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := c.state(ctx)
		if err == nil && ok(s) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.t.Fatalf("the cluster has not %s: %+v %v", what, s, err)
		}
	}
}

// TestSparkCluster runs a job on a standalone cluster, of which a worker is killed
// while it works: the job goes on. Then another is lost with its driver, and nothing
// of it is left on the cluster when its end is told.
func TestSparkCluster(t *testing.T) {
	c := startCluster(t)
	onCluster := func(o *Options) {
		o.Spark.Master = c.master
		o.Spark.Conf = []string{"spark.executor.memory=512m", "spark.executor.cores=1", "spark.driver.memory=512m"}
	}
	r := sparkRig(t, onCluster)
	lib := write(t, filepath.Join(r.dir, "ordersrules.py"), "def double(n):\n    return 2 * n\n")
	first, rest := pipeOf(t, r, "first"), filepath.Join(r.dir, "rest")
	long := r.run("long", sparkSession+`
import ordersrules
sc = spark.sparkContext
def work(n):
    import os, time
    while n == 0 and not os.path.exists("`+rest+`"):
        try:
            os.close(os.open("`+first+`", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # nobody waits, or not any more
        time.sleep(0.1)
    return ordersrules.double(n)
spark.range(100).write.mode("overwrite").parquet("s3://lake/wide")
print(sc.parallelize(range(10), 10).map(work).sum(), spark.read.parquet("s3://lake/wide").count())
`, sparkJob, func(s *executor.Spec) {
		s.NumberOfWorkers = 3
		s.Arguments = map[string]string{"--extra-py-files": "file://" + lib}
	})
	read(t, first) // until a task runs
	c.kill(c.workers[0])
	c.becomes("lost a worker", func(s state) bool { return s.Alive == 1 })
	write(t, rest, "") // lets the task go on, where it was or is now
	r.Ends(long.JobRunID, executor.Succeeded, "")
	stdout, _ := r.Executor.(executor.Logs).LogPaths(long.JobRunID)
	if got := read(t, stdout); !strings.Contains(got, "90 100\n") {
		t.Errorf("output %q", got)
	}

	gate := pipeOf(t, r, "gate")
	lost := r.run("lost", busyJob(gate), sparkJob)
	read(t, gate)
	r.Close()
	killRunners(t, r.data)
	opts := options(t, r.data)
	opts.Spark.Dir = sparkDir(t)
	onCluster(&opts)
	r.reopen(opts)
	r.Start(lost)
	if end := r.End(lost.JobRunID); end.State != executor.Failed || !strings.HasPrefix(end.Message, "The process that ran this job is gone") {
		t.Errorf("%+v", end)
	}
	if left := carriers(t, lost.JobRunID); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	c.becomes("let the application go", func(s state) bool { return len(s.ActiveApps) == 0 && s.CoresUsed == 0 })
}
