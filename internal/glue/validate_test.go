package glue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const namePattern = `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`

func TestValidateWordsBrokenRulesAsAWSDoes(t *testing.T) {
	long := strings.Repeat("é", 256)
	tests := []struct {
		name, op, body string
		want           []string // empty: valid
	}{
		{"ok", "CreateWorkflow", `{"Name":"nightly load/1\t"}`, nil},
		{"emoji", "CreateWorkflow", `{"Name":"load 😀"}`, nil},
		{"escaped emoji", "CreateWorkflow", `{"Name":"load \ud83d\ude00"}`, nil},
		{"255 characters of 4 bytes", "CreateWorkflow", `{"Name":"` + strings.Repeat("😀", 255) + `"}`, nil},
		{"256 characters", "CreateWorkflow", `{"Name":"` + long + `"}`, []string{
			"Value '" + long + "' at 'name' failed to satisfy constraint: Member must have length less than or equal to 255"}},
		{"newline", "CreateWorkflow", `{"Name":"a\nb"}`, []string{
			"Value 'a\nb' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: " + namePattern}},
		{"empty name", "CreateWorkflow", `{"Name":""}`, []string{
			"Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		{"missing name", "CreateWorkflow", `{}`, []string{
			"Value null at 'name' failed to satisfy constraint: Member must not be null"}},
		{"empty body", "CreateWorkflow", ``, []string{
			"Value null at 'name' failed to satisfy constraint: Member must not be null"}},
		{"null name", "CreateWorkflow", `{"Name":null}`, []string{
			"Value null at 'name' failed to satisfy constraint: Member must not be null"}},
		{"null optional", "CreateWorkflow", `{"Name":"a","Description":null,"Tags":null}`, nil},
		{"unknown member", "CreateWorkflow", `{"Name":"a","Colour":{"x":[1]}}`, nil},
		{"last duplicate wins", "CreateWorkflow", `{"Name":7,"Name":"a"}`, nil},
		{"page size", "ListWorkflows", `{"MaxResults":26}`, []string{
			"Value '26' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 25"}},
		{"page size 0", "ListWorkflows", `{"MaxResults":0}`, []string{
			"Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"}},
		{"whole number as float", "ListWorkflows", `{"MaxResults":25.0}`, nil},
		{"enum, two faults", "CreateTrigger", `{"Name":"t","Type":"BOGUS","Actions":null}`, []string{
			"Value 'BOGUS' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SCHEDULED, CONDITIONAL, ON_DEMAND, EVENT]",
			"Value null at 'actions' failed to satisfy constraint: Member must not be null"}},
		{"guide's worker type", "StartJobRun", `{"JobName":"j","WorkerType":"R.8X"}`, nil},
		{"in a list", "CreateTrigger", `{"Name":"t","Type":"ON_DEMAND","Actions":[{"JobName":"j"},{"JobName":"","Timeout":0}]}`, []string{
			"Value '' at 'actions.2.member.jobName' failed to satisfy constraint: Member must have length greater than or equal to 1",
			"Value '0' at 'actions.2.member.timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"}},
		{"null in a list", "BatchGetJobs", `{"JobNames":["a",null]}`, []string{
			"Value null at 'jobNames.2.member' failed to satisfy constraint: Member must not be null"}},
		{"list too short", "BatchGetWorkflows", `{"Names":[]}`, []string{
			"Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		{"list too long", "BatchGetWorkflows", `{"Names":["` + strings.Repeat(`a","`, 25) + `b"]}`, []string{
			"Value '[" + strings.Repeat("a, ", 25) + "b]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 25"}},
		{"no nodes", "ResumeWorkflowRun", `{"Name":"w","RunId":"wr_1","NodeIds":[]}`, nil},
		{"map keys and values", "CreateWorkflow", `{"Name":"a","Tags":{"":"x","k":"` + strings.Repeat("v", 257) + `"}}`, []string{
			"Value '{=x, k=" + strings.Repeat("v", 249) + "… (265 characters)' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length greater than or equal to 1]",
			"Value '{=x, k=" + strings.Repeat("v", 249) + "… (265 characters)' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256]"}},
		{"null in a map", "CreateWorkflow", `{"Name":"a","DefaultRunProperties":{"k":null}}`, []string{
			"Value '{k=null}' at 'defaultRunProperties' failed to satisfy constraint: Map value must satisfy constraint: [Member must not be null]"}},
		{"secret parts are not repeated", "UpdateJob", `{"JobName":"j","JobUpdate":{"CodeGenConfigurationNodes":{"n":{"S3CsvSource":{"Name":"s","Paths":["p"],"Separator":"hunter2","QuoteChar":"quote"}}}}}`, []string{
			"Value at 'jobUpdate.codeGenConfigurationNodes.n.member.s3CsvSource.separator' failed to satisfy constraint: Member must satisfy enum value set: [comma, ctrla, pipe, semicolon, tab]"}},
		{"nor are passwords", "CreateConnection", `{"ConnectionInput":{"Name":"c","ConnectionType":"JDBC","ConnectionProperties":{"PASSWORD":"` + strings.Repeat("hunter2", 200) +
			`"},"SparkProperties":{"token":""},"AuthenticationConfiguration":{"BasicAuthenticationCredentials":{"Password":"hunter2\n"}}}}`, []string{
			"Value at 'connectionInput.connectionProperties' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 1024]",
			"Value at 'connectionInput.sparkProperties' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length greater than or equal to 1]",
			"Value at 'connectionInput.authenticationConfiguration.basicAuthenticationCredentials.password' failed to satisfy constraint: Member must satisfy regular expression pattern: .*"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.op, []byte(tt.body))
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatalf("a valid request is refused: %v", err)
				}
				return
			}
			var broken *ValidationError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want a ValidationError", err)
			}
			if diff := cmp.Diff(tt.want, broken.Details); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
			noun := map[bool]string{true: "1 validation error detected: ", false: fmt.Sprintf("%d validation errors detected: ", len(tt.want))}[len(tt.want) == 1]
			if want := noun + strings.Join(tt.want, "; "); err.Error() != want {
				t.Errorf("message\n got %s\nwant %s", err, want)
			}
		})
	}
}

