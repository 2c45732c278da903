# Rows made in the script, written as exactly one CSV file, plain and gzipped, and as one
# JSON file.
# After tinitiateprime/tinitate-aws-glue, glue-code/ti-pyspark-write-to-csv.py and
# ti-pyspark-write-to-json.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import Row

args = getResolvedOptions(sys.argv, ["JOB_NAME", "target"])
sc = SparkContext()
glueContext = GlueContext(sc)
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

cities = [
    Row(city="Turin", country="IT", people=847000),
    Row(city='"Old" Town', country="XX", people=12),
    Row(city="Oslo, Inner", country="NO", people=None),
]
frame = DynamicFrame.fromDF(sc.parallelize(cities).toDF().coalesce(1), glueContext, "cities")


def write(name, form, **options):
    glueContext.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="s3",
        connection_options={"path": args["target"] + name, **options.pop("connection", {})},
        format=form,
        format_options=options,
    )


write("csv", "csv", writeHeader=True)
write("csv_gz", "csv", writeHeader=False, connection={"compression": "gzip"})
write("json", "json")
job.commit()
