"""Puts a value where a column is blank: in SQL for texts, by pandas for nulls."""

from awsglue import DynamicFrame
from pyspark.sql.functions import col, when


def fill_blank(self, column, value):
    df = self.toDF()
    if df.filter(col(column) == "").count() > 0:
        df = df.withColumn(column, when(col(column) == "", value).otherwise(col(column)))
    if df.filter(col(column).isNull()).count() > 0:
        table = df.toPandas()
        table[column] = table[column].fillna(value)
        df = self.glue_ctx.spark_session.createDataFrame(table)
    return DynamicFrame.fromDF(df, self.glue_ctx, self.name)


DynamicFrame.fill_blank = fill_blank
