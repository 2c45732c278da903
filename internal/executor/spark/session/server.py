# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Keeps one Spark warm for the jobs of a workflow run: see job.py.

    spark-submit … server.py FOLDER

It answers on FOLDER/socket. When no job has been there for a while it removes the
folder and ends.
"""

import fcntl
import json
import os
import shutil
import socket
import sys
import threading
import time

IDLE_SECONDS = float(os.environ.get("REGLUE_SPARK_IDLE_SECONDS", "60"))


class Sessions:
    """The jobs that are there, and since when there is none."""

    def __init__(self, context, gateway):
        self.context = context
        self.gateway = gateway
        self.lock = threading.Lock()
        self.count = 0
        self.idle_since = time.monotonic()

    def begin(self, connection):
        with self.lock:
            self.count += 1
        connection.settimeout(None)
        threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rw") as stream:
            try:
                group = stream.readline().strip()
                if self.works():
                    stream.write(json.dumps(self.gateway) + "\n")
                    stream.flush()
                    stream.read()  # until the job's process ends
                    self.context.cancelJobGroup(group)
            finally:
                with self.lock:
                    self.count -= 1
                    self.idle_since = time.monotonic()

    def works(self):
        try:
            return not self.context._jsc.sc().isStopped()
        except Exception:  # as many kinds as there are ways to die
            return False

    def idle(self):
        with self.lock:
            return self.count == 0 and time.monotonic() - self.idle_since > IDLE_SECONDS


def take(lock):
    """Keeps jobs from joining, unless one does so right now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def answer(listener, sessions, lock):
    """Until there is nothing to do; whether the folder may be removed."""
    spark = os.getppid()
    while os.getppid() == spark:
        try:
            sessions.begin(listener.accept()[0])
            fcntl.flock(lock, fcntl.LOCK_UN)
            listener.settimeout(1)
            continue
        except (socket.timeout, BlockingIOError):
            pass
        if listener.gettimeout() == 0:
            return True  # nobody came between the last look and the lock
        if sessions.idle() and take(lock):
            listener.settimeout(0)
    return take(lock)  # who holds it starts another Spark in this folder


def main():
    folder = sys.argv[1]
    os.chdir(folder)
    gateway = {"port": os.environ["PYSPARK_GATEWAY_PORT"], "secret": os.environ["PYSPARK_GATEWAY_SECRET"]}
    from pyspark.sql import SparkSession

    sessions = Sessions(SparkSession.builder.getOrCreate().sparkContext, gateway)
    with socket.socket(socket.AF_UNIX) as listener, open("lock", "w") as lock:
        # Under its name it is there only once it answers.
        listener.bind("socket.new")
        os.chmod("socket.new", 0o600)
        listener.listen()
        listener.settimeout(1)
        os.rename("socket.new", "socket")
        if answer(listener, sessions, lock):
            shutil.rmtree(folder, ignore_errors=True)


main()
