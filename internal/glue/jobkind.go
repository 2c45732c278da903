package glue

import (
	"strconv"
	"strings"
)

// The values of JobCommand.Name.
const (
	CommandETL       = "glueetl"
	CommandStreaming = "gluestreaming"
	CommandShell     = "pythonshell"
	CommandRay       = "glueray"
)

// The version of a job that does not name one.
const (
	newestVersion = "5.1"
	newestMajor   = 5
	rayVersion    = "4.0"
)

// CommandName is the job's kind; empty without a command.
func (j *Job) CommandName() string {
	if j.Command == nil {
		return ""
	}
	return j.Command.Name
}

// Version is the job's GlueVersion, or the one that it has without naming one.
func (j *Job) Version() string {
	switch {
	case j.GlueVersion != "" || j.CommandName() == CommandShell:
		return j.GlueVersion // python shell ignores it
	case j.CommandName() == CommandRay:
		return rayVersion
	}
	return newestVersion
}

// GlueMajor is the number before the first dot of the job's version; jobs
// without one have the newest.
func (j *Job) GlueMajor() int {
	text, _, _ := strings.Cut(j.Version(), ".")
	n, err := strconv.Atoi(text)
	if err != nil {
		return newestMajor
	}
	return n
}
