# Visual job: S3 -> custom transform (a collection in, a collection out) -> Select From
# Collection -> Filter -> S3.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.dynamicframe import DynamicFrameCollection
from awsglue.dynamicframe import DynamicFrame
import re

# Script generated for node Custom Transform
def MyTransform(glueContext, dfc) -> DynamicFrameCollection:
    from pyspark.sql.functions import col, lit, when

    df = dfc.select(list(dfc.keys())[0]).toDF()
    df = df.withColumn("status", when(col("status") == "-", lit("open")).otherwise(col("status")))
    latest = df.orderBy(["email", "registered"], ascending=[True, False]).coalesce(1).dropDuplicates(["email"])
    return DynamicFrameCollection({"CustomTransform0": DynamicFrame.fromDF(latest, glueContext, "latest"), "CustomTransform1": DynamicFrame.fromDF(df, glueContext, "all")}, glueContext)

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Amazon S3
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(format_options={"multiline": False}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_custom/in/"], "recurse": True}, transformation_ctx="AmazonS3_node1")

# Script generated for node Custom Transform
CustomTransform_node2 = MyTransform(glueContext, DynamicFrameCollection({"AmazonS3_node1": AmazonS3_node1}, glueContext))

# Script generated for node Select From Collection
SelectFromCollection_node3 = SelectFromCollection.apply(dfc=CustomTransform_node2, key=list(CustomTransform_node2.keys())[0], transformation_ctx="SelectFromCollection_node3")

# Script generated for node Filter
Filter_node4 = Filter.apply(frame=SelectFromCollection_node3, f=lambda row: (bool(re.match("^open$", row["status"])) and row["registered"] > 100), transformation_ctx="Filter_node4")

# Script generated for node Amazon S3
AmazonS3_node5 = glueContext.write_dynamic_frame.from_options(frame=Filter_node4, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_custom/out/open/", "partitionKeys": []}, transformation_ctx="AmazonS3_node5")

job.commit()
