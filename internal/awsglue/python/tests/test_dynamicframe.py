# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Making frames, looking at them, and their fields."""

import pytest
from pyspark.sql import types as T

from awsglue.dynamicframe import DynamicFrame, ResolveOption
from awsglue.gluetypes import ChoiceType, DoubleType, IntegerType, LongType, StringType
from conftest import rows
from docs_page import documented


@documented("DynamicFrame.__init__", "differs", "jdf may be a DataFrame of Python, too")
@documented("DynamicFrame.fromDF", "works")
@documented("DynamicFrame.toDF", "works")
@documented("DynamicFrame.count", "works")
def test_a_data_frame_there_and_back(spark, glue_ctx):
    df = spark.createDataFrame([(1, "a"), (2, None)], "n bigint, s string")
    frame = DynamicFrame.fromDF(df, glue_ctx, "numbers")
    assert frame.name == "numbers" and frame.count() == 2
    assert frame.toDF().collect() == df.collect()
    assert frame.schema().getField("n").dataType == LongType()
    assert DynamicFrame(df._jdf, glue_ctx, "java").toDF().collect() == df.collect()


@documented("DynamicFrame.schema", "works")
@documented("DynamicFrame.printSchema", "works")
def test_records_that_disagree_make_choices(frame, capsys):
    f = frame({"id": 1, "p": {"v": [1, "x"]}}, {"id": "one", "p": None}, {"id": 2, "extra": 1.5})
    assert f.schema().getField("id").dataType == ChoiceType([IntegerType(), StringType()])
    f.printSchema()
    assert capsys.readouterr().out == """\
root
|-- id: choice
|    |-- int
|    |-- string
|-- p: struct
|    |-- v: array
|    |    |-- element: choice
|    |    |    |-- int
|    |    |    |-- string
|-- extra: double

"""
    assert rows(f) == [
        {"id": 1, "p": {"v": [1, "x"]}, "extra": None}, {"id": "one", "p": None, "extra": None},
        {"id": 2, "p": None, "extra": 1.5},
    ]


@documented("DynamicFrame.show", "works", "fields without a value are left out")
def test_show_prints_records_as_json(frame, capsys):
    frame({"a": 1, "b": {"c": "ü", "d": None}}, {"a": "x"}).show(5)
    assert capsys.readouterr().out == '{"a": 1, "b": {"c": "ü"}}\n{"a": "x"}\n\n'


@documented("DynamicFrame.toDF", "works")
def test_todf_resolves_by_options(frame):
    f = frame({"a": 1, "b": {"c": "2"}}, {"a": "x", "b": {"c": 3.5}})
    df = f.toDF([ResolveOption("a", "Project", StringType()), ResolveOption("b.c", "Cast", DoubleType())])
    assert [tuple(r) for r in df.select("a", "b.c").collect()] == [(None, 2.0), ("x", 3.5)]
    assert f.toDF().schema["a"].dataType.simpleString() == "struct<int:int,string:string>"
    kept = f.toDF([ResolveOption("a", "KeepAsStruct")])
    assert DynamicFrame.fromDF(kept, None, "").schema().getField("a").dataType.typeName() == "struct"
    with pytest.raises(ValueError, match="Project or Cast with a type"):
        f.toDF([ResolveOption("a", "Project")])


@documented("DynamicFrame.repartition", "works")
@documented("DynamicFrame.coalesce", "works")
@documented("DynamicFrame.getNumPartitions", "works")
def test_partitions(frame):
    f = frame(*({"n": i} for i in range(10)))
    assert f.repartition(4).getNumPartitions() == 4
    assert f.repartition(4).coalesce(1).getNumPartitions() == 1
    assert f.coalesce(3, True).getNumPartitions() == 3


NESTED = {"id": 7, "name": {"first": "Ada", "last": "L"}, "dotted.name": "d", "when": "2024-02-29", "list": [1]}


@documented("DynamicFrame.apply_mapping", "works", "a value that does not cast becomes null")
def test_apply_mapping(frame):
    f = frame(NESTED, {**NESTED, "id": "8", "when": "no date"}).apply_mapping([
        ("id", "choice", "key.number", "long"), ("name.first", "string", "key.first", "string"),
        ("`dotted.name`", "string", "`still.dotted`", "string"), ("when", "string", "day", "date"),
        ("list", "array", "list", "array"), ("nowhere", "string", "gone", "string"),
    ])
    assert f.toDF().schema.simpleString() == (
        "struct<key:struct<number:bigint,first:string>,still.dotted:string,day:date,list:array<int>>"
    )
    assert [r["key"] for r in rows(f)] == [{"number": 7, "first": "Ada"}, {"number": 8, "first": "Ada"}]
    assert [str(r["day"]) for r in rows(f)] == ["2024-02-29", "None"]


def test_apply_mapping_keeps_a_choice_that_is_asked_for(frame):
    f = frame({"a": 1}, {"a": "x"}).apply_mapping([("a", "choice", "b", "choice")])
    assert f.schema().getField("b").dataType.typeName() == "choice" and [r["b"] for r in rows(f)] == [1, "x"]


