# Visual job: S3 -> Drop Null Fields (the helper walks the schema) -> Filter -> S3.
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.gluetypes import *
from awsglue import DynamicFrame
import re

def _find_null_fields(ctx, schema, path, output, nullStringSet, nullIntegerSet, frame):
    if isinstance(schema, StructType):
        for field in schema:
            inner = path + "." if path != "" else path
            output = _find_null_fields(ctx, field.dataType, inner + field.name, output, nullStringSet, nullIntegerSet, frame)
    elif isinstance(schema, ArrayType):
        if isinstance(schema.elementType, StructType):
            output = _find_null_fields(ctx, schema.elementType, path, output, nullStringSet, nullIntegerSet, frame)
    elif isinstance(schema, NullType):
        output.append(path)
    else:
        seen = set()
        for row in frame.toDF().select(path).distinct().collect():
            value = row[path.split(".")[-1]]
            if isinstance(value, list):
                seen |= set([v.strip() if isinstance(v, str) else v for v in value])
            elif isinstance(value, str):
                seen.add(value.strip())
            else:
                seen.add(value)
        if isinstance(schema, StringType):
            if seen.issubset(nullStringSet):
                output.append(path)
        elif isinstance(schema, IntegerType) or isinstance(schema, LongType) or isinstance(schema, DoubleType):
            if seen.issubset(nullIntegerSet):
                output.append(path)
    return output

def drop_nulls(glueContext, frame, nullStringSet, nullIntegerSet, transformation_ctx) -> DynamicFrame:
    empty = _find_null_fields(frame.glue_ctx, frame.schema(), "", [], nullStringSet, nullIntegerSet, frame)
    print("empty:", empty)
    if len(empty) == 0:
        return frame
    return DropFields.apply(frame=frame, paths=empty, transformation_ctx=transformation_ctx)

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

# Script generated for node Amazon S3
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(format_options={}, connection_type="s3", format="json", connection_options={"paths": ["s3://examples/studio_drop_nulls/in/"], "recurse": True}, transformation_ctx="AmazonS3_node1")

# Script generated for node Drop Null Fields
DropNullFields_node2 = drop_nulls(glueContext, frame=AmazonS3_node1, nullStringSet={"", "null"}, nullIntegerSet={-1}, transformation_ctx="DropNullFields_node2")

# Script generated for node Filter
Filter_node3 = Filter.apply(frame=DropNullFields_node2, f=lambda row: (bool(re.match("^T", row["title"])) or row["year"] >= 2000), transformation_ctx="Filter_node3")

# Script generated for node Amazon S3
AmazonS3_node4 = glueContext.write_dynamic_frame.from_options(frame=Filter_node3, connection_type="s3", format="json", connection_options={"path": "s3://examples/studio_drop_nulls/out/films/", "partitionKeys": []}, transformation_ctx="AmazonS3_node4")

job.commit()
