"""Uses a server with boto3 as a pipeline's owner would, and checks what comes
back. The last line that it prints is the list of operations that succeeded."""
import datetime
import json
import sys
import time

import boto3
from botocore.config import Config

import bookmark
import catalog
import connection

config = Config(retries={"max_attempts": 1}, connect_timeout=10, read_timeout=60, parameter_validation=False)
glue = boto3.client("glue", endpoint_url=sys.argv[1], region_name="us-east-1", config=config)
called = set()
glue.meta.events.register(
    "after-call.glue", lambda http_response, model, **_: called.add(model.name) if http_response.status_code == 200 else None
)


def check(what, got, want):
    if got != want:
        raise SystemExit(f"{what}:\n got {got!r}\nwant {want!r}")


def refused(kind, call, **args):
    try:
        got = call(**args)
    except getattr(glue.exceptions, kind) as err:
        return str(err)
    raise SystemExit(f"{call.__name__} {args}: got {got}, want {kind}")


def wait(workflow, run):
    for _ in range(600):
        got = glue.get_workflow_run(Name=workflow, RunId=run, IncludeGraph=True)["Run"]
        if got["Status"] not in ("RUNNING", "STOPPING"):
            return got
        time.sleep(0.05)
    raise SystemExit(f"run {run} did not end: {got}")


def job(name, **more):
    check("CreateJob", glue.create_job(Name=name, Role="r", Command={"Name": "pythonshell", "ScriptLocation": "s3://b/k"}, **more)["Name"], name)


def trigger(name, after, starts, **more):
    glue.create_trigger(
        Name=name,
        WorkflowName="W",
        Type="CONDITIONAL",
        StartOnCreation=True,
        Predicate={"Conditions": [{"LogicalOperator": "EQUALS", "JobName": after, "State": "SUCCEEDED"}]},
        Actions=[{"JobName": starts}],
        **more,
    )


# Jobs.
for name in ("J1", "J2", "J3", "J4", "J5", "held"):
    job(name, Tags={"team": "x"})
refused("AlreadyExistsException", glue.create_job, Name="J1", Role="r", Command={"Name": "pythonshell", "ScriptLocation": "s3://b/k"}, Tags={"team": "x"})
refused("IdempotentParameterMismatchException", glue.create_job, Name="J1", Role="other", Command={"Name": "pythonshell"})
got = glue.get_job(JobName="J1")["Job"]
check("CreatedOn is a time", isinstance(got["CreatedOn"], datetime.datetime), True)
check("GetJob", (got["MaxRetries"], got["Timeout"], got["MaxCapacity"]), (0, 2880, 0.0625))
glue.update_job(JobName="J1", JobUpdate={"Role": "r2", "Command": {"Name": "pythonshell", "ScriptLocation": "s3://b/k"}})
check("UpdateJob", glue.get_job(JobName="J1")["Job"]["Role"], "r2")
check("BatchGetJobs", [glue.batch_get_jobs(JobNames=["J2", "x"])[k] for k in ("JobsNotFound",)], [["x"]])
names = ["J1", "J2", "J3", "J4", "J5", "held"]
check("GetJobs", [j["Name"] for p in glue.get_paginator("get_jobs").paginate(PaginationConfig={"PageSize": 2}) for j in p["Jobs"]], names)
check("ListJobs", [j for p in glue.get_paginator("list_jobs").paginate(Tags={"team": "x"}, PaginationConfig={"PageSize": 4}) for j in p["JobNames"]], names)
refused("EntityNotFoundException", glue.get_job, JobName="x")
message = refused("InvalidInputException", glue.get_jobs, MaxResults=1001)
check("the message", "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000" in message, True)

# A workflow.
glue.create_workflow(Name="W", Description="d", DefaultRunProperties={"a": "1"}, Tags={"k": "v"}, MaxConcurrentRuns=5)
glue.update_workflow(Name="W", Description="e")
glue.create_trigger(Name="T1", WorkflowName="W", Type="ON_DEMAND", Actions=[{"JobName": "J1"}])
trigger("T2", "J1", "J2")
trigger("T3", "J1", "J3")
trigger("T4", "J2", "J4", Tags={"k": "v"})
trigger("T5", "J3", "J5")
got = glue.get_workflow(Name="W", IncludeGraph=True)["Workflow"]
check("GetWorkflow", (got["Description"], got["DefaultRunProperties"], got["MaxConcurrentRuns"], "LastRun" in got), ("e", {"a": "1"}, 5, False))
check("nodes", [(n["Type"], n["Name"]) for n in got["Graph"]["Nodes"]][:3], [("TRIGGER", "T1"), ("JOB", "J1"), ("TRIGGER", "T2")])
ids = {n["Name"]: n["UniqueId"] for n in got["Graph"]["Nodes"]}
check("BatchGetWorkflows", glue.batch_get_workflows(Names=["W", "x"])["MissingWorkflows"], ["x"])
check("ListWorkflows", [w for p in glue.get_paginator("list_workflows").paginate() for w in p["Workflows"]], ["W"])

