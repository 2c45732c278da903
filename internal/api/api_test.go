package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func TestEveryServedOperationIsBuilt(t *testing.T) {
	if diff := cmp.Diff(glue.ServedOperations(), slices.Sorted(maps.Keys(operations))); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownOperations(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.refuses("StartCrawler", `{'Name': 'c'}`, "UnknownOperationException", "Operation StartCrawler of AWS Glue is not built")
	s.refuses("MakeCoffee", `{}`, "UnknownOperationException", `no operation "MakeCoffee"`)
	s.refuses("", `{}`, "UnknownOperationException", "no operation")
}

// Faults of a body: what is no JSON or of another type is a serialization
// error, what breaks a rule an error that the operation declares.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	long := strings.Repeat("x", 256)
	tests := []struct{ op, body, code, text string }{
		{"GetWorkflow", `{`, codeSerialization, "not JSON"},
		{"GetWorkflow", `[]`, codeSerialization, "must be a JSON object"},
		{"GetWorkflow", `{'Name': 5}`, codeSerialization, "expected a string, got a number"},
		{"GetWorkflow", ``, ii, "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{"GetWorkflow", `{'Name': null}`, ii, "Member must not be null"},
		{"GetWorkflow", `{'Name': ''}`, ii, "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"GetWorkflow", `{'Name': '` + long + `'}`, ii, "Member must have length less than or equal to 255"},
		{"CreateWorkflow", `{'Name': 'a\nb'}`, ii, "Member must satisfy regular expression pattern"},
		{"ListWorkflows", `{'MaxResults': 26}`, ii, "Value '26' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 25"},
		{"ListWorkflows", `{'MaxResults': 0}`, ii, "Member must have value greater than or equal to 1"},
		{"GetTriggers", `{'MaxResults': 201}`, ii, "less than or equal to 200"},
		{"GetJobs", `{'MaxResults': 1001}`, ii, "less than or equal to 1000"},
		{"CreateTrigger", `{'Name': 't', 'Type': 'BOGUS', 'Actions': []}`, ii, "Value 'BOGUS' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SCHEDULED, CONDITIONAL, ON_DEMAND, EVENT]"},
		{"BatchGetWorkflows", `{'Names': []}`, ii, "greater than or equal to 1"},
		{"BatchStopJobRun", `{'JobName': 'j', 'JobRunIds': []}`, ii, "greater than or equal to 1"},
		{"CreateJob", `{'Name': 'j', 'Role': 'r', 'Command': {}, 'Timeout': 0}`, ii, "at 'timeout'"},
		{"CreateJob", `{'Name': 'j', 'Role': 'r', 'Command': {}, 'MaintenanceWindow': 'Sun:24'}`, ii, "at 'maintenanceWindow'"},
		{"CreateJob", `{'Name': 'j', 'Role': 'r', 'Command': {'PythonVersion': '3.8'}}`, ii, "at 'command.pythonVersion'"},
		{"CreateTrigger", `{'Name': 't', 'Type': 'EVENT', 'Actions': [], 'EventBatchingCondition': {'BatchSize': 101, 'BatchWindow': 901}}`, ii, "2 validation errors detected"},
		{"TagResource", `{'ResourceArn': 'arn:aws:s3:x', 'TagsToAdd': {}}`, ii, "at 'resourceArn'"},
	}
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
}

func TestErrorsThatAreNotTheCallers(t *testing.T) {
	t.Parallel()
	a := newServer(t).api
	status, code, message := a.Error(errors.New("the disk said something secret"))
	if status != 500 || code != "InternalServiceException" || strings.Contains(message, "secret") || !strings.Contains(message, "error id ") {
		t.Errorf("%d %s %s", status, code, message)
	}
	if status, code, message := a.Error(fmt.Errorf("x: %w", &glue.Error{Kind: glue.Internal, Message: "The disk is full."})); status != 500 ||
		code != "InternalServiceException" || message != "The disk is full." {
		t.Errorf("%d %s %s", status, code, message)
	}
	if _, code, _ := a.Error(fmt.Errorf("x: %w", context.DeadlineExceeded)); code != "OperationTimeoutException" {
		t.Error(code)
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openServer(t, dir)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	second, _ := s.resume("W", first, "J2")

	db, err := store.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	reading := &server{t: t, db: db, api: New(db, nil, Options{})}
	for _, id := range []string{first, second} {
		if diff := cmp.Diff(s.run("W", id), reading.run("W", id)); diff != "" {
			t.Error(diff)
		}
	}
	body := fmt.Sprintf(`{'Name': 'W', 'RunId': %q, 'NodeIds': ['x'], 'RunProperties': {}, 'Type': 'ON_DEMAND', 'Actions': [{'JobName': 'J1'}],
		'TriggerUpdate': {'Actions': [{'JobName': 'J1'}]}, 'JobName': 'J1', 'JobRunIds': ['x'], 'Role': 'r', 'Command': {'Name': 'pythonshell'},
		'JobUpdate': {'Role': 'r', 'Command': {'Name': 'pythonshell'}}, 'ResourceArn': 'arn:aws:glue:us-east-1:000000000000:workflow/W',
		'TagsToAdd': {}, 'TagsToRemove': [], 'DatabaseInput': {'Name': 'W'}, 'DatabaseName': 'D', 'TableName': 'T', 'TableInput': {'Name': 'W'},
		'TablesToDelete': [], 'VersionId': '1', 'VersionIds': [], 'PartitionInput': {}, 'PartitionInputList': [], 'PartitionValues': [],
		'PartitionValueList': [], 'PartitionsToDelete': [], 'Entries': [{'PartitionValueList': [], 'PartitionInput': {}}],
		'PartitionIndex': {'IndexName': 'i', 'Keys': ['k']}, 'IndexName': 'i', 'FunctionName': 'f', 'FunctionInput': {},
		'ConnectionInput': {'Name': 'W', 'ConnectionType': 'NETWORK', 'ConnectionProperties': {}}, 'ConnectionName': 'W', 'ConnectionNameList': [],
		'EncryptionConfiguration': {}, 'DataCatalogEncryptionSettings': {}}`, first)
	changing := 0
	for op := range operations {
		if strings.Contains(op, "Get") || strings.HasPrefix(op, "List") || op == "TestConnection" {
			continue
		}
		changing++
		reading.refuses(op, body, "AccessDeniedException", "reglue serve")
	}
	if changing != 47 {
		t.Errorf("%d operations change something", changing)
	}
}

// A request that is not taken up in time answers OperationTimeoutException, and
// nothing is done.
func TestOperationTimeout(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.workflow("W", w1...)
	s.fails("J2")
	first := s.start("W")
	before := s.count()
	s.api = New(s.db, s.engine, Options{Timeout: 20 * time.Millisecond})

	taken, free, freed := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		freed <- s.engine.Update(t.Context(), func(*store.Tx, glue.Time) error {
			close(taken)
			<-free
			return nil
		})
	}()
	<-taken
	for _, tt := range []struct{ op, body string }{
		{"ResumeWorkflowRun", resumeBody("W", first, s.nodeID("W", "J2"))},
		{"StartWorkflowRun", `{'Name': 'W'}`},
		{"StopWorkflowRun", fmt.Sprintf(`{'Name': 'W', 'RunId': %q}`, first)},
		{"StartJobRun", `{'JobName': 'J1'}`},
		{"CreateWorkflow", `{'Name': 'X'}`},
		{"DeleteWorkflow", `{'Name': 'W'}`},
		{"DeleteJob", `{'JobName': 'J1'}`},
	} {
		s.refuses(tt.op, tt.body, "OperationTimeoutException", "nothing was changed")
	}
	close(free)
	if err := <-freed; err != nil {
		t.Fatal(err)
	}
	s.readersBusy(func() {
		for _, op := range []string{"ListWorkflows", "ListJobs", "ListTriggers", "GetJobs", "GetTriggers"} {
			s.refuses(op, `{}`, "OperationTimeoutException", "could not be answered in time")
		}
		s.refuses("GetWorkflow", `{'Name': 'W'}`, "OperationTimeoutException", "could not be answered in time")
	})
	s.settle()
	if diff := cmp.Diff(before, s.count()); diff != "" {
		t.Error(diff)
	}
}

// readersBusy carries out a function while every read connection is in use.
func (s *server) readersBusy(f func()) {
	s.t.Helper()
	const readers = 4
	taken, free, freed := make(chan struct{}), make(chan struct{}), make(chan error)
	for range readers {
		go func() {
			freed <- s.db.View(s.t.Context(), func(*store.Tx) error {
				taken <- struct{}{}
				<-free
				return nil
			})
		}()
	}
	for range readers {
		<-taken
	}
	f()
	close(free)
	for range readers {
		if err := <-freed; err != nil {
			s.t.Error(err)
		}
	}
}