func TestValidateNamesWhatCannotBeRead(t *testing.T) {
	tests := []struct{ name, op, body, want string }{
		{"number for a string", "CreateWorkflow", `{"Name":1}`, "name: expected a string, got a number"},
		{"string for a number", "ListWorkflows", `{"MaxResults":"5"}`, "maxResults: expected an integer, got a string"},
		{"string for a boolean", "GetWorkflow", `{"Name":"a","IncludeGraph":"true"}`, "includeGraph: expected a boolean, got a string"},
		{"list for an object", "CreateJob", `{"Command":[]}`, "command: expected an object, got a list"},
		{"object for a list", "CreateTrigger", `{"Actions":{}}`, "actions: expected a list, got an object"},
		{"inside a list", "CreateTrigger", `{"Actions":[{"JobName":"a"},{"JobName":{}}]}`, "actions.2.member.jobName: expected a string, got an object"},
		{"inside a map", "CreateWorkflow", `{"DefaultRunProperties":{"k":5}}`, "defaultRunProperties.k.member: expected a string, got a number"},
		{"fraction", "ListWorkflows", `{"MaxResults":1.5}`, "maxResults: expected an integer, got 1.5"},
		{"over 32 bits", "ListWorkflows", `{"MaxResults":2147483648}`, "maxResults: 2147483648 does not fit an integer of 32 bits"},
		{"over 32 bits as float", "ListWorkflows", `{"MaxResults":2147483648.0}`, "maxResults: 2147483648.0 does not fit an integer of 32 bits"},
		{"huge", "ListWorkflows", `{"MaxResults":1e999}`, "maxResults: 1e999 does not fit an integer of 32 bits"},
		{"very long number", "ListWorkflows", `{"MaxResults":1` + strings.Repeat("0", 400) + `}`, "maxResults: 1" + strings.Repeat("0", 39) + "… (401 characters) does not fit an integer of 32 bits"},
		{"huge float", "CreateJob", `{"MaxCapacity":1e999}`, "maxCapacity: 1e999 is out of range"},
		{"list as body", "ListWorkflows", `[]`, "the request body must be a JSON object, got a list"},
		{"null as body", "ListWorkflows", `null`, "the request body must be a JSON object, got null"},
		{"text", "ListWorkflows", `hello`, "the request body is not JSON: invalid character 'h' looking for beginning of value (before byte 1)"},
		{"cut off", "ListWorkflows", `{"MaxResults":`, "the request body is not JSON: it ends too early"},
		{"trailing", "ListWorkflows", `{} {}`, "the request body has more after its JSON object, at byte 4"},
		{"not UTF-8", "CreateWorkflow", "{\"Name\":\"\xff\"}", "the request body is not valid UTF-8"},
		{"half a pair", "CreateWorkflow", `{"Name":"\ud83d"}`, "the request body holds half of a surrogate pair, at byte 10"},
		{"low half", "CreateWorkflow", `{"Name":"\udc00\ud83d"}`, "the request body holds half of a surrogate pair, at byte 10"},
		{"deep", "CreateWorkflow", `{"X":` + strings.Repeat("[", 100000), "the request body nests deeper than 200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.op, []byte(tt.body))
			var unreadable *SerializationError
			if !errors.As(err, &unreadable) {
				t.Fatalf("got %v, want a SerializationError", err)
			}
			if err.Error() != tt.want {
				t.Errorf("message\n got %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestMessagesStayShort(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20)
	ids := strings.Repeat(`"",`, 100_000)
	for name, err := range map[string]error{
		"value":      Validate("CreateWorkflow", []byte(`{"Name":"`+megabyte+`"}`)),
		"map key":    Validate("CreateWorkflow", []byte(`{"Name":"a","Tags":{"`+megabyte+`":"v"}}`)),
		"many nodes": Validate("ResumeWorkflowRun", []byte(`{"Name":"w","RunId":"r","NodeIds":[`+strings.TrimSuffix(ids, ",")+`]}`)),
	} {
		if err == nil || len(err.Error()) > 10_000 {
			t.Errorf("%s: the message has %d bytes", name, len(fmt.Sprint(err)))
		}
	}
	err := Validate("ResumeWorkflowRun", []byte(`{"Name":"w","RunId":"r","NodeIds":[`+strings.TrimSuffix(ids, ",")+`]}`))
	if !strings.HasPrefix(err.Error(), "100000 validation errors detected: Value '' at 'nodeIds.1.member'") ||
		!strings.HasSuffix(err.Error(), "; and 99980 more") {
		t.Errorf("message: %.100s … %s", err, err.Error()[len(err.Error())-40:])
	}
}

func TestValidateUnservedOperation(t *testing.T) {
	if err := Validate("GetTable", []byte(`{}`)); err == nil {
		t.Error("an operation that is not served was validated")
	}
}

func TestOperationTables(t *testing.T) {
	for op, want := range map[string]bool{"CreateWorkflow": true, "GetTable": true, "": false, "getWorkflow": false, "Nope": false} {
		if got := KnownOperation(op); got != want {
			t.Errorf("KnownOperation(%q) = %v", op, got)
		}
	}
	want := []string{"InvalidInputException", "EntityNotFoundException", "InternalServiceException",
		"OperationTimeoutException", "ConcurrentRunsExceededException", "IllegalWorkflowStateException"}
	if diff := cmp.Diff(want, DeclaredErrors("ResumeWorkflowRun")); diff != "" {
		t.Errorf("errors of ResumeWorkflowRun (-want +got):\n%s", diff)
	}
	undeclared := []string{"BatchDeleteConnection", "DeleteConnection"} // they get a ValidationException
	for _, op := range ServedOperations() {
		if !KnownOperation(op) || Declares(op, InvalidInput) == slices.Contains(undeclared, op) {
			t.Errorf("%s: unknown, or it does not declare InvalidInputException", op)
		}
	}
	if Declares("GetWorkflow", AlreadyExists) {
		t.Error("GetWorkflow declares AlreadyExistsException")
	}
}

func TestEveryPatternCompiles(t *testing.T) {
	for name, s := range rules().Shapes {
		if s.match != nil {
			s.match(name)
		}
	}
}

func TestSchemaIsClosed(t *testing.T) {
	shapes := rules().Shapes
	for name, s := range shapes {
		refs := []string{s.Key, s.Value}
		var members []string
		for _, m := range s.Members {
			members, refs = append(members, m[0]), append(refs, m[1])
		}
		for _, to := range refs {
			if to != "" && shapes[to] == nil {
				t.Errorf("%s refers to %s, which is missing", name, to)
			}
		}
		for _, m := range s.Required {
			if !slices.Contains(members, m) {
				t.Errorf("%s requires %s, which is no member", name, m)
			}
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, body := range []string{
		`{}`, ``, `null`, `{"Name":"a","Type":"EVENT","Actions":[{"JobName":"j","Arguments":{"k":"v"}}]}`,
		`{"Name":"\ud83d\ude00"}`, `{"Name":"\ud83d"}`, `{"Timeout":1e5}`, `[[[`, `{"Name":"a"}}`, "{\"\\", `{"\u00`,
	} {
		f.Add("CreateTrigger", []byte(body))
		f.Add("CreateJob", []byte(body))
	}
	f.Fuzz(func(t *testing.T, op string, body []byte) {
		err := Validate(op, body)
		if err != nil {
			if len(err.Error()) > 100_000 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		if len(body) > 0 && strings.TrimSpace(string(body)) != "" && !json.Valid(body) {
			t.Errorf("accepted what is not JSON: %q", body)
		}
		request := requests()[op]
		if err := Decode(op, body, request); err != nil {
			t.Errorf("valid but not decoded: %v", err)
		}
	})
}
