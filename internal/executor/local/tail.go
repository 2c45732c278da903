package local

import (
	"os"
	"runtime"
	"strings"

	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/runner"
)

// sparkTail is how much of a Spark job's log tells why it failed: an exception of
// Java with its causes has tens of kilobytes, more than the runner keeps of it.
const sparkTail = 512 << 10

// stderrOf is the end of what a failed attempt wrote to standard error.
func (x *Executor) stderrOf(a *attempt, e runner.Exit) string {
	if e.Code == 0 || !spark.IsJob(a.spec.Command) {
		return e.StderrTail
	}
	stdout, stderr := runner.LogPaths(x.opts.DataDir, a.id)
	// Where there is no /proc, Spark joins what its driver says to the output.
	which := runner.Streams{Stderr: true, Stdout: runtime.GOOS != "linux"}
	log := runner.OpenLog(x.opts.DataDir, a.id, which, runner.Position{Stdout: behind(stdout), Stderr: behind(stderr)})
	defer log.Close()
	var text strings.Builder
	_, err := log.Read(true, func(l runner.Line) error {
		text.WriteString(l.Text)
		text.WriteByte('\n')
		return nil
	})
	if err != nil || text.Len() < len(e.StderrTail) { // a disk that was full
		return e.StderrTail
	}
	return text.String()
}

// behind is where the end of a log begins.
func behind(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return max(0, info.Size()-sparkTail)
}
