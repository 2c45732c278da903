# Months from rows to columns and back: groupBy.pivot, stack, and totals by cube.
# After tinitiateprime/tinitate-aws-glue, glue-code/ti-pyspark-pivot-unpivot.py and
# ti-pyspark-pivot-unpivot_agg.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import col, sum as total

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext()
sc.setLogLevel("WARN")
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

pay = spark.read.option("header", "true").option("inferSchema", "true").csv(args["source"])
wide = pay.groupBy("name", "team").pivot("month", ["jan", "feb"]).agg(total("pay"))
long = wide.selectExpr("name", "team", "stack(2, 'jan', jan, 'feb', feb) as (month, pay)").where(
    col("pay").isNotNull()
)
sums = pay.cube("team", "month").agg(total("pay").alias("pay"))
for name, df in {"wide": wide, "long": long, "sums": sums}.items():
    glueContext.write_dynamic_frame.from_options(
        frame=DynamicFrame.fromDF(df.coalesce(1), glueContext, name),
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="parquet",
    )
glueContext.get_logger().info("pivoted and unpivoted")
job.commit()