# Its triggers.
triggers = ["T1", "T2", "T3", "T4", "T5"]
check("GetTrigger", glue.get_trigger(Name="T2")["Trigger"]["State"], "ACTIVATED")
check("BatchGetTriggers", [t["Name"] for t in glue.batch_get_triggers(TriggerNames=["T5", "T1", "x"])["Triggers"]], ["T5", "T1"])
check("GetTriggers", [t["Name"] for p in glue.get_paginator("get_triggers").paginate(PaginationConfig={"PageSize": 2}) for t in p["Triggers"]], triggers)
check("ListTriggers", [t for p in glue.get_paginator("list_triggers").paginate(DependentJobName="J4") for t in p["TriggerNames"]], ["T4"])
glue.stop_trigger(Name="T2")
check("StopTrigger", glue.get_trigger(Name="T2")["Trigger"]["State"], "DEACTIVATED")
glue.start_trigger(Name="T2")
update = {"Actions": [{"JobName": "J2", "Arguments": {"--x": "1"}}], "Predicate": glue.get_trigger(Name="T2")["Trigger"]["Predicate"]}
check("UpdateTrigger", glue.update_trigger(Name="T2", TriggerUpdate=update)["Trigger"]["State"], "ACTIVATED")

# A run breaks, and is resumed.
first = glue.start_workflow_run(Name="W", RunProperties={"b": "2"})["RunId"]
run = wait("W", first)
stats = run["Statistics"]
check("the broken run", (run["Status"], stats["TotalActions"], stats["FailedActions"], stats["SucceededActions"], stats["TimeoutActions"]), ("COMPLETED", 5, 1, 3, 0))
nodes = {n["Name"]: n for n in run["Graph"]["Nodes"]}
failed = nodes["J2"]["JobDetails"]["JobRuns"][0]
check("the failed job run", (failed["JobRunState"], failed["ErrorMessage"], failed["Arguments"], failed["PredecessorRuns"]), ("FAILED", "ValueError: bad row", {"--x": "1"}, []))
check("what never ran", nodes["J4"]["JobDetails"], {})
check("node ids", {n["Name"]: n["UniqueId"] for n in run["Graph"]["Nodes"]}, ids)
glue.put_workflow_run_properties(Name="W", RunId=first, RunProperties={"c": "3"})
check("properties", glue.get_workflow_run_properties(Name="W", RunId=first)["RunProperties"], {"a": "1", "b": "2", "c": "3"})
refused("InvalidInputException", glue.resume_workflow_run, Name="W", RunId=first, NodeIds=[])
refused("InvalidInputException", glue.resume_workflow_run, Name="W", RunId=first, NodeIds=[ids["T2"]])
again = glue.resume_workflow_run(Name="W", RunId=first, NodeIds=[ids["J2"]])
check("roots", again["NodeIds"], [ids["J2"]])
run = wait("W", again["RunId"])
check("the resumed run", (run["Status"], run["PreviousRunId"], run["Statistics"]["SucceededActions"]), ("COMPLETED", first, 5))
check("its properties", run["WorkflowRunProperties"], {"a": "1", "b": "2", "c": "3"})
runs = [r["WorkflowRunId"] for p in glue.get_paginator("get_workflow_runs").paginate(Name="W", PaginationConfig={"PageSize": 1}) for r in p["Runs"]]
check("GetWorkflowRuns", runs, [again["RunId"], first])
check("LastRun", glue.get_workflow(Name="W")["Workflow"]["LastRun"]["WorkflowRunId"], again["RunId"])

# Job runs.
j4 = {n["Name"]: n for n in run["Graph"]["Nodes"]}["J4"]["JobDetails"]["JobRuns"][0]["Id"]
pred = glue.get_job_run(JobName="J4", RunId=j4, PredecessorsIncluded=True)["JobRun"]["PredecessorRuns"]
check("predecessors", [p["JobName"] for p in pred], ["J2"])
held = glue.start_job_run(JobName="held", Arguments={"--a": "b"})["JobRunId"]
check("ConcurrentRunsExceeded", "Concurrent runs exceeded for held" in refused("ConcurrentRunsExceededException", glue.start_job_run, JobName="held"), True)
got = glue.batch_stop_job_run(JobName="held", JobRunIds=[held, "jr_x"])
check("stopped", [s["JobRunId"] for s in got["SuccessfulSubmissions"]], [held])
check("not stopped", [e["ErrorDetail"]["ErrorCode"] for e in got["Errors"]], ["EntityNotFoundException"])
check("GetJobRuns", [r["Id"] for p in glue.get_paginator("get_job_runs").paginate(JobName="J2", PaginationConfig={"PageSize": 1}) for r in p["JobRuns"]][-1], failed["Id"])

# A run is stopped.
glue.update_trigger(Name="T1", TriggerUpdate={"Actions": [{"JobName": "held"}]})
run = glue.start_workflow_run(Name="W")["RunId"]
glue.stop_workflow_run(Name="W", RunId=run)
check("StopWorkflowRun", wait("W", run)["Status"], "STOPPED")
refused("IllegalWorkflowStateException", glue.stop_workflow_run, Name="W", RunId=run)
refused("IllegalWorkflowStateException", glue.resume_workflow_run, Name="W", RunId=run, NodeIds=["x"])

# Tags.
arn = "arn:aws:glue:us-east-1:000000000000:workflow/W"
glue.tag_resource(ResourceArn=arn, TagsToAdd={"l": "w"})
glue.untag_resource(ResourceArn=arn, TagsToRemove=["k"])
check("GetTags", glue.get_tags(ResourceArn=arn)["Tags"], {"l": "w"})

# The Data Catalog.
catalog.run(glue, check, refused)

# Bookmarks.
bookmark.run(glue, sys.argv[1], check, refused)

# Connections, and what is to be encrypted.
connection.run(glue, check, refused)

# The end.
glue.delete_trigger(Name="T5")
glue.delete_workflow(Name="W")
glue.delete_job(JobName="J1")
refused("EntityNotFoundException", glue.get_workflow_run, Name="W", RunId=first)
refused("EntityNotFoundException", glue.get_trigger, Name="T1")
print(json.dumps(sorted(called)))
