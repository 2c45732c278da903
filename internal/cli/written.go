package cli

import (
	"bufio"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/reglue/reglue/internal/runner"
)

// written notes which objects each job writes through the built-in S3, so that a
// plan can say what repeating the job may do twice. The notes are in the job run's
// folder and go with it.
type written struct {
	data string
	log  *slog.Logger
	// sessions are the job runs that share the Spark of a workflow run: which of them
	// it writes for can't be told, so it is noted for each.
	sessions func(workflowRunID string) (jobRuns []string, live bool)

	mu   sync.Mutex
	last map[string]string // the latest location by job run: most writes come in rows
}

const (
	workflowRunPrefix = "wr_"

	writtenFile = "written"
	// maxWritten bounds what is noted of one job run.
	maxWritten = 1 << 20
	// writtenShown is how many locations are told.
	writtenShown = 20
)

// note takes down that a job run is about to write a location.
func (w *written) note(accessKey, location string) {
	if strings.HasPrefix(accessKey, workflowRunPrefix) {
		jobRuns, _ := w.sessions(accessKey)
		for _, id := range jobRuns {
			w.note(id, location)
		}
		return
	}
	if !strings.HasPrefix(accessKey, "jr_") || strings.ContainsAny(accessKey, "/\\") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil || len(w.last) > writtenRuns {
		w.last = map[string]string{}
	}
	if w.last[accessKey] == location {
		return
	}
	w.last[accessKey] = location
	// Without its folder the job run is none of this server's.
	f, err := os.OpenFile(filepath.Join(runner.JobDir(w.data, accessKey), writtenFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxWritten {
		return
	}
	if _, err := f.WriteString(strings.ReplaceAll(location, "\n", " ") + "\n"); err != nil {
		w.log.Warn("can't note what a job writes", "job_run_id", accessKey, "error", err)
	}
}

// writtenRuns bounds what is remembered.
const writtenRuns = 1000

// of are the first locations that a job run was seen to write, and how many more
// there are.
func (w *written) of(jobRunID string) (locations []string, more int) {
	f, err := os.Open(filepath.Join(runner.JobDir(w.data, jobRunID), writtenFile))
	if err != nil {
		return nil, 0 // it wrote nothing, or its folder is past retention
	}
	defer f.Close()
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		switch line := lines.Text(); {
		case seen[line]:
		case len(locations) == writtenShown:
			seen[line] = true
			more++
		default:
			seen[line] = true
			locations = append(locations, line)
		}
	}
	return locations, more
}
