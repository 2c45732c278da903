# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""resolveChoice."""

import sys
from types import ModuleType

import pytest

from awsglue import _choice
from conftest import rows
from docs_page import documented

PROVIDERS = [{"provider id": 1}, {"provider id": "two"}, {"provider id": 2 ** 40}]


@documented("DynamicFrame.resolveChoice", "works")
@pytest.mark.parametrize("action, schema, want", [
    ("cast:long", "provider id:bigint", [1, None, 2 ** 40]),
    ("cast:string", "provider id:string", ["1", "two", str(2 ** 40)]),
    ("project:string", "provider id:string", [None, "two", None]),
    ("project:double", "provider id:double", [None, None, None]),
])
def test_one_type(frame, action, schema, want):
    for f in (frame(*PROVIDERS).resolveChoice(specs=[("provider id", action)]),
              frame(*PROVIDERS).resolveChoice(choice=action)):
        assert f.toDF().schema.simpleString() == "struct<%s>" % schema
        assert [r["provider id"] for r in rows(f)] == want


@documented("DynamicFrame.resolveChoice", "works")
def test_make_cols(frame):
    f = frame(*PROVIDERS).resolveChoice(choice="make_cols")
    assert f.toDF().columns == ["provider id_int", "provider id_long", "provider id_string"]
    assert [list(r.values()) for r in rows(f)] == [[1, None, None], [None, None, "two"], [None, 2 ** 40, None]]


def test_make_struct(frame):
    f = frame(*PROVIDERS).resolveChoice(specs=[("provider id", "make_struct")])
    assert rows(f)[1] == {"provider id": {"int": None, "long": None, "string": "two"}}
    assert f.schema().getField("provider id").dataType.typeName() == "struct"


PRICES = [{"a": {"myList": [{"price": 100.0}, {"price": "$100.00"}]}, "n": [1, "2"]}, {"a": None, "n": None}]


@documented("DynamicFrame.resolveChoice", "works")
def test_inside_arrays(frame):
    f = frame(*PRICES).resolveChoice(specs=[("a.myList[].price", "cast:double"), ("n[]", "cast:int")])
    assert f.toDF().schema.simpleString() == "struct<a:struct<myList:array<struct<price:double>>>,n:array<int>>"
    assert rows(f) == [{"a": {"myList": [{"price": 100.0}, {"price": None}]}, "n": [1, 2]}, {"a": None, "n": None}]


def test_choice_reaches_every_depth(frame):
    f = frame(*PRICES).resolveChoice(choice="cast:string")
    assert rows(f)[0] == {"a": {"myList": [{"price": "100.0"}, {"price": "$100.00"}]}, "n": ["1", "2"]}
    assert rows(frame(*PRICES).resolveChoice(specs=[("a.myList[].price", "make_cols")]))[0]["a"] == {
        "myList": [{"price_double": 100.0, "price_string": None}, {"price_double": None, "price_string": "$100.00"}]
    }


def test_cast_of_a_field_with_one_type(frame):
    f = frame({"a": "1"}).resolveChoice(specs=[("a", "cast:int")])
    assert rows(f) == [{"a": 1}]
    assert rows(frame({"a": "1"}).resolveChoice(choice="cast:int")) == [{"a": "1"}]
    assert rows(frame({"a": "1"}).resolveChoice(option="make_cols")) == [{"a": "1"}]


@documented("DynamicFrame.resolveChoice", "works")
def test_match_catalog(frame, monkeypatch):
    catalog = ModuleType("awsglue._catalog")
    catalog.column_types = lambda ctx, database, table, catalog_id: {"Provider ID": "bigint", "absent": "int"}
    monkeypatch.setitem(sys.modules, "awsglue._catalog", catalog)
    monkeypatch.setattr(sys.modules["awsglue"], "_catalog", catalog, raising=False)
    f = frame(*PROVIDERS).resolveChoice(choice="match_catalog", database="db", table_name="t")
    assert [r["provider id"] for r in rows(f)] == [1, None, 2 ** 40]
    with pytest.raises(ValueError, match="needs database and table_name"):
        frame(*PROVIDERS).resolveChoice(choice="match_catalog")


@pytest.mark.parametrize("arguments, message", [
    ({"specs": [("a", "cast:int")], "choice": "make_cols"}, "specs or choice, not both"),
    ({"choice": "cast"}, "is not one of"), ({"choice": "make_columns"}, "is not one of"),
    ({"specs": [("a", "cast:strnig")]}, "unknown data type"),
])
def test_refuses(frame, arguments, message):
    with pytest.raises(ValueError, match=message):
        frame({"a": 1}).resolveChoice(**arguments)


def test_strings_that_do_not_parse_make_a_choice(spark, glue_ctx):
    from awsglue.dynamicframe import DynamicFrame
    from pyspark.sql import types as T

    df = spark.createDataFrame([("1", "1.5", "x"), ("1.5", "2", "y"), (None, None, "z")], "a string, b string, c string")
    typed = _choice.cast_or_choice(df, {"a": T.LongType(), "b": T.DoubleType(), "absent": T.LongType()})
    f = DynamicFrame.fromDF(typed, glue_ctx, "f")
    assert f.schema().treeString() == "root\n|-- a: choice\n|    |-- long\n|    |-- string\n|-- b: double\n|-- c: string\n"
    assert rows(f) == [{"a": 1, "b": 1.5, "c": "x"}, {"a": "1.5", "b": 2.0, "c": "y"}, {"a": None, "b": None, "c": "z"}]
