# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The format json: records that need not agree on their types."""

import base64
import decimal
import json

from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from awsglue import _records, _schema
from awsglue._options import flag
from awsglue._storage import FOLDER


def read(spark, selection, options, folder=False, hint=None):
    """Read files as a DataFrame whose schema is what the records hold.

    hint: a Glue StructType with the widths of numbers. What is no JSON object is
    left out. The records are parsed once to know their types; unless some are
    choices, Spark parses them again by itself when they are used.
    """
    texts = _texts(spark, selection, options, folder)
    schema = _schema.to_spark(_records.schema_of(_values(texts, False), hint))
    if has_choice(schema):
        return _records.to_df(_values(texts, folder), spark, hint)
    record = F.explode(F.from_json("value", ArrayType(schema))).alias("record")
    extra = [FOLDER] if folder else []
    return texts.select(record, *extra).select("record.*", *extra)


def _texts(spark, selection, options, folder):
    """The JSON texts, a row each: of a record, or of an array of records."""
    reader = spark.read.format("text").option("wholetext", flag(options, "multiline", "multiLine"))
    df = selection.load(reader, folder)
    path = options.get("jsonPath")
    if path:
        df = df.withColumn("value", F.get_json_object("value", path))
    return df.where("trim(value) != ''")


def _values(texts, folder):
    """The records as Python values, with the folder in them when it is wanted."""
    name = FOLDER if folder else None

    def of(row):
        try:
            value = json.loads(row["value"].lstrip("\ufeff"))
        except ValueError:
            return
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict):
                if name:
                    record[name] = row[name]
                yield record

    return texts.rdd.flatMap(of)


def has_choice(data_type):
    """Whether a field, at any depth, is a choice."""
    if isinstance(data_type, StructType):
        return any(_schema.marked(f) or has_choice(f.dataType) for f in data_type.fields)
    inner = getattr(data_type, "elementType", None) or getattr(data_type, "valueType", None)
    return inner is not None and has_choice(inner)


def write(df, keys):
    """The frame and Spark's format to write it by. A choice is written as the value that it has."""
    if not has_choice(df.schema):
        return df, "json"
    fields = [f for f in df.schema.fields if f.name not in keys]
    decode = _records.decoder(_schema.from_spark(StructType(fields)))
    names = [f.name for f in fields]

    def line(row):
        return (dumps(decode(tuple(row[n] for n in names))),) + tuple(row[k] for k in keys)

    schema = StructType([StructField("value", StringType())] + [df.schema[k] for k in keys])
    return df.sparkSession.createDataFrame(df.rdd.map(line), schema, verifySchema=False), "text"


def dumps(record):
    """The JSON text of a record, without the fields that have no value."""
    return json.dumps(_present(record), default=_text, ensure_ascii=False)


def _present(value):
    if isinstance(value, dict):
        return {k: _present(v) for k, v in value.items() if v is not None}
    return [_present(v) for v in value] if isinstance(value, list) else value


def _text(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
