# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""``Job``: where a script begins and where it says that it is done."""

from awsglue import _spark

_spark.require(__name__)

import sys  # noqa: E402

from awsglue import _bookmark  # noqa: E402

__all__ = ["Job"]

_OPTIONS = ("job_bookmark_option", "job_bookmark_from", "job_bookmark_to")


class Job(object):
    """The running job. There is one in a process, whatever objects stand for it."""

    _name = None
    _args = {}
    _initialized = False

    def __init__(self, glue_context):
        self._glue_context = glue_context

    @classmethod
    def init(cls, job_name, args={}):
        """Begin, and read the job's bookmark if it has one.

        args: what getResolvedOptions gave; without it, the bookmark's options
        are those in sys.argv. Called again, it begins anew: what was read since
        the last commit is not kept.
        """
        options = dict(args or {})
        if not options.get("job_bookmark_option"):
            options.update(_from_argv())
        _bookmark.begin(job_name, *(options.get(o) for o in _OPTIONS))
        Job._name, Job._args, Job._initialized = job_name, dict(args or {}), True

    @classmethod
    def commit(cls):
        """Keep in the job's bookmark what was read until now, whole or not at all.

        It may be called several times. Without it, the next run reads the same
        input again.
        """
        _bookmark.current().commit()

    @classmethod
    def isInitialized(cls):
        """Report whether init was called."""
        return Job._initialized


def _from_argv():
    """The bookmark's options among the arguments of the process."""
    found = {}
    argv = sys.argv[1:]
    for i, word in enumerate(argv):
        name, equals, value = word.partition("=")
        key = name[2:].replace("-", "_") if name.startswith("--") else ""
        if key in _OPTIONS:
            found[key] = value if equals else (argv[i + 1] if i + 1 < len(argv) else None)
    return found
