# Arguments that may be absent: asked for only if they are on the command line, with
# defaults for the rest; the same script runs under a test without JOB_NAME.
# After PacktPublishing/Serverless-ETL-and-Analytics-with-AWS-Glue, Chapter03 (no licence
# stated), and # the common answer to "AWS Glue optional job parameter" on Stack Overflow.
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import GlueArgumentError, getResolvedOptions
from pyspark.context import SparkContext


def optional(name, default):
    if "--" + name in sys.argv:
        return getResolvedOptions(sys.argv, [name])[name]
    return default


wanted = ["target"] + (["JOB_NAME"] if "--JOB_NAME" in sys.argv else [])
args = getResolvedOptions(sys.argv, wanted)
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args.get("JOB_NAME", "test"), args)

try:
    getResolvedOptions(sys.argv, ["nobody_passes_this"])
    missing = "found"
except GlueArgumentError:
    missing = "refused"

settings = [
    ("separator", optional("separator", ",")),
    ("limit", optional("limit", "100")),
    ("missing", missing),
    ("job", "named" if args.get("JOB_NAME") else "unnamed"),
]
glueContext.write_dynamic_frame.from_options(
    frame=DynamicFrame.fromDF(
        spark.createDataFrame(settings, ["name", "value"]).coalesce(1), glueContext, "settings"
    ),
    connection_type="s3",
    connection_options={"path": args["target"] + "settings"},
    format="csv",
    format_options={"separator": optional("separator", ","), "quoteChar": -1},
)
job.commit()
