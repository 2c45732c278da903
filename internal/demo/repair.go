package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	flightsFile = "input/flights.csv"
	badLine     = 4711
	badColumn   = "dep_delay"
	badValue    = "N/A?"
)

// Fault is the one spoiled value of the flights.
type Fault struct {
	Path   string // the file, absolute
	Line   int    // counted from 1, the header included
	Column string
	Bad    string // the value that no number can be made of
	Good   string // the value of the source
	// BadRow and GoodRow are the whole line with the one and the other.
	BadRow, GoodRow string
}

// Find returns the fault of the demo laid out in dir, and whether the file has
// it now: a user may have repaired it, in an editor or with Repair.
func Find(dir string) (fault Fault, there bool, err error) {
	lines, fault, err := read(dir)
	if err != nil {
		return Fault{}, false, err
	}
	return fault, len(lines) >= badLine && string(lines[badLine-1]) == fault.BadRow, nil
}

// Repair puts the source's value back, as a user would with an editor. A row
// that is already right stays as it is; one that was changed in another way is
// not touched and an error returned.
func Repair(dir string) (Fault, error) {
	return change(dir, func(f Fault) (from, to string) { return f.BadRow, f.GoodRow })
}

// BreakRow spoils the row again: the opposite of Repair. Write has done it.
func BreakRow(dir string) (Fault, error) {
	return change(dir, func(f Fault) (from, to string) { return f.GoodRow, f.BadRow })
}

func change(dir string, rows func(Fault) (from, to string)) (Fault, error) {
	lines, fault, err := read(dir)
	if err != nil {
		return Fault{}, err
	}
	from, to := rows(fault)
	have := ""
	if len(lines) >= badLine {
		have = string(lines[badLine-1])
	}
	switch have {
	case to:
		return fault, nil
	case from:
		lines[badLine-1] = []byte(to)
		return fault, replace(fault.Path, bytes.Join(lines, []byte("\n")))
	}
	return fault, fmt.Errorf("%s line %d is neither the row of the demo nor the spoiled one, so it was left alone: %q; it should be %q",
		fault.Path, badLine, have, to)
}

// read returns the lines of the flights as they are now, and the fault as the
// embedded data defines it.
func read(dir string) ([][]byte, Fault, error) {
	name, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(flightsFile)))
	if err != nil {
		return nil, Fault{}, err
	}
	now, err := os.ReadFile(name)
	if err != nil {
		return nil, Fault{}, fmt.Errorf("the demo's flights: %w", err)
	}
	source, err := content.ReadFile("data/flights.csv")
	if err != nil {
		return nil, Fault{}, err
	}
	rows := strings.Split(string(source), "\n")
	good := strings.Split(rows[badLine-1], ",")
	fault := Fault{Path: name, Line: badLine, Column: badColumn, Bad: badValue, GoodRow: rows[badLine-1]}
	for i, column := range strings.Split(rows[0], ",") {
		if column == badColumn {
			fault.Good, good[i] = good[i], badValue
		}
	}
	fault.BadRow = strings.Join(good, ",")
	return bytes.Split(now, []byte("\n")), fault, nil
}

// replace exchanges the file's content in one step.
func replace(name string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	_, err = tmp.Write(b)
	if cerr := tmp.Chmod(0o644); err == nil {
		err = cerr
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
