# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""One Spark session for all tests, on two cores."""

import os
import sys
from types import SimpleNamespace

import pytest

PACKAGES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, PACKAGES)
# The Python workers import the package, too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [PACKAGES, os.environ.get("PYTHONPATH")]))

# The jars of the Spark runtime whose venv runs the tests.
JARS = os.path.join(os.path.dirname(os.path.abspath(sys.prefix)), "jars", "*")

pytest_plugins = ["docs_page", "real_parts"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .appName("awsglue tests")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.extraClassPath", JARS)
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.default.parallelism", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def glue_ctx(spark):
    """What frames need of a GlueContext."""
    return SimpleNamespace(spark_session=spark)


@pytest.fixture
def frame(spark, glue_ctx):
    """A function that makes a DynamicFrame of records, whose types may disagree."""
    from awsglue import _records

    def make(*records, name="frame"):
        return _records.infer(spark.sparkContext.parallelize(list(records), 2), glue_ctx, name)

    return make


def rows(frame):
    """The records of a DynamicFrame as dicts, choices as their values."""
    from awsglue import _records

    decode = _records.decoder(frame.schema())
    return [decode(row) for row in frame.toDF().collect()]
