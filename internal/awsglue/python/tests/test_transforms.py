# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The transform classes, collections, and the reader and writer."""

import pytest

from awsglue.dynamicframe import DynamicFrameCollection, DynamicFrameReader, DynamicFrameWriter
from awsglue.transforms import *  # noqa: F403
from conftest import rows
from docs_page import documented


@documented("transforms.ApplyMapping", "works")
@documented("transforms.SelectFields", "works")
@documented("transforms.DropFields", "works")
@documented("transforms.RenameField", "works")
def test_fields(frame):
    f = frame({"a": 1, "b": {"c": "x"}})
    mapped = ApplyMapping.apply(frame=f, mappings=[("a", "int", "A", "string")], transformation_ctx="m")
    assert rows(mapped) == [{"A": "1"}] and mapped.name == "m"
    assert rows(SelectFields.apply(frame=f, paths=["b"])) == [{"b": {"c": "x"}}]
    assert rows(DropFields.apply(f, ["b.c"], "ctx")) == [{"a": 1}]
    assert rows(RenameField.apply(frame=f, old_name="a", new_name="n"))[0]["n"] == 1


@documented("transforms.DropNullFields", "works", "a field is dropped when its type is null")
def test_drop_null_fields(frame):
    f = frame({"a": 1, "n": None, "s": {"x.y": None, "k": 2}}, {"a": None, "n": None})
    assert rows(DropNullFields.apply(frame=f))[0] == {"a": 1, "s": {"k": 2}}


@documented("transforms.ResolveChoice", "works")
@documented("transforms.Unbox", "works", "as DynamicFrame.unbox")
@documented("transforms.UnnestFrame", "works")
@documented("transforms.SimplifyDDBJson", "works")
def test_nested(frame):
    f = frame({"a": 1}, {"a": "x"})
    assert rows(ResolveChoice.apply(frame=f, choice="cast:int", transformation_ctx="r")) == [{"a": 1}, {"a": None}]
    assert rows(Unbox.apply(frame=frame({"t": "1;2"}), path="t", format="csv", separator=";")) == [
        {"t": {"col0": "1", "col1": "2"}}
    ]
    assert rows(UnnestFrame.apply(frame=frame({"a": {"b": 1}}))) == [{"a.b": 1}]
    assert rows(SimplifyDDBJson.apply(frame=frame({"a": {"S": "x"}}))) == [{"a": "x"}]


@documented("transforms.Filter", "works")
@documented("transforms.Map", "works")
@documented("transforms.Join", "works")
@documented("transforms.Union", "works")
@documented("transforms.MergeDynamicFrame", "works")
@documented("transforms.ErrorsAsDynamicFrame", "works")
def test_records(frame):
    f = frame({"a": 1}, {"a": 2})
    assert rows(Filter.apply(frame=f, f=lambda r: r["a"] > 1)) == [{"a": 2}]
    assert rows(Map.apply(frame=f, f=lambda r: {"b": r["a"] * 2})) == [{"b": 2}, {"b": 4}]
    assert rows(Join.apply(f, frame({"k": 2}), "a", "k")) == [{"a": 2, "k": 2}]
    assert rows(Join.apply(frame1=f, frame2=frame({"k": 2}), keys1=["a"], keys2=["k"], transformation_ctx="j")) == [
        {"a": 2, "k": 2}
    ]
    assert Union.apply(frame1=f, frame2=f).count() == 4
    assert rows(MergeDynamicFrame.apply(f, frame({"a": 2}), ["a"])) == [{"a": 1}, {"a": 2}]
    failed = Map.apply(frame=f, f=lambda r: r["b"])
    assert ErrorsAsDynamicFrame.apply(failed).count() == 2


@documented("transforms.SplitFields", "works")
@documented("transforms.SplitRows", "works")
@documented("transforms.Relationalize", "works")
@documented("transforms.SelectFromCollection", "works")
@documented("transforms.Spigot", "works")
def test_collections_of_one_frame(frame, tmp_path):
    f = frame({"a": 1, "b": [1, 2]})
    assert rows(SelectFromCollection.apply(SplitFields.apply(f, ["a"], "x", "y"), "x")) == [{"a": 1}]
    assert SplitRows.apply(f, {"a": {"=": 1}}).keys() == ["frame1", "frame2"]
    assert Relationalize.apply(frame=f, staging_path=str(tmp_path), name="top").keys() == ["top", "top_b"]
    assert Spigot.apply(f, str(tmp_path / "s"), {"topk": 1}, "ctx").count() == 1


