package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// modes are the ways a client may be let in: each gives a handler and the path
// and the keys that the client uses.
var modes = []struct {
	name         string
	signed       bool
	path         string
	key, secret  string
	sessionToken string
}{
	{name: "no signatures", key: "any", secret: "thing"},
	{name: "signatures", signed: true, key: testKey, secret: testSecret},
	{name: "signatures with a session token", signed: true, key: testKey, secret: testSecret, sessionToken: "a+/token=="},
	{name: "a job's endpoint", signed: true, path: "/job/" + jobID + "/" + jobToken, key: "any", secret: "thing"},
}

func TestGoClient(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			h, service := newHandler(t, mode.signed)
			client := goClient(listen(t, h)+mode.path, mode.key, mode.secret, mode.sessionToken)
			ctx := t.Context()

			got, err := client.GetWorkflow(ctx, &glue.GetWorkflowInput{Name: aws.String("nightly")})
			if err != nil {
				t.Fatal(err)
			}
			if *got.Workflow.Name != "nightly" || got.Workflow.CreatedOn.UnixMilli() != 1578556843049 {
				t.Errorf("workflow %+v", got.Workflow)
			}
			_, err = client.GetWorkflow(ctx, &glue.GetWorkflowInput{Name: aws.String("nope")})
			var missing *types.EntityNotFoundException
			if !errors.As(err, &missing) || missing.ErrorMessage() != "Entity not found" {
				t.Errorf("GetWorkflow of nothing: %v", err)
			}
			if _, err := client.StopWorkflowRun(ctx, &glue.StopWorkflowRunInput{Name: aws.String("n"), RunId: aws.String("r")}); err != nil {
				t.Errorf("an empty answer: %v", err)
			}
			run, err := client.StartWorkflowRun(ctx, &glue.StartWorkflowRunInput{Name: aws.String("nightly")})
			if err != nil {
				t.Fatal(err)
			}
			checkRetried(t, service, *run.RunId)
			_, err = client.DeleteWorkflow(ctx, &glue.DeleteWorkflowInput{Name: aws.String("nightly")}, func(o *glue.Options) { o.RetryMaxAttempts = 1 })
			var internal *types.InternalServiceException
			if !errors.As(err, &internal) || strings.Contains(err.Error(), "secret detail") {
				t.Errorf("a panic: %v", err)
			}
			wantCode(t, "an unserved operation", func() error {
				_, err := client.GetTables(ctx, &glue.GetTablesInput{DatabaseName: aws.String("d")})
				return err
			}, "UnknownOperationException")
			wantCode(t, "a large body", func() error {
				_, err := client.ResumeWorkflowRun(ctx, &glue.ResumeWorkflowRunInput{Name: aws.String("n"), RunId: aws.String("r"), NodeIds: largeList()})
				return err
			}, "RequestEntityTooLargeException")
			checkCaller(t, service, mode.signed && mode.path == "", mode.path != "")
		})
	}
}

func largeList() []string {
	list := make([]string, 20000)
	for i := range list {
		list[i] = strings.Repeat("x", 70)
	}
	return list
}

func goClient(url, key, secret, token string) *glue.Client {
	return glue.New(glue.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
	})
}

func wantCode(t *testing.T, what string, call func() error, code string) {
	t.Helper()
	var api smithy.APIError
	if err := call(); !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// checkRetried holds that the second attempt of a call was known by the same
// invocation id.
func checkRetried(t *testing.T, s *service, runID string) {
	t.Helper()
	attempts := s.of("StartWorkflowRun")
	if len(attempts) != 2 || attempts[0].InvocationID == "" || attempts[0].InvocationID != attempts[1].InvocationID ||
		attempts[0].BodyHash != attempts[1].BodyHash || attempts[0].ID == attempts[1].ID || runID != attempts[0].InvocationID {
		t.Errorf("attempts %+v, answer %q", attempts, runID)
	}
}

// checkCaller holds that Call learned who called.
func checkCaller(t *testing.T, s *service, signed, byJob bool) {
	t.Helper()
	want := Request{}
	if signed {
		want.AccessKey = testKey
	}
	if byJob {
		want.JobRun = jobID
	}
	for _, got := range s.of("GetWorkflow") {
		got = Request{AccessKey: got.AccessKey, JobRun: got.JobRun}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("caller (-want +got):\n%s", diff)
		}
	}
}

// pythonAnswer is what testdata/client.py prints for a call.
type pythonAnswer struct {
	Name, Code, Message, Type string
	Status                    int
	RequestID                 string `json:"request_id"`
	Answer                    map[string]any
}

