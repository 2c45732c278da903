# A table that is loaded as a whole each time: its old files are purged first, the new
# ones written under a partition that the catalog learns of; the source goes to a colder
# storage class.
# After the AWS Glue Developer Guide, "Working with Amazon S3 storage classes" and the
# purge and transition methods of GlueContext (awsdocs/aws-glue-developer-guide, samples
# MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import ApplyMapping
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "source", "target"])
glueContext = GlueContext(SparkContext.getOrCreate())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

rates = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]]},
    format="csv",
    format_options={"withHeader": True},
)
rates = ApplyMapping.apply(
    frame=rates,
    mappings=[
        ("currency", "string", "currency", "string"),
        ("rate", "string", "rate", "double"),
        ("day", "string", "day", "string"),
    ],
)
glueContext.purge_table(args["database"], args["table"], {"retentionPeriod": 0})
glueContext.purge_s3_path(args["target"] + "copy/", {"retentionPeriod": 0})
glueContext.write_dynamic_frame.from_catalog(
    frame=rates,
    database=args["database"],
    table_name=args["table"],
    additional_options={"enableUpdateCatalog": True, "partitionKeys": ["day"]},
    transformation_ctx="rates",
)
glueContext.write_dynamic_frame.from_options(
    frame=rates,
    connection_type="s3",
    connection_options={"path": args["target"] + "copy/"},
    format="json",
)
glueContext.transition_s3_path(args["source"], "STANDARD_IA", {"retentionPeriod": 0})
job.commit()