@documented("DynamicFrameCollection.__init__", "works")
@documented("DynamicFrameCollection.keys", "works")
@documented("DynamicFrameCollection.values", "works")
@documented("DynamicFrameCollection.select", "works")
@documented("DynamicFrameCollection.map", "works")
@documented("DynamicFrameCollection.flatmap", "works")
@documented("transforms.MapToCollection", "works")
@documented("transforms.FlatMap", "works")
def test_collections(frame, glue_ctx):
    c = DynamicFrameCollection({"one": frame({"a": 1, "b": 2}), "two": frame({"a": 3})}, glue_ctx)
    assert c.keys() == ["one", "two"] and len(c.values()) == len(c) == 2 and dict(c.items())["one"].count() == 1
    with pytest.raises(KeyError, match="no frame 'three'; it has"):
        c.select("three")
    contexts = []
    mapped = c.map(lambda f, ctx: (contexts.append(ctx), f.select_fields(["a"]))[1], "m_")
    assert [rows(f) for f in mapped.values()] == [[{"a": 1}], [{"a": 3}]] and contexts == ["m_one", "m_two"]
    flat = c.flatmap(lambda f, ctx: f.split_fields(["a"], "x", "y") if "b" in f.toDF().columns else f)
    assert flat.keys() == ["one_x", "one_y", "two"]
    selected = MapToCollection.apply(c, SelectFields, "frame", "ctx", paths=["a"])
    assert rows(selected["two"]) == [{"a": 3}] and "one" in selected
    assert FlatMap.apply(dfc=c, BaseTransform=SplitFields, frame_name="frame", paths=["a"]).keys() == [
        "one_frame1", "one_frame2", "two_frame1", "two_frame2"
    ]


@documented("GlueTransform.apply", "works")
@documented("GlueTransform.name", "works")
@documented("GlueTransform.describeArgs", "works")
@documented("GlueTransform.describeReturn", "works")
@documented("GlueTransform.describeTransform", "works")
@documented("GlueTransform.describeErrors", "differs", "it is always empty")
@documented("GlueTransform.describe", "works")
def test_transforms_describe_themselves():
    assert Join.name() == "Join"
    arguments = {a["name"]: a for a in SelectFields.describeArgs()}
    assert list(arguments) == ["frame", "paths", "transformation_ctx", "info", "stageThreshold", "totalThreshold"]
    assert (arguments["frame"]["optional"], arguments["info"]["defaultValue"]) == (False, "")
    assert set(arguments["frame"]) == {"name", "type", "description", "optional", "defaultValue"}
    assert SplitRows.describeReturn()["type"] == "DynamicFrameCollection"
    assert Map.describeTransform() and Map.describeErrors() == []
    assert set(Filter.describe()["transform"]) == {"name", "args", "returns", "raises", "location"}
    for describe in (GlueTransform.describeArgs, GlueTransform.describeReturn, GlueTransform.describeTransform):
        with pytest.raises(NotImplementedError):
            describe()


class Recorder:
    """Answers any method with its name and arguments."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: (name, args, kwargs)


@documented("DynamicFrameReader.from_options", "works")
@documented("DynamicFrameReader.from_rdd", "works")
@documented("DynamicFrameReader.from_catalog", "works")
def test_reader_asks_the_context():
    read = DynamicFrameReader(Recorder())
    assert read.from_options("s3", {"paths": ["p"]}, "csv", {"withHeader": True}, "ctx")[:2] == (
        "create_dynamic_frame_from_options", ("s3", {"paths": ["p"]}, "csv", {"withHeader": True}, "ctx", "")
    )
    assert read.from_rdd([1], "n")[:2] == ("create_dynamic_frame_from_rdd", ([1], "n", None, None))
    want = ("create_dynamic_frame_from_catalog", ("d", "t", "", "ctx", "p=1", {}, None), {})
    assert read.from_catalog(database="d", table_name="t", transformation_ctx="ctx", push_down_predicate="p=1") == want
    assert read.from_catalog(name_space="d", table_name="t", transformation_ctx="ctx", push_down_predicate="p=1") == want


@documented("DynamicFrameWriter.from_options", "works")
@documented("DynamicFrameWriter.from_catalog", "works")
@documented("DynamicFrameWriter.from_jdbc_conf", "works")
def test_writer_asks_the_context():
    write = DynamicFrameWriter(Recorder())
    assert write.from_options(frame=1, connection_type="s3", connection_options={"path": "p"}, format="json")[:2] == (
        "write_dynamic_frame_from_options", (1, "s3", {"path": "p"}, "json", {}, "")
    )
    assert write.from_catalog(frame=1, database="d", table_name="t")[1] == (1, "d", "t", "", "", {}, None)
    assert write.from_jdbc_conf(1, "c", {"dbtable": "t"})[1] == (1, "c", {"dbtable": "t"}, "", "", None)
