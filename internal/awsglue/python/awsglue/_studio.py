# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms that Glue Studio gives its visual jobs, as methods of DynamicFrame.

Each comes with a module of its name, such as ``import gs_derived``, which the scripts of
Glue Studio import.
"""

from pyspark.sql import functions as F

from awsglue.dynamicframe import DynamicFrame


def _framed(frame, df):
    return DynamicFrame.fromDF(df, frame.glue_ctx, frame.name)


def gs_derived(self, colName, expr):
    """Set a column to a Spark SQL expression over the others."""
    return _framed(self, self.toDF().withColumn(colName, F.expr(expr)))


def gs_concat(self, colName, colList, spacer=""):
    """Set a column to the texts of others, with a spacer between them; nulls are left out."""
    return _framed(self, self.toDF().withColumn(colName, F.concat_ws(spacer, *[F.col(c) for c in colList])))


def gs_explode(self, colName, newCol, outer=False):
    """Make a row of each element of an array, or of each value of a map.

    outer: an empty one keeps its row, without an element.
    """
    df = self.toDF()
    explode = F.explode_outer if outer else F.explode
    column = F.col(colName)
    if df.select(column).schema.fields[0].dataType.typeName() == "map":
        column = F.map_values(column)
    return _framed(self, df.withColumn(newCol, explode(column)))


def gs_flatten(self):
    """Make the fields of nested structs columns with dotted names."""
    return self.unnest()


def gs_now(self, colName, dateFormat=None):
    """Set a column to the time of the run: a timestamp, or a text in a format of strftime."""
    if dateFormat is None:
        return _framed(self, self.toDF().withColumn(colName, F.current_timestamp()))
    from datetime import datetime, timezone

    return _framed(self, self.toDF().withColumn(colName, F.lit(datetime.now(timezone.utc).strftime(dateFormat))))


def attach(name):
    setattr(DynamicFrame, name, globals()[name])
