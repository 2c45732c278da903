# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Files that scripts read and write by paths, in S3 and in folders."""

import gzip
import json

import pytest
from conftest import rows
from docs_page import documented

from awsglue import _storage
from awsglue._options import Unsupported


@pytest.fixture(scope="session")
def glue_ctx(context):
    return context


@pytest.fixture
def put(server, lake, request):
    """A function that puts objects below a prefix of this test, whose location it returns."""
    prefix = request.node.name.replace("[", "-").replace("]", "")

    def put(**objects):
        for name, text in objects.items():
            body = text if isinstance(text, bytes) else text.encode()
            server.s3.put_object(Bucket=lake, Key="%s/%s" % (prefix, name.replace("__", "/").replace("_dot_", ".")), Body=body)
        return "s3://%s/%s/" % (lake, prefix)

    return put


def keys(server, lake, location):
    prefix = location.split(lake + "/", 1)[1]
    found = server.s3.list_objects_v2(Bucket=lake, Prefix=prefix).get("Contents", [])
    return [o["Key"][len(prefix):] for o in found]


def read(context, path, format="csv", options=None, **more):
    return context.create_dynamic_frame.from_options(
        connection_type="s3", connection_options={"paths": [path], **more}, format=format, format_options=options or {})


def by(frame, key):
    return sorted(rows(frame), key=lambda r: str(r[key]))


@documented("GlueContext.create_dynamic_frame_from_options", "differs",
            "connection types s3, file, parquet, orc, JDBC, custom.jdbc and custom.spark; formats csv, json, parquet, "
            "orc, avro and xml; others are refused by name. Hidden files (a leading dot or underscore) and empty ones are not read. "
            "csv: an escaper counts within quotes only, and a row has no more columns than its file's first line")
@documented("DynamicFrameReader.from_options", "differs", "as create_dynamic_frame_from_options")
def test_csv_columns_are_strings_in_each_files_own_order(context, put):
    path = put(a='id,name\n1,"x, y"\n2,\n3,"say ""hi"""\n', b="name,id,extra\nz,9,e\n", _SUCCESS="", empty="")
    frame = read(context, path, options={"withHeader": True})
    assert [(f.name, f.dataType.typeName()) for f in frame.schema()] == [
        ("id", "string"), ("name", "string"), ("extra", "string")]
    assert by(frame, "id") == [
        {"id": "1", "name": "x, y", "extra": None}, {"id": "2", "name": "", "extra": None},
        {"id": "3", "name": 'say "hi"', "extra": None}, {"id": "9", "name": "z", "extra": "e"}]


@pytest.mark.parametrize("options, want", [
    ({}, [{"col0": "a", "col1": "b"}, {"col0": "1", "col1": "'x;y'"}]),
    ({"withHeader": "true"}, [{"a": "1", "b": "'x;y'"}]),
    ({"skipFirst": True}, [{"col0": "1", "col1": "'x;y'"}]),
    ({"quoteChar": "'", "withHeader": True}, [{"a": "1", "b": "x;y"}]),
    ({"separator": ",", "quoteChar": "'"}, [{"col0": "a;b"}, {"col0": "1;x;y"}]),
])
def test_csv_options(context, put, options, want):
    path = put(f="a;b\n1;'x;y'\n" if options.get("separator") != "," else "a;b\n'1;x;y'\n")
    options = {"separator": ";", **options}
    if "'" not in options.get("quoteChar", "") and "separator" in options:
        options.setdefault("quoteChar", -1)
        want = [{k: v.split(";")[0] for k, v in row.items()} for row in want]
    assert rows(read(context, path, options=options)) == want


def test_csv_records_over_several_lines_and_compressed(context, put):
    path = put(f_dot_csv_dot_gz=gzip.compress(b'id,"te\nxt"\n1,"a\nb"\n'))
    options = {"withHeader": True, "multiLine": "true"}
    assert rows(read(context, path, options=options, compressionType="gzip")) == [{"id": "1", "te\nxt": "a\nb"}]
    with pytest.raises(Unsupported, match="does not end in .bz2"):
        read(context, path, options=options, compressionType="bzip2")


