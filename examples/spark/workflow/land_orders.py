# Raw orders as they came, as Parquet of texts.
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

orders = glue.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [lake + "raw/orders/"]},
    format="csv",
    format_options={"withHeader": True},
)
orders.toDF().write.mode("overwrite").parquet(lake + "landed/orders")
job.commit()
