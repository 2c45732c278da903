# A look at the data on the way: spigot writes a sample of what passes, show and
# printSchema print it, the logger has three levels; then samples by number and by key.
# After the AWS Glue Developer Guide, Spigot class (awsdocs/aws-glue-developer-guide,
# samples MIT-0), and PacktPublishing/Serverless-ETL-and-Analytics-with-AWS-Glue,
# Chapter11/gluelogger.py (no licence stated).
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import Spigot
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
logger = glueContext.get_logger()

numbers = glueContext.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": [args["source"]]}, format="json"
)
numbers.printSchema()
numbers.show(2)
passed = Spigot.apply(numbers, args["target"] + "spigot", {"topk": 3})
logger.info("all: %d" % passed.count())
logger.warn("sampled lines are not sorted")
logger.error("this is no error, only a line at level error")

df = passed.toDF()
tenth = df.sample(fraction=0.5, seed=7)
by_kind = df.sampleBy("kind", fractions={"even": 1.0, "odd": 0.0}, seed=7)
sizes = spark.createDataFrame(
    [("all", df.count()), ("even", by_kind.count()), ("half_is_less", int(tenth.count() < df.count()))],
    ["what", "rows"],
)
glueContext.write_dynamic_frame.from_options(
    frame=DynamicFrame.fromDF(sizes.coalesce(1), glueContext, "sizes"),
    connection_type="s3",
    connection_options={"path": args["target"] + "sizes"},
    format="csv",
)
job.commit()
