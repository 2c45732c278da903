# A CSV column that is a number in most rows and a word in one: the four ways to resolve
# the choice, and Spark SQL over the frame.
# After aws-samples/aws-glue-samples, examples/resolve_choice.py (MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "target"])
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
job = Job(glue)
job.init(args["JOB_NAME"], args)

stays = glue.create_dynamic_frame.from_catalog(database=args["database"], table_name=args["table"])
stays.printSchema()

resolved = {
    "cast": stays.resolveChoice(specs=[("clinic id", "cast:long")]),
    "project": stays.resolveChoice(specs=[("clinic id", "project:long")]),
    "make_cols": stays.resolveChoice(specs=[("clinic id", "make_cols")]),
    "make_struct": stays.resolveChoice(specs=[("clinic id", "make_struct")]),
}

stays.toDF().createOrReplaceTempView("stays")
many = spark.sql("select `clinic name`, discharges from stays where discharges > 30")
resolved["sql"] = DynamicFrame.fromDF(many, glue, "many")

for name, frame in resolved.items():
    glue.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="json",
    )
job.commit()
