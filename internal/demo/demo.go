package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

//go:embed pipeline data
var content embed.FS

// Names that the demo's story is told with.
const (
	// Template is the workflow's CloudFormation template, below the demo's folder.
	Template = "pipeline.yaml"
	// Workflow is the name that the template gives to its workflow.
	Workflow = "storm-week"
	// FailingJob is the job that fails on the spoiled row.
	FailingJob = "clean_flights"
	// FailureJob runs because FailingJob failed.
	FailureJob = "quarantine_flights"
	// Journal gets one line, "JOB_NAME JOB_RUN_ID", each time a job starts.
	Journal = "output/journal.txt"
	// Quarantine is what FailureJob leaves: the rows that are to blame.
	Quarantine = "output/quarantine.csv"
	// Source says where the data comes from and under which licence.
	Source = "6,104 flights from New York, 4 to 10 February 2013, from nycflights13 " +
		"(US Bureau of Transportation Statistics, ASOS weather stations), CC0 1.0"
)

// Jobs returns the names of the workflow's jobs, in the order of its branches.
func Jobs() []string {
	return []string{
		"ingest_flights", "ingest_weather", "ingest_airlines",
		"clean_flights", "clean_weather", "quarantine_flights",
		"join_flights_weather", "report",
	}
}

// folderMark stands in the template for the folder it is laid out in.
const folderMark = `"@FOLDER@"`

// Write lays the template, the scripts and the data out in dir, with one value
// of the flights spoiled. The folder may be missing or empty; anything in it is
// left alone and an error returned.
func Write(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lay out the demo: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("lay out the demo: %s is not empty: name another folder, or remove this one", dir)
	}
	for from, to := range map[string]string{"pipeline": ".", "data": "input"} {
		if err := layOut(from, filepath.Join(dir, to), dir); err != nil {
			return fmt.Errorf("lay out the demo: %w", err)
		}
	}
	_, err = BreakRow(dir)
	return err
}

// layOut copies an embedded folder; the template learns where it lies.
func layOut(from, to, folder string) error {
	return fs.WalkDir(content, from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, filepath.FromSlash(name))
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		b, err := content.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Base(name) == Template {
			quoted, err := json.Marshal(folder) // a JSON string is a YAML string
			if err != nil {
				return err
			}
			b = bytes.Replace(b, []byte(folderMark), quoted, 1)
		}
		return os.WriteFile(target, b, 0o644)
	})
}