def test_folders_are_read_with_recurse_and_without_exclusions(context, put):
    path = put(a_dot_json='{"n": 1}', sub__b_dot_json='{"n": 2}', sub__c_dot_tmp='{"n": 3}', _dot_hidden='{"n": 4}')
    assert by(read(context, path, "json"), "n") == [{"n": 1}]
    assert by(read(context, path, "json", recurse=True), "n") == [{"n": 1}, {"n": 2}, {"n": 3}]
    for exclusions in ('["**.tmp"]', ["sub/c*"], [path + "sub/{c,d}.*"]):
        assert by(read(context, path, "json", recurse=True, exclusions=exclusions), "n") == [{"n": 1}, {"n": 2}]
    both = context.create_dynamic_frame.from_options(
        "s3", {"paths": [path + "a.json", path + "sub/"], "groupFiles": "inPartition", "groupSize": "1048576"}, "json")
    assert by(both, "n") == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert rows(read(context, path + "none/", "json")) == []


def test_names_that_need_care(context, server, lake):
    for n, name in enumerate(["a b", "c%3Ad", "e[1]", "f{2}", "g*", "h'i", "ü", "k=v"]):
        server.s3.put_object(Bucket=lake, Key="care/%s/%s.json" % (name, name), Body=json.dumps({"n": n}))
    frame = read(context, "s3://lake/care/", "json", recurse=True)
    assert [r["n"] for r in by(frame, "n")] == list(range(8))
    frame = read(context, "s3://lake/care/", "json", recurse=True, exclusions=["a b/*"])
    assert [r["n"] for r in by(frame, "n")] == list(range(1, 8))


def test_many_files_and_a_few_left_out(context, put, spark):
    path = put(**{"f%02d_dot_csv" % n: "id\n%d\n" % n for n in range(50)})
    frame = read(context, path, options={"withHeader": True}, exclusions=["f0*"])
    assert sorted(int(r["id"]) for r in rows(frame)) == list(range(10, 50))
    bounded = read(context, path, options={"withHeader": True}, boundedFiles="3")
    assert bounded.count() == 3


def test_json_records_that_disagree(context, put):
    path = put(a='{"id": 1, "v": {"w": [1, 2]}}\n{"id": "x", "big": 5000000000}\nno json\n', b='[{"id": 2}, {"id": 3}]')
    frame = read(context, path, "json")
    assert frame.schema().field_map["id"].dataType.typeName() == "choice"
    assert frame.schema().field_map["big"].dataType.typeName() == "long"
    assert by(frame, "id") == [
        {"id": 1, "v": {"w": [1, 2]}, "big": None}, {"id": 2, "v": None, "big": None},
        {"id": 3, "v": None, "big": None}, {"id": "x", "v": None, "big": 5000000000}]


def test_json_path_and_multiline(context, put):
    path = put(a='{"meta": 1,\n "records": [{"n": 1},\n {"n": 2}]}', b='{"records": [{"n": 3}]}')
    frame = read(context, path, "json", {"jsonPath": "$.records[*]", "multiline": True})
    assert by(frame, "n") == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_xml(context, put):
    path = put(
        a='<?xml version="1.0" encoding="UTF-8"?><shop xmlns="urn:x"><order id="1"><item>a</item><item>b</item>'
        '<sum cur="CHF">9.5</sum><note/></order></shop>',
        b='<shop><order id="2"><item>c</item><sum cur="EUR">7</sum><paid>true</paid></order></shop>')
    frame = read(context, path, "xml", {"rowTag": "order"})
    assert by(frame, "_id") == [
        {"_id": 1, "item": ["a", "b"], "sum": {"_cur": "CHF", "_VALUE": 9.5}, "note": None, "paid": None},
        {"_id": 2, "item": ["c"], "sum": {"_cur": "EUR", "_VALUE": 7}, "note": None, "paid": True}]
    with pytest.raises(ValueError, match="needs the format option rowTag"):
        read(context, path, "xml")


@documented("GlueContext.write_dynamic_frame_from_options", "differs",
            "files are named part-… as Spark names them, not run-…; connection types and formats as those that are read")
