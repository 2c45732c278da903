# Totals and the best customer of each city as a table of the catalog, by day; how many
# cities there are goes into the run's properties.
import boto3
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.dynamicframe import DynamicFrame

args = getResolvedOptions(sys.argv, ["JOB_NAME", "lake", "WORKFLOW_NAME", "WORKFLOW_RUN_ID"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
lake, spark = args["lake"], glue.spark_session
api, run = boto3.client("glue"), {"Name": args["WORKFLOW_NAME"], "RunId": args["WORKFLOW_RUN_ID"]}
day = api.get_workflow_run_properties(**run)["RunProperties"]["day"]

spark.read.parquet(lake + "totals").createOrReplaceTempView("totals")
spark.read.parquet(lake + "ranking").createOrReplaceTempView("ranking")
report = spark.sql("""
    select t.city, t.orders, t.margin, min_by(r.name, r.place) as best, '%s' as day
    from totals t join ranking r on t.city = r.city group by t.city, t.orders, t.margin
""" % day)
sink = glue.getSink(
    connection_type="s3",
    path=lake + "report/",
    enableUpdateCatalog=True,
    updateBehavior="UPDATE_IN_DATABASE",
    partitionKeys=["day"],
)
sink.setFormat("glueparquet")
sink.setCatalogInfo(catalogDatabase="bookshop", catalogTableName="report")
sink.writeFrame(DynamicFrame.fromDF(report, glue, "report"))
api.put_workflow_run_properties(RunProperties={"cities": str(report.count())}, **run)
job.commit()
