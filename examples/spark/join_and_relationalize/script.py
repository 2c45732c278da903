# Three nested JSON tables of the catalog become one history: written whole, as one
# file, by chamber, and relationalized into flat tables of a PostgreSQL database.
# After aws-samples/aws-glue-samples, examples/join_and_relationalize.py (MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import Join
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "TempDir", "database", "target", "connection"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)


def table(name):
    return glue.create_dynamic_frame.from_catalog(database=args["database"], table_name=name)


people, seats, chambers = table("people"), table("seats"), table("chambers")
chambers = (
    chambers.drop_fields(["nicknames"]).rename_field("id", "chamber_id").rename_field("name", "chamber_name")
)
print("people:", people.count())
people.printSchema()

history = Join.apply(
    chambers, Join.apply(people, seats, "id", "person_id"), "chamber_id", "organization_id"
).drop_fields(["person_id", "chamber_id"])

glue.write_dynamic_frame.from_options(
    frame=history,
    connection_type="s3",
    connection_options={"path": args["target"] + "history"},
    format="parquet",
)
history.toDF().repartition(1).write.parquet(args["target"] + "single")
history.toDF().write.parquet(args["target"] + "by_chamber", partitionBy=["chamber_name"])

flat = history.relationalize("history", args["TempDir"])
for name in flat.keys():
    glue.write_dynamic_frame.from_jdbc_conf(
        frame=flat.select(name),
        catalog_connection=args["connection"],
        connection_options={"dbtable": name, "database": args["database"]},
        redshift_tmp_dir=args["TempDir"],
    )
job.commit()
