package glue

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// requests returns an empty request struct for every served operation.
func requests() map[string]any {
	return map[string]any{
		"BatchGetWorkflows": new(BatchGetWorkflowsRequest), "CreateWorkflow": new(CreateWorkflowRequest),
		"DeleteWorkflow": new(DeleteWorkflowRequest), "GetWorkflow": new(GetWorkflowRequest),
		"GetWorkflowRun": new(GetWorkflowRunRequest), "GetWorkflowRunProperties": new(GetWorkflowRunPropertiesRequest),
		"GetWorkflowRuns": new(GetWorkflowRunsRequest), "ListWorkflows": new(ListWorkflowsRequest),
		"PutWorkflowRunProperties": new(PutWorkflowRunPropertiesRequest), "ResumeWorkflowRun": new(ResumeWorkflowRunRequest),
		"StartWorkflowRun": new(StartWorkflowRunRequest), "StopWorkflowRun": new(StopWorkflowRunRequest),
		"UpdateWorkflow": new(UpdateWorkflowRequest), "BatchGetTriggers": new(BatchGetTriggersRequest),
		"CreateTrigger": new(CreateTriggerRequest), "DeleteTrigger": new(DeleteTriggerRequest),
		"GetTrigger": new(GetTriggerRequest), "GetTriggers": new(GetTriggersRequest),
		"ListTriggers": new(ListTriggersRequest), "StartTrigger": new(StartTriggerRequest),
		"StopTrigger": new(StopTriggerRequest), "UpdateTrigger": new(UpdateTriggerRequest),
		"BatchGetJobs": new(BatchGetJobsRequest), "CreateJob": new(CreateJobRequest),
		"DeleteJob": new(DeleteJobRequest), "GetJob": new(GetJobRequest), "GetJobs": new(GetJobsRequest),
		"ListJobs": new(ListJobsRequest), "UpdateJob": new(UpdateJobRequest),
		"BatchStopJobRun": new(BatchStopJobRunRequest), "GetJobRun": new(GetJobRunRequest),
		"GetJobRuns": new(GetJobRunsRequest), "StartJobRun": new(StartJobRunRequest),
		"GetJobBookmark": new(GetJobBookmarkRequest), "ResetJobBookmark": new(ResetJobBookmarkRequest),
		"GetTags": new(GetTagsRequest), "TagResource": new(TagResourceRequest), "UntagResource": new(UntagResourceRequest),
		"CreateDatabase": new(CreateDatabaseRequest), "DeleteDatabase": new(DeleteDatabaseRequest),
		"GetDatabase": new(GetDatabaseRequest), "GetDatabases": new(GetDatabasesRequest),
		"UpdateDatabase": new(UpdateDatabaseRequest), "BatchDeleteTable": new(BatchDeleteTableRequest),
		"CreateTable": new(CreateTableRequest), "DeleteTable": new(DeleteTableRequest),
		"GetTable": new(GetTableRequest), "GetTables": new(GetTablesRequest),
		"UpdateTable": new(UpdateTableRequest), "BatchDeleteTableVersion": new(BatchDeleteTableVersionRequest),
		"DeleteTableVersion": new(DeleteTableVersionRequest), "GetTableVersion": new(GetTableVersionRequest),
		"GetTableVersions": new(GetTableVersionsRequest), "BatchCreatePartition": new(BatchCreatePartitionRequest),
		"BatchDeletePartition": new(BatchDeletePartitionRequest), "BatchGetPartition": new(BatchGetPartitionRequest),
		"BatchUpdatePartition": new(BatchUpdatePartitionRequest), "CreatePartition": new(CreatePartitionRequest),
		"DeletePartition": new(DeletePartitionRequest), "GetPartition": new(GetPartitionRequest),
		"GetPartitions": new(GetPartitionsRequest), "UpdatePartition": new(UpdatePartitionRequest),
		"CreatePartitionIndex": new(CreatePartitionIndexRequest), "DeletePartitionIndex": new(DeletePartitionIndexRequest),
		"GetPartitionIndexes": new(GetPartitionIndexesRequest), "CreateUserDefinedFunction": new(CreateUserDefinedFunctionRequest),
		"DeleteUserDefinedFunction": new(DeleteUserDefinedFunctionRequest), "GetUserDefinedFunction": new(GetUserDefinedFunctionRequest),
		"GetUserDefinedFunctions": new(GetUserDefinedFunctionsRequest), "UpdateUserDefinedFunction": new(UpdateUserDefinedFunctionRequest),
	}
}

// samples gives text that a member's pattern or enumeration accepts where plain
// text would not do.
var samples = map[string]string{
	"ResourceArn": "arn:aws:glue:us-east-1:000000000000:workflow/w", "GlueVersion": "5.0",
	"MaintenanceWindow": "Sun:03", "PythonVersion": "3.9", "Type": "CONDITIONAL", "Logical": "ANY",
	"LogicalOperator": "EQUALS", "State": "FAILED", "CrawlState": "CANCELLED", "JobMode": "SCRIPT",
	"WorkerType": "R.8X", "ExecutionClass": "FLEX", "Provider": "GITHUB", "AuthStrategy": "AWS_SECRETS_MANAGER",
	"SchemaArn": "arn:aws:glue:us-east-1:000000000000:schema/r/s", "SchemaVersionId": "01234567-89ab-cdef-0123-456789abcdef",
	"Definer": "arn:aws:iam::000000000000:role/r", "SubObjects": "arn:aws:glue:us-east-1:000000000000:table/d/t",
}

