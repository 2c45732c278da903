# A dimension that keeps its history (type 2): a changed row is closed and a new one
# opened, an absent one is closed, an equal one stays; changes are found by hash.
# After moj-analytical-services/gluejobutils, scd.py (MIT).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "dimension", "as_of"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
as_of = F.lit(args["as_of"]).cast("date")
OPEN = F.lit("9999-12-31").cast("date")

incoming = (
    spark.read.option("header", True)
    .csv(args["source"])
    .withColumn("id", F.col("id").cast("int"))
    .withColumn("mark", F.sha2(F.concat_ws("|", "city", "status"), 256))
)
opened = incoming.withColumn("valid_from", as_of).withColumn("valid_to", OPEN)

try:
    dimension = spark.read.parquet(args["dimension"])
except AnalysisException:
    dimension = None

if dimension is None:
    result = opened
else:
    dimension = dimension.drop("is_current")
    current = dimension.where(F.col("valid_to") == OPEN)
    history = dimension.where(F.col("valid_to") != OPEN)
    marks = incoming.select("id", F.col("mark").alias("new_mark"))
    compared = current.join(marks, "id", "left")
    same = compared.where(F.col("mark") == F.col("new_mark")).drop("new_mark")
    closed = (
        compared.where(F.col("new_mark").isNull() | (F.col("mark") != F.col("new_mark")))
        .withColumn("valid_to", as_of)
        .drop("new_mark")
    )
    fresh = opened.join(same.select("id"), "id", "left_anti")
    result = history.unionByName(same).unionByName(closed).unionByName(fresh)

result = result.withColumn("is_current", F.col("valid_to") == OPEN).cache()
print("rows:", result.count())
result.coalesce(1).write.mode("overwrite").parquet(args["dimension"])
job.commit()
