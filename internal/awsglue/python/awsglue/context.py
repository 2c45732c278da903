# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""GlueContext: where frames are read from and written to."""

from awsglue import _spark

_spark.require(__name__)

from pyspark.sql import SparkSession, SQLContext  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402

from awsglue import _catalog, _connections, _purge, _records, _streaming, data_sink, data_source  # noqa: E402
from awsglue._dataframes import DataFrameReader, DataFrameWriter  # noqa: E402
from awsglue._logger import GlueLogger  # noqa: E402
from awsglue._options import Unsupported  # noqa: E402
from awsglue.dynamicframe import DynamicFrame, DynamicFrameReader, DynamicFrameWriter  # noqa: E402

__all__ = ["GlueContext"]

# Spark lists many folders with as many tasks, which costs more than it gains on
# one machine; its own default is 10,000.
_LISTING = ("spark.sql.sources.parallelPartitionDiscovery.parallelism", "64")


class GlueContext(SQLContext):
    """See the AWS Glue documentation of the class; docs/awsglue.md says what differs."""

    def __init__(self, sparkContext, **options):
        session = SparkSession.builder.getOrCreate()
        super().__init__(sparkContext, sparkSession=session)
        self.spark_session = session
        if sparkContext.getConf().get(_LISTING[0]) is None:
            session.conf.set(*_LISTING)
        self._logger = GlueLogger()
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)
        self.create_data_frame = DataFrameReader(self)
        self.write_data_frame = DataFrameWriter(self)

    def get_logger(self):
        return self._logger

    # Reading

    def getSource(self, connection_type, transformation_ctx="", format=None, push_down_predicate="", **options):
        source = data_source.source(self, connection_type, options, transformation_ctx)
        return source.setFormat(format) if format else source

    def _source(self, connection_type, options, format, format_options, ctx):
        source = data_source.source(self, connection_type, options or {}, ctx)
        return source.setFormat(format, **(format_options or {})) if format else source

    def _catalog_source(self, database, table_name, ctx, predicate, options, catalog_id):
        table = _catalog.get_table(database, table_name, catalog_id)
        return data_source.CatalogSource(self, table, options or {}, ctx, predicate)

    def create_dynamic_frame_from_rdd(self, data, name, schema=None, sample_ratio=None, transformation_ctx=""):
        if schema is None:
            return _records.infer(data, self, name)
        return DynamicFrame(self.spark_session.createDataFrame(data, schema), self, name)

    def create_dynamic_frame_from_catalog(self, database, table_name, redshift_tmp_dir="", transformation_ctx="",
                                          push_down_predicate="", additional_options=None, catalog_id=None, **kwargs):
        return self._catalog_source(
            database, table_name, transformation_ctx, push_down_predicate, additional_options, catalog_id).getFrame()

    def create_dynamic_frame_from_options(self, connection_type, connection_options=None, format=None,
                                          format_options=None, transformation_ctx="", push_down_predicate="", **kwargs):
        return self._source(connection_type, connection_options, format, format_options, transformation_ctx).getFrame()

    def create_sample_dynamic_frame_from_catalog(self, database, table_name, num=None, redshift_tmp_dir="",
                                                 transformation_ctx="", push_down_predicate="", additional_options=None,
                                                 sample_options=None, catalog_id=None, **kwargs):
        source = self._catalog_source(
            database, table_name, transformation_ctx, push_down_predicate, additional_options, catalog_id)
        return source.getSampleFrame(num, **(sample_options or {}))

    def create_sample_dynamic_frame_from_options(self, connection_type, connection_options=None, num=None,
                                                 sample_options=None, format=None, format_options=None,
                                                 transformation_ctx="", push_down_predicate="", **kwargs):
        source = self._source(connection_type, connection_options, format, format_options, transformation_ctx)
        return source.getSampleFrame(num, **(sample_options or {}))

    def create_data_frame_from_catalog(self, database, table_name, transformation_ctx="", additional_options=None,
                                       redshift_tmp_dir="", push_down_predicate="", catalog_id=None, **kwargs):
        options = additional_options or {}
        source = self._catalog_source(
            database, table_name, transformation_ctx, push_down_predicate, options, catalog_id)
        return source.getFrame().toDF()

    def create_data_frame_from_options(self, connection_type, connection_options=None, format=None, format_options=None,
                                       transformation_ctx="", **kwargs):
        if connection_type in ("kafka", "kinesis"):
            return _streaming.read(self.spark_session, connection_type, connection_options or {})
        return self.create_dynamic_frame_from_options(
            connection_type, connection_options, format, format_options, transformation_ctx).toDF()

    def get_catalog_schema_as_spark_schema(self, database=None, table_name=None, catalog_id=None):
        """The table's columns, then its partition keys, as a Spark StructType."""
        table = _catalog.get_table(database, table_name, catalog_id)
        return type(table.data_schema())(table.data_schema().fields + table.key_schema().fields)

    def add_ingestion_time_columns(self, dataFrame, timeGranularity=""):
        """Add ingest_year, ingest_month, ingest_day, and as timeGranularity says ingest_hour and ingest_minute."""
        parts = ["year", "month", "dayofmonth", "hour", "minute"]
        counts = {"": 3, "day": 3, "hour": 4, "minute": 5}
        if timeGranularity not in counts:
            raise ValueError("timeGranularity is %r; give day, hour or minute" % timeGranularity)
        now = F.current_timestamp()
        for part in parts[:counts[timeGranularity]]:
            name = "ingest_" + part.replace("dayofmonth", "day")
            dataFrame = dataFrame.withColumn(name, getattr(F, part)(now))
        return dataFrame

    def forEachBatch(self, frame, batch_function, options=None):
        _streaming.for_each_batch(frame, batch_function, options or {})

    # Writing

    def getSink(self, connection_type, format=None, transformation_ctx="", **options):
        sink = data_sink.sink(self, connection_type, options, transformation_ctx)
        return sink.setFormat(format) if format else sink

    get_sink = getSink

    def write_from_options(self, frame_or_dfc, connection_type, connection_options=None, format=None,
                           format_options=None, transformation_ctx=""):
        sink = data_sink.sink(self, connection_type, connection_options or {}, transformation_ctx)
        if format:
            sink.setFormat(format, **(format_options or {}))
        return sink.write(frame_or_dfc)

    def write_dynamic_frame_from_options(self, frame, connection_type, connection_options=None, format=None,
                                         format_options=None, transformation_ctx=""):
        return self.write_from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx)

    def write_dynamic_frame_from_catalog(self, frame, database, table_name, redshift_tmp_dir="", transformation_ctx="",
                                         additional_options=None, catalog_id=None, **kwargs):
        table = _catalog.get_table(database, table_name, catalog_id)
        return data_sink.CatalogSink(self, table, additional_options or {}, transformation_ctx).write(frame)

    def write_from_jdbc_conf(self, frame_or_dfc, catalog_connection, connection_options=None, redshift_tmp_dir="",
                             transformation_ctx="", catalog_id=None):
        options = dict(connection_options or {}, connectionName=catalog_connection)
        return data_sink.JdbcSink(self, "jdbc", options, transformation_ctx, catalog_id).write(frame_or_dfc)

    def write_dynamic_frame_from_jdbc_conf(self, frame, catalog_connection, connection_options=None,
                                           redshift_tmp_dir="", transformation_ctx="", catalog_id=None):
        return self.write_from_jdbc_conf(
            frame, catalog_connection, connection_options, redshift_tmp_dir, transformation_ctx, catalog_id)

    def write_data_frame_from_options(self, frame, connection_type, connection_options=None, format=None,
                                      format_options=None, transformation_ctx=""):
        return self.write_from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx)

    def write_data_frame_from_catalog(self, frame, database, table_name, redshift_tmp_dir="", transformation_ctx="",
                                      additional_options=None, catalog_id=None, **kwargs):
        return self.write_dynamic_frame_from_catalog(
            frame, database, table_name, redshift_tmp_dir, transformation_ctx, additional_options, catalog_id)

    # Connections

    def extract_jdbc_conf(self, connection_name, catalog_id=None):
        conf = _connections.jdbc_conf(connection_name, catalog_id)
        return {k: v for k, v in conf.items() if k != "driver"}

    # Files removed

    def purge_table(self, database, table_name, options=None, transformation_ctx="", catalog_id=None):
        removed, left = _purge.table(self.spark_session, database, table_name, options or {}, catalog_id)
        self._logger.info("purge_table(%s.%s): %d files removed, %d kept" % (database, table_name, removed, left))

    def purge_s3_path(self, s3_path, options=None, transformation_ctx=""):
        removed, left = _purge.path(self.spark_session, s3_path, options or {})
        self._logger.info("purge_s3_path(%s): %d files removed, %d kept" % (s3_path, removed, left))

    # What is accepted and not done

    def transition_table(self, database, table_name, transition_to, options=None, transformation_ctx="",
                         catalog_id=None):
        self._not_done("transition_table", "%s.%s" % (database, table_name), "there are no storage classes")

    def transition_s3_path(self, s3_path, transition_to, options=None, transformation_ctx=""):
        self._not_done("transition_s3_path", s3_path, "there are no storage classes")

    def _not_done(self, call, what, why):
        self._logger.warn("%s(%s) does nothing here: %s" % (call, what, why))

    def start_transaction(self, read_only=False):
        raise _no_transactions("start_transaction")

    def commit_transaction(self, transaction_id, wait_for_commit=True):
        raise _no_transactions("commit_transaction")

    def cancel_transaction(self, transaction_id):
        raise _no_transactions("cancel_transaction")


def _no_transactions(call):
    return Unsupported(
        "%s is for governed tables of Lake Formation, which are not built here; write without a transaction" % call)
