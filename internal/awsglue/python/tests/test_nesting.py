# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Nested fields made flat, and text made nested."""

import json

import pytest

from conftest import rows
from docs_page import documented


@documented("DynamicFrame.unnest", "works")
def test_unnest(frame):
    f = frame({"a": {"b": {"c": 1}, "l": [{"x": 1}]}, "d": 2}, {"a": None, "d": "x"}).unnest()
    assert rows(f) == [{"a.b.c": 1, "a.l": [{"x": 1}], "d": 2}, {"a.b.c": None, "a.l": None, "d": "x"}]
    assert rows(f.select_fields(["`a.b.c`"]))[0] == {"a.b.c": 1}


LEGISLATORS = [
    {"id": "p1", "name": {"given": "Ada"}, "contact_details": [{"type": "fax", "value": "1"}, {"type": "phone", "value": "2"}]},
    {"id": "p2", "name": {"given": "Bob"}, "contact_details": [{"type": "twitter", "value": "@b"}], "tags": ["x", "y"]},
    {"id": "p3", "name": None, "contact_details": []},
]


@documented("DynamicFrame.relationalize", "works", "with staging_path, rows are checkpointed below it so that ids are "
            "stable; without, they are kept in memory")
@pytest.mark.parametrize("staged", [True, False])
def test_relationalize(frame, tmp_path, staged):
    tables = frame(*LEGISLATORS).relationalize("root", str(tmp_path) if staged else None)
    assert tables.keys() == ["root", "root_contact_details", "root_tags"]
    root = {r["id"]: r for r in rows(tables.select("root"))}
    assert set(root["p1"]) == {"id", "name.given", "contact_details", "tags"}
    details = rows(tables.select("root_contact_details"))
    assert list(details[0]) == ["id", "index", "contact_details.val.type", "contact_details.val.value"]
    by_id = {}
    for r in details:
        by_id.setdefault(r["id"], []).append((r["index"], r["contact_details.val.type"]))
    assert by_id == {root["p1"]["contact_details"]: [(0, "fax"), (1, "phone")], root["p2"]["contact_details"]: [(0, "twitter")]}
    assert root["p3"]["contact_details"] is not None and root["p3"]["tags"] is None
    assert [(r["id"], r["tags.val"]) for r in rows(tables.select("root_tags"))] == [
        (root["p2"]["tags"], "x"), (root["p2"]["tags"], "y")
    ]


def test_relationalize_arrays_in_arrays(frame):
    tables = frame({"o": {"lines": [{"n": 1, "tags": [["a"], ["b", "c"]]}]}}).relationalize("r", None)
    assert tables.keys() == ["r", "r_o.lines", "r_o.lines.val.tags", "r_o.lines.val.tags.val"]
    line = rows(tables.select("r_o.lines"))[0]
    outer = rows(tables.select("r_o.lines.val.tags"))
    inner = rows(tables.select("r_o.lines.val.tags.val"))
    assert line["o.lines.val.n"] == 1 and {r["id"] for r in outer} == {line["o.lines.val.tags"]}
    ids = {r["o.lines.val.tags.val"]: r["index"] for r in outer}
    assert sorted((ids[r["id"]], r["index"], r["o.lines.val.tags.val.val"]) for r in inner) == [
        (0, 0, "a"), (1, 0, "b"), (1, 1, "c")
    ]


@documented("DynamicFrame.unbox", "differs", "json and csv are read; avro, ion, parquet and xml are refused")
def test_unbox_json(frame):
    f = frame({"a": {"t": '{"x": 1, "y": ["p"]}'}}, {"a": {"t": '{"x": "one"}'}}, {"a": {"t": None}})
    f = f.unbox("a.t", "json")
    assert f.schema().treeString() == """\
root
|-- a: struct
|    |-- t: struct
|    |    |-- x: choice
|    |    |    |-- int
|    |    |    |-- string
|    |    |-- y: array
|    |    |    |-- element: string
"""
    assert [r["a"]["t"] for r in rows(f)] == [{"x": 1, "y": ["p"]}, {"x": "one", "y": None}, None]


def test_unbox_sets_aside_what_it_cannot_read(frame):
    f = frame({"n": 1, "t": '{"x": 1}'}, {"n": 2, "t": '{"x": '}, {"n": 3, "t": None}).unbox("t", "json")
    assert [r["n"] for r in rows(f)] == [1, 3] and f.errorsCount() == 1
    error = f.errorsAsDynamicFrame().toDF().first().error
    assert error.msg.startswith("JSONDecodeError") and '"n":2' in error.input


def test_unbox_csv(frame):
    f = frame({"t": "1|a b"}, {"t": '2|"c|d"'}).unbox("t", "csv", separator="|")
    assert rows(f) == [{"t": {"col0": "1", "col1": "a b"}}, {"t": {"col0": "2", "col1": "c|d"}}]
    named = frame({"t": "x,y\n1,2"}).unbox("t", "csv", withHeader=True)
    assert rows(named) == [{"t": {"x": "1", "y": "2"}}]


def test_unbox_with_a_schema(frame):
    from awsglue.gluetypes import Field, LongType, StructType

    schema = json.dumps(StructType([Field("x", LongType())]).jsonValue())
    f = frame({"t": '{"x": 1, "z": 2}'}).unbox("t", "json", withSchema=schema)
    assert f.toDF().schema.simpleString() == "struct<t:struct<x:bigint>>" and rows(f) == [{"t": {"x": 1}}]


def test_unbox_refuses(frame):
    with pytest.raises(ValueError, match="does not read the format 'xml'"):
        frame({"t": "x"}).unbox("t", "xml")
    with pytest.raises(ValueError, match="not a string"):
        frame({"t": 1}).unbox("t", "json")
    with pytest.raises(ValueError, match="no field u"):
        frame({"t": "x"}).unbox("u", "json")


ITEMS = [
    {"Item": {"id": {"S": "1"}, "n": {"N": "5"}, "m": {"M": {"k": {"S": "v"}, "deep": {"M": {"b": {"BOOL": True}}}}},
              "l": {"L": [{"S": "x"}, {"S": "y"}]}, "set": {"SS": ["p", "q"]}, "mixed": {"S": "text"}, "no": {"NULL": True}}},
    {"Item": {"id": {"S": "2"}, "mixed": {"BOOL": True}}},
]


@documented("DynamicFrame.simplify_ddb_json", "works", "numbers stay text, as DynamoDB writes them")
def test_simplify_ddb_json(frame):
    f = frame(*ITEMS).simplify_ddb_json()
    assert rows(f) == [
        {"id": "1", "n": "5", "m": {"k": "v", "deep": {"b": True}}, "l": ["x", "y"], "set": ["p", "q"],
         "mixed": "text", "no": None},
        {"id": "2", "n": None, "m": None, "l": None, "set": None, "mixed": True, "no": None},
    ]
    assert f.schema().getField("mixed").dataType.typeName() == "choice"


@documented("DynamicFrame.unnest_ddb_json", "works", "numbers stay text, as DynamoDB writes them")
def test_unnest_ddb_json(frame):
    f = frame(ITEMS[0]).unnest_ddb_json()
    assert f.toDF().columns == ["id", "n", "m.k", "m.deep.b", "l", "set", "mixed", "no"]
