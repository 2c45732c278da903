# Raw files into a curated table: created with its catalog entry on the first run, merged
# by key afterwards, partition by partition.
# After aws-samples/aws-glue-blueprint-rel-db-to-s3, rel_db_to_s3/raw-curated-pyspark.py
# (Apache-2.0).
import sys

import boto3
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(
    sys.argv, ["JOB_NAME", "database", "table", "source", "target", "primary_key", "partition_key"]
)
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
logger = glueContext.get_logger()
database, table = args["database"], args["table"]

catalog = boto3.client("glue")
try:
    catalog.get_table(DatabaseName=database, Name=table)
    first_run = False
except catalog.exceptions.EntityNotFoundException:
    first_run = True


def write(frame):
    sink = glueContext.getSink(
        path=args["target"],
        connection_type="s3",
        updateBehavior="UPDATE_IN_DATABASE",
        partitionKeys=[args["partition_key"]],
        compression="snappy",
        enableUpdateCatalog=True,
        transformation_ctx="sink",
    )
    sink.setCatalogInfo(catalogDatabase=database, catalogTableName=table)
    sink.setFormat("glueparquet")
    sink.writeFrame(frame)


incoming = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    format="json",
    connection_options={"paths": [args["source"]]},
    transformation_ctx="incoming",
)
rows = incoming.count()
if rows == 0:
    logger.info("nothing new")
elif first_run:
    write(incoming)
else:
    key, partition = args["primary_key"], args["partition_key"]
    changed = [r[0] for r in incoming.toDF().select(partition).distinct().collect()]
    predicate = " or ".join("(%s=='%s')" % (partition, value) for value in sorted(changed))
    current = spark.sql("select * from `%s`.`%s` where %s" % (database, table, predicate))
    merged = DynamicFrame.fromDF(current, glueContext, "current").mergeDynamicFrame(incoming, [key])
    merged = merged.toDF().persist()
    logger.info("%d rows after the merge" % merged.count())
    glueContext.purge_table(
        database, table, options={"partitionPredicate": "(%s)" % predicate, "retentionPeriod": 0}
    )
    write(DynamicFrame.fromDF(merged, glueContext, "merged"))
logger.info("%d rows came in" % rows)
job.commit()
