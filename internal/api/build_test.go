package api

import (
	"fmt"
	"strings"
)

// job creates a python shell job; more is added to the request.
func (s *server) job(name string, more ...string) {
	s.t.Helper()
	s.do("CreateJob", fmt.Sprintf(`{'Name': %q, 'Role': 'r', 'Command': {'Name': 'pythonshell', 'ScriptLocation': 's3://b/%s.py'}%s}`,
		name, name, extra(more)))
}

func extra(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return ", " + strings.Join(more, ", ")
}

// workflow creates a workflow of triggers written as
//
//	T1 > J1         an ON_DEMAND trigger
//	J1+ > T2 > J2   + SUCCEEDED, - FAILED, ! STOPPED, ~ TIMEOUT
//	J1+ & J2+ > T3 > J3 J4, J1+ | J2- > T4 > J5
//
// and the jobs that they name.
func (s *server) workflow(name string, triggers ...string) {
	s.t.Helper()
	s.do("CreateWorkflow", fmt.Sprintf(`{'Name': %q}`, name))
	s.triggers(name, triggers...)
}

func (s *server) triggers(workflow string, triggers ...string) {
	s.t.Helper()
	for _, text := range triggers {
		parts := strings.Split(text, " > ")
		actions := strings.Fields(parts[len(parts)-1])
		trigger := parts[len(parts)-2]
		var acts []string
		for _, job := range actions {
			s.ensureJob(job)
			acts = append(acts, fmt.Sprintf(`{'JobName': %q}`, job))
		}
		kind := `'Type': 'ON_DEMAND'`
		if len(parts) == 3 {
			kind = `'Type': 'CONDITIONAL', 'StartOnCreation': true, 'Predicate': ` + s.predicate(parts[0])
		}
		s.do("CreateTrigger", fmt.Sprintf(`{'Name': %q, 'WorkflowName': %q, %s, 'Actions': [%s]}`,
			trigger, workflow, kind, strings.Join(acts, ", ")))
	}
}

func (s *server) ensureJob(name string) {
	s.t.Helper()
	if _, err := s.raw("GetJob", fmt.Sprintf(`{"JobName": %q}`, name)); err != nil {
		s.job(name)
	}
}

func (s *server) predicate(text string) string {
	logical, by := "AND", " & "
	if strings.Contains(text, " | ") {
		logical, by = "ANY", " | "
	}
	states := map[byte]string{'+': "SUCCEEDED", '-': "FAILED", '!': "STOPPED", '~': "TIMEOUT"}
	var conditions []string
	for _, c := range strings.Split(text, by) {
		job, state := c[:len(c)-1], states[c[len(c)-1]]
		s.ensureJob(job)
		conditions = append(conditions, fmt.Sprintf(`{'LogicalOperator': 'EQUALS', 'JobName': %q, 'State': %q}`, job, state))
	}
	return fmt.Sprintf(`{'Logical': %q, 'Conditions': [%s]}`, logical, strings.Join(conditions, ", "))
}