// values are the first ones of enumerations whose members' names say less.
var values = map[string]string{
	"DatabaseAttributes": "NAME", "TableAttributes": "TABLE_TYPE", "ResourceShareType": "ALL", "Permission": "SELECT",
	"ViewUpdateAction": "ADD", "ViewDialect": "SPARK", "LastRefreshType": "FULL", "FunctionType": "REGULAR_FUNCTION",
	"PrincipalType": "USER", "ResourceType": "JAR", "MetadataOperation": "CREATE", "IcebergStructTypeEnum": "struct",
	"IcebergSortDirection": "asc", "IcebergNullOrder": "nulls-last", "IcebergUpdateAction": "add-spec",
}

// fill sets every field of a struct to something that is not zero.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), name)
		fill(v.Index(1), name)
	case reflect.Map:
		if name == "CodeGenConfigurationNodes" {
			v.Set(reflect.ValueOf(map[string]json.RawMessage{"node-1": json.RawMessage(`{"Filter":{"Filters":[],"Inputs":["node-2"],"LogicalOperator":"AND","Name":"f"}}`)}))
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), reflect.ValueOf("value"))
	case reflect.String:
		text := values[v.Type().Name()]
		if text == "" {
			text = samples[name]
		}
		if text == "" {
			text = "text"
		}
		v.SetString(text)
	case reflect.Int32, reflect.Int64:
		v.SetInt(7)
		if name == "SortOrder" {
			v.SetInt(1)
		}
	case reflect.Float64:
		v.SetFloat(0.0625)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("no sample for a " + v.Kind().String())
	}
}

// Every member of every request passes the rules under the name that its struct
// gives it, and comes back unchanged: the structs and the schema agree.
func TestRequestsRoundTrip(t *testing.T) {
	all := requests()
	if len(all) != len(ServedOperations()) {
		t.Errorf("%d requests, %d operations", len(all), len(ServedOperations()))
	}
	for op, want := range all {
		fill(reflect.ValueOf(want).Elem(), "")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := requests()[op]
		if err := Decode(op, text, got); err != nil {
			t.Errorf("%s: %v\n%s", op, err, text)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-sent +read):\n%s", op, diff)
		}
	}
}

// What was not checked must not get in: encoding/json alone would take "name"
// for Name.
func TestDecodeReadsExactNamesOnly(t *testing.T) {
	var got CreateWorkflowRequest
	body := `{"Name":"a","name":"not\nchecked","DESCRIPTION":"x","MaxConcurrentRuns":2.0,"Tags":{}}`
	if err := Decode("CreateWorkflow", []byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := CreateWorkflowRequest{Name: "a", MaxConcurrentRuns: new(int32(2)), Tags: map[string]string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeTellsAbsentFromEmpty(t *testing.T) {
	for body, want := range map[string]*string{
		`{"Name":"a"}`:                    nil,
		`{"Name":"a","Description":null}`: nil,
		`{"Name":"a","Description":""}`:   new(""),
		`{"Name":"a","Description":"x"}`:  new("x"),
	} {
		var got UpdateWorkflowRequest
		if err := Decode("UpdateWorkflow", []byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Description); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestAnswersOnTheWire(t *testing.T) {
	started := MakeTime(time.UnixMilli(1578556843049))
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"empty", GetWorkflowResponse{}, `{}`},
		{"zero counts are sent", WorkflowRunStatistics{TotalActions: 11, SucceededActions: 9},
			`{"TotalActions":11,"TimeoutActions":0,"FailedActions":0,"StoppedActions":0,"SucceededActions":9,"RunningActions":0,"ErroredActions":0,"WaitingActions":0}`},
		{"attempt and execution time are sent", JobRun{Id: "jr_1", JobName: "j", JobRunState: JobRunStateRunning},
			`{"Id":"jr_1","Attempt":0,"JobName":"j","JobRunState":"RUNNING","ExecutionTime":0}`},
		{"a node that has not run keeps its details", Node{Type: NodeTypeJob, Name: "j", UniqueId: "wnode_1", JobDetails: &JobNodeDetails{}},
			`{"Type":"JOB","Name":"j","UniqueId":"wnode_1","JobDetails":{}}`},
		{"empty maps and lists are sent, nil ones are not",
			WorkflowRun{WorkflowRunProperties: map[string]string{}, Graph: &WorkflowGraph{Nodes: []Node{}}, StartedOn: started},
			`{"WorkflowRunProperties":{},"StartedOn":1578556843.049,"Graph":{"Nodes":[]}}`},
		{"zero is echoed", Job{MaxRetries: new(int32(0)), JobRunQueuingEnabled: new(false), MaxCapacity: new(0.0625)},
			`{"JobRunQueuingEnabled":false,"MaxRetries":0,"MaxCapacity":0.0625}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := json.Marshal(tt.v)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != tt.want {
				t.Errorf("\n got %s\nwant %s", text, tt.want)
			}
			back := reflect.New(reflect.TypeOf(tt.v))
			if err := json.Unmarshal(text, back.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.v, back.Elem().Interface()); diff != "" {
				t.Errorf("round trip (-sent +read):\n%s", diff)
			}
		})
	}
}

func TestWorkerTypesOfTheGuide(t *testing.T) {
	for _, worker := range []WorkerType{WorkerTypeStandard, WorkerTypeG1X, WorkerTypeG16X, WorkerTypeR8X} {
		if !slices.Contains(rules().Shapes["WorkerType"].Enum, string(worker)) {
			t.Errorf("%s is not accepted", worker)
		}
	}
}
