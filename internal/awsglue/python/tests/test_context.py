# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What a GlueContext is beside its sources and sinks."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import rows
from docs_page import documented
from pyspark.sql import SQLContext

from awsglue._options import Unsupported


@pytest.fixture(scope="session")
def glue_ctx(context):
    return context


def test_it_is_sparks_context_of_sql(context, spark):
    assert isinstance(context, SQLContext) and context.spark_session is spark
    context.createDataFrame([(1,)], ["n"]).createOrReplaceTempView("numbers")
    assert context.sql("SELECT n + 1 AS m FROM numbers").collect()[0].m == 2
    assert context.read.json(spark.sparkContext.parallelize(['{"a": 1}'])).first().a == 1


@documented("GlueContext.create_dynamic_frame_from_rdd", "works")
@documented("DynamicFrameReader.from_rdd", "works")
def test_frames_of_rdds(context, spark):
    records = [{"id": 1, "v": {"w": [1]}}, {"id": "x"}]
    frame = context.create_dynamic_frame.from_rdd(spark.sparkContext.parallelize(records), "r")
    assert sorted(rows(frame), key=str) == [{"id": "x", "v": None}, {"id": 1, "v": {"w": [1]}}]
    frame = context.create_dynamic_frame_from_rdd(spark.sparkContext.parallelize([(1, "a")]), "r", "n long, t string")
    assert rows(frame) == [{"n": 1, "t": "a"}]


@documented("GlueContext.create_data_frame_from_options", "differs",
            "as create_dynamic_frame_from_options; kafka and kinesis need Spark's connectors in --extra-jars and give the "
            "stream as the connector does")
def test_data_frames_by_options(context, tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n")
    df = context.create_data_frame.from_options("file", {"paths": [str(tmp_path)]}, "csv", {"withHeader": True})
    assert [tuple(r) for r in df.collect()] == [("1",)]
    context.write_data_frame.from_options(df, "file", {"path": str(tmp_path / "out")}, "json")
    assert context.spark_session.read.json(str(tmp_path / "out")).collect()[0].n == "1"
    with pytest.raises(Unsupported, match="kafka needs Spark's connector"):
        context.create_data_frame.from_options("kafka", {"bootstrap.servers": "h:9092", "topicName": "t"})


@documented("GlueContext.add_ingestion_time_columns", "works")
@pytest.mark.parametrize("granularity, added", [
    ("day", ["year", "month", "day"]), ("hour", ["year", "month", "day", "hour"]),
    ("minute", ["year", "month", "day", "hour", "minute"]),
])
def test_ingestion_time(context, granularity, added):
    df = context.add_ingestion_time_columns(context.createDataFrame([(1,)], ["n"]), granularity)
    assert df.columns == ["n"] + ["ingest_" + a for a in added]
    assert df.first().ingest_year >= 2020
    with pytest.raises(ValueError, match="give day, hour or minute"):
        context.add_ingestion_time_columns(df, "week")


@documented("GlueContext.get_logger", "works", "lines go to the job run's error log")
def test_the_logger(context, capfd):
    log = context.get_logger()
    for level in ("debug", "info", "warn", "error"):
        getattr(log, level)("100% of " + level)
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == [
        "%s [GlueLogger] 100%% of %s" % (level.upper(), level) for level in ("debug", "info", "warn", "error")]


@documented("GlueContext.purge_s3_path", "differs", "writes no manifest; all files are of the class STANDARD")
def test_purge_of_a_path(context, tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("old", "sub/old", "new"):
        (tmp_path / name).write_text("x")
    for name in ("old", "sub/old"):
        os.utime(tmp_path / name, (0, 0))
    files = lambda: sorted(p.name for p in tmp_path.rglob("*") if p.is_file() and not p.name.startswith("."))  # noqa: E731
    context.purge_s3_path("file:%s" % tmp_path, {"retentionPeriod": 0, "excludeStorageClasses": ["STANDARD"]})
    assert files() == ["new", "old", "old"]
    context.purge_s3_path("file:%s" % tmp_path)
    assert files() == ["new"]
    context.purge_s3_path("file:%s" % tmp_path, {"retentionPeriod": 0})
    assert files() == []


@documented("GlueContext.transition_table", "differs", "does nothing and says so in the log: there are no storage classes")
@documented("GlueContext.transition_s3_path", "differs", "does nothing and says so in the log: there are no storage classes")
def test_transitions_say_that_they_do_nothing(context, capfd):
    context.transition_table("shop", "orders", "GLACIER")
    context.transition_s3_path("s3://lake/x", transition_to="GLACIER")
    said = capfd.readouterr().err
    for call in ("transition_table(shop.orders)", "transition_s3_path(s3://lake/x)"):
        assert call in said
    assert said.count("does nothing here") == 2


@documented("GlueContext.start_transaction", "missing", "refused: governed tables of Lake Formation are not built")
@documented("GlueContext.commit_transaction", "missing", "refused: governed tables of Lake Formation are not built")
@documented("GlueContext.cancel_transaction", "missing", "refused: governed tables of Lake Formation are not built")
def test_transactions_are_refused(context):
    for call, arguments in (("start_transaction", [True]), ("commit_transaction", ["t"]), ("cancel_transaction", ["t"])):
        with pytest.raises(Unsupported, match=call):
            getattr(context, call)(*arguments)


@documented("GlueContext.forEachBatch", "works")
def test_batches_of_a_stream(context, spark, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text('{"n": 1}\n{"n": 2}\n')
    frame = spark.readStream.schema("n int").json(str(tmp_path / "in"))
    seen, calls, done = [], [], threading.Event()

    def batch(df, batch_id):
        calls.append(batch_id)
        if len(calls) == 1:
            raise RuntimeError("once")  # and tried again
        seen.extend(sorted(r.n for r in df.collect()))
        done.set()

    options = {"windowSize": "1 seconds", "checkpointLocation": str(tmp_path / "checkpoint")}
    with ThreadPoolExecutor(1) as pool:
        loop = pool.submit(context.forEachBatch, frame=frame, batch_function=batch, options=options)
        assert done.wait(120)
        for query in spark.streams.active:
            query.stop()
        loop.result()
    assert seen == [1, 2] and calls == [0, 0]
    with pytest.raises(ValueError, match="the connection option checkpointLocation is missing"):
        context.forEachBatch(frame, batch, {"windowSize": "1 seconds"})
