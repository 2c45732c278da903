# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Tables of the Data Catalog that scripts read and write, on a real server."""

import datetime
import decimal

import pytest
from conftest import rows
from docs_page import documented
from pyspark.sql import types as T

from awsglue import _partitions
from awsglue._options import Unsupported

SERDES = {
    "csv": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    "opencsv": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
    "json": "org.openx.data.jsonserde.JsonSerDe",
    "hivejson": "org.apache.hive.hcatalog.data.JsonSerDe",
    "none": "org.example.Unknown",
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
}


@pytest.fixture(scope="session")
def glue_ctx(context):
    return context


@pytest.fixture(scope="session")
def database(server, lake):
    server.glue.create_database(DatabaseInput={"Name": "shop"})
    return "shop"


@pytest.fixture
def table(server, database, request):
    """A function that makes a table of this test's name, at its location."""
    name = request.node.name.lower().replace("[", "_").replace("]", "").replace("-", "_")

    def make(serde, columns, keys=(), parameters=None, serde_parameters=None, location=None):
        storage = {
            "Columns": [{"Name": n, "Type": t} for n, t in columns],
            "Location": location or "s3://lake/tables/%s/" % name,
            "SerdeInfo": {"SerializationLibrary": SERDES[serde], "Parameters": serde_parameters or {}},
        }
        server.glue.create_table(DatabaseName=database, TableInput={
            "Name": name, "StorageDescriptor": storage, "PartitionKeys": [{"Name": n, "Type": t} for n, t in keys],
            "Parameters": parameters or {}})
        return name

    def put(key, text):
        server.s3.put_object(Bucket="lake", Key="tables/%s/%s" % (name, key), Body=text.encode())

    def partition(values, folder, **storage):
        location = "s3://lake/tables/%s/%s" % (name, folder)
        server.glue.create_partition(DatabaseName=database, TableName=name, PartitionInput={
            "Values": values, "StorageDescriptor": {"Location": location, **storage}})

    make.put, make.partition, make.name = put, partition, name
    return make


def read(context, name, **more):
    return context.create_dynamic_frame.from_catalog(database="shop", table_name=name, **more)


def kinds(frame):
    return [(f.name, f.dataType.typeName()) for f in frame.schema()]


@documented("GlueContext.create_dynamic_frame_from_catalog", "differs",
            "tables in S3 as csv, json, parquet, orc or avro, and tables of databases; streams are refused. "
            "redshift_tmp_dir is not needed")
@documented("DynamicFrameReader.from_catalog", "differs", "as create_dynamic_frame_from_catalog")
def test_csv_with_the_catalogs_types(context, table):
    columns = [("id", "bigint"), ("price", "decimal(10,2)"), ("day", "date"), ("name", "varchar(20)"), ("n", "int")]
    name = table("csv", columns, parameters={"classification": "csv", "skip.header.line.count": "1"},
                 serde_parameters={"field.delim": ";"})
    table.put("a.csv", 'ID;P;D;NAME;N\n1;9.50;2024-02-29;"x;y";7\n2;;;;many\n')
    table.put("below/b.csv", "ID;P;D;NAME;N\n3;1;2024-03-01;z;8\n")
    frame = read(context, name)
    assert kinds(frame) == [("id", "long"), ("price", "decimal"), ("day", "date"), ("name", "string"), ("n", "choice")]
    assert sorted(rows(frame), key=lambda r: r["id"]) == [
        {"id": 1, "price": decimal.Decimal("9.50"), "day": datetime.date(2024, 2, 29), "name": "x;y", "n": 7},
        {"id": 2, "price": None, "day": None, "name": "", "n": "many"},
        {"id": 3, "price": decimal.Decimal("1.00"), "day": datetime.date(2024, 3, 1), "name": "z", "n": 8}]
    resolved = frame.resolveChoice(choice="match_catalog", database="shop", table_name=name)
    assert dict(kinds(resolved))["n"] == "int"


def test_open_csv(context, table):
    name = table("opencsv", [("a", "string"), ("b", "string")],
                 serde_parameters={"separatorChar": "|", "quoteChar": "'", "escapeChar": "\\"})
    table.put("x", "1|'a|b'\n")
    assert rows(read(context, name)) == [{"a": "1", "b": "a|b"}]