func TestBoto3(t *testing.T) {
	needTool(t, "boto3 (pip install boto3)", "python3", "-c", "import boto3")
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			h, service := newHandler(t, mode.signed)
			cmd := exec.CommandContext(t.Context(), "python3", "testdata/client.py", listen(t, h)+mode.path)
			cmd.Env = clientEnv(mode.key, mode.secret, mode.sessionToken)
			out := output(t, cmd)
			got := map[string]pythonAnswer{}
			for line := range strings.Lines(out) {
				var a pythonAnswer
				if err := json.Unmarshal([]byte(line), &a); err != nil {
					t.Fatalf("%v in %q", err, line)
				}
				if len(a.RequestID) != 36 {
					t.Errorf("%s has the request id %q", a.Name, a.RequestID)
				}
				got[a.Name] = a
			}
			if w, _ := got["found"].Answer["Workflow"].(map[string]any); w["Name"] != "nightly" || !strings.HasPrefix(w["CreatedOn"].(string), "2020-01-09 ") {
				t.Errorf("found: %+v", got["found"])
			}
			if a := got["empty"]; a.Status != 200 || len(a.Answer) != 0 {
				t.Errorf("empty: %+v", a)
			}
			runID, _ := got["retried"].Answer["RunId"].(string)
			checkRetried(t, service, runID)
			for name, want := range map[string]pythonAnswer{
				"missing":  {Code: "EntityNotFoundException", Status: 400, Type: "EntityNotFoundException", Message: "Entity not found"},
				"panic":    {Code: "InternalServiceException", Status: 500, Type: "InternalServiceException"},
				"unserved": {Code: "UnknownOperationException", Status: 400, Type: "ClientError", Message: "not served"},
				"large":    {Code: "RequestEntityTooLargeException", Status: 413, Type: "ClientError", Message: "the request body is larger than 1048576 bytes"},
			} {
				a := got[name]
				if a.Code != want.Code || a.Status != want.Status || a.Type != want.Type || want.Message != "" && a.Message != want.Message {
					t.Errorf("%s: got %+v, want %+v", name, a, want)
				}
			}
			checkCaller(t, service, mode.signed && mode.path == "", mode.path != "")
		})
	}
}

func TestAWSCLI(t *testing.T) {
	needTool(t, "the AWS CLI (pip install awscli)", "aws", "--version")
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			h, service := newHandler(t, mode.signed)
			url := listen(t, h) + mode.path
			run := func(args ...string) (string, string, error) {
				cmd := exec.CommandContext(t.Context(), "aws", append([]string{"glue", "--endpoint-url", url, "--output", "json"}, args...)...)
				cmd.Env = clientEnv(mode.key, mode.secret, mode.sessionToken)
				var out, errs bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &errs
				err := cmd.Run()
				return out.String(), errs.String(), err
			}
			out, errs, err := run("get-workflow", "--name", "nightly")
			var got struct{ Workflow struct{ Name string } }
			if err != nil || json.Unmarshal([]byte(out), &got) != nil || got.Workflow.Name != "nightly" {
				t.Errorf("get-workflow: %v\n%s%s", err, out, errs)
			}
			_, errs, err = run("get-workflow", "--name", "nope")
			if want := "An error occurred (EntityNotFoundException) when calling the GetWorkflow operation: Entity not found"; err == nil || !strings.Contains(errs, want) {
				t.Errorf("get-workflow of nothing: %v\n%s", err, errs)
			}
			checkCaller(t, service, mode.signed && mode.path == "", mode.path != "")
		})
	}
}

func TestClientsSeeWhyTheyAreRefused(t *testing.T) {
	h, _ := newHandler(t, true)
	url := listen(t, h)
	get := func(client *glue.Client) func() error {
		return func() error {
			_, err := client.GetWorkflow(context.Background(), &glue.GetWorkflowInput{Name: aws.String("a")})
			return err
		}
	}
	wantCode(t, "unknown key", get(goClient(url, "AKIDOTHER", testSecret, "")), "UnrecognizedClientException")
	wantCode(t, "wrong secret", get(goClient(url, testKey, "wrong", "")), "InvalidSignatureException")
	wantCode(t, "void job token", get(goClient(url+"/job/jr_1/old", testKey, testSecret, "")), "AccessDeniedException")
	unsigned := glue.New(glue.Options{Region: "us-east-1", BaseEndpoint: aws.String(url), Credentials: aws.AnonymousCredentials{}})
	wantCode(t, "unsigned", get(unsigned), "MissingAuthenticationTokenException")
}

// clientEnv is an environment in which clients use these keys alone.
func clientEnv(key, secret, token string) []string {
	env := []string{"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_DEFAULT_REGION=eu-central-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "NO_PROXY=127.0.0.1"}
	if token != "" {
		env = append(env, "AWS_SESSION_TOKEN="+token)
	}
	for _, name := range []string{"PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// needTool skips a test where a client is not installed; CI must have it.
func needTool(t *testing.T, what string, command ...string) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), command[0], command[1:]...).Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test needs %s: %v", what, err)
		}
		t.Skipf("this test needs %s: %v", what, err)
	}
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return string(out)
}
