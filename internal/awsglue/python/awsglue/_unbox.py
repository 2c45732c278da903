# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""unbox: text in a field, read as a format, becomes the field's structure."""

import csv
import io
import json

from pyspark import StorageLevel
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _paths, _python, _records, _schema
from awsglue import gluetypes as glue


def unbox(df, path, format, options, info=""):
    """The frame with the string at the path replaced by what it holds, and a function that gives the error records.

    A record whose text can't be read is an error record.
    """
    if not df.columns:
        return df, None
    item = _paths.find(_paths.items(df), path)
    if item is None:
        raise ValueError("unbox: there is no field %s in %s" % (path, df.columns))
    if not isinstance(item.field.dataType, spark.StringType):
        raise ValueError("unbox: %s is a %s, not a string" % (path, item.field.dataType.simpleString()))
    read = _reader(format, options)
    df, errors = _python.readable(df, item.column, read, info)
    made = _given(options.get("withSchema"))
    if made is None:
        texts = df.select(item.column.alias("t")).where("t is not null").rdd.persist(StorageLevel.MEMORY_AND_DISK)
        made = _type_of(texts.map(lambda row: read(row[0])))
        texts.unpersist()
    encode = _records.encoder(made)
    field = _schema.to_spark_field(item.field.name, made)
    parse = F.udf(lambda text: None if text is None else encode(read(text)), field.dataType)
    steps = _paths.parse(path)
    edited = _paths.edit(_paths.items(df), steps, lambda i: [_paths.Item(field, parse(i.column))])
    return _paths.frame(df, edited), errors


def _given(schema):
    if not schema:
        return None
    return glue.DataType.fromJsonValue(json.loads(schema) if isinstance(schema, str) else schema)


def _type_of(values):
    found = glue.NullType()
    for part in values.mapPartitions(_partition_type).collect():
        found = _schema.merge(found, part)
    return found


def _partition_type(values):
    found = glue.NullType()
    for value in values:
        found = _schema.merge(found, _records.type_of(value))
    return [found]


def _reader(format, options):
    if format == "json":
        return json.loads
    if format == "csv":
        return _csv_reader(options)
    raise ValueError("unbox does not read the format %r: it reads json and csv" % (format,))


def _csv_reader(options):
    separator = options.get("separator", ",")
    escaper = options.get("escaper") or None
    header = _true(options.get("withHeader"))
    skip = _true(options.get("skipFirst"))

    def read(text):
        rows = list(csv.reader(io.StringIO(text), delimiter=separator, escapechar=escaper))
        if skip:
            rows = rows[1:]
        names = rows.pop(0) if header and rows else None
        cells = rows[0] if rows else []
        names = names or ["col%d" % i for i in range(len(cells))]
        return dict(zip(names, cells))

    return read


def _true(value):
    return str(value).lower() == "true"
