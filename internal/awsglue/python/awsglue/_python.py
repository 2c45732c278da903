# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""filter and map: the script's own Python function, record by record."""

import json
import traceback

from pyspark import StorageLevel
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _errors, _paths, _records

_VERDICT = spark.StructType([
    spark.StructField("keep", spark.BooleanType()),
    spark.StructField("msg", spark.StringType()),
    spark.StructField("stackTrace", spark.StringType()),
])
_NAME = "__verdict"


def error(exception, record, info):
    """The parts of an error record for an exception of the script's function."""
    trace = "".join(traceback.format_exception(type(exception), exception, exception.__traceback__.tb_next))
    text = json.dumps(record, default=str)
    return (("", info), "%s: %s" % (type(exception).__name__, exception), trace, text, text)


def filter_frame(df, schema, f, info):
    """The records for which f is true, and a function that gives the error records."""
    decode = _records.decoder(schema)

    def judge(row):
        record = decode(row)
        try:
            return bool(f(record)), None, None
        except Exception as reason:
            (_, _), msg, trace, _, _ = error(reason, record, info)
            return False, msg, trace

    if not df.columns:
        return df, None
    return _judged(df, judge, F.struct(*[i.column for i in _paths.items(df)]), info)


def readable(df, column, read, info):
    """The records whose text in a column can be read, and a function that gives the error records."""

    def judge(text):
        try:
            if text is not None:
                read(text)
            return True, None, None
        except Exception as reason:
            (_, _), msg, trace, _, _ = error(reason, text, info)
            return False, msg, trace

    return _judged(df, judge, column, info)


def _judged(df, judge, column, info):
    verdict = F.udf(judge, _VERDICT).asNondeterministic()
    everything = F.struct(*[i.column for i in _paths.items(df)])
    judged = df.withColumn(_NAME, verdict(column))
    kept = judged.where(F.col(_NAME + ".keep")).drop(_NAME)

    def errors():
        text = F.to_json(everything)
        bad = judged.where(F.col(_NAME + ".msg").isNotNull())
        callsite = F.struct(F.lit("").alias("site"), F.lit(info).alias("info")).alias("callsite")
        parts = [F.col(_NAME + ".msg"), F.col(_NAME + ".stackTrace"), text.alias("input"), text.alias("dynamicRecord")]
        return bad.select(F.struct(callsite, *parts).alias("error"))

    return kept, errors


def map_frame(df, schema, f, info):
    """The records that f makes, and a function that gives the error records.

    The schema is that of the results, so they are computed here, once, and kept.
    """
    decode = _records.decoder(schema)

    def each(rows):
        shapes = set()
        for row in rows:
            record = decode(row)
            try:
                made = f(record)
                if not isinstance(made, dict) and not hasattr(made, "asDict"):
                    raise TypeError("the function must return the record, not %r" % (made,))
                _records.check(made, shapes)
                yield True, made
            except Exception as reason:
                yield False, error(reason, decode(row), info)

    results = df.rdd.mapPartitions(each).persist(StorageLevel.MEMORY_AND_DISK)
    made = results.filter(lambda r: r[0]).map(lambda r: r[1])
    session = df.sparkSession

    def errors():
        failed = results.filter(lambda r: not r[0]).map(lambda r: (r[1],))
        return session.createDataFrame(failed, _errors.RECORD, verifySchema=False)

    return _records.to_df(made, session, schema), errors
