# One row a customer, the newest; the nested address flat.
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import row_number
from pyspark.sql.window import Window

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake = args["lake"]

landed = glue.spark_session.read.parquet(lake + "landed/customers")
newest = Window.partitionBy("id").orderBy(landed["since"].desc())
one = landed.withColumn("place", row_number().over(newest)).where("place = 1")
one.selectExpr("id", "name", "address.city as city").write.mode("overwrite").parquet(lake + "clean/customers")
job.commit()
