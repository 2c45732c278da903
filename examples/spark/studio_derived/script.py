# Visual job: S3 -> Derived Column, Concatenate, Explode, Flatten -> S3.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
import gs_derived
import gs_concat
import gs_explode
import gs_flatten

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Amazon S3
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(format_options={}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_derived/in/"], "recurse": True}, transformation_ctx="AmazonS3_node1")

# Script generated for node Derived Column
DerivedColumn_node2 = AmazonS3_node1.gs_derived(colName="total", expr="quantity * price")

# Script generated for node Concatenate Columns
ConcatenateColumns_node3 = DerivedColumn_node2.gs_concat(colName="label", colList=["sku", "size"], spacer="/")

# Script generated for node Explode Array Or Map Into Rows
ExplodeArrayOrMapIntoRows_node4 = ConcatenateColumns_node3.gs_explode(colName="tags", newCol="tag")

# Script generated for node Flatten
Flatten_node5 = ExplodeArrayOrMapIntoRows_node4.gs_flatten()

# Script generated for node Drop Fields
DropFields_node6 = DropFields.apply(frame=Flatten_node5, paths=["tags", "sku", "size"], transformation_ctx="DropFields_node6")

# Script generated for node Amazon S3
AmazonS3_node7 = glueContext.write_dynamic_frame.from_options(frame=DropFields_node6, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_derived/out/lines/", "partitionKeys": []}, transformation_ctx="AmazonS3_node7")

job.commit()
