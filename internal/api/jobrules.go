package api

import (
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

const maxRetries = 10

// checkJob holds a definition against the rules that the model does not know.
func checkJob(j *glue.Job) error {
	return firstOf(j, checkCommand, checkNumbers, checkRay, checkCapacity, checkClass, func(j *glue.Job) error {
		return checkArguments(j.DefaultArguments, j.NonOverridableArguments)
	})
}

func checkCommand(j *glue.Job) error {
	commands := []string{glue.CommandETL, glue.CommandStreaming, glue.CommandShell, glue.CommandRay}
	switch {
	case j.Role == "":
		return invalid("Role cannot be null or empty")
	case j.Command == nil:
		return invalid("Command cannot be null or empty")
	case !slices.Contains(commands, j.Command.Name):
		return invalid("Command name %q is not known, choose from one of [%s]", j.Command.Name, strings.Join(commands, ", "))
	}
	return nil
}

func checkNumbers(j *glue.Job) error {
	if n := j.MaxRetries; n != nil && (*n < 0 || *n > maxRetries) {
		return invalid("MaxRetries must be from 0 to %d, got %d", maxRetries, *n)
	}
	if p := j.ExecutionProperty; p != nil {
		if n := p.MaxConcurrentRuns; n != nil && *n < 1 {
			return invalid("ExecutionProperty.MaxConcurrentRuns must be at least 1, got %d", *n)
		}
	}
	return checkTimeout(j.Timeout)
}

func checkRay(j *glue.Job) error {
	switch {
	case j.CommandName() != glue.CommandRay:
		return nil
	case j.Timeout != nil:
		return invalid("Timeout not supported for Ray jobs")
	case j.WorkerType != glue.WorkerTypeZ2X:
		return invalid("Worker type cannot be null and only [Z.2X] worker types are supported for glueray jobs")
	}
	return nil
}

// checkClass holds the rule for FLEX.
func checkClass(j *glue.Job) error {
	if j.ExecutionClass != glue.ExecutionClassFlex {
		return nil
	}
	if j.CommandName() != glue.CommandETL || j.GlueVersion != "" && j.GlueMajor() < 3 {
		return invalid("ExecutionClass FLEX is for glueetl jobs of Glue version 3.0 and above")
	}
	return nil
}

// completeJob sets what the definition leaves to Glue, as GetJob shows it.
func completeJob(j *glue.Job) {
	if j.JobMode == "" {
		j.JobMode = glue.JobModeScript
	}
	if j.JobRunQueuingEnabled == nil {
		j.JobRunQueuingEnabled = new(bool)
	}
	if j.ExecutionProperty == nil || j.ExecutionProperty.MaxConcurrentRuns == nil {
		one := int32(1)
		j.ExecutionProperty = &glue.ExecutionProperty{MaxConcurrentRuns: &one}
	}
	if j.MaxRetries == nil {
		j.MaxRetries = new(int32)
	}
	j.GlueVersion = j.Version()
	if j.Timeout == nil && j.CommandName() != glue.CommandRay {
		if minutes := j.RunTimeout(glue.Override{}); minutes > 0 {
			j.Timeout = &minutes
		}
	}
	j.CompleteCapacity()
}
