# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms of records: the script's functions, joins, unions, splits, and error records."""

import datetime
import decimal
import os

import pytest
from pyspark.sql import Row

from awsglue import _records
from awsglue.dynamicframe import DynamicFrame
from conftest import rows
from docs_page import documented


@documented("DynamicFrame.filter", "works")
def test_filter_sees_values_of_choices_and_nested_fields(frame):
    f = frame({"n": 1, "a": {"b": [1]}}, {"n": "2", "a": {"b": [2]}}, {"n": None, "a": None})
    kept = f.filter(lambda r: r["n"] == "2" and r["a"]["b"] == [2])
    assert rows(kept) == [{"n": "2", "a": {"b": [2]}}] and kept.schema() == f.schema()
    assert kept.errorsCount() == 0


@documented("DynamicFrame.map", "works")
def test_map_changes_the_schema(frame):
    def merge_address(rec):
        rec["Address"] = {}
        rec["Address"]["City"] = rec["Provider City"]
        rec["Address"]["Array"] = [rec["Provider City"], rec["Provider State"]]
        del rec["Provider City"]
        del rec["Provider State"]
        return rec

    f = frame({"Provider City": "DOTHAN", "Provider State": "AL", "n": 1}).map(f=merge_address)
    assert rows(f) == [{"n": 1, "Address": {"City": "DOTHAN", "Array": ["DOTHAN", "AL"]}}]


def test_map_keeps_the_types_of_what_it_does_not_change(spark, glue_ctx):
    df = spark.sql(
        "select 1L as l, cast(2 as smallint) as s, cast(1.5 as float) as f, cast(3.10 as decimal(10,2)) as d,"
        " map('k', 1L) as m, array(1L) as a, date'2024-01-02' as day, timestamp'2024-01-02 03:04:05' as at,"
        " X'01' as bin, named_struct('x', 5L) as st"
    )
    f = DynamicFrame.fromDF(df, glue_ctx, "f").map(lambda r: r)
    assert f.toDF().schema.simpleString() == df.schema.simpleString()
    assert f.toDF().collect() == df.collect()
    wider = DynamicFrame.fromDF(spark.sql("select 1 as i"), glue_ctx, "f").map(lambda r: {"i": 2 ** 40, "j": r["i"]})
    assert wider.toDF().schema.simpleString() == "struct<i:bigint,j:int>"


def test_records_of_an_rdd(spark, glue_ctx):
    values = [{"a": 1, "l": []}, {"a": "x", "l": [{"y": 1}, {"y": 2.5}]}, Row(a=1.5, l=None), {"a": 2 ** 40}]
    f = _records.infer(spark.sparkContext.parallelize(values, 3), glue_ctx, "records")
    assert f.toDF().schema.simpleString() == (
        "struct<a:struct<double:double,int:int,long:bigint,string:string>,"
        "l:array<struct<y:struct<double:double,int:int>>>>"
    )
    assert rows(f) == [
        {"a": 1, "l": []}, {"a": "x", "l": [{"y": 1}, {"y": 2.5}]}, {"a": 1.5, "l": None}, {"a": 2 ** 40, "l": None}
    ]
    assert rows(_records.infer(spark.sparkContext.parallelize([1, "a"]), glue_ctx)) == [{"value": 1}, {"value": "a"}]


def test_types_of_python_values(frame):
    f = frame({
        "i": 1, "l": 2 ** 31, "d": 1.0, "b": True, "s": "x", "n": None, "dec": decimal.Decimal("12.345"),
        "day": datetime.date(2024, 1, 2), "at": datetime.datetime(2024, 1, 2), "bin": b"x", "e": [], "t": ({"x": 1},),
    })
    assert f.toDF().schema.simpleString() == (
        "struct<i:int,l:bigint,d:double,b:boolean,s:string,n:void,dec:decimal(5,3),day:date,at:timestamp,bin:binary,"
        "e:array<void>,t:array<struct<x:int>>>"
    )


FAULTY = [{"a": 1}, {"a": 0}, {"a": "x"}]


