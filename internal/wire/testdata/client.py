"""Calls a server with boto3 and prints what the caller sees, as JSON lines."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
config = Config(retries={"max_attempts": 2, "mode": "standard"}, connect_timeout=10, read_timeout=60)
glue = boto3.client("glue", endpoint_url=endpoint, region_name="eu-central-1", config=config)


def show(name, call):
    try:
        answer = call()
        meta = answer.pop("ResponseMetadata")
        out = {"answer": answer, "status": meta["HTTPStatusCode"], "request_id": meta["RequestId"]}
    except ClientError as err:
        out = {
            "code": err.response["Error"]["Code"],
            "message": err.response["Error"]["Message"],
            "status": err.response["ResponseMetadata"]["HTTPStatusCode"],
            "request_id": err.response["ResponseMetadata"]["RequestId"],
            "type": type(err).__name__,
        }
    print(json.dumps({"name": name, **out}, default=str))


show("found", lambda: glue.get_workflow(Name="nightly"))
show("missing", lambda: glue.get_workflow(Name="nope"))
show("empty", lambda: glue.stop_workflow_run(Name="nightly", RunId="wr_1"))
show("retried", lambda: glue.start_workflow_run(Name="nightly"))
show("panic", lambda: glue.delete_workflow(Name="nightly"))
show("unserved", lambda: glue.get_tables(DatabaseName="d"))
show("large", lambda: glue.resume_workflow_run(Name="n", RunId="r", NodeIds=["x" * 70] * 20000))
