package reglue

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// The job uses boto3 as a job in the cloud does: no endpoint, no keys, no region.
const botoJob = `
import json, os, sys
import boto3
from botocore.exceptions import ClientError
from awsglue.utils import getResolvedOptions
import helper

args = getResolvedOptions(sys.argv, ["JOB_NAME", "WORKFLOW_NAME", "WORKFLOW_RUN_ID", "out"])
glue = boto3.client("glue")
run = {"Name": args["WORKFLOW_NAME"], "RunId": args["WORKFLOW_RUN_ID"]}
found = glue.get_workflow_run_properties(**run)["RunProperties"]
glue.put_workflow_run_properties(RunProperties={"rows": helper.rows()}, **run)

s3 = boto3.client("s3")
s3.create_bucket(Bucket="lake")
s3.put_object(Bucket="lake", Key="a/b.txt", Body=b"from the job")
try:
    boto3.client("secretsmanager").get_secret_value(SecretId="x")
    sealed = "open"
except ClientError as e:
    sealed = str(e)
try:
    boto3.client("sts").get_caller_identity()
except ClientError as e:
    sealed += str(e)
secrets = [k for k in os.environ if "REGLUE_SECRET" in k or os.environ[k] == "server-secret"]
json.dump({"found": found, "sealed": sealed, "secrets": secrets, "argv": sys.argv[1:]}, open(args["out"], "w"))
print("done")
`

// TestJobReachesThisServer runs a boto3 job under an environment that would lead
// it elsewhere: proxies, a profile, ignored endpoint variables.
func TestJobReachesThisServer(t *testing.T) {
	needs(t, "python3")
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3").Run(); err != nil {
		needs(t, "boto3")
	}
	for _, auth := range []string{"none", "sigv4"} {
		t.Run(auth, func(t *testing.T) { testBotoJob(t, auth) })
	}
}

func testBotoJob(t *testing.T, auth string) {
	dir := t.TempDir()
	write(t, dir, "job.py", botoJob)
	write(t, dir, "helper.py", "def rows():\n    return '42'\n")
	for k, v := range map[string]string{
		"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9",
		"AWS_PROFILE": "nobody", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"AWS_ACCESS_KEY_ID": "server-key", "AWS_SECRET_ACCESS_KEY": "server-secret", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
		"REGLUE_ACCESS_KEY_ID": "AKTEST", "REGLUE_SECRET_ACCESS_KEY": "server-secret",
	} {
		t.Setenv(k, v)
	}
	data, out := filepath.Join(dir, "data"), filepath.Join(dir, "out.json")
	client := sdkClient(serve(t, build(t), "--data", data, "--auth", auth))
	ctx := t.Context()
	_, err := client.CreateJob(ctx, &glue.CreateJobInput{
		Name: aws.String("j"), Role: aws.String("r"),
		Command: &types.JobCommand{Name: aws.String("pythonshell"), ScriptLocation: aws.String("file://" + dir + "/job.py")},
		DefaultArguments: map[string]string{
			"--out": out, "--extra-py-files": "file://" + dir + "/helper.py",
		},
	})
	must(t, err)
	_, err = client.CreateWorkflow(ctx, &glue.CreateWorkflowInput{
		Name: aws.String("w"), DefaultRunProperties: map[string]string{"day": "monday"},
	})
	must(t, err)
	_, err = client.CreateTrigger(ctx, &glue.CreateTriggerInput{
		Name: aws.String("t"), WorkflowName: aws.String("w"), Type: types.TriggerTypeOnDemand,
		Actions: []types.Action{{JobName: aws.String("j")}},
	})
	must(t, err)
	started, err := client.StartWorkflowRun(ctx, &glue.StartWorkflowRunInput{Name: aws.String("w")})
	must(t, err)
	run := waitForRun(t, client, "w", *started.RunId)
	if run.Statistics.SucceededActions != 1 {
		t.Fatalf("the job failed: %s", jobError(run))
	}
	props, err := client.GetWorkflowRunProperties(ctx, &glue.GetWorkflowRunPropertiesInput{Name: aws.String("w"), RunId: started.RunId})
	must(t, err)
	if p := props.RunProperties; p["day"] != "monday" || p["rows"] != "42" {
		t.Errorf("run properties are %v", p)
	}
	if got := read(t, data, "s3/lake/a/b.txt"); got != "from the job" {
		t.Errorf("the job left %q in S3", got)
	}
	checkBotoJob(t, read(t, dir, "out.json"))
}

func checkBotoJob(t *testing.T, text string) {
	t.Helper()
	var got struct {
		Found   map[string]string
		Sealed  string
		Secrets []string
		Argv    []string
	}
	must(t, json.Unmarshal([]byte(text), &got))
	if got.Found["day"] != "monday" {
		t.Errorf("the job read the properties %v", got.Found)
	}
	for _, flag := range []string{"--allow-aws secretsmanager", "--allow-aws sts"} {
		if !strings.Contains(got.Sealed, flag) {
			t.Errorf("the closed services answered %q, which does not name %s", got.Sealed, flag)
		}
	}
	if len(got.Secrets) > 0 {
		t.Errorf("the job sees the server's secrets: %v", got.Secrets)
	}
	for _, name := range []string{"--JOB_NAME", "--JOB_ID", "--JOB_RUN_ID", "--WORKFLOW_NAME", "--WORKFLOW_RUN_ID"} {
		if !strings.Contains(strings.Join(got.Argv, " "), name+" ") {
			t.Errorf("argv %q lacks %s", got.Argv, name)
		}
	}
}

func sdkClient(endpoint string) *glue.Client {
	return glue.New(glue.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("AKTEST", "server-secret", ""),
	})
}

func waitForRun(t *testing.T, c *glue.Client, workflow, id string) *types.WorkflowRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		out, err := c.GetWorkflowRun(ctx, &glue.GetWorkflowRunInput{Name: &workflow, RunId: &id, IncludeGraph: aws.Bool(true)})
		must(t, err)
		if out.Run.CompletedOn != nil {
			return out.Run
		}
	}
}

func jobError(run *types.WorkflowRun) string {
	for _, n := range run.Graph.Nodes {
		if n.JobDetails != nil && len(n.JobDetails.JobRuns) > 0 && n.JobDetails.JobRuns[0].ErrorMessage != nil {
			return *n.JobDetails.JobRuns[0].ErrorMessage
		}
	}
	return "no error message"
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
