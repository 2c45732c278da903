# Visual job: S3 -> Evaluate Data Quality -> rule outcomes, and rows with their outcome.
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

# Script generated for node Amazon S3
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(format_options={}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_quality/in/"], "recurse": True}, transformation_ctx="AmazonS3_node1")

# Script generated for node Evaluate Data Quality
EvaluateDataQuality_node2_ruleset = """
    Rules = [
        RowCount > 2,
        IsComplete "id",
        IsUnique "id",
        Completeness "email" >= 0.9,
        ColumnValues "age" between 0 and 120,
        ColumnExists "country"
    ]
"""

EvaluateDataQuality_node2 = EvaluateDataQuality().process_rows(frame=AmazonS3_node1, ruleset=EvaluateDataQuality_node2_ruleset, publishing_options={"dataQualityEvaluationContext": "EvaluateDataQuality_node2", "enableDataQualityCloudWatchMetrics": True, "enableDataQualityResultsPublishing": True}, additional_options={"observations.scope":"ALL","performanceTuning.caching":"CACHE_NOTHING"})

# Script generated for node ruleOutcomes
ruleOutcomes_node3 = SelectFromCollection.apply(dfc=EvaluateDataQuality_node2, key="ruleOutcomes", transformation_ctx="ruleOutcomes_node3")

# Script generated for node rowLevelOutcomes
rowLevelOutcomes_node4 = SelectFromCollection.apply(dfc=EvaluateDataQuality_node2, key="rowLevelOutcomes", transformation_ctx="rowLevelOutcomes_node4")

# Script generated for node Select Fields
SelectFields_node5 = SelectFields.apply(frame=ruleOutcomes_node3, paths=["Rule", "Outcome"], transformation_ctx="SelectFields_node5")

# Script generated for node Select Fields
SelectFields_node6 = SelectFields.apply(frame=rowLevelOutcomes_node4, paths=["id", "DataQualityEvaluationResult"], transformation_ctx="SelectFields_node6")

# Script generated for node Amazon S3
AmazonS3_node7 = glueContext.write_dynamic_frame.from_options(frame=SelectFields_node5, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_quality/out/rules/", "partitionKeys": []}, transformation_ctx="AmazonS3_node7")

# Script generated for node Amazon S3
AmazonS3_node8 = glueContext.write_dynamic_frame.from_options(frame=SelectFields_node6, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_quality/out/rows/", "partitionKeys": []}, transformation_ctx="AmazonS3_node8")

job.commit()