@documented("DynamicFrameWriter.from_options", "differs", "as write_dynamic_frame_from_options")
@documented("DynamicFrame.write", "differs", "as write_dynamic_frame_from_options")
@pytest.mark.parametrize("format", ["json", "csv", "parquet", "glueparquet", "orc", "avro"])
def test_what_is_written_can_be_read(context, put, frame, server, lake, format):
    path = put(old="") + "out"
    records = [{"id": 1, "day": "d:1", "text": 'a "b", c'}, {"id": 2, "day": "d2", "text": ""}, {"id": 3, "day": "d2", "text": "ü"}]
    options = {"path": path, "partitionKeys": ["day"]}
    made = frame(*records)
    assert context.write_dynamic_frame.from_options(made, "s3", options, format) is made
    made.write("s3", options, format)
    names = keys(server, lake, path + "/")
    assert {n.split("/")[0] for n in names} == {"day=d%3A1", "day=d2"}
    assert len(names) >= 4 and not any(n.endswith("_SUCCESS") for n in names)
    again = read(context, path, format, {"withHeader": True}, recurse=True)
    want = sorted([{"id": str(r["id"]) if format == "csv" else r["id"], "text": r["text"]} for r in records] * 2, key=str)
    got = sorted(({"id": r["id"], "text": r["text"] or ""} for r in rows(again)), key=str)
    assert got == want


def test_choices_are_written_as_the_values_they_have(context, put, frame):
    path = put(x="")
    made = frame({"k": "p", "v": 1}, {"k": "p", "v": "one"})
    context.write_dynamic_frame.from_options(made, "s3", {"path": path + "json", "partitionKeys": ["k"]}, "json")
    assert sorted(rows(read(context, path + "json", "json", recurse=True)), key=str) == [{"v": "one"}, {"v": 1}]
    context.write_dynamic_frame.from_options(made, "s3", {"path": path + "csv"}, "csv", {"writeHeader": False, "separator": "|"})
    assert by(read(context, path + "csv", options={"separator": "|"}), "col1") == [
        {"col0": "p", "col1": "1"}, {"col0": "p", "col1": "one"}]


def test_csv_without_quotes_and_compressed(context, put, frame, server, lake):
    path = put(x="") + "out"
    context.write_dynamic_frame.from_options(
        frame({"a": 'x "y"', "b": "1,2"}), "s3", {"path": path, "compression": "gzip"}, "csv", {"quoteChar": -1})
    texts = [
        gzip.decompress(server.s3.get_object(Bucket=lake, Key=path.split(lake + "/")[1] + "/" + k)["Body"].read()).decode()
        for k in keys(server, lake, path + "/") if k.endswith(".csv.gz")]
    assert 'a,b\nx "y",1,2\n' in texts


def test_files_of_contradicting_types_give_choices(context, frame, put):
    path = put(x="") + "out"
    context.write_dynamic_frame.from_options(frame({"v": 1, "w": 1}), "s3", {"path": path}, "parquet")
    context.write_dynamic_frame.from_options(frame({"v": "one"}), "s3", {"path": path}, "parquet")
    assert sorted((r["v"] for r in rows(read(context, path, "parquet"))), key=str) == [1, "one"]


def test_a_frame_without_fields_writes_nothing(context, put, server, lake, capfd):
    path = put(x="")
    empty = read(context, path + "none/", "json")
    context.write_dynamic_frame.from_options(empty, "s3", {"path": path + "out"}, "parquet")
    assert keys(server, lake, path + "out") == []
    assert "nothing is written" in capfd.readouterr().err


@documented("GlueContext.getSource", "differs", "connection types and formats as create_dynamic_frame_from_options")
@documented("DataSource.setFormat", "works")
@documented("DataSource.getFrame", "works")
def test_get_source_of_a_folder(context, tmp_path):
    (tmp_path / "a.json").write_text('{"n": 1}\n{"n": 2}\n')
    source = context.getSource("file", paths=[str(tmp_path)])
    source.setFormat("json")
    assert by(source.getFrame(), "n") == [{"n": 1}, {"n": 2}]
    (tmp_path / "b.csv").write_text("n\n3\n")
    source = context.getSource("file", paths=[str(tmp_path / "b.csv")])
    source.setFormat("csv", withHeader=True)
    assert rows(source.getFrame()) == [{"n": "3"}]


@documented("GlueContext.create_sample_dynamic_frame_from_options", "works")
def test_samples(context, put):
    path = put(**{"d%d__f%d" % (d, f): '{"n": 1}\n' * 5 for d in range(3) for f in range(2)})
    sample = context.create_sample_dynamic_frame_from_options(
        "s3", {"paths": [path], "recurse": True}, num=7, format="json")
    assert sample.count() == 7
    options = {"maxSamplePartitions": 2, "maxSampleFilesPerPartition": 1}
    sample = context.create_sample_dynamic_frame_from_options(
        "s3", {"paths": [path], "recurse": True}, num=100, sample_options=options, format="json")
    assert sample.count() == 10


