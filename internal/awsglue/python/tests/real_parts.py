# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What the tests of sources and sinks use: a reglue server with its S3, and a PostgreSQL."""

import os
import pwd
import re
import shutil
import socket
import subprocess
from types import SimpleNamespace

import pytest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", ".."))


def missing(what):
    """Skip, or fail in CI, because a part of the test is not there."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(scope="session")
def binary(tmp_path_factory):
    """The program reglue: that of REGLUE_BIN, else one built from this tree."""
    given = os.environ.get("REGLUE_BIN")
    if given:
        return given
    if not shutil.which("go"):
        missing("go is missing, and REGLUE_BIN does not name a built reglue")
    out = str(tmp_path_factory.mktemp("bin") / "reglue")
    subprocess.run(["go", "build", "-o", out, "./cmd/reglue"], cwd=ROOT, check=True)
    return out


@pytest.fixture(scope="session")
def server(binary, spark, tmp_path_factory):
    """A server that holds the catalog and the objects; the environment leads to it as a job's does."""
    folder = tmp_path_factory.mktemp("server")
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data", str(folder / "data")], stdout=subprocess.PIPE,
            stderr=log, text=True)
    try:
        said = (re.search(r"at (http://\S+) from", line) for line in process.stdout)
        endpoint = next((m.group(1) for m in said if m), None)
        assert endpoint, "the server ended: " + (folder / "log").read_text()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "AWS_ENDPOINT_URL_GLUE": endpoint, "AWS_ENDPOINT_URL_S3": endpoint, "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            }.items():
                patch.setenv(name, value)
            _lead_spark(spark, endpoint)
            yield SimpleNamespace(endpoint=endpoint, **_clients())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _clients():
    import boto3

    return {"glue": boto3.client("glue"), "s3": boto3.client("s3")}


def _lead_spark(spark, endpoint):
    conf = spark._jsc.hadoopConfiguration()
    settings = {"endpoint": endpoint, "path.style.access": "true", "connection.ssl.enabled": "false",
                "access.key": "k", "secret.key": "s"}
    for name, value in settings.items():
        conf.set("fs.s3a." + name, value)
    for scheme in ("s3", "s3a"):
        conf.set("fs.%s.impl" % scheme, "org.apache.hadoop.fs.s3a.S3AFileSystem")


@pytest.fixture(scope="session")
def lake(server):
    """The name of a bucket."""
    server.s3.create_bucket(Bucket="lake")
    return "lake"


@pytest.fixture(scope="session")
def context(spark):
    from awsglue.context import GlueContext

    return GlueContext(spark.sparkContext)


@pytest.fixture
def bookmarks():
    """A function that begins a job run with bookmarks; its state is kept from run to run."""
    from awsglue import _bookmark

    kept = {"Version": 0, "RunId": "jr_1", "State": None}

    def call(operation, request):
        if operation == "CommitJobBookmark":
            kept.update(Version=kept["Version"] + 1, State=request["State"])
        return dict(kept)

    yield lambda: _bookmark.begin("job", _bookmark.ENABLE, call=call)
    _bookmark.end()


def _programs():
    """The folder of PostgreSQL's server programs, the newest first."""
    for folder in sorted(_folders("/usr/lib/postgresql"), reverse=True) + ["/usr/local/bin", "/opt/homebrew/bin"]:
        if os.path.exists(os.path.join(folder, "initdb")):
            return folder
    found = shutil.which("initdb")
    return os.path.dirname(found) if found else None


def _folders(root):
    return [os.path.join(root, v, "bin") for v in os.listdir(root)] if os.path.isdir(root) else []


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server: url (of JDBC), user, password, and sql(text) that runs statements."""
    programs = _programs()
    if programs is None:
        missing("PostgreSQL's server is missing: install it, for example with apt-get install postgresql")
    folder = str(tmp_path_factory.mktemp("pg"))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    owner = _not_root(folder)

    def run(program, *args):
        subprocess.run([os.path.join(programs, program), *args], check=True, stdout=subprocess.DEVNULL, **owner)

    password = os.path.join(folder, "pw")
    with open(password, "w") as f:
        f.write("s3cret pass")
    if owner:
        os.chown(password, owner["user"], -1)
    data = os.path.join(folder, "data")
    run("initdb", "-D", data, "-U", "loader", "--pwfile", password, "-A", "scram-sha-256", "--no-sync")
    options = "-c port=%d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" % port
    run("pg_ctl", "-D", data, "-o", options, "-l", os.path.join(folder, "log"), "-w", "start")
    try:
        yield _database(port)
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def _not_root(folder):
    """PostgreSQL does not run as root: the arguments of subprocess for another user."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres" if _has_user("postgres") else "nobody")
    above = folder
    while above != os.path.dirname(above) and os.stat(above).st_uid == 0 and above != "/tmp":
        os.chmod(above, os.stat(above).st_mode | 0o011)
        above = os.path.dirname(above)
    os.chown(folder, user.pw_uid, -1)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder}


def _has_user(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _database(port):
    import psycopg

    def sql(text):
        with psycopg.connect(
            host="127.0.0.1", port=port, dbname="postgres", user="loader", password="s3cret pass", autocommit=True
        ) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else None

    return SimpleNamespace(
        url="jdbc:postgresql://127.0.0.1:%d/postgres" % port, user="loader", password="s3cret pass", sql=sql)
