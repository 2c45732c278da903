# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Job, and how it reaches the server that runs it."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from awsglue import _bookmark, _bookmark_client
from awsglue._bookmark_client import BookmarkError
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from docs_page import documented

ENABLE = ["job.py", "--JOB_NAME", "J", "--job-bookmark-option", "job-bookmark-enable"]


class Server:
    """Answers as it is told, and notes what it is asked."""

    def __init__(self):
        self.answers, self.calls = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((self.headers["X-Amz-Target"], self.path, json.loads(body)))
                status, text = outer.answers.pop(0)
                if status is None:  # it dies before it answers
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = "http://127.0.0.1:%d/job/jr_1/token" % self.http.server_port

    def will(self, answer, status=200):
        self.answers.append((status, json.dumps(answer).encode()))

    def dies(self):
        self.answers.append((None, b""))


@pytest.fixture
def server(monkeypatch):
    s = Server()
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", s.url)
    monkeypatch.setattr(_bookmark_client.time, "sleep", lambda _: None)
    yield s
    s.http.shutdown()
    s.http.server_close()
    _bookmark.end()


@documented("Job.init", "works", "without args, the bookmark's options are those of the command line")
@documented("Job.commit", "works")
def test_a_job_reads_its_bookmark_at_init_and_keeps_it_at_commit(server):
    server.will({"RunId": "jr_1", "Version": 4, "Attempt": 0})
    job = Job(None)
    job.init("J", getResolvedOptions(ENABLE, ["JOB_NAME"]))
    assert Job.isInitialized() and _bookmark.current().enabled
    assert _bookmark.current().select_files("src", [("s3://b/k", 1, 2)])
    server.dies()  # after the commit, before the answer
    server.will({"__type": "InternalServiceException", "Message": "restarting"}, 500)
    server.will({"Version": 5, "Run": 2, "Attempt": 0})
    job.commit()
    job.commit()
    assert server.calls[0] == ("AWSGlue.OpenJobBookmark", "/job/jr_1/token", {"JobName": "J"})
    first, second, third = server.calls[1:]
    assert first == second == third, "the same request, which the server takes once"
    assert first[0] == "AWSGlue.CommitJobBookmark" and first[2]["Version"] == 4
    assert json.loads(first[2]["State"])["contexts"]["src"]["run"] == "jr_1"


def test_without_bookmarks_no_server_is_asked(server, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL_GLUE")
    job = Job(None)
    job.init("J", getResolvedOptions(["job.py", "--JOB_NAME", "J"], ["JOB_NAME"]))
    job.commit()
    monkeypatch.setattr(sys, "argv", ["job.py"])
    job.init("J")
    job.commit()
    assert server.calls == []


@pytest.mark.parametrize("option", [["--job-bookmark-option=job-bookmark-enable"], ["--job-bookmark-option", "job-bookmark-enable"]])
def test_without_args_the_command_line_counts(server, monkeypatch, option):
    monkeypatch.setattr(sys, "argv", ["job.py", *option])
    server.will({"RunId": "jr_1", "Version": 0})
    Job.init("J")
    assert _bookmark.current().enabled and len(server.calls) == 1


def test_pause_with_a_range(server):
    server.will({"RunId": "jr_1", "Version": 3})
    argv = ["job.py", "--job-bookmark-option", "job-bookmark-pause", "--job-bookmark-from", "jr_a", "--job-bookmark-to", "jr_b"]
    Job.init("J", getResolvedOptions(argv, []))
    Job.commit()
    assert [c[2] for c in server.calls] == [{"JobName": "J", "Paused": True, "FromRunId": "jr_a", "ToRunId": "jr_b"}]


def test_a_refusal_ends_the_script(server):
    server.will({"RunId": "jr_1", "Version": 1})
    Job.init("J", getResolvedOptions(ENABLE, []))
    server.will({"__type": "ConcurrentModificationException", "Message": "The bookmark of job J changed"}, 400)
    with pytest.raises(BookmarkError, match="^ConcurrentModificationException: The bookmark of job J changed$"):
        Job.commit()


def test_no_server_is_an_error_that_says_so(server, monkeypatch):
    now = iter(range(0, 10_000, 100))
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(BookmarkError, match="gave no answer"):
        _bookmark_client.call("OpenJobBookmark", {}, clock=lambda: next(now))
    monkeypatch.delenv("AWS_ENDPOINT_URL_GLUE")
    with pytest.raises(BookmarkError, match="AWS_ENDPOINT_URL_GLUE does not name one"):
        _bookmark_client.call("OpenJobBookmark", {})
