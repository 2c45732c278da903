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
        # Tiny data: compiling, of queries and by the JVM, costs more than running.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
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
    """A function that makes a DynamicFrame of records, whose types may disagree, without a Spark job."""
    from awsglue import _records, _schema
    from awsglue.dynamicframe import DynamicFrame

    def make(*records, name="frame"):
        schema = _records.schema_of_all(records)
        encoded = [_records.encoder(schema)(r) for r in records]
        df = spark.createDataFrame(encoded, _schema.to_spark(schema), verifySchema=False)
        return DynamicFrame(df, glue_ctx, name)

    return make


def rows(frame):
    """The records of a DynamicFrame as dicts, choices as their values."""
    from awsglue import _records

    decode = _records.decoder(frame.schema())
    return [decode(row) for row in frame.toDF().collect()]
