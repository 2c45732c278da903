# Orders with their customer and their book.
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.transforms import Join

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake = args["lake"]


def clean(name):
    return glue.create_dynamic_frame.from_options(
        connection_type="s3", connection_options={"paths": [lake + "clean/" + name]}, format="parquet"
    )


customers = clean("customers").rename_field("id", "customer_id")
joined = Join.apply(Join.apply(clean("orders"), customers, "customer", "customer_id"), clean("products").rename_field("isbn", "book"), "isbn", "book")
rows = joined.drop_fields(["customer", "book"]).toDF()
rows.selectExpr("*", "round(amount - cost, 2) as margin").write.mode("overwrite").parquet(lake + "enriched")
job.commit()
