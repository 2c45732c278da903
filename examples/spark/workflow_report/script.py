# A node of a workflow: what to report, and where, are run properties read with boto3; the
# report is Spark SQL over the catalog and goes into a catalog table; the number of rows
# goes back into the run properties for the nodes that follow.
# After PacktPublishing/Serverless-ETL-and-Analytics-with-AWS-Glue,
# Chapter10/workflow-tools/glue-workflows/ch10_1_example_workflow_gen_report.py (no licence stated).
import sys

import boto3
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

glue = boto3.client("glue")
args = getResolvedOptions(sys.argv, ["JOB_NAME", "WORKFLOW_NAME", "WORKFLOW_RUN_ID"])
run = {"Name": args["WORKFLOW_NAME"], "RunId": args["WORKFLOW_RUN_ID"]}
properties = glue.get_workflow_run_properties(**run)["RunProperties"]
database, table, year = (properties[p] for p in ("database", "table", "report_year"))

QUERY = f"""
select category, cast(sum(price) as long) as total_sales, year(to_timestamp(sold_at)) as report_year
from {database}.{table}
where year(to_timestamp(sold_at)) = {year}
group by category, report_year
order by category
"""

if __name__ == "__main__":
    glue_context = GlueContext(SparkContext())
    spark = glue_context.spark_session
    report = spark.sql(QUERY).repartition("report_year")
    report.show(n=report.count(), truncate=False)

    sink = glue_context.getSink(
        connection_type="s3",
        path=properties["lake"].rstrip("/") + "/report/",
        enableUpdateCatalog=True,
        updateBehavior="UPDATE_IN_DATABASE",
        partitionKeys=["report_year"],
    )
    sink.setFormat("glueparquet")
    sink.setCatalogInfo(catalogDatabase=database, catalogTableName=f"{table}_report")
    sink.writeFrame(DynamicFrame.fromDF(dataframe=report, glue_ctx=glue_context, name="report"))
    glue.put_workflow_run_properties(RunProperties={"rows": str(report.count())}, **run)