@documented("DataSink.setFormat", "works")
@documented("DataSink.writeFrame", "works")
@documented("DataSink.write", "works", "each frame of a collection goes to a folder, or a table, of its name")
@documented("DataSink.setAccumulableSize", "works", "accepted; nothing is accumulated")
@documented("GlueContext.getSink", "differs", "connection types and formats as write_dynamic_frame_from_options")
@documented("GlueContext.write_from_options", "differs", "as write_dynamic_frame_from_options")
def test_sinks_and_collections(context, put, frame):
    from awsglue.dynamicframe import DynamicFrameCollection

    path = put(x="")
    sink = context.getSink("s3", path=path + "one")
    sink.setFormat("json")
    sink.setAccumulableSize(10)
    sink.writeFrame(frame({"n": 1}))
    assert rows(read(context, path + "one", "json")) == [{"n": 1}]
    both = DynamicFrameCollection({"a": frame({"n": 2}), "b": frame({"n": 3})}, context)
    context.write_from_options(both, "s3", {"path": path + "two"}, "json")
    assert rows(read(context, path + "two/b", "json")) == [{"n": 3}]


def test_a_bookmark_reads_each_file_once(context, put, bookmarks):
    def unread():
        frame = context.create_dynamic_frame.from_options(
            "s3", {"paths": [path], "recurse": True}, "json", transformation_ctx="in")
        return sorted(r["n"] for r in rows(frame))

    path = put(a='{"n": 1}')
    run = bookmarks()
    assert unread() == [1]
    run.commit()
    put(sub__b='{"n": 2}')
    run = bookmarks()
    assert unread() == [2]
    run = bookmarks()  # as nothing was committed
    assert unread() == [2]
    run.commit()
    bookmarks()
    assert unread() == []


def test_a_bookmark_reads_a_bounded_number_of_files_at_a_time(context, put, bookmarks):
    path = put(**{"f%d" % n: '{"n": %d}' % n for n in range(5)})
    got = []
    for bounds, count in (({"boundedFiles": "2"}, 2), ({"boundedSize": 20}, 2), ({"boundedFiles": 9}, 1), ({}, 0)):
        run = bookmarks()
        frame = context.create_dynamic_frame.from_options(
            "s3", {"paths": [path], **bounds}, "json", transformation_ctx="in")
        read_now = [r["n"] for r in rows(frame)]
        assert len(read_now) == count
        got += read_now
        run.commit()
    assert sorted(got) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind, format, options, error, match", [
    ("s3", None, {"paths": ["s3://lake/"]}, ValueError, 'files need a format, for example format="json"'),
    ("s3", "yaml", {"paths": ["s3://lake/"]}, ValueError, "unknown format 'yaml'"),
    ("s3", "ion", {"paths": ["s3://lake/"]}, Unsupported, "format ion is not built here"),
    ("s3", "json", {}, ValueError, "the connection option paths is missing"),
    ("s3", "json", {"paths": ["s3://lake/"], "recurse": "perhaps"}, ValueError, "option recurse is 'perhaps'; give true or false"),
    ("dynamodb", None, {}, Unsupported, "connection type dynamodb is not built here; use boto3"),
    ("marketplace.spark", None, {}, Unsupported, "custom.jdbc or custom.spark"),
    ("kafka", None, {}, Unsupported, "use create_data_frame.from_options"),
    ("carrier pigeon", None, {}, ValueError, "unknown connection type 'carrier pigeon'; there are: s3"),
])
def test_refused(context, lake, kind, format, options, error, match):
    with pytest.raises(error, match=match):
        context.create_dynamic_frame.from_options(kind, options, format)


@pytest.mark.parametrize("glob, path, matches", [
    ("*.csv", "a.csv", True), ("*.csv", "b/a.csv", False), ("**.csv", "b/a.csv", True), ("a?c", "abc", True),
    ("a?c", "a/c", False), ("{x,y}/*", "y/1", True), ("[a-c]1", "b1", True), ("[!a-c]1", "b1", False),
    ("a.b", "axb", False), ("\\*", "*", True), ("b/**", "b/c/d", True),
])
def test_globs(glob, path, matches):
    import re

    assert bool(re.fullmatch(_storage.glob_pattern(glob), path)) == matches
