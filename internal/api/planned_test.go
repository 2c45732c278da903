package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/plan"
)

// brokenRun is a server with a run of W whose J2 failed.
func newBroken(t *testing.T) (*server, string) {
	t.Helper()
	s := newServer(t)
	for _, job := range []string{"J1", "J2"} {
		s.do("CreateJob", `{'Name':'`+job+`','Role':'r','ExecutionProperty':{'MaxConcurrentRuns':9},'Command':{'Name':'pythonshell','PythonVersion':'3.9','ScriptLocation':'s3://b/k.py'}}`)
	}
	s.do("CreateWorkflow", `{'Name':'W'}`)
	s.do("CreateTrigger", `{'Name':'T1','WorkflowName':'W','Type':'ON_DEMAND','Actions':[{'JobName':'J1'}]}`)
	s.do("CreateTrigger", `{'Name':'T2','WorkflowName':'W','Type':'CONDITIONAL','StartOnCreation':true,
		'Predicate':{'Conditions':[{'LogicalOperator':'EQUALS','JobName':'J1','State':'SUCCEEDED'}]},'Actions':[{'JobName':'J2'}]}`)
	s.exec.mu.Lock()
	s.exec.byWhole = executor.Succeeded
	s.exec.outcome = map[string][]executor.State{"J2": {executor.Failed}}
	s.exec.mu.Unlock()
	id := s.do("StartWorkflowRun", `{'Name':'W'}`)["RunId"].(string)
	s.settle()
	return s, id
}

const repairARN = "arn:aws:glue:us-east-1:000000000000:workflow/W"

// TestRepairTagIsChecked: a policy that can't be read is refused where it is set.
func TestRepairTagIsChecked(t *testing.T) {
	t.Parallel()
	s, _ := newBroken(t)
	const want = "Tag reglue:auto-resume: wait must be a time of up to 7d"
	s.refuses("TagResource", `{'ResourceArn':'`+repairARN+`','TagsToAdd':{'reglue:auto-resume':'wait=soon'}}`, "InvalidInputException", want)
	s.refuses("CreateWorkflow", `{'Name':'V','Tags':{'reglue:auto-resume':'wait=soon'}}`, "InvalidInputException", want)
	s.do("TagResource", `{'ResourceArn':'`+repairARN+`','TagsToAdd':{'reglue:auto-resume':'times=3 wait=30s backoff=2 within=120m on=FAILED+TIMEOUT timeout=2x match=ThrottlingException'}}`)
	s.do("CreateWorkflow", `{'Name':'V','Tags':{'reglue:auto-resume':'off'}}`)
}

func TestBulkOverTheWire(t *testing.T) {
	t.Parallel()
	s, id := newBroken(t)
	one := `{'Name':'W','RunId':'` + id + `','Select':{'Failed':true}}`
	bulk := s.do(plan.OpStartBulk, `{'By':'ann','Condition':'state=FAILED','Resumes':[`+one+`]}`)["BulkId"].(string)
	var item map[string]any
	for deadline := time.Now().Add(20 * time.Second); ; {
		got := s.do(plan.OpGetBulk, `{'BulkId':'`+bulk+`'}`)
		item = got["Resumes"].([]any)[0].(map[string]any)
		if state := got["Bulk"].(map[string]any)["State"]; state == plan.BulkDone && item["NewStatus"] == "COMPLETED" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never done: %v", got)
		}
	}
	if item["State"] != plan.Done || item["By"] != "ann ("+bulk+")" || fmt.Sprint(item["NewStatistics"].(map[string]any)["SucceededActions"]) != "2" {
		t.Errorf("%v", item)
	}
	record := s.do(plan.OpGet, `{'Name':'W','RunId':'`+item["NewRunId"].(string)+`'}`)
	if record["By"] != "ann ("+bulk+")" {
		t.Errorf("%v", record)
	}
	if list := s.do(plan.OpListBulks, `{}`)["Bulks"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	// A second one comes too late.
	late := s.do(plan.OpStartBulk, `{'Resumes':[`+one+`]}`)["BulkId"].(string)
	for deadline := time.Now().Add(20 * time.Second); ; {
		got := s.do(plan.OpGetBulk, `{'BulkId':'`+late+`'}`)
		item = got["Resumes"].([]any)[0].(map[string]any)
		if item["State"] != plan.Pending {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never done: %v", got)
		}
	}
	if item["State"] != plan.Skipped || !strings.Contains(item["Error"].(string), "ann ("+bulk+") resumed it meanwhile") {
		t.Errorf("%v", item)
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	s, id := newBroken(t)
	const ii = "InvalidInputException"
	for body, want := range map[string]string{
		`{}`:             "Resumes is empty",
		`{'Resumes':[]}`: "Resumes is empty",
		`{'Resumes':[{'Name':'W','RunId':'` + id + `'}]}`:                                             "nothing is chosen",
		`{'Resumes':[{'Name':'W','RunId':'` + id + `','Accept':['x']}]}`:                              "Because is required",
		`{'Resumes':[{'Name':'W','RunId':'` + id + `','NodeIds':['x'],'PlanToken':'p'}]}`:             "can't be planned",
		`{'PauseMs':-1,'Resumes':[{'Name':'W','RunId':'` + id + `','NodeIds':['x']}]}`:                "PauseMs must be",
		`{'Resumes':[` + strings.Repeat(`{'Name':'W','RunId':'r'},`, plan.MaxBulk) + `{'Name':'W'}]}`: "choose fewer",
	} {
		s.refuses(plan.OpStartBulk, body, ii, want)
	}
	s.refuses(plan.OpStartBulk, `{'Resumes':[{'Name':'W','RunId':'wr_0','NodeIds':['x']}]}`, "EntityNotFoundException", "has no run wr_0")
	s.refuses(plan.OpGetBulk, `{'BulkId':'b'}`, "EntityNotFoundException", "no bulk resume b")
	s.refuses(plan.OpUpdateBulk, `{'BulkId':'b','Action':'PAUSE'}`, "EntityNotFoundException", "no bulk resume b")
	s.refuses(plan.OpStartBulk, `{'Resume':[]}`, "ValidationException", "unknown field")
}

// TestRunTellsItsRepair: what a run keeps says when it is repaired.
func TestRunTellsItsRepair(t *testing.T) {
	t.Parallel()
	s, _ := newBroken(t)
	s.do("TagResource", `{'ResourceArn':'`+repairARN+`','TagsToAdd':{'reglue:auto-resume':'wait=1h times=2'}}`)
	s.exec.mu.Lock()
	s.exec.outcome["J2"] = []executor.State{executor.Failed}
	s.exec.mu.Unlock()
	id := s.do("StartWorkflowRun", `{'Name':'W'}`)["RunId"].(string)
	s.settle()
	repair := s.do(plan.OpGet, `{'Name':'W','RunId':'`+id+`'}`)["Repair"].(map[string]any)
	if repair["State"] != plan.Pending || repair["By"] != "automatic repair (try 1 of 2)" || repair["DueOn"] == nil {
		t.Errorf("%v", repair)
	}
	for body, want := range map[string]int{`{}`: 1, `{'Name':'W','Pending':true}`: 1, `{'Name':'V'}`: 0} {
		if list := s.do(plan.OpRepairs, body)["Repairs"].([]any); len(list) != want {
			t.Errorf("%s: %v", body, list)
		}
	}
}
