# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The formats of files: what reads and writes each, with Glue's options."""

from functools import reduce

from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, NullType, StringType, StructField, StructType

from awsglue import _combine, _csv, _json, _storage, _xml
from awsglue._options import Unsupported, flag, quoted

# Glue's names, and Spark's for those that Spark reads by itself.
_SELF_DESCRIBING = {"parquet": "parquet", "glueparquet": "parquet", "orc": "orc", "avro": "avro"}
# So many files are asked for their schema, where that takes a look into each.
_ASKED = 200
_NAMES = "avro, csv, glueparquet, json, orc, parquet; to read, xml, too"


def read(spark, selection, format, options, folder=False, hint=None):
    """Read a Selection as a DataFrame; choices where records or files disagree.

    folder: add _storage.FOLDER, the folder of each row's file.
    hint: the schema that is expected, for the width of JSON's numbers.
    """
    format = known(format)
    if not selection.files:
        return spark.createDataFrame([], StructType())
    if format == "csv":
        return _csv.read(spark, selection, options, folder=folder)
    if format == "json":
        return _json.read(spark, selection, options, folder, hint)
    if format == "xml":
        return _xml.read(spark, selection, options, folder)
    return _self_describing(spark, selection, _SELF_DESCRIBING[format], options, folder)


def known(format):
    """The format's name, or an error that says what there is."""
    if not format:
        raise ValueError("files need a format, for example format=\"json\"; there are: %s" % _NAMES)
    name = str(format).lower()
    if name in _SELF_DESCRIBING or name in ("csv", "json", "xml"):
        return name
    if name in ("ion", "groklog"):
        raise Unsupported("format %s is not built here; convert the files to one of %s" % (format, _NAMES))
    if name in ("hudi", "delta", "iceberg"):
        raise Unsupported(
            "format %s is not built here; give its jars with --extra-jars and use Spark itself: "
            "glueContext.spark_session.read.format(...)" % format)
    raise ValueError("unknown format %r; there are: %s" % (format, _NAMES))


def _self_describing(spark, selection, format, options, folder):
    reader = spark.read.format(format)
    if format in ("parquet", "orc") and len(selection.files) > 1:
        reader = reader.option("mergeSchema", flag(options, "mergeSchema", default=True))
    for name in ("avroSchema", "datetimeRebaseMode", "int96RebaseMode"):
        if options.get(name):
            reader = reader.option(name, options[name])
    if format == "avro" and "avroSchema" not in options:
        # Spark reads all Avro files with the schema of one.
        groups = _storage.grouped(_storage.avro_schema, spark, selection.files, _ASKED)
        return _each(spark, selection, format, groups.values(), folder)
    try:
        return selection.load(reader, folder)
    except Exception as reason:
        if "merg" not in str(reason).lower():
            raise
    groups = {}
    for file in selection.files:
        schema = selection.only([file]).load(spark.read.format(format)).schema
        groups.setdefault(schema.json(), []).append(file)
    return _each(spark, selection, format, groups.values(), folder)


def _each(spark, selection, format, groups, folder):
    """Read groups of files, each of one schema: what they disagree on becomes a choice."""
    return reduce(_combine.union, [
        selection.only(files).load(spark.read.format(format), folder) for files in groups])


def has_source(spark, name):
    """Whether Spark finds a data source of that name."""
    lookup = getattr(getattr(spark._jvm.org.apache.spark.sql.execution.datasources, "DataSource$"), "MODULE$")
    try:
        lookup.lookupDataSource(name, spark._jsparkSession.sessionState().conf())
    except Exception:
        return False
    return True


def prepare(df, format, options, keys=()):
    """What writes a frame partitioned by keys: the frame, Spark's format and its options."""
    format = known(format)
    compression = options.get("compression")
    more = {"compression": _codec(compression)} if compression else {}
    if format == "csv":
        df, syntax = _csv.write(df, options, keys)
        return df, "csv", {**syntax, **more}
    if format == "json":
        df, spark_format = _json.write(df, keys)
        return df, spark_format, more
    if format == "xml":
        raise Unsupported("the format xml is read and not written, as in Glue; write json, for example")
    return _without_void(df), _SELF_DESCRIBING[format], more


def _codec(name):
    name = str(name).lower()
    return {"bz2": "bzip2", "gz": "gzip", "uncompressed": "none"}.get(name, name)


def _without_void(df):
    """The frame with strings where it has fields that never had a value; no file format holds those."""
    typed = [(f.name, _typed(f.dataType)) for f in df.schema.fields]
    if all(t == f.dataType for (_, t), f in zip(typed, df.schema.fields)):
        return df
    return df.select(*[F.col(quoted(name)).cast(t).alias(name) for name, t in typed])


def _typed(data_type):
    if isinstance(data_type, NullType):
        return StringType()
    if isinstance(data_type, StructType):
        return StructType([StructField(f.name, _typed(f.dataType), f.nullable) for f in data_type.fields])
    if isinstance(data_type, ArrayType):
        return ArrayType(_typed(data_type.elementType), data_type.containsNull)
    if isinstance(data_type, MapType):
        return MapType(data_type.keyType, _typed(data_type.valueType), data_type.valueContainsNull)
    return data_type
