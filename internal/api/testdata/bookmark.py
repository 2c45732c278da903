"""Bookmarks, as part of client.py: a running job commits, others look and rewind."""

import json
import urllib.request


def run(glue, url, check, refused):
    glue.create_job(Name="marked", Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://b/k"})
    refused("EntityNotFoundException", glue.get_job_bookmark, JobName="marked")
    refused("EntityNotFoundException", glue.reset_job_bookmark, JobName="marked")
    first = glue.start_job_run(JobName="marked")["JobRunId"]

    def of_job(operation, **request):
        headers = {"X-Amz-Target": "AWSGlue." + operation, "Content-Type": "application/x-amz-json-1.1"}
        ask = urllib.request.Request("%s/job/%s/token" % (url, first), json.dumps(request).encode(), headers)
        with urllib.request.urlopen(ask) as answer:
            return json.loads(answer.read())

    version = of_job("OpenJobBookmark", JobName="marked")["Version"]
    state = json.dumps({"contexts": {"src": {"run": first}}})
    of_job("CommitJobBookmark", JobName="marked", Version=version, State=state)
    want = {"JobName": "marked", "Version": 1, "Run": 1, "Attempt": 0, "RunId": first, "JobBookmark": state}
    check("GetJobBookmark", glue.get_job_bookmark(JobName="marked", RunId=first)["JobBookmarkEntry"], want)
    check("GetJobBookmark", glue.get_job_bookmark(JobName="marked")["JobBookmarkEntry"], want)
    refused("EntityNotFoundException", glue.get_job_bookmark, JobName="marked", RunId="jr_x")
    got = glue.reset_job_bookmark(JobName="marked")["JobBookmarkEntry"]
    check("ResetJobBookmark", got, {"JobName": "marked", "Version": 2, "Run": 0, "Attempt": 0, "JobBookmark": "{}"})
    got = glue.reset_job_bookmark(JobName="marked", RunId=first)["JobBookmarkEntry"]
    check("ResetJobBookmark", got, dict(want, Version=3))
    refused("EntityNotFoundException", glue.reset_job_bookmark, JobName="marked", RunId="jr_x")
    refused("EntityNotFoundException", glue.get_job_bookmark, JobName="none")
    glue.batch_stop_job_run(JobName="marked", JobRunIds=[first])
    glue.delete_job(JobName="marked")
    refused("EntityNotFoundException", glue.get_job_bookmark, JobName="marked")