@documented("DynamicFrame.errorsCount", "works")
@documented("DynamicFrame.stageErrorsCount", "works")
@documented("DynamicFrame.errorsAsDynamicFrame", "works", "the record is in the error as JSON text")
@documented("DynamicFrame.map", "works")
@documented("DynamicFrame.filter", "works")
def test_records_with_errors_are_left_out_and_counted(frame):
    mapped = frame(*FAULTY).map(lambda r: {"inverse": 1 / r["a"]}, info="inverting")
    assert rows(mapped) == [{"inverse": 1.0}]
    assert (mapped.errorsCount(), mapped.stageErrorsCount()) == (2, 2)
    both = mapped.filter(lambda r: r["absent"] > 1)
    assert (both.count(), both.errorsCount(), both.stageErrorsCount()) == (0, 3, 1)
    errors = [r["error"] for r in rows(both.errorsAsDynamicFrame())]
    assert sorted(e["msg"].split(":")[0] for e in errors) == ["KeyError", "TypeError", "ZeroDivisionError"]
    divided = next(e for e in errors if e["msg"].startswith("Zero"))
    assert divided["callsite"]["info"] == "inverting" and divided["dynamicRecord"] == '{"a": 0}'
    assert "1 / r[\"a\"]" in divided["stackTrace"] and "_python.py" not in divided["stackTrace"]


@documented("DynamicFrame.assertErrorThreshold", "works", "a threshold of zero, the default, is no limit")
def test_thresholds(frame):
    def inverse(r):
        return {"inverse": 1 / r["a"]}

    below = frame(*FAULTY).map(inverse, stageThreshold=3, totalThreshold=3)
    below.assertErrorThreshold()
    assert below.count() == 1
    at = frame(*FAULTY).map(inverse, stageThreshold=2)
    for action in (at.assertErrorThreshold, at.count, at.select_fields(["inverse"]).toDF):
        with pytest.raises(RuntimeError, match="2 error records reach the stageThreshold of 2(.|\n)*Error"):
            action()
    total = frame(*FAULTY).map(inverse).filter(lambda r: r["no"], totalThreshold=3)
    with pytest.raises(RuntimeError, match="3 error records reach the totalThreshold of 3"):
        total.count()


def test_a_function_must_return_a_record(frame):
    mapped = frame({"a": 1}, {"a": 2}).map(lambda r: None if r["a"] == 1 else {"odd": object()})
    assert mapped.count() == 0
    messages = sorted(r["error"]["msg"] for r in rows(mapped.errorsAsDynamicFrame()))
    assert "a record cannot hold a object" in messages[0] and "must return the record" in messages[1]


@documented("DynamicFrame.join", "works", "a field of frame2 whose name frame1 has gets a dot before it; "
            "keys are compared in their order")
def test_join(frame):
    people = frame({"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": None, "name": "c"})
    members = frame({"person": {"id": 2}, "name": "party"}, {"person": {"id": None}, "name": "none"})
    assert rows(people.join(["id"], ["person.id"], members)) == [
        {"id": 2, "name": "b", "person": {"id": 2}, ".name": "party"}
    ]
    assert rows(people.join("id", "id", people).select_fields(["id", "`.id`"])) == [{"id": 1, ".id": 1}, {"id": 2, ".id": 2}]
    with pytest.raises(ValueError, match="there is no field nope"):
        people.join(["nope"], ["name"], members)
    with pytest.raises(ValueError, match="as many keys"):
        people.join(["id", "name"], ["name"], members)


def test_join_of_several_keys(spark, glue_ctx):
    one = DynamicFrame.fromDF(spark.createDataFrame([(1, 2), (2, 1)], ["a", "b"]), glue_ctx, "one")
    two = DynamicFrame.fromDF(spark.createDataFrame([(1, 2)], ["a", "b"]), glue_ctx, "two")
    assert rows(one.join(["a", "b"], ["a", "b"], two)) == [{"a": 1, "b": 2, ".a": 1, ".b": 2}]


