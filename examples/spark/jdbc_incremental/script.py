# A table of a database read from where the last run stopped, by a bookmark key.
# After aws-samples/aws-glue-blueprint-rel-db-to-s3, rel_db_to_s3/source-raw-pyspark.py
# (Apache-2.0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def fail(logger, message):
    logger.error(message)
    raise ValueError(message)


args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "key", "key_order", "target"])
glueContext = GlueContext(SparkContext())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
logger = glueContext.get_logger()

if args["key_order"] not in ("asc", "desc"):
    fail(logger, "key_order must be asc or desc")

orders = glueContext.create_dynamic_frame_from_catalog(
    args["database"],
    args["table"],
    transformation_ctx="orders",
    additional_options={
        "jobBookmarkKeys": [args["key"]],
        "jobBookmarkKeysSortOrder": args["key_order"],
    },
)
pulled = orders.count()
logger.info("pulled %d orders" % pulled)
if pulled:
    glueContext.write_dynamic_frame_from_options(
        frame=orders,
        connection_type="s3",
        connection_options={"path": args["target"]},
        format="parquet",
    )
job.commit()
