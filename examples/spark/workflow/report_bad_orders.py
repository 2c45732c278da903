# Runs only when clean_orders failed: which orders are to blame.
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake = args["lake"]

orders = glue.spark_session.read.parquet(lake + "landed/orders")
bad = orders.where("cast(amount as double) is null").coalesce(1)
bad.write.mode("overwrite").json(lake + "reports/bad_orders")
job.commit()
