# Rows that keep the rules go on, the others are set aside with the reason: Filter and Map
# with Python functions, split_rows, and one target each.
# After the AWS Glue Developer Guide, Filter, Map and SplitRows classes
# (awsdocs/aws-glue-developer-guide, samples MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, Filter, Map, SplitRows
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def keeps_rules(row):
    return bool(row["email"]) and "@" in row["email"] and row["age"] is not None and row["age"] >= 0


def add_reason(row):
    row["reason"] = "age" if row["email"] and "@" in row["email"] else "email"
    return row


args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glueContext = GlueContext(SparkContext())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

people = glueContext.create_dynamic_frame.from_options(
    "s3", {"paths": [args["source"]]}, "csv", {"withHeader": True}
)
people = ApplyMapping.apply(
    frame=people,
    mappings=[
        ("name", "string", "name", "string"),
        ("email", "string", "email", "string"),
        ("age", "string", "age", "int"),
    ],
)
good = Filter.apply(frame=people, f=keeps_rules)
bad = Map.apply(frame=Filter.apply(frame=people, f=lambda row: not keeps_rules(row)), f=add_reason)
by_age = SplitRows.apply(good, {"age": {">=": 18}}, "adults", "minors")


def write(frame, name):
    glueContext.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="json",
    )


for name in by_age.keys():
    write(by_age.select(name), name)
write(bad, "rejected")
job.commit()
