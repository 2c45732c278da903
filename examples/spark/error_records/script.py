# A Python function that fails on some records: the rest goes through, the failed ones
# are counted and logged with their message.
# After marcomarasca/Synapse-ETL-Jobs, snapshot jobs (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def to_snapshot(record):
    record["size_kb"] = int(record["size"]) // 1024
    record["snapshot"] = record["taken"][:10]
    del record["size"]
    return record


args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glue_context = GlueContext(SparkContext.getOrCreate())
logger = glue_context.get_logger()
job = Job(glue_context)
job.init(args["JOB_NAME"], args)

files = glue_context.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]], "recurse": True},
    format="json",
    transformation_ctx="files",
)
snapshots = files.map(f=to_snapshot, totalThreshold=10)
glue_context.write_dynamic_frame.from_options(
    frame=snapshots,
    connection_type="s3",
    connection_options={"path": args["target"] + "snapshots"},
    format="json",
)
if snapshots.stageErrorsCount() > 0:
    logger.error("%d records failed" % snapshots.stageErrorsCount())
    bad = snapshots.errorsAsDynamicFrame().toDF()
    bad.show(truncate=False)
    count = bad.selectExpr("count(*) as failed")
    count.coalesce(1).write.mode("overwrite").json(args["target"] + "failed")
job.commit()
