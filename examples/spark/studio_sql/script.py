# Visual job: JSON -> SQL Query (twice) -> Drop Duplicates -> catalog table (JSON).
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue import DynamicFrame

def sparkSqlQuery(glueContext, query, mapping, transformation_ctx) -> DynamicFrame:
    for name, source in mapping.items():
        source.toDF().createOrReplaceTempView(name)
    return DynamicFrame.fromDF(spark.sql(query), glueContext, transformation_ctx)

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Members
Members_node1 = glueContext.create_dynamic_frame.from_options(format_options={"multiLine": "false"}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_sql/in/members/"], "recurse": True}, transformation_ctx="Members_node1")

# Script generated for node Visits
Visits_node2 = glueContext.create_dynamic_frame.from_options(format_options={"multiLine": "true"}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_sql/in/visits/"], "recurse": True}, transformation_ctx="Visits_node2")

# Script generated for node Consented
SqlQuery0 = '''
select * from myDataSource
where sharedSince is not null
'''
Consented_node3 = sparkSqlQuery(glueContext, query = SqlQuery0, mapping = {"myDataSource":Members_node1}, transformation_ctx = "Consented_node3")

# Script generated for node Join them
SqlQuery1 = '''
select m.serial, m.email, v.place
from members m join visits v on m.email = v.member
'''
Jointhem_node4 = sparkSqlQuery(glueContext, query = SqlQuery1, mapping = {"members":Consented_node3, "visits":Visits_node2}, transformation_ctx = "Jointhem_node4")

# Script generated for node Drop Duplicates
DropDuplicates_node5 =  DynamicFrame.fromDF(Jointhem_node4.toDF().dropDuplicates(["email", "place"]), glueContext, "DropDuplicates_node5")

# Script generated for node Visits of members
Visitsofmembers_node6 = glueContext.getSink(path="s3://examples/studio_sql/out/member_visits/", connection_type="s3", updateBehavior="UPDATE_IN_DATABASE", partitionKeys=[], enableUpdateCatalog=True, transformation_ctx="Visitsofmembers_node6")
Visitsofmembers_node6.setCatalogInfo(catalogDatabase="studio_sql",catalogTableName="member_visits")
Visitsofmembers_node6.setFormat("json")
Visitsofmembers_node6.writeFrame(DropDuplicates_node5)
job.commit()
