# Visual job: two catalog tables -> renamed keys for the join -> Join -> Drop Fields -> S3.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.dynamicframe import DynamicFrame

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Orders
Orders_node1 = glueContext.create_dynamic_frame.from_catalog(database="studio_join", table_name="orders", transformation_ctx="Orders_node1")

# Script generated for node Buyers
Buyers_node2 = glueContext.create_dynamic_frame.from_catalog(database="studio_join", table_name="buyers", transformation_ctx="Buyers_node2")

# Script generated for node Renamed keys for Join
RenamedkeysforJoin_node3 = ApplyMapping.apply(frame=Buyers_node2, mappings=[("id", "int", "`(right) id`", "int"), ("name", "string", "buyer", "string"), ("city", "string", "city", "string")], transformation_ctx="RenamedkeysforJoin_node3")

# Script generated for node Join
Join_node4 = Join.apply(frame1=Orders_node1, frame2=RenamedkeysforJoin_node3, keys1=["buyer_id"], keys2=["`(right) id`"], transformation_ctx="Join_node4")

# Script generated for node Left Join
Orders_node1DF = Orders_node1.toDF()
Buyers_node2DF = Buyers_node2.toDF()
LeftJoin_node5 = DynamicFrame.fromDF(Orders_node1DF.join(Buyers_node2DF, (Orders_node1DF["buyer_id"] == Buyers_node2DF["id"]), "leftanti"), glueContext, "LeftJoin_node5")

# Script generated for node Drop Fields
DropFields_node6 = DropFields.apply(frame=Join_node4, paths=["`(right) id`", "buyer_id"], transformation_ctx="DropFields_node6")

# Script generated for node Rename Field
RenameField_node7 = RenameField.apply(frame=DropFields_node6, old_name="amount", new_name="order.amount", transformation_ctx="RenameField_node7")

# Script generated for node Amazon S3
AmazonS3_node8 = glueContext.write_dynamic_frame.from_options(frame=RenameField_node7, connection_type="s3", format="glueparquet", connection_options={"path": "s3://examples/studio_join/out/joined/", "partitionKeys": []}, format_options={"compression": "snappy"}, transformation_ctx="AmazonS3_node8")

# Script generated for node Amazon S3
AmazonS3_node9 = glueContext.write_dynamic_frame.from_options(frame=LeftJoin_node5, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_join/out/orphans/", "partitionKeys": []}, transformation_ctx="AmazonS3_node9")

job.commit()