@pytest.mark.parametrize("serde", ["json", "hivejson"])
def test_json_with_the_catalogs_types(context, table, serde):
    name = table(serde, [("id", "bigint"), ("at", "timestamp"), ("v", "struct<w:int>"), ("gone", "string"), ("f", "double")])
    table.put("x.json", '{"id": 1, "at": "2024-01-01 02:03:04", "v": {"w": 5}, "f": 1, "more": true}\n')
    frame = read(context, name)
    assert kinds(frame) == [("id", "long"), ("at", "timestamp"), ("v", "struct"), ("gone", "string"), ("f", "double"),
                            ("more", "boolean")]
    assert rows(frame) == [{"id": 1, "at": datetime.datetime(2024, 1, 1, 2, 3, 4), "v": {"w": 5}, "gone": None, "f": 1.0,
                            "more": True}]


def test_partitions_with_their_own_places_and_formats(context, table):
    name = table("csv", [("id", "int")], [("year", "int"), ("city", "string")], {"classification": "csv"},
                 {"field.delim": ","})
    for values, folder, text in (
        (["2023", "Bern"], "year=2023/city=Bern/", "1\n2\n"), (["2024", "Genève: a b%"], "elsewhere/x y%3A/", "3\n"),
        (["2024", "empty"], "year=2024/city=empty/", None),
    ):
        table.partition(values, folder)
        if text:
            table.put(folder + "f", text)
    table.partition(["2025", "json"], "as-json/", SerdeInfo={"SerializationLibrary": SERDES["json"]})
    table.put("as-json/f", '{"id": 4}\n')
    table.put("year=2020/city=unknown/f", "9\n")  # which the catalog does not know
    frame = read(context, name)
    assert kinds(frame) == [("id", "int"), ("year", "int"), ("city", "string")]
    everything = [
        {"id": 1, "year": 2023, "city": "Bern"}, {"id": 2, "year": 2023, "city": "Bern"},
        {"id": 3, "year": 2024, "city": "Genève: a b%"}, {"id": 4, "year": 2025, "city": "json"}]
    assert sorted(rows(frame), key=lambda r: r["id"]) == everything
    for predicate, ids in {
        "year = 2024": [3], "year in (2023, 2025) and city != 'json'": [1, 2], "year == 2024": [3],
        "year > '2023' or length(city) = 4": [1, 2, 3, 4], "city between 'A' and 'C'": [1, 2], "city like '%e: a%'": [3],
        "year = 1999": [],
    }.items():
        got = read(context, name, push_down_predicate=predicate)
        assert (predicate, sorted(r["id"] for r in rows(got))) == (predicate, ids)
        assert kinds(got) == kinds(frame)
    options = {"catalogPartitionPredicate": "year > 2023"}
    assert sorted(r["id"] for r in rows(read(context, name, additional_options=options))) == [3, 4]
    got = read(context, name, push_down_predicate="city = 'json'", additional_options=options)
    assert [r["id"] for r in rows(got)] == [4]
    with pytest.raises(ValueError, match="push_down_predicate 'cty = 1' can not be used on the partition keys year, city"):
        read(context, name, push_down_predicate="cty = 1")


def test_what_glues_expressions_mean_as_spark_does(table):
    from awsglue._catalog import get_table

    found = get_table("shop", table("csv", [("id", "int")], [("year", "int"), ("city", "string"), ("day", "date")]))
    for predicate, same in {
        "year = 2024": True, "year in (1, 2) and city <> 'it'": False, "city <> 'it'": True, "year == 1": False,
        "year = '2024'": False, "city = 1": False, "day > '2024-01-01'": False, "year between 1 and 2": True,
        "city like 'a%'": False, "length(city) = 2": False, "(NOT year = 1)": True, "city = 'a\\'b'": False,
    }.items():
        assert (predicate, _partitions._same_in_glue(predicate, found)) == (predicate, same)


