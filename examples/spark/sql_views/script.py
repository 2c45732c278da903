# Spark SQL over temporary views: a Python function registered for SQL, common table
# expressions, window functions, and a pandas UDF.
# After tinitiateprime/tinitate-aws-glue, glue-code/ti-pyspark-cte.py and
# ti-pyspark-analytical.py (no licence stated).
import sys

import pandas as pd
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import pandas_udf
from pyspark.sql.types import StringType

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "table", "target"])
glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

staff = glueContext.create_dynamic_frame.from_catalog(database=args["database"], table_name=args["table"])
staff.toDF().createOrReplaceTempView("staff")
spark.udf.register("initials", lambda name: "".join(w[0] for w in name.split()), StringType())


@pandas_udf("long")
def after_raise(salary: pd.Series) -> pd.Series:
    return (salary * 1.1).round().astype("int64")


spark.udf.register("after_raise", after_raise)
ranked = spark.sql("""
    with means as (select department, avg(salary) as mean from staff group by department)
    select initials(s.name) as who, s.department, s.salary, after_raise(s.salary) as next_year,
           m.mean, rank() over (partition by s.department order by s.salary desc) as place,
           lag(s.salary) over (partition by s.department order by s.salary desc) as above
    from staff s join means m on s.department = m.department
    where s.salary is not null
""")
ranked.createOrReplaceGlobalTempView("ranked")
best = spark.sql("select department, who from global_temp.ranked where place = 1")
for name, df in {"ranked": ranked, "best": best}.items():
    glueContext.write_dynamic_frame.from_options(
        frame=DynamicFrame.fromDF(df, glueContext, name).coalesce(1),
        connection_type="s3",
        connection_options={"path": args["target"] + name},
        format="parquet",
    )
job.commit()
