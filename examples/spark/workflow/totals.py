# Totals by city.
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import count, round as rounded, sum as total

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake = args["lake"]

rows = glue.spark_session.read.parquet(lake + "enriched")
by_city = rows.groupBy("city").agg(count("*").alias("orders"), rounded(total("margin"), 2).alias("margin"))
by_city.coalesce(1).write.mode("overwrite").parquet(lake + "totals")
job.commit()