def test_an_empty_table_has_the_catalogs_schema(context, table, bookmarks):
    name = table("parquet", [("id", "bigint"), ("v", "array<string>")], [("day", "date")])
    frame = read(context, name)
    assert kinds(frame) == [("id", "long"), ("v", "array"), ("day", "date")] and frame.count() == 0
    bookmarks()
    assert kinds(read(context, name, transformation_ctx="t")) == kinds(frame)


def test_a_bookmark_over_partitions(context, table, bookmarks):
    name = table("json", [("id", "int")], [("p", "string")])

    def unread():
        return sorted((r["id"], r["p"]) for r in rows(read(context, name, transformation_ctx="t")))

    table.partition(["a"], "p=a/")
    table.put("p=a/1", '{"id": 1}')
    run = bookmarks()
    assert unread() == [(1, "a")]
    run.commit()
    table.partition(["b"], "p=b/")
    table.put("p=a/2", '{"id": 2}')
    table.put("p=b/3", '{"id": 3}')
    bookmarks()
    assert unread() == [(2, "a"), (3, "b")]


@documented("GlueContext.create_sample_dynamic_frame_from_catalog", "works")
@documented("GlueContext.create_data_frame_from_catalog", "works", "useSparkDataSource and useCatalogSchema change nothing")
def test_samples_and_data_frames(context, table):
    name = table("json", [("id", "int")], [("p", "string")])
    for p in "abc":
        table.partition([p], "p=%s/" % p)
        table.put("p=%s/f" % p, '{"id": 1}\n{"id": 2}\n')
    sample = context.create_sample_dynamic_frame_from_catalog("shop", name, num=3)
    assert sample.count() == 3
    sample = context.create_sample_dynamic_frame_from_catalog("shop", name, 9, sample_options={"maxSamplePartitions": 1})
    assert sample.count() == 2
    df = context.create_data_frame.from_catalog("shop", name, additional_options={"useSparkDataSource": True})
    assert df.schema == T.StructType([T.StructField("id", T.IntegerType()), T.StructField("p", T.StringType())])
    assert df.count() == 6
    assert context.get_catalog_schema_as_spark_schema("shop", name) == df.schema


@documented("GlueContext.write_dynamic_frame_from_catalog", "works")
@documented("DynamicFrameWriter.from_catalog", "works")
@documented("GlueContext.write_data_frame_from_catalog", "works")
@pytest.mark.parametrize("serde, parameters", [
    ("parquet", {}), ("json", {}), ("csv", {"classification": "csv", "skip.header.line.count": "1"}),
    ("csv", {"classification": "csv"}),
])
def test_writing_a_table_in_its_format(context, table, frame, server, serde, parameters):
    name = table(serde, [("id", "int"), ("text", "string")], [("p", "string")], parameters, {"field.delim": ","})
    made = frame({"text": "a", "id": 1, "p": "x"}, {"text": "b, c", "id": 2, "p": "y"})
    context.write_dynamic_frame.from_catalog(frame=made, database="shop", table_name=name)
    assert server.glue.get_partitions(DatabaseName="shop", TableName=name)["Partitions"] == []
    options = {"enableUpdateCatalog": True, "partitionKeys": ["p"], "updateBehavior": "LOG"}
    context.write_data_frame.from_catalog(made.toDF(), "shop", name, additional_options=options)
    got = server.glue.get_partitions(DatabaseName="shop", TableName=name)["Partitions"]
    assert sorted((p["Values"], p["StorageDescriptor"]["Location"]) for p in got) == [
        ([v], "s3://lake/tables/%s/p=%s/" % (name, v)) for v in ("x", "y")]
    assert sorted(rows(read(context, name)), key=lambda r: r["id"]) == [
        {"id": 1, "text": "a", "p": "x"}] * 2 + [{"id": 2, "text": "b, c", "p": "y"}] * 2


@documented("DataSink.setCatalogInfo", "works",
            "enableUpdateCatalog, partitionKeys and updateBehavior; the new partitions are those that got files")
