# The job of `reglue verify`: it succeeds or fails on demand. A python shell job;
# it reads and writes nothing.
#
#   --outcome   succeed, fail, or fail-first: only a retry succeeds
#   --seconds   how long it takes
#   --not-in    the id of a workflow run that it must not be part of
import argparse
import sys
import time

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--outcome", default="succeed")
parser.add_argument("--seconds", type=float, default=0)
parser.add_argument("--not-in", dest="not_in", default="")
parser.add_argument("--WORKFLOW_RUN_ID", dest="run", default="")
parser.add_argument("--JOB_RUN_ID", dest="job_run", default="")
args, _ = parser.parse_known_args(sys.argv[1:])

time.sleep(args.seconds)
if args.not_in and args.run in ("", args.not_in):
    raise RuntimeError("this job was told workflow run %r" % args.run)
if args.outcome == "fail" or args.outcome == "fail-first" and "_attempt_" not in args.job_run:
    raise RuntimeError("this job was asked to fail")
