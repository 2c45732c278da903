# Bad ids are dropped, amounts lose their dollar sign in a UDF, flat columns become
# nested ones by apply_mapping.
# After aws-samples/aws-glue-samples, examples/data_cleaning_and_lambda.py (MIT-0).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "target"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)

bills = glue.create_dynamic_frame.from_catalog(database=args["database"], table_name=args["table"])
bills = bills.resolveChoice(specs=[("clinic id", "cast:long")]).toDF()
bills = bills.where("`clinic id` is not null")

without_sign = udf(lambda amount: amount[1:], StringType())
bills = bills.withColumn("asked", without_sign(bills["charged amount"])).withColumn(
    "paid", without_sign(bills["paid amount"])
)

nested = DynamicFrame.fromDF(bills, glue, "nested").apply_mapping(
    [
        ("treatment", "string", "treatment", "string"),
        ("clinic id", "long", "clinic.id", "long"),
        ("clinic name", "string", "clinic.name", "string"),
        ("clinic zip", "long", "clinic.zip", "long"),
        ("asked", "string", "amounts.asked", "double"),
        ("paid", "string", "amounts.paid", "double"),
    ]
)
nested.printSchema()
glue.write_dynamic_frame.from_options(
    frame=nested,
    connection_type="s3",
    connection_options={"path": args["target"] + "bills"},
    format="parquet",
)
job.commit()
