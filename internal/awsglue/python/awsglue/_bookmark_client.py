# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The two calls by which a running job reads and keeps its bookmark."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request

# How long a call is repeated while the server can't be reached: it may be
# restarting, and this job outlives it.
PATIENCE = 300


class BookmarkError(RuntimeError):
    """The server refused to read or keep the bookmark."""


# The server is on this machine or named by the one who started it, so no proxy.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(operation, request, patience=PATIENCE, clock=time.monotonic):
    """Call an operation of the server that runs this job, and return its answer.

    A repeat of the same call does the same as one, so it is repeated when no
    answer comes. Raises BookmarkError when it is refused.
    """
    url = os.environ.get("AWS_ENDPOINT_URL_GLUE")
    if not url:
        raise BookmarkError(
            "job bookmarks need the server that runs the job, and AWS_ENDPOINT_URL_GLUE does not name one; "
            "run the script as a job, or with --job-bookmark-option job-bookmark-disable"
        )
    body = json.dumps(request).encode()
    until, pause = clock() + patience, 0.1
    while True:
        try:
            return _post(url, operation, body)
        except (OSError, http.client.HTTPException) as e:
            if clock() + pause > until:
                raise BookmarkError("%s: the server at this job's endpoint gave no answer: %s" % (operation, e)) from e
        time.sleep(pause)
        pause = min(2 * pause, 5)


def _post(url, operation, body):
    headers = {"X-Amz-Target": "AWSGlue." + operation, "Content-Type": "application/x-amz-json-1.1"}
    try:
        with _opener.open(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as e:
        if e.code >= 500:
            raise
        text = e.read()
        try:
            error = json.loads(text)
            kind, message = error["__type"], error.get("Message") or error.get("message", "")
        except (ValueError, KeyError, TypeError):
            kind, message = "HTTP %d" % e.code, text[:200].decode("utf-8", "replace")
        raise BookmarkError("%s: %s" % (kind, message)) from None
