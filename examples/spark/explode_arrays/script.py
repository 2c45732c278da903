# A fixed schema, arrays into rows (explode, explode_outer, posexplode, maps too), and any
# nested document flattened level by level.
# After luizamboni/spark-study, examples/explode.py (no licence stated), and
# maroovi/aws_etl, glue.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import col, explode, explode_outer, posexplode
from pyspark.sql.types import (
    ArrayType, DoubleType, IntegerType, MapType, StringType, StructField, StructType,
)

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

item = StructType([
    StructField("code", IntegerType()),
    StructField("label", StringType()),
    StructField("price", DoubleType()),
])
schema = StructType([
    StructField("view", StringType(), False),
    StructField("items", ArrayType(item)),
    StructField("tags", MapType(StringType(), StringType())),
])
views = sc.parallelize([
    ("v1", [(7, "cup", 1.5), (8, "bowl", 2.5)], {"page": "home"}),
    ("v2", [], {"page": "shop", "ad": "yes"}),
    ("v3", [(9, "fork", 0.5)], None),
]).toDF(schema)


def write(df, name):
    df.coalesce(1).write.mode("overwrite").json(args["target"] + name)


write(views.select("view", explode("items").alias("item")).select("view", "item.*"), "items")
write(views.select("view", explode_outer("items").alias("item")).select("view", "item.label"), "outer")
write(views.select("view", posexplode("items").alias("place", "item")).select("view", "place", "item.code"), "places")
write(views.select("view", explode("tags")), "tags")


def flatten(df):
    nested = True
    while nested:
        nested = False
        columns = []
        for field in df.schema.fields:
            if isinstance(field.dataType, ArrayType):
                nested = True
                df = df.withColumn(field.name, explode_outer(field.name))
                columns.append(col(field.name))
            elif isinstance(field.dataType, StructType):
                nested = True
                columns += [
                    col(field.name + "." + child.name).alias(field.name + "_" + child.name)
                    for child in field.dataType.fields
                ]
            else:
                columns.append(col(field.name))
        df = df.select(columns)
    return df


documents = spark.read.option("multiline", True).json(args["source"])
write(flatten(documents), "flat")
job.commit()
