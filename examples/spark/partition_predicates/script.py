# Only the partitions that matter are read: push_down_predicate filters them after they
# are listed, catalogPartitionPredicate lets the catalog choose.
# After the AWS Glue Developer Guide, "Managing partitions for ETL output"
# (awsdocs/aws-glue-developer-guide, samples MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "target"])
glue_context = GlueContext(SparkContext.getOrCreate())
job = Job(glue_context)
job.init(args["JOB_NAME"], args)

january = glue_context.create_dynamic_frame.from_catalog(
    database=args["database"],
    table_name=args["table"],
    push_down_predicate="(year == '2024' and month == '01')",
)
newest = glue_context.create_dynamic_frame.from_catalog(
    database=args["database"],
    table_name=args["table"],
    additional_options={"catalogPartitionPredicate": "year = '2024' and month > '01'"},
)
both = glue_context.create_dynamic_frame.from_catalog(
    database=args["database"],
    table_name=args["table"],
    push_down_predicate="day = '01'",
    additional_options={"catalogPartitionPredicate": "year = '2024'"},
)
for name, frame in {"january": january, "newest": newest, "both": both}.items():
    glue_context.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="s3",
        connection_options={"path": args["target"] + name, "partitionKeys": ["month"]},
        format="json",
    )
job.commit()
