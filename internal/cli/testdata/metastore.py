"""One Spark session that has reglue's catalog as its metastore: what SQL makes is asserted
through boto3, and the other way round. Run as a job, so that it calls as a job's Spark."""

import glob
import os
import sys
from pathlib import Path

import boto3
from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession

args = getResolvedOptions(sys.argv, ["jars", "conf", "properties", "warehouse"])
glue = boto3.client("glue")


def session():
    builder = SparkSession.builder.master("local[2]").appName("metastore")
    settings = dict(line.split("=", 1) for line in Path(args["properties"]).read_text().splitlines())
    settings |= {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.extraClassPath": os.pathsep.join([args["conf"], *glob.glob(args["jars"] + "/*.jar")]),
        "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


spark = session()


def sql(text):
    return [tuple(row) for row in spark.sql(text).collect()]


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def refused(text, words):
    try:
        sql(text)
    except Exception as e:
        assert words in str(e), f"{text}: {e}"
    else:
        raise AssertionError(f"{text} was not refused")


def table(name, database="sales"):
    return glue.get_table(DatabaseName=database, Name=name)["Table"]


def partitions(name):
    return {tuple(p["Values"]): p for p in glue.get_partitions(DatabaseName="sales", TableName=name)["Partitions"]}


def names(rows, at=0):
    return [row[at] for row in rows]


def folder(location):
    assert location.startswith("file:"), location
    return Path("/" + location.removeprefix("file:").lstrip("/"))


def databases():
    same(names(sql("SHOW DATABASES")), ["default"])
    same(folder(glue.get_database(Name="default")["Database"]["LocationUri"]), Path(args["warehouse"]))
    sql("CREATE DATABASE Sales COMMENT 'what is sold' WITH DBPROPERTIES (team='a')")
    d = glue.get_database(Name="sales")["Database"]
    same((d["Description"], d["Parameters"]), ("what is sold", {"team": "a"}))
    sql("ALTER DATABASE sales SET DBPROPERTIES (team='b')")
    same(glue.get_database(Name="sales")["Database"]["Parameters"], {"team": "b"})
    refused("CREATE DATABASE sales", "already exists")
    glue.create_database(DatabaseInput={"Name": "bare"})  # without a location
    same(names(sql("SHOW DATABASES")), ["bare", "default", "sales"])
    sql("CREATE TABLE bare.t (a INT) USING parquet")
    same(folder(table("t", "bare")["StorageDescriptor"]["Location"]), Path(args["warehouse"], "bare.db/t"))
    refused("DROP DATABASE bare", "SCHEMA_NOT_EMPTY")
    sql("DROP DATABASE bare CASCADE")
    sql("USE sales")


def managed_parquet():
    sql("CREATE TABLE m (id BIGINT COMMENT 'the id', Name STRING) USING parquet TBLPROPERTIES (p1='v1')")
    sql("INSERT INTO m VALUES (1, 'a'), (2, 'b')")
    same(sql("SELECT * FROM m ORDER BY id"), [(1, "a"), (2, "b")])
    t = table("m")
    sd = t["StorageDescriptor"]
    same(t["TableType"], "MANAGED_TABLE")
    same(sd["Columns"], [{"Name": "id", "Type": "bigint", "Comment": "the id"}, {"Name": "name", "Type": "string"}])
    same(sd["SerdeInfo"]["SerializationLibrary"], "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
    same((t["Parameters"]["p1"], t["Parameters"]["spark.sql.sources.provider"]), ("v1", "parquet"))
    assert '"name":"Name"' in t["Parameters"]["spark.sql.sources.schema"], t["Parameters"]
    sql("ALTER TABLE m ADD COLUMNS (extra DOUBLE COMMENT 'more')")
    sql("ALTER TABLE m SET TBLPROPERTIES (p2='v2')")
    sql("ALTER TABLE m UNSET TBLPROPERTIES (p1)")
    t = table("m")
    same(t["StorageDescriptor"]["Columns"][2], {"Name": "extra", "Type": "double", "Comment": "more"})
    same((t["Parameters"]["p2"], "p1" in t["Parameters"]), ("v2", False))
    same(names(sql("DESCRIBE m")), ["id", "Name", "extra"])
    sql("INSERT OVERWRITE TABLE m SELECT 9, 'z', 0.5D")
    sql("ANALYZE TABLE m COMPUTE STATISTICS FOR COLUMNS id")
    same(table("m")["Parameters"]["spark.sql.statistics.numRows"], "1")
    assert ("Statistics", "1 rows") in [(k, v.split(", ")[-1]) for k, v, _ in sql("DESCRIBE EXTENDED m")]
    old = folder(table("m")["StorageDescriptor"]["Location"])
    sql("ALTER TABLE m RENAME TO m2")
    same(sql("SELECT * FROM m2"), [(9, "z", 0.5)])
    new = folder(table("m2")["StorageDescriptor"]["Location"])
    same((new.name, new.exists(), old.exists()), ("m2", True, False))
    assert len(glue.get_table_versions(DatabaseName="sales", TableName="m2")["TableVersions"]) > 3
    sql("TRUNCATE TABLE m2")
    sql("DROP TABLE m2")
    same(new.exists(), False)
    refused("SELECT * FROM m2", "TABLE_OR_VIEW_NOT_FOUND")


def partitioned():
    sql("CREATE TABLE p (id INT, v STRING, year INT, Month STRING) USING parquet PARTITIONED BY (year, Month)")
    sql("INSERT INTO p VALUES (1,'a',2024,'01'), (2,'b',2024,'02'), (3,'c',2025,'01'), (4,'d',2025,'a b/c:d')")
    same(sorted(partitions("p")), [("2024", "01"), ("2024", "02"), ("2025", "01"), ("2025", "a b/c:d")])
    same(names(table("p")["PartitionKeys"], "Name"), ["year", "month"])
    same(len(sql("SHOW PARTITIONS p")), 4)
    same(sql("SHOW PARTITIONS p PARTITION (year=2024)"), [("year=2024/Month=01",), ("year=2024/Month=02",)])
    for where, want in {
        "year = 2024 AND month = '02'": [2],
        "year > 2024": [3, 4],
        "year <> 2024": [3, 4],
        "year IN (2024) AND month LIKE '0%'": [1, 2],
        "month LIKE '%b/c%'": [4],
        "month = 'a b/c:d'": [4],
        "NOT (year = 2024 OR month = '01')": [4],
        "year IN (" + ",".join(str(n) for n in range(2024, 3000)) + ")": [1, 2, 3, 4],
    }.items():
        same(names(sql(f"SELECT id FROM p WHERE {where} ORDER BY id")), want)
    sql("ALTER TABLE p DROP PARTITION (year=2025, month='01')")
    assert ("2025", "01") not in partitions("p")
    sql("ALTER TABLE p RENAME TO p2")
    same(names(sql("SELECT id FROM p2 ORDER BY id")), [1, 2, 4])
    for p in partitions("p2").values():
        assert p["StorageDescriptor"]["Location"].startswith(table("p2")["StorageDescriptor"]["Location"] + "/"), p
    sql("ANALYZE TABLE p2 PARTITION (year, month) COMPUTE STATISTICS")
    same(partitions("p2")["2024", "01"]["Parameters"]["spark.sql.statistics.numRows"], "1")


def hive_text():
    sql("CREATE TABLE txt (id INT, v STRING) PARTITIONED BY (dt DATE) "
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE")
    same(sql("SELECT * FROM txt"), [])
    sql("INSERT INTO txt PARTITION (dt='2024-01-02') VALUES (1, 'x')")
    sql("INSERT INTO txt PARTITION (dt) VALUES (2, 'y', DATE'2024-01-03'), (3, 'z', NULL)")
    same(names(sql("SELECT id FROM txt WHERE dt = DATE'2024-01-02'")), [1])
    same(names(sql("SELECT id FROM txt WHERE dt > DATE'2024-01-02'")), [2])
    same(names(sql("SELECT id FROM txt WHERE dt IS NULL")), [3])
    same(sorted(partitions("txt"))[-1], ("__HIVE_DEFAULT_PARTITION__",))
    sd = table("txt")["StorageDescriptor"]
    same(sd["SerdeInfo"]["Parameters"]["field.delim"], ",")
    same(sd["InputFormat"], "org.apache.hadoop.mapred.TextInputFormat")
    sql("ALTER TABLE txt ADD PARTITION (dt='2024-05-05') PARTITION (dt='2024-05-06')")
    sql("ALTER TABLE txt ADD IF NOT EXISTS PARTITION (dt='2024-05-05')")
    refused("ALTER TABLE txt ADD PARTITION (dt='2024-05-05')", "already exist")
    sql("ALTER TABLE txt PARTITION (dt='2024-01-02') RENAME TO PARTITION (dt='2024-05-07')")
    same(names(sql("SELECT id FROM txt WHERE dt = DATE'2024-05-07'")), [1])
    sql("ALTER TABLE txt DROP PARTITION (dt='2024-05-06')")
    place = folder(sd["Location"])
    same(sorted(p.name for p in place.iterdir() if p.is_dir()),
         ["dt=2024-01-03", "dt=2024-05-05", "dt=2024-05-07", "dt=__HIVE_DEFAULT_PARTITION__"])
    (place / "dt=2024-06-01").mkdir()
    (place / "dt=2024-06-01" / "f").write_text("7,found\n")
    sql("MSCK REPAIR TABLE txt")
    same(sql("SELECT id, v FROM txt WHERE dt = '2024-06-01'"), [(7, "found")])
    glue.create_partition(DatabaseName="sales", TableName="txt", PartitionInput={
        "Values": ["2024-07-01"],
        "StorageDescriptor": {**sd, "Location": sd["Location"] + "/dt=2024-06-01"},
    })
    spark.catalog.refreshTable("txt")
    same(len(sql("SELECT * FROM txt WHERE dt = '2024-07-01'")), 1)


def external():
    location = Path(args["warehouse"]).parent / "outside"
    sql(f"CREATE EXTERNAL TABLE e (a INT, s STRUCT<x: INT, y: ARRAY<STRING>>) STORED AS ORC LOCATION 'file://{location}'")
    sql("INSERT INTO e SELECT 1, named_struct('x', 2, 'y', array('q'))")
    t = table("e")
    same((t["TableType"], t["Parameters"]["EXTERNAL"]), ("EXTERNAL_TABLE", "TRUE"))
    same(t["StorageDescriptor"]["Columns"][1], {"Name": "s", "Type": "struct<x:int,y:array<string>>"})
    sql("DROP TABLE e")
    assert any(location.iterdir()), "the files of an external table were deleted"
    glue.create_table(DatabaseName="sales", TableInput={  # as a crawler makes it
        "Name": "crawled", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "orc"},
        "StorageDescriptor": {
            "Columns": [{"Name": "a", "Type": "int"}], "Location": f"file://{location}",
            "InputFormat": "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.orc.OrcSerde"},
        },
    })
    same(sql("SELECT a FROM crawled"), [(1,)])


def saving():
    spark.range(3).write.mode("overwrite").saveAsTable("r")
    spark.range(3, 5).write.mode("append").saveAsTable("r")
    same(sql("SELECT count(*) FROM r"), [(5,)])
    spark.range(2).selectExpr("id", "id % 2 AS k").write.mode("overwrite").partitionBy("k").format("orc").saveAsTable("r")
    same(sorted(partitions("r")), [("0",), ("1",)])
    spark.range(4).write.format("csv").saveAsTable("c")
    same(table("c")["Parameters"]["spark.sql.sources.provider"], "csv")
    sql("CREATE TABLE ctas STORED AS PARQUET AS SELECT id AS n FROM range(3)")
    same(sql("SELECT sum(n) FROM ctas"), [(3,)])
    sql("CREATE VIEW v AS SELECT n FROM ctas WHERE n > 0")
    same((len(sql("SELECT * FROM v")), table("v")["TableType"]), (2, "VIRTUAL_VIEW"))
    assert "FROM ctas" in table("v")["ViewOriginalText"]
    same(names(sql("SHOW VIEWS"), 1), ["v"])
    same(names(sql("SHOW TABLES LIKE 'c*|v'"), 1), ["c", "crawled", "ctas", "v"])
    assert "USING" in sql("SHOW CREATE TABLE ctas")[0][0]
    sql("DROP VIEW v")


def functions():
    sql("CREATE FUNCTION f1 AS 'org.apache.hadoop.hive.ql.udf.UDFBase64'")
    same(sql("SELECT f1(CAST('a' AS BINARY))"), [("YQ==",)])
    f = glue.get_user_defined_function(DatabaseName="sales", FunctionName="f1")["UserDefinedFunction"]
    same(f["ClassName"], "org.apache.hadoop.hive.ql.udf.UDFBase64")
    same(names(sql("SHOW USER FUNCTIONS")), ["spark_catalog.sales.f1"])
    sql("DROP FUNCTION f1")
    refused("DROP FUNCTION f1", "UNRESOLVED_ROUTINE")


def on_s3():
    s3 = boto3.client("s3")

    def keys(prefix):
        return [o["Key"] for o in s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]

    for scheme in ("s3", "s3a"):
        sql(f"CREATE DATABASE {scheme} LOCATION '{scheme}://lake/{scheme}'")
        sql(f"CREATE TABLE {scheme}.h (a INT, k STRING) USING parquet PARTITIONED BY (k)")
        sql(f"INSERT INTO {scheme}.h VALUES (1, 'x'), (2, 'y')")
        same(sql(f"SELECT a FROM {scheme}.h WHERE k = 'y'"), [(2,)])
        same(table("h", scheme)["StorageDescriptor"]["Location"], f"{scheme}://lake/{scheme}/h")
        sql(f"CREATE TABLE {scheme}.txt (a INT) STORED AS TEXTFILE")
        same(sql(f"SELECT * FROM {scheme}.txt"), [])
        sql(f"INSERT INTO {scheme}.txt VALUES (5)")
        same(sql(f"SELECT * FROM {scheme}.txt"), [(5,)])
        sql(f"ALTER TABLE {scheme}.h DROP PARTITION (k='x')")
        same(keys(f"{scheme}/h/k=x/"), [])
        sql(f"ALTER TABLE {scheme}.h RENAME TO {scheme}.h2")
        same(sql(f"SELECT a FROM {scheme}.h2"), [(2,)])
        assert keys(f"{scheme}/h2/k=y/")
        sql(f"DROP DATABASE {scheme} CASCADE")
        same(keys(f"{scheme}/"), [])


databases()
managed_parquet()
partitioned()
hive_text()
external()
saving()
functions()
on_s3()
sql("DROP DATABASE sales CASCADE")
same(names(sql("SHOW DATABASES")), ["default"])
same(sorted(p.name for p in Path(args["warehouse"]).iterdir()), [])
print("all of it worked")
