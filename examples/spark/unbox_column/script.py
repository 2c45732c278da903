# A text column that holds JSON is unboxed; what does not parse becomes an error record
# that can be counted and looked at, and stays under the threshold.
# After PacktPublishing/Serverless-ETL-and-Analytics-with-AWS-Glue, Chapter04/03_Unbox.py
# and Chapter04/04_ErrorsAsDynamicFrame.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.types import StringType, StructField, StructType

args = getResolvedOptions(sys.argv, ["JOB_NAME", "target"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

schema = StructType([StructField("branch", StringType()), StructField("staff_json", StringType())])
good = '{"staff": [{"name": "Ada", "floor": 1}, {"name": "Ben", "floor": 2}]}'
broken = '{"staff": [{"name": "Cleo", "floor": 3}'
rows = spark.createDataFrame([["Porto", good], ["Gent", broken]], schema=schema)
boxed = DynamicFrame.fromDF(rows, glueContext, "boxed")

unboxed = Unbox.apply(frame=boxed, path="staff_json", format="json", totalThreshold=10)
unboxed.printSchema()
result = unboxed.toDF().selectExpr("branch", "inline(staff_json.staff)")
result.show()
print("errors:", unboxed.errorsCount(), unboxed.stageErrorsCount())
errors = unboxed.errorsAsDynamicFrame()

summary = spark.createDataFrame([[errors.count(), result.count()]], "errors long, staff long")
for name, df in {"staff": result, "summary": summary}.items():
    glueContext.write_dynamic_frame.from_options(
        frame=DynamicFrame.fromDF(df, glueContext, name),
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="json",
    )
job.commit()
