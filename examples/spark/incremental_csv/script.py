# A job with bookmarks reads only the files that came since its last commit, and appends.
# After the AWS Glue Developer Guide, "Tracking processed data using job bookmarks"
# (awsdocs/aws-glue-developer-guide, samples MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import ApplyMapping
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
sc = SparkContext()
glueContext = GlueContext(sc)
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

new_sales = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]], "recurse": True},
    format="csv",
    format_options={"withHeader": True},
    transformation_ctx="new_sales",
)
print("new sales:", new_sales.count())

if new_sales.count() > 0:
    typed = ApplyMapping.apply(
        frame=new_sales,
        mappings=[
            ("id", "string", "id", "int"),
            ("shop", "string", "shop", "string"),
            ("total", "string", "total", "double"),
        ],
        transformation_ctx="typed",
    )
    glueContext.write_dynamic_frame.from_options(
        frame=typed,
        connection_type="s3",
        connection_options={"path": args["target"]},
        format="parquet",
        transformation_ctx="append",
    )
job.commit()
