# CSV to Parquet, partitioned by the date in each row: column names without blanks,
# timestamps parsed, one file a day.
# After ShafiqaIqbal/AWS-Glue-Pyspark-ETL-Job (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import col, dayofmonth, month, to_timestamp, year

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

incidents = glueContext.create_dynamic_frame_from_options(
    "s3",
    {"paths": [args["source"]]},
    format="csv",
    format_options={"withHeader": True, "separator": ";"},
).toDF()

for name in incidents.columns:
    incidents = incidents.withColumnRenamed(name, name.strip().lower().replace(" ", "_"))

incidents = incidents.withColumn("happened", to_timestamp(col("happened"), "dd/MM/yyyy HH:mm"))
incidents = (
    incidents.withColumn("year", year("happened"))
    .withColumn("month", month("happened"))
    .withColumn("day", dayofmonth("happened"))
    .withColumn("arrest", col("arrest").cast("boolean"))
    .repartition("year", "month", "day")
)

glueContext.write_dynamic_frame.from_options(
    frame=DynamicFrame.fromDF(incidents, glueContext, "incidents"),
    connection_type="s3",
    connection_options={"path": args["target"], "partitionKeys": ["year", "month", "day"]},
    format="parquet",
)
job.commit()
