# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Tables of a real PostgreSQL, by URL, by connection and by the Data Catalog."""

import datetime

import pytest
from conftest import rows
from docs_page import documented

from awsglue import _connections, _jdbc
from awsglue._options import Unsupported


@pytest.fixture(scope="session")
def glue_ctx(context):
    return context


@pytest.fixture
def options(postgres):
    def of(**more):
        return {"url": postgres.url, "user": postgres.user, "password": postgres.password, **more}

    return of


@pytest.fixture(scope="session")
def connection(server, postgres):
    server.glue.create_connection(ConnectionInput={
        "Name": "pg", "ConnectionType": "JDBC", "ConnectionProperties": {
            "JDBC_CONNECTION_URL": postgres.url, "USERNAME": postgres.user, "PASSWORD": postgres.password,
            "JDBC_ENFORCE_SSL": "false"}})
    return "pg"


@pytest.fixture(scope="session")
def orders(postgres):
    postgres.sql("CREATE SCHEMA sales")
    postgres.sql("CREATE TABLE sales.orders (id int PRIMARY KEY, customer text, at timestamp)")
    postgres.sql(
        "INSERT INTO sales.orders SELECT n, CASE WHEN n % 10 > 0 THEN 'c' || n % 7 END, timestamp '2024-01-01' + n * interval '1 hour' "
        "FROM generate_series(1, 100) n")
    return "sales.orders"


def read(context, options, kind="postgresql", **more):
    return context.create_dynamic_frame.from_options(kind, options, **more)


def ids(frame):
    return sorted(r["id"] for r in rows(frame))


def test_a_table_by_url(context, options, orders):
    frame = read(context, options(dbtable=orders))
    assert [(f.name, f.dataType.typeName()) for f in frame.schema()] == [
        ("id", "int"), ("customer", "string"), ("at", "timestamp")]
    assert rows(frame)[0] == {"id": 1, "customer": "c1", "at": datetime.datetime(2024, 1, 1, 1)}
    assert ids(frame) == list(range(1, 101))


@pytest.mark.parametrize("more", [
    {"hashfield": "customer", "hashpartitions": "3"}, {"hashexpression": "id", "hashpartitions": 5}, {"hashfield": "at"},
])
def test_parallel_reads_take_every_row_once(context, options, orders, more):
    frame = read(context, options(dbtable=orders, **more))
    assert frame.getNumPartitions() == int(more.get("hashpartitions", 7))
    assert ids(frame) == list(range(1, 101))


def test_queries(context, options, orders):
    query = "SELECT id FROM sales.orders WHERE id <= 10"
    assert ids(read(context, options(dbtable=orders, sampleQuery=query))) == list(range(1, 11))
    more = {"sampleQuery": query + " AND", "hashexpression": "id", "enablePartitioningForSampleQuery": True}
    assert ids(read(context, options(dbtable=orders, **more))) == list(range(1, 11))
    custom = options(className="org.postgresql.Driver", query=query)
    assert ids(read(context, custom, "custom.jdbc")) == list(range(1, 11))


@documented("GlueContext.extract_jdbc_conf", "works")
def test_a_connection(context, connection, orders, postgres):
    conf = context.extract_jdbc_conf(connection)
    assert conf == {
        "user": "loader", "password": "s3cret pass", "vendor": "postgresql", "enforceSSL": "false", "customJDBCCert": "",
        "skipCustomJDBCCertValidation": "false", "customJDBCCertString": "",
        "url": postgres.url.rsplit("/", 1)[0], "fullUrl": postgres.url}
    options = {"useConnectionProperties": "true", "connectionName": connection, "dbtable": orders}
    assert ids(read(context, options)) == list(range(1, 101))


@documented("GlueContext.write_dynamic_frame_from_jdbc_conf", "works")
@documented("GlueContext.write_from_jdbc_conf", "works")
@documented("DynamicFrameWriter.from_jdbc_conf", "works")
def test_writing_by_connection(context, connection, frame, postgres):
    from awsglue.dynamicframe import DynamicFrameCollection

    made = frame({"id": 1, "v": "a"}, {"id": 2, "v": 7})
    for _ in range(2):
        context.write_dynamic_frame.from_jdbc_conf(
            made, catalog_connection=connection, connection_options={"dbtable": "public.made", "database": "postgres"})
    assert postgres.sql("SELECT id, v FROM made ORDER BY 1, 2") == [(1, "a"), (1, "a"), (2, "7"), (2, "7")]
    both = DynamicFrameCollection({"one": frame({"x": 1}), "two": frame({"x": 2})}, context)
    context.write_from_jdbc_conf(both, connection, {"database": "postgres"})
    assert postgres.sql("SELECT one.x, two.x FROM one, two") == [(1, 2)]


def test_actions_around_a_write(context, options, frame, postgres):
    actions = {
        "preactions": "CREATE TABLE stage (id int); CREATE TABLE target (id int);",
        "postactions": "BEGIN; INSERT INTO target SELECT id * 10 FROM stage; DROP TABLE stage; END;"}
    context.write_dynamic_frame.from_options(
        frame({"id": 4}), "postgresql", options(dbtable="stage", bulkSize="10", **actions))
    assert postgres.sql("SELECT id FROM target") == [(40,)]


