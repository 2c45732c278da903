# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Runs a Spark script as a session of a Spark that is kept warm.

    python job.py FOLDER SCRIPT [ARGUMENT ...]

FOLDER belongs to the jobs that share the Spark. The first of them starts it, as the
variable REGLUE_SPARK_START says (JSON: argv and env); it ends by itself when it has been
idle for a while. The script has a SparkSession of its own, so that temporary views,
settings, functions and cached tables of others are not seen. When this process ends,
however it does, what it still computes is cancelled.
"""

import fcntl
import json
import os
import runpy
import socket
import subprocess
import sys
import threading

MARK = ".reglue-session"
LOG_TAIL = 8000


def join(folder, group):
    """The connection to the Spark of the folder, started if need be, and its gateway."""
    with hold(folder):
        try:
            return greet(folder, group)
        except (OSError, ValueError):  # there is none, or it died
            start(folder)
            return greet(folder, group)


def greet(folder, group):
    stream = dial(folder).makefile("rw")
    stream.write(group + "\n")
    stream.flush()
    return stream, json.loads(stream.readline())


def hold(folder):
    """Keeps other jobs from joining, and the Spark from ending, until it is closed."""
    path = os.path.join(folder, "lock")
    while True:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        try:
            lock = open(path, "w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(lock.fileno()), os.stat(path)):
                return lock
            lock.close()
        except FileNotFoundError:
            pass  # the Spark that ended took its folder along


def dial(folder):
    # A socket's path may not be long; the folder's may.
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect("socket")
        return connection
    finally:
        os.fchdir(here)
        os.close(here)


def start(folder):
    for left in ("socket", "socket.new"):  # by one that was killed
        if os.path.lexists(os.path.join(folder, left)):
            os.unlink(os.path.join(folder, left))
    first = json.loads(os.environ["REGLUE_SPARK_START"])
    log_path = os.path.join(folder, "log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            first["argv"] + [folder],
            env=first["env"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    while not os.path.exists(os.path.join(folder, "socket")):
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        with open(log_path, "rb") as log:
            sys.stderr.buffer.write(log.read()[-LOG_TAIL:])
        raise SystemExit("Spark could not be started for the jobs of this workflow run; its output is above.")


def attach(gateway, group):
    """Makes pyspark use the warm Spark, in a session of this job's own."""
    os.environ["PYSPARK_GATEWAY_PORT"] = gateway["port"]
    os.environ["PYSPARK_GATEWAY_SECRET"] = gateway["secret"]
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    wanted = {}

    def initialize_context(self, jconf):
        wanted.update((kv._1(), kv._2()) for kv in jconf.getAll() if kv._1().startswith("spark.sql."))
        if wanted.get("spark.sql.catalogImplementation") != "hive":
            # Its catalog is its own, and so are the tables that say no place.
            wanted["spark.sql.warehouse.dir"] = "file:" + os.path.abspath("spark-warehouse")
        jvm = self._jvm
        jsc = jvm.JavaSparkContext.fromSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
        jsc.setJobGroup(group, self.appName, True)
        return jsc

    stop_context = SparkContext.stop

    def stop(self):
        if self._jsc is not None:
            self._jsc.cancelJobGroup(group)
        self._jsc = None  # the others' Spark goes on
        stop_context(self)

    init_session = SparkSession.__init__

    def init(self, sparkContext, jsparkSession=None, options={}):
        jvm = sparkContext._jvm
        others = jvm.SparkSession.getDefaultSession()
        if jsparkSession is None:
            # Not newSession(), which shares the cache and its clearing.
            jsparkSession = jvm.SparkSession(sparkContext._jsc.sc(), dict(wanted, **options))
        init_session(self, sparkContext, jsparkSession, options)
        if others.isDefined():
            jvm.SparkSession.setDefaultSession(others.get())

    run_thread = threading.Thread.run

    def run(self):
        context = SparkContext._active_spark_context
        if context is not None and context._jsc is not None:
            context._jsc.setJobGroup(group, self.name, True)
        run_thread(self)

    SparkContext._initialize_context = initialize_context
    SparkContext.stop = stop
    SparkSession.__init__ = init
    threading.Thread.run = run


def main():
    folder, script = (os.path.abspath(path) for path in sys.argv[1:3])
    group = os.environ["REGLUE_JOB_RUN_ID"]
    open(MARK, "w").close()
    connection, gateway = join(folder, group)  # which is kept as long as this process
    os.environ.pop("REGLUE_SPARK_START", None)
    attach(gateway, group)
    sys.argv = sys.argv[2:]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name="__main__")


main()