def test_apply_mapping_by_case(frame):
    mapping = [("ID", "int", "n", "int")]
    assert frame({"id": 1}).apply_mapping(mapping, case_sensitive=False).toDF().columns == ["n"]
    assert frame({"id": 1}).apply_mapping(mapping).toDF().columns == []


@pytest.mark.parametrize("mapping, message", [
    (("a", "b"), "tuple \\(source column"), (("id", "int", "id", "strnig"), "unknown data type"),
    (("`id", "int", "id", "int"), "back quote is not closed"),
])
def test_apply_mapping_refuses(frame, mapping, message):
    with pytest.raises(ValueError, match=message):
        frame({"id": 1}).apply_mapping([mapping])


@pytest.mark.parametrize("value, source, target, want", [
    ("12", "string", "int", 12), ("1.5", "string", "double", 1.5), ("x", "string", "int", None),
    (1, "int", "string", "1"), (1.9, "double", "int", 1), ("true", "string", "boolean", True),
    ({"a": 1}, "struct", "string", '{"a":1}'), ([1, 2], "array", "string", "[1,2]"),
])
def test_casts(frame, value, source, target, want):
    f = frame({"a": value}).apply_mapping([("a", source, "a", target)])
    assert rows(f) == [{"a": want}] and f.schema().getField("a").dataType.typeName() == target


@documented("DynamicFrame.select_fields", "works")
def test_select_fields(frame):
    f = frame(NESTED).select_fields(["name.last", "id", "`dotted.name`", "absent"])
    assert rows(f) == [{"name": {"last": "L"}, "id": 7, "dotted.name": "d"}]
    assert rows(frame(NESTED).select_fields("id")) == [{"id": 7}]


@documented("DynamicFrame.drop_fields", "works")
def test_drop_fields(frame):
    f = frame({**NESTED, "links": [{"url": "u", "note": "n"}]})
    f = f.drop_fields(["name.first", "`dotted.name`", "when", "list", "links[].note", "absent", "absent.too"])
    assert rows(f) == [{"id": 7, "name": {"last": "L"}, "links": [{"url": "u"}]}]
    assert rows(frame(NESTED).drop_fields(["name.first", "name.last"]).select_fields(["name", "id"])) == [{"id": 7}]


@documented("DynamicFrame.rename_field", "works")
def test_rename_field(frame):
    f = frame(NESTED).rename_field("id", "key").rename_field("name.first", "name.given")
    f = f.rename_field("`dotted.name`", "plain").rename_field("name.last", "family").rename_field("absent", "x")
    assert f.toDF().columns == ["key", "name", "plain", "when", "list", "family"]
    assert rows(f)[0]["name"] == {"given": "Ada"} and rows(f)[0]["family"] == "L"
    assert rows(frame({"a": 1}).rename_field("a", "b.c")) == [{"b": {"c": 1}}]


def test_a_frame_without_data_passes_every_transform(frame):
    empty = frame()
    other = frame({"a": 1})
    assert empty.filter(lambda r: r["a"] > 1).map(lambda r: r).count() == 0
    assert empty.apply_mapping([("a", "int", "b", "int")]).select_fields(["b"]).drop_fields(["b"]).count() == 0
    assert empty.resolveChoice(specs=[("a", "cast:int")]).unnest().rename_field("a", "b").count() == 0
    assert empty.join("a", "a", other).count() == 0 and other.join("a", "a", empty).count() == 0
    assert empty.union(other).count() == 1 and empty.unbox("a", "json").count() == 0
    assert empty.relationalize("root", None).keys() == ["root"]
    assert [f.count() for f in empty.split_rows({"a": {">": 1}}, "x", "y").values()] == [0, 0]


def test_the_import_of_glue_studio():
    import awsglue

    assert awsglue.DynamicFrame is DynamicFrame
    with pytest.raises(ImportError):
        from awsglue import NoSuchName  # noqa: F401


def test_choices_inside_columns_that_cannot_be_null(spark, glue_ctx, frame):
    df = spark.sql("select named_struct('id', id, 'l', array(named_struct('v', id))) s from range(1)")
    f = DynamicFrame.fromDF(df, glue_ctx, "f").union(frame({"s": {"id": "x", "l": [{"v": None}, {"v": "y"}]}}))
    assert rows(f.resolveChoice(specs=[("s.id", "cast:string")]))[0] == {"s": {"id": "0", "l": [{"v": 0}]}}
    assert rows(f.drop_fields(["s.id"]))[1] == {"s": {"l": [{"v": None}, {"v": "y"}]}}


def test_types_of_spark_that_glue_has_no_name_for(spark, glue_ctx):
    schema = T.StructType([T.StructField("a", T.TimestampNTZType()), T.StructField("b", T.DayTimeIntervalType())])
    f = DynamicFrame.fromDF(spark.createDataFrame([], schema), glue_ctx, "f")
    assert [x.dataType.typeName() for x in f.schema()] == ["timestamp", "unknown"]
