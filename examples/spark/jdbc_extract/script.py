# The connection's address and password by extract_jdbc_conf; a table read in parallel by
# hash, its texts masked by a Python function, written to Parquet.
# After aws-samples/aws-glue-etl-sample-cdk, glue/job1.py (MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import Map
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def hide(record):
    record["body"] = "*" * len(record["body"])
    return record


args = getResolvedOptions(sys.argv, ["JOB_NAME", "connection", "database", "table", "target"])
glue = GlueContext(SparkContext())
job = Job(glue)
job.init(args["JOB_NAME"], args)

conf = glue.extract_jdbc_conf(connection_name=args["connection"])
notes = glue.create_dynamic_frame.from_options(
    connection_type=conf["vendor"],
    connection_options={
        "url": "{}/{}".format(conf["url"], args["database"]),
        "user": conf["user"],
        "password": conf["password"],
        "dbtable": args["table"],
        "hashfield": "id",
        "hashpartitions": "3",
    },
    transformation_ctx="notes",
)
hidden = Map.apply(frame=notes, f=hide)
glue.write_dynamic_frame.from_options(
    frame=hidden,
    connection_type="s3",
    connection_options={"path": args["target"]},
    format="parquet",
)
job.commit()
