# A transform of one's own, in a module beside the script (--extra-py-files), hung onto
# DynamicFrame and used as if it came with Glue.
# After aws-samples/aws-glue-samples,
# examples/transforms/CustomTransform_FillEmptyStringsInAColumn.py (MIT-0).
import sys

import fill_blank  # noqa: F401
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext()
glueContext = GlueContext(sc)
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

accounts = glueContext.create_dynamic_frame.from_options(
    format_options={"quoteChar": '"', "withHeader": True, "separator": ","},
    connection_type="s3",
    format="csv",
    connection_options={"paths": [args["source"]], "recurse": True},
    transformation_ctx="accounts",
)
filled = accounts.fill_blank("tier", "basic").fill_blank("owner", "nobody")
glueContext.write_dynamic_frame.from_options(
    frame=filled,
    connection_type="s3",
    format="json",
    connection_options={"path": args["target"], "partitionKeys": []},
    transformation_ctx="out",
)
job.commit()