@documented("DynamicFrame.union", "works")
def test_union_is_by_name_and_makes_choices(frame):
    a = frame({"id": 1, "s": {"x": 1}, "only": "a", "l": [1]})
    b = frame({"s": {"x": "one", "y": 2.5}, "id": "1", "l": []})
    united = a.union(a, b)
    assert united.schema().treeString() == """\
root
|-- id: choice
|    |-- int
|    |-- string
|-- s: struct
|    |-- x: choice
|    |    |-- int
|    |    |-- string
|    |-- y: double
|-- only: string
|-- l: array
|    |-- element: int
"""
    assert rows(united) == [
        {"id": 1, "s": {"x": 1, "y": None}, "only": "a", "l": [1]},
        {"id": "1", "s": {"x": "one", "y": 2.5}, "only": None, "l": []},
    ]
    again = united.union(frame({"id": 1.5}))
    assert [r["id"] for r in rows(again)] == [1, "1", 1.5] and again.count() == 3


@documented("DynamicFrame.mergeDynamicFrame", "works", "options are not used")
def test_merge(frame):
    source = frame({"id": 1, "v": "old"}, {"id": 2, "v": "old"}, {"id": 2, "v": "twice"}, {"id": 3, "v": "old"})
    stage = frame({"id": 2, "v": "new", "more": True}, {"id": 4, "v": "new", "more": False})
    merged = source.mergeDynamicFrame(stage, ["id"])
    assert sorted((r["id"], r["v"], r["more"]) for r in rows(merged)) == [
        (1, "old", None), (2, "new", True), (3, "old", None), (4, "new", False)
    ]


@documented("DynamicFrame.split_fields", "works")
def test_split_fields(frame):
    parts = frame({"a": 1, "b": {"c": 2, "d": 3}}).split_fields(["a", "b.c"], "one", "two")
    assert parts.keys() == ["one", "two"]
    assert [rows(p) for p in parts.values()] == [[{"a": 1, "b": {"c": 2}}], [{"b": {"d": 3}}]]


@documented("DynamicFrame.split_rows", "works")
def test_split_rows(frame):
    f = frame(*({"age": n, "s": "x"} for n in (5, 10, 15, 20, None)), {"age": 12, "s": "y"})
    parts = f.split_rows({"age": {">": 10, "<": 20}, "s": {"=": "x"}}, "teens", "rest")
    assert [r["age"] for r in rows(parts.select("teens"))] == [15]
    assert [r["age"] for r in rows(parts.select("rest"))] == [5, 10, 20, None, 12]
    with pytest.raises(ValueError, match="comparator '~'"):
        f.split_rows({"age": {"~": 1}}, "a", "b")
    choice = frame({"v": 1}, {"v": "b"}, {"v": 7}).split_rows({"v": {">": 3}}, "a", "b")
    assert [rows(p) for p in choice.values()] == [[{"v": 7}], [{"v": 1}, {"v": "b"}]]


@documented("DynamicFrame.spigot", "works", "the sample is written at once, as JSON")
def test_spigot(frame, tmp_path):
    f = frame(*({"n": i, "none": None} for i in range(20)))
    assert f.spigot(str(tmp_path / "top"), {"topk": 3}).count() == 20
    parts = [p for p in os.listdir(tmp_path / "top") if p.endswith(".json")]
    assert len((tmp_path / "top" / parts[0]).read_text().splitlines()) == 3
    f.spigot(str(tmp_path / "none"), {"prob": 0.0})
    assert not any(p.stat().st_size for p in (tmp_path / "none").glob("*.json"))


@documented("DynamicFrame.write", "works")
def test_write_goes_to_the_context(spark):
    class Context:
        spark_session = spark

        def write_dynamic_frame_from_options(self, **arguments):
            self.arguments = arguments
            return arguments["frame"]

    context = Context()
    f = DynamicFrame.fromDF(spark.range(1), context, "f")
    assert f.write("s3", {"path": "s3://b/k"}, "json") is f
    assert context.arguments["connection_options"] == {"path": "s3://b/k"} and context.arguments["format"] == "json"
