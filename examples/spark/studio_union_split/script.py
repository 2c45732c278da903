# Visual job: two sources -> Union -> Split Fields -> Select From Collection -> two targets.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue import DynamicFrame

def sparkUnion(glueContext, unionType, mapping, transformation_ctx) -> DynamicFrame:
    for name, source in mapping.items():
        source.toDF().createOrReplaceTempView(name)
    both = spark.sql("(select * from source1) UNION " + unionType + " (select * from source2)")
    return DynamicFrame.fromDF(both, glueContext, transformation_ctx)

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node North
North_node1 = glueContext.create_dynamic_frame.from_options(format_options={"quoteChar": "\"", "withHeader": True, "separator": ","}, connection_type="s3", format="csv", connection_options={"paths": ["s3://examples/studio_union_split/in/north/"]}, transformation_ctx="North_node1")

# Script generated for node South
South_node2 = glueContext.create_dynamic_frame.from_options(format_options={"quoteChar": "\"", "withHeader": True, "separator": ","}, connection_type="s3", format="csv", connection_options={"paths": ["s3://examples/studio_union_split/in/south/"]}, transformation_ctx="South_node2")

# Script generated for node Union
Union_node3 = sparkUnion(glueContext, unionType = "ALL", mapping = {"source1": North_node1, "source2": South_node2}, transformation_ctx = "Union_node3")

# Script generated for node Distinct
Distinct_node4 = sparkUnion(glueContext, unionType = "DISTINCT", mapping = {"source1": North_node1, "source2": South_node2}, transformation_ctx = "Distinct_node4")

# Script generated for node Split Fields
SplitFields_node5 = SplitFields.apply(frame=Union_node3, paths=["plate", "km"], name2="SplitFields_node51", name1="SplitFields_node50", transformation_ctx="SplitFields_node5")

# Script generated for node First
First_node6 = SelectFromCollection.apply(dfc=SplitFields_node5, key=list(SplitFields_node5.keys())[0], transformation_ctx="First_node6")

# Script generated for node Second
Second_node7 = SelectFromCollection.apply(dfc=SplitFields_node5, key="SplitFields_node51", transformation_ctx="Second_node7")

# Script generated for node Target
Target_node8 = glueContext.write_dynamic_frame.from_options(frame=First_node6, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_union_split/out/cars/", "partitionKeys": []}, transformation_ctx="Target_node8")

# Script generated for node Target
Target_node9 = glueContext.write_dynamic_frame.from_options(frame=Second_node7, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_union_split/out/owners/", "partitionKeys": []}, transformation_ctx="Target_node9")

# Script generated for node Target
Target_node10 = glueContext.write_dynamic_frame.from_options(frame=Distinct_node4, connection_type="s3", format="glueparquet", connection_options={"path": "s3://examples/studio_union_split/out/distinct/", "partitionKeys": ["owner"]}, format_options={"compression": "gzip"}, transformation_ctx="Target_node10")

job.commit()
