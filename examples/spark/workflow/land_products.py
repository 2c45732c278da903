# Products with typed columns.
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

products = glue.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [lake + "raw/products/"]},
    format="csv",
    format_options={"withHeader": True},
).apply_mapping([("isbn", "string", "isbn", "string"), ("title", "string", "title", "string"), ("cost", "string", "cost", "double")])
products.toDF().write.mode("overwrite").parquet(lake + "clean/products")
job.commit()
