# Many small files, plain and compressed, in folders, read in groups and written as few.
# After PacktPublishing/Serverless-ETL-and-Analytics-with-AWS-Glue,
# Chapter03/04_ingestion_from_s3_grouping.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

names = ["source", "target"]
if "--JOB_NAME" in sys.argv:
    names.append("JOB_NAME")
args = getResolvedOptions(sys.argv, names)
glueContext = GlueContext(SparkContext.getOrCreate())
logger = glueContext.get_logger()
job = Job(glueContext)
job.init(args.get("JOB_NAME", "test"), args)

events = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={
        "paths": [args["source"]],
        "recurse": True,
        "exclusions": '["**/*.tmp"]',
        "groupFiles": "inPartition",
        "groupSize": "1048576",
    },
    format="json",
)
logger.info("partitions: %d" % events.getNumPartitions())
glueContext.write_dynamic_frame.from_options(
    frame=events.repartition(1),
    connection_type="s3",
    connection_options={"path": args["target"]},
    format="parquet",
)
job.commit()
