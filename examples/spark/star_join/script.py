# Facts and two dimensions: a dimension table built by Join, then broadcast to the sales;
# outer and anti joins show what has no partner.
# After emrspecialistsamer/aws-glue-workshop, scripts/Load_PRODUCT_DIM.py (no licence
# stated).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import broadcast, col, round as rounded, sum as total

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "sales", "target"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

products = glueContext.create_dynamic_frame.from_catalog(database=args["database"], table_name="products")
categories = glueContext.create_dynamic_frame.from_catalog(database=args["database"], table_name="categories")
dimension = Join.apply(categories, products, "category_id", "category_id").drop_fields(
    ["category_id", "`.category_id`"]
)
glueContext.write_dynamic_frame.from_options(
    frame=dimension,
    connection_type="s3",
    connection_options={"path": args["target"] + "dimension"},
    format="parquet",
)

sales = spark.read.json(args["sales"])
small = broadcast(spark.read.parquet(args["target"] + "dimension"))
by_category = (
    sales.join(small, "product_id", "left")
    .groupBy("category")
    .agg(rounded(total(col("quantity") * col("price")), 2).alias("revenue"), total("quantity").alias("pieces"))
)
unknown = sales.join(small, "product_id", "left_anti")
by_category.coalesce(1).write.mode("overwrite").option("compression", "gzip").parquet(args["target"] + "by_category")
unknown.coalesce(1).write.mode("overwrite").json(args["target"] + "unknown")
job.commit()