@pytest.mark.parametrize("format", ["glueparquet", "json", "csv", "avro", "orc"])
def test_a_sink_makes_and_updates_the_table(context, table, frame, server, format):
    name, path = table.name, "s3://lake/tables/%s" % table.name

    def write(made, **options):
        sink = context.getSink("s3", path=path, enableUpdateCatalog=True, partitionKeys=["day", "city"], **options)
        sink.setFormat(format)
        sink.setCatalogInfo(catalogDatabase="shop", catalogTableName=name)
        sink.writeFrame(made)

    first = {"id": 1, "text": "a", "day": "2024-01-01", "city": "a b:c"}
    write(frame(first))
    found = server.glue.get_table(DatabaseName="shop", Name=name)["Table"]
    assert found["Parameters"]["classification"] == format.replace("glue", "")
    assert [(c["Name"], c["Type"]) for c in found["StorageDescriptor"]["Columns"]] == [("id", "int"), ("text", "string")]
    assert [k["Name"] for k in found["PartitionKeys"]] == ["day", "city"]
    second = {"id": 2, "text": "b", "n": 5000000000, "day": "2024-01-02", "city": "d"}
    write(frame(second), updateBehavior="LOG")
    found = server.glue.get_table(DatabaseName="shop", Name=name)["Table"]
    assert (len(found["StorageDescriptor"]["Columns"]), found["VersionId"]) == (2, "0")
    write(frame(second))
    write(frame(second))
    found = server.glue.get_table(DatabaseName="shop", Name=name)["Table"]
    assert [c["Type"] for c in found["StorageDescriptor"]["Columns"]] == ["int", "string", "bigint"]
    assert found["VersionId"] == "1"
    got = server.glue.get_partitions(DatabaseName="shop", TableName=name)["Partitions"]
    assert sorted(p["Values"] for p in got) == [["2024-01-01", "a b:c"], ["2024-01-02", "d"]]
    if format != "csv":
        records = rows(read(context, name))
        assert sorted((r["id"], r["text"], r["n"], r["day"], r["city"]) for r in records if r["id"] == 2) == [
            (2, "b", 5000000000, "2024-01-02", "d")] * 3
        assert [r["city"] for r in records if r["id"] == 1] == ["a b:c"]


@pytest.mark.parametrize("call, error, match", [
    (lambda c, f: read(c, "none"), ValueError, "the Data Catalog has no table shop.none"),
    (lambda c, f: read(c, ""), ValueError, "give both the database and the table"),
    (lambda c, f: c.getSink("s3", path="s3://lake/x", enableUpdateCatalog=True).setFormat("json").writeFrame(f),
     ValueError, "call setCatalogInfo"),
    (lambda c, f: c.getSink("s3", path="s3://lake/x", partitionKeys=["q"]).setFormat("json").writeFrame(f),
     ValueError, "the frame has no column q; it has id"),
    (lambda c, f: c.getSink("s3", path="s3://lake/refused", enableUpdateCatalog=True).setFormat("json")
     .setCatalogInfo("nowhere", "t").writeFrame(f), ValueError, "has no database nowhere"),
])
def test_refused(context, database, frame, call, error, match):
    with pytest.raises(error, match=match):
        call(context, frame({"id": 1}))


def test_tables_of_other_formats_are_refused(context, table):
    name = table("none", [("id", "int")], parameters={"classification": "protobuf"})
    with pytest.raises(Unsupported, match="table shop.%s has classification 'protobuf'" % name):
        read(context, name)


@documented("GlueContext.purge_table", "differs", "writes no manifest; all files are of the class STANDARD")
def test_purge_of_a_table_with_partitions(context, table, server):
    name = table("csv", [("id", "bigint")], keys=[("day", "string")], parameters={"classification": "csv"})
    for day in ("1", "2"):
        table.put("day=%s/a.csv" % day, day + "\n")
        table.partition([day], "day=%s/" % day, SerdeInfo={"SerializationLibrary": SERDES["csv"]})
    context.purge_table("shop", name)
    assert len(rows(read(context, name))) == 2  # younger than a week
    context.purge_table("shop", name, {"partitionPredicate": "(day == '1')", "retentionPeriod": 0})
    assert rows(read(context, name)) == [{"id": 2, "day": "2"}]
    left = server.glue.get_partitions(DatabaseName="shop", TableName=name)["Partitions"]
    assert [p["Values"] for p in left] == [["2"]]
