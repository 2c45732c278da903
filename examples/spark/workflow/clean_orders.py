# Amounts become numbers, with the corrections that somebody may have laid beside the
# orders. An order whose amount is no number stops the night: money is not guessed.
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import coalesce, col
from pyspark.sql.utils import AnalysisException

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake = args["lake"]
spark = glue.spark_session

orders = spark.read.parquet(lake + "landed/orders")
try:
    fixes = spark.read.option("header", True).csv(lake + "corrections/orders/")
    orders = orders.join(fixes.select("id", col("amount").alias("right")), "id", "left")
    orders = orders.withColumn("amount", coalesce("right", "amount")).drop("right")
except AnalysisException:
    pass  # nothing to correct

typed = orders.withColumn("number", col("amount").cast("double"))
for row in typed.where("number is null").orderBy("id").take(1):
    raise ValueError("order %s: amount %r is no number" % (row["id"], row["amount"]))
clean = typed.selectExpr("cast(id as int) id", "customer", "isbn", "number as amount")
clean.write.mode("overwrite").parquet(lake + "clean/orders")
job.commit()
