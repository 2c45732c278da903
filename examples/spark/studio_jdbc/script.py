# Visual job: a table of a database by its connection -> Select Fields -> a table of the
# database, made anew.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node PostgreSQL
PostgreSQL_node1 = glueContext.create_dynamic_frame.from_options(
    connection_type = "postgresql",
    connection_options = {
        "useConnectionProperties": "true",
        "dbtable": "members",
        "connectionName": "studio_jdbc",
    },
    transformation_ctx = "PostgreSQL_node1"
)

# Script generated for node Select Fields
SelectFields_node2 = SelectFields.apply(frame=PostgreSQL_node1, paths=["id", "name"], transformation_ctx="SelectFields_node2")

# Script generated for node PostgreSQL
PostgreSQL_node3 = glueContext.write_dynamic_frame.from_options(
    frame=SelectFields_node2,
    connection_type="postgresql",
    connection_options={
        "useConnectionProperties": "true",
        "dbtable": "names",
        "connectionName": "studio_jdbc",
    },
    transformation_ctx="PostgreSQL_node3",
)

job.commit()
