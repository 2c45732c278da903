# Nested documents into tables: relationalize, then tables and columns get names that
# people can type, and children are joined to their parents again.
# After aws-samples/aws-glue-flatten-nested-json, flatten_join_nested_file.py (no licence
# stated in the file).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import Relationalize, ResolveChoice
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(
    sys.argv, ["JOB_NAME", "TempDir", "database", "table", "root", "target", "files"]
)
glueContext = GlueContext(SparkContext())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
root = args["root"]

documents = glueContext.create_dynamic_frame.from_catalog(
    database=args["database"], table_name=args["table"], transformation_ctx="documents"
)
documents = ResolveChoice.apply(frame=documents, choice="make_struct", transformation_ctx="resolved")
tables = Relationalize.apply(
    frame=documents, staging_path=args["TempDir"], name=root, transformation_ctx="tables"
)
print("tables:", sorted(tables.keys()))


def clean(name):
    return name.lower().replace(".val.", "_").replace(".", "_")


frames = {}
for key in tables.keys():
    short = "main" if key == root else clean(key[len(root) + 1 :]).split("_")[-1]
    frame = tables.select(key).toDF()
    for column in frame.columns:
        frame = frame.withColumnRenamed(column, clean(column).split("_")[-1])
    frames[short] = frame

main = frames["main"].withColumnRenamed("programs", "programs_key")
programs = frames["programs"].withColumnRenamed("id", "programs_key").withColumnRenamed("works", "works_key")
works = frames["works"].withColumnRenamed("id", "works_key")
whole = (
    main.join(programs.drop("index"), "programs_key", "left_outer")
    .join(works.drop("index"), "works_key", "left_outer")
    .drop("programs_key", "works_key")
)
for name, frame in {"programs": programs.drop("works_key", "programs_key"), "whole": whole}.items():
    out = DynamicFrame.fromDF(frame, glueContext, name).coalesce(int(args["files"]))
    glueContext.write_dynamic_frame.from_options(
        frame=out,
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="glueparquet",
        transformation_ctx="sink_" + name,
    )
job.commit()
