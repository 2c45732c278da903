# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Keeps one Spark warm for the jobs of a workflow run: see job.py.

    spark-submit … server.py FOLDER

It answers on FOLDER/socket and ends when no job has been there for a while.
"""

import json
import os
import socket
import sys
import threading
import time

IDLE_SECONDS = float(os.environ.get("REGLUE_SPARK_IDLE_SECONDS", "60"))


class Sessions:
    """The jobs that are there, and since when there is none."""

    def __init__(self, context):
        self.context = context
        self.lock = threading.Lock()
        self.count = 0
        self.idle_since = time.monotonic()

    def serve(self, connection, gateway):
        try:
            with connection, connection.makefile("rw") as stream:
                group = stream.readline().strip()
                stream.write(json.dumps(gateway) + "\n")
                stream.flush()
                stream.read()  # until the job's process ends
                self.context.cancelJobGroup(group)
        except OSError:
            pass
        finally:
            with self.lock:
                self.count -= 1
                self.idle_since = time.monotonic()

    def enter(self):
        with self.lock:
            self.count += 1

    def idle(self):
        with self.lock:
            return self.count == 0 and time.monotonic() - self.idle_since > IDLE_SECONDS


def main():
    os.chdir(sys.argv[1])
    gateway = {"port": os.environ["PYSPARK_GATEWAY_PORT"], "secret": os.environ["PYSPARK_GATEWAY_SECRET"]}
    from pyspark.sql import SparkSession

    sessions = Sessions(SparkSession.builder.getOrCreate().sparkContext)
    with socket.socket(socket.AF_UNIX) as listener:
        # Under its name it is there only once it answers.
        listener.bind("socket.new")
        os.chmod("socket.new", 0o600)
        listener.listen()
        listener.settimeout(1)
        os.rename("socket.new", "socket")
        while not sessions.idle():
            try:
                connection, _ = listener.accept()
            except socket.timeout:
                continue
            connection.settimeout(None)
            sessions.enter()
            threading.Thread(target=sessions.serve, args=(connection, gateway), daemon=True).start()
        # Who comes now finds no socket, and starts anew.
        os.unlink("socket")


main()
