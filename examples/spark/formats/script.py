# One frame through every format: each is written, read again and counted.
# After the AWS Glue Developer Guide, "Format options for ETL inputs and outputs"
# (awsdocs/aws-glue-developer-guide, samples MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

stock = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]]},
    format="csv",
    format_options={"withHeader": True, "separator": "\t", "quoteChar": "'"},
).apply_mapping(
    [
        ("sku", "string", "sku", "string"),
        ("pieces", "string", "pieces", "int"),
        ("weight", "string", "weight", "decimal(8,3)"),
        ("counted", "string", "counted", "date"),
        ("seen", "string", "seen", "timestamp"),
        ("active", "string", "active", "boolean"),
    ]
)
stock.printSchema()
for form in ("parquet", "glueparquet", "orc", "avro", "json", "csv"):
    path = args["target"] + form
    glueContext.write_dynamic_frame.from_options(
        frame=stock.coalesce(1),
        connection_type="s3",
        connection_options={"path": path},
        format=form,
    )
    again = glueContext.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [path]},
        format="parquet" if form == "glueparquet" else form,
        format_options={"withHeader": True} if form == "csv" else {},
    )
    again.toDF().coalesce(1).write.mode("overwrite").json(args["target"] + form + "_again")
job.commit()
