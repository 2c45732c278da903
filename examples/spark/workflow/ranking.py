# Customers by what they spent.
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
spark = glue.spark_session

spark.read.parquet(lake + "enriched").createOrReplaceTempView("enriched")
spark.sql("""
    select name, city, round(sum(amount), 2) as spent, rank() over (order by sum(amount) desc) as place
    from enriched group by name, city
""").coalesce(1).write.mode("overwrite").parquet(lake + "ranking")
job.commit()
