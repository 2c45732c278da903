package cfn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Warning tells of something in a template that is not done, is done otherwise
// than AWS does it, or will surprise.
type Warning struct {
	File    string
	Line    int
	Path    string // such as Resources.Clean.Properties.Command; empty for the whole template
	Message string
}

// String returns the warning as file:line: path: message.
func (w Warning) String() string { return located(w.File, w.Line, w.Path, w.Message) }

// fault is an error at a place of a template.
type fault struct {
	file    string
	line    int
	path    string
	message string
	err     error
}

func (f *fault) Error() string { return located(f.file, f.line, f.path, f.message) }

func (f *fault) Unwrap() error { return f.err }

func located(file string, line int, path, message string) string {
	var out strings.Builder
	out.WriteString(file)
	if line > 0 {
		fmt.Fprintf(&out, ":%d", line)
	}
	out.WriteString(": ")
	if path != "" {
		out.WriteString(path + ": ")
	}
	return out.String() + message
}

// journal collects the warnings of one parse, each once.
type journal struct {
	file     string
	warnings []Warning
	seen     map[Warning]bool
}

func (j *journal) warnf(line int, path, format string, args ...any) {
	w := Warning{File: j.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)}
	if j.seen[w] {
		return
	}
	if j.seen == nil {
		j.seen = map[Warning]bool{}
	}
	j.seen[w] = true
	j.warnings = append(j.warnings, w)
}

// sorted returns the warnings in the order of the template.
func (j *journal) sorted() []Warning {
	slices.SortStableFunc(j.warnings, func(a, b Warning) int { return a.Line - b.Line })
	return j.warnings
}

func (j *journal) faultf(line int, path, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &fault{file: j.file, line: line, path: path, message: err.Error(), err: errors.Unwrap(err)}
}
