# Inserts, updates and deletes of a database's change log are merged into the table in
# S3: the newest change of each key wins, and only the files that change are rewritten.
# After aws-samples/aws-big-data-blog-dmscdc-walkthrough, DMSCDC_LoadInitial.py and
# DMSCDC_LoadIncremental.py (no licence stated in the files).
import sys
from urllib.parse import unquote, urlparse

import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import col, desc, input_file_name, lit, rank, row_number
from pyspark.sql.utils import AnalysisException
from pyspark.sql.window import Window

args = getResolvedOptions(
    sys.argv, ["JOB_NAME", "bucket", "source", "target", "primary_key", "since"]
)
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

s3 = boto3.client("s3")
listed = s3.list_objects_v2(
    Bucket=args["bucket"], Prefix=args["source"], StartAfter=args["source"] + args["since"]
)
paths = ["s3://%s/%s" % (args["bucket"], o["Key"]) for o in listed.get("Contents", [])]
print("change files:", paths)
changes = spark.read.option("header", True).schema(
    "op string, id int, name string, city string"
).csv(paths)
target = "s3://%s/%s" % (args["bucket"], args["target"])
keys = args["primary_key"].split(",")

try:
    current = spark.read.parquet(target)
except AnalysisException:
    current = None

stale = []
if current is None:
    merged = changes.filter(col("op") == "I")
else:
    arrival = Window.partitionBy(keys).orderBy("sortpath")
    changes = changes.withColumn("sortpath", input_file_name()).withColumn(
        "rownum", row_number().over(arrival)
    )
    current = (
        current.withColumn("sortpath", lit("0"))
        .withColumn("old_file", input_file_name())
        .withColumn("rownum", lit(1))
    )
    touched = current.join(changes, keys, "inner").select(current["old_file"].alias("touched")).distinct()
    stale = [row[0] for row in touched.collect()]
    both = changes.unionByName(
        current.join(touched, touched["touched"] == current["old_file"]), allowMissingColumns=True
    )
    newest = Window.partitionBy(keys).orderBy(desc("sortpath"), desc("rownum"))
    merged = (
        both.withColumn("place", rank().over(newest))
        .where((col("place") == 1) & (col("op") != "D"))
        .select("op", "id", "name", "city")
        .coalesce(1)
    )

merged.write.mode("append").parquet(target)
for path in stale:
    at = urlparse(path)
    s3.delete_object(Bucket=at.netloc, Key=unquote(at.path)[1:])
job.commit()
