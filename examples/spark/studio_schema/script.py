# Visual job: S3 (CSV) -> Change Schema -> data quality -> S3 and catalog, partitioned.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsgluedq.transforms import EvaluateDataQuality

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Default ruleset used by all target nodes with data quality enabled
DEFAULT_DATA_QUALITY_RULESET = """
    Rules = [
        ColumnCount > 0
    ]
"""

# Script generated for node Rentals
Rentals_node1700000000001 = glueContext.create_dynamic_frame.from_options(format_options={"quoteChar": "\"", "withHeader": True, "separator": ",", "optimizePerformance": False}, connection_type="s3", format="csv", connection_options={"paths": ["s3://examples/studio_schema/in/"], "recurse": True}, transformation_ctx="Rentals_node1700000000001")

# Script generated for node Change Schema
ChangeSchema_node1700000000002 = ApplyMapping.apply(frame=Rentals_node1700000000001, mappings=[("rental id", "string", "rental_id", "bigint"), ("started", "string", "started", "timestamp"), ("minutes", "string", "minutes", "int"), ("price", "string", "price", "decimal"), ("city", "string", "city", "string")], transformation_ctx="ChangeSchema_node1700000000002")

# Script generated for node Lake
EvaluateDataQuality().process_rows(frame=ChangeSchema_node1700000000002, ruleset=DEFAULT_DATA_QUALITY_RULESET, publishing_options={"dataQualityEvaluationContext": "EvaluateDataQuality_node1700000000000", "enableDataQualityResultsPublishing": True}, additional_options={"dataQualityResultsPublishing.strategy": "BEST_EFFORT", "observations.scope": "ALL"})
Lake_node1700000000003 = glueContext.getSink(path="s3://examples/studio_schema/out/rentals/", connection_type="s3", updateBehavior="UPDATE_IN_DATABASE", partitionKeys=["city"], enableUpdateCatalog=True, transformation_ctx="Lake_node1700000000003")
Lake_node1700000000003.setCatalogInfo(catalogDatabase="studio_schema",catalogTableName="rentals")
Lake_node1700000000003.setFormat("glueparquet", compression="snappy")
Lake_node1700000000003.writeFrame(ChangeSchema_node1700000000002)
job.commit()
