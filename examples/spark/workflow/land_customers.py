# Raw customers, nested as they came, as Parquet.
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

customers = glue.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": [lake + "raw/customers/"]}, format="json"
)
customers.toDF().write.mode("overwrite").parquet(lake + "landed/customers")
job.commit()
