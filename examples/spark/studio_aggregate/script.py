# Visual job: S3 -> Select Fields -> Aggregate (by group, and over all) -> one CSV file each.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.dynamicframe import DynamicFrame
from pyspark.sql import functions as SqlFuncs

def sparkAggregate(glueContext, parentFrame, groups, aggs, transformation_ctx) -> DynamicFrame:
    wanted = [getattr(SqlFuncs, name)(column) for column, name in aggs]
    rows = parentFrame.toDF()
    totals = rows.groupBy(*groups).agg(*wanted) if len(groups) > 0 else rows.agg(*wanted)
    return DynamicFrame.fromDF(totals, glueContext, transformation_ctx)

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Amazon S3
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(format_options={}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_aggregate/in/"], "recurse": True}, transformation_ctx="AmazonS3_node1")

# Script generated for node Select Fields
SelectFields_node2 = SelectFields.apply(frame=AmazonS3_node1, paths=["size", "kind", "sales"], transformation_ctx="SelectFields_node2")

# Script generated for node By size
Bysize_node3 = sparkAggregate(glueContext, parentFrame = SelectFields_node2, groups = ["size"], aggs = [["sales", "sum"], ["kind", "countDistinct"], ["sales", "max"]], transformation_ctx = "Bysize_node3")

# Script generated for node Over all
Overall_node4 = sparkAggregate(glueContext, parentFrame = SelectFields_node2, groups = [], aggs = [["sales", "avg"], ["kind", "count"]], transformation_ctx = "Overall_node4")

# Script generated for node Amazon S3
if (Bysize_node3.count() >= 1):
   Bysize_node3 = Bysize_node3.coalesce(1)
AmazonS3_node5 = glueContext.write_dynamic_frame.from_options(frame=Bysize_node3, connection_type="s3", format="csv", connection_options={"path": "s3://examples/studio_aggregate/out/by_size/", "partitionKeys": []}, transformation_ctx="AmazonS3_node5")

# Script generated for node Amazon S3
AmazonS3_node6 = glueContext.write_dynamic_frame.from_options(frame=Overall_node4, connection_type="s3", format="csv", connection_options={"path": "s3://examples/studio_aggregate/out/over_all/", "compression": "gzip", "partitionKeys": []}, transformation_ctx="AmazonS3_node6")

job.commit()