def test_a_table_of_the_catalog(context, connection, server, orders, frame, postgres):
    server.glue.create_database(DatabaseInput={"Name": "indb"})
    for name, location in (("orders", "postgres." + orders), ("fresh", "postgres.sales.fresh")):
        server.glue.create_table(DatabaseName="indb", TableInput={
            "Name": name, "Parameters": {"classification": "postgresql", "connectionName": connection, "typeOfData": "table"},
            "StorageDescriptor": {"Location": location, "Columns": [{"Name": "id", "Type": "int"}]}})
    options = {"hashfield": "id", "hashpartitions": "2"}
    got = context.create_dynamic_frame.from_catalog("indb", "orders", additional_options=options)
    assert ids(got) == list(range(1, 101)) and got.getNumPartitions() == 2
    context.write_dynamic_frame.from_catalog(frame({"id": 6}), "indb", "fresh")
    assert postgres.sql("SELECT id FROM sales.fresh") == [(6,)]


@pytest.mark.parametrize("keys, order", [(None, "asc"), (["at", "id"], "asc"), (["id"], "desc")])
def test_a_bookmark_reads_each_row_once(context, options, postgres, bookmarks, keys, order):
    table = "marked_%s" % len(keys or "") + order
    postgres.sql("CREATE TABLE %s (id int PRIMARY KEY, at timestamp)" % table)
    more = {"jobBookmarkKeys": keys, "jobBookmarkKeysSortOrder": order} if keys else {}

    def add(*new):
        for n in new:
            postgres.sql("INSERT INTO %s VALUES (%d, timestamp '2024-01-01' + %d * interval '1 us')" % (table, n, abs(n)))

    def unread():
        return read(context, options(dbtable=table, **more), transformation_ctx="t")

    sign = -1 if order == "desc" else 1
    add(sign, 2 * sign)
    run = bookmarks()
    frame = unread()
    add(3 * sign)  # after the source was made: for the next run
    assert ids(frame) == sorted([sign, 2 * sign])
    run.commit()
    run = bookmarks()
    assert ids(unread()) == [3 * sign]
    run.commit()
    bookmarks()
    assert ids(unread()) == []


@pytest.mark.parametrize("more, error, match", [
    ({}, ValueError, 'the connection option dbtable is missing; give it, for example "dbtable": "public.orders"'),
    ({"url": "postgres://x"}, ValueError, "is no JDBC URL; write it as jdbc:postgresql://host:port/database"),
    ({"url": None}, ValueError, "a postgresql connection needs url"),
    ({"url": "jdbc:oracle:thin:@//h:1521/S"}, Unsupported, "oracle.jdbc.OracleDriver is not on Spark's class path"),
    ({"dbtable": "t", "hashfield": "a", "hashpartitions": "0"}, ValueError, "give at least 1"),
])
def test_refused(context, options, more, error, match):
    with pytest.raises(error, match=match):
        read(context, options(**more))


@pytest.mark.parametrize("full, base, database, moved", [
    ("jdbc:postgresql://h:5432/d?ssl=true", "jdbc:postgresql://h:5432", "d", "jdbc:postgresql://h:5432/e?ssl=true"),
    ("jdbc:mysql://h:3306/d", "jdbc:mysql://h:3306", "d", "jdbc:mysql://h:3306/e"),
    ("jdbc:redshift://h:5439/d", "jdbc:redshift://h:5439", "d", "jdbc:redshift://h:5439/e"),
    ("jdbc:sqlserver://h:1433;databaseName=d;x=1", "jdbc:sqlserver://h:1433", "d", "jdbc:sqlserver://h:1433;x=1;databaseName=e"),
    ("jdbc:oracle:thin:@//h:1521/s", "jdbc:oracle:thin:@//h:1521", "s", "jdbc:oracle:thin:@//h:1521/e"),
    ("jdbc:oracle:thin:@h:1521:s", "jdbc:oracle:thin:@h:1521", "s", "jdbc:oracle:thin:@h:1521/e"),
])
def test_urls(full, base, database, moved):
    assert _connections.without_database(full) == base
    assert _connections.database_of(full) == database
    assert _connections.with_database(full, "e") == moved


@pytest.mark.parametrize("url, value, text", [
    ("jdbc:mysql://h/d", "x\\' OR 1=1 -- ", "'x\\\\'' OR 1=1 -- '"),
    ("jdbc:postgresql://h/d", "x\\' OR 1=1 -- ", "'x\\'' OR 1=1 -- '"),
    ("jdbc:oracle:thin:@//h/d", datetime.date(2024, 6, 1), "DATE '2024-06-01'"),
    ("jdbc:oracle:thin:@//h/d", datetime.datetime(2024, 6, 1, 8, 30), "TIMESTAMP '2024-06-01 08:30:00'"),
])
def test_values_of_bookmark_keys_in_each_databases_sql(url, value, text):
    database = object.__new__(_jdbc.Database)
    database.vendor = _connections.vendor(url)
    assert database.literal(value) == text
