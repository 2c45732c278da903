# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DataSink: what glueContext.getSink gives, and all writing of frames goes through."""

from awsglue import _spark

_spark.require(__name__)

from pyspark.sql import functions as F  # noqa: E402

from awsglue import _formats, _jdbc, _partitions, _sinkcatalog, _storage  # noqa: E402
from awsglue._options import Unsupported, flag, quoted, words  # noqa: E402
from awsglue.data_source import refuse, table_in_database  # noqa: E402
from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection  # noqa: E402

__all__ = ["DataSink"]


class DataSink:
    """A place to write to. writeFrame appends, as Glue does, and gives the frame back."""

    def __init__(self, glue_context, options, transformation_ctx=""):
        self._glue_context, self._spark = glue_context, glue_context.spark_session
        self._options, self._ctx = dict(options), transformation_ctx
        self._format, self._format_options = None, {}
        self._catalog = None

    def setFormat(self, format, **options):
        self._format, self._format_options = format, options
        return self

    def setCatalogInfo(self, catalogDatabase, catalogTableName, catalogId=None):
        """The table that enableUpdateCatalog makes or updates."""
        self._catalog = (catalogDatabase, catalogTableName, catalogId or None)
        return self

    def setAccumulableSize(self, size):
        return self

    def writeFrame(self, dynamic_frame, info=""):
        return self.write(dynamic_frame, info)

    def writeDataFrame(self, data_frame, glue_context=None, info=""):
        return self.write(data_frame, info)

    def write(self, dynamic_frame_or_dfc, info=""):
        """Write a frame, or each frame of a collection to a place of its name."""
        if isinstance(dynamic_frame_or_dfc, DynamicFrameCollection):
            for name, frame in dynamic_frame_or_dfc.items():
                self._below(name).write(frame, info)
            return dynamic_frame_or_dfc
        frame = dynamic_frame_or_dfc
        df = frame.toDF() if isinstance(frame, DynamicFrame) else frame
        if df.columns:
            self._write(df)
        else:
            self._glue_context.get_logger().info("%s: the frame has no fields, so nothing is written" % (self._ctx or "sink"))
        return frame

    def _write(self, df):
        raise NotImplementedError

    def _below(self, name):
        """The sink for the frame of that name in a collection."""
        raise NotImplementedError


class FileSink(DataSink):
    """Files below a path."""

    def _below(self, name):
        sink = FileSink(self._glue_context, {**self._options, "path": self._path() + "/" + name}, self._ctx)
        sink._format, sink._format_options, sink._catalog = self._format, self._format_options, self._catalog
        return sink

    def _path(self):
        path = self._options.get("path") or "".join(words(self._options, "paths")[:1])
        if not path:
            raise ValueError('the connection option path is missing; give it, for example "path": "s3://bucket/folder/"')
        return path.rstrip("/")

    def _write(self, df):
        path, keys = self._path(), words(self._options, "partitionKeys")
        missing = [k for k in keys if k not in df.columns]
        if missing:
            raise ValueError("partitionKeys: the frame has no column %s; it has %s" % (
                ", ".join(missing), ", ".join(df.columns)))
        update = flag(self._options, "enableUpdateCatalog")
        if update and not self._catalog:
            raise ValueError("enableUpdateCatalog needs the table: call setCatalogInfo(catalogDatabase=, catalogTableName=)")
        before = self._files(path) if update and keys else set()
        self._save(df, path, keys)
        if update:
            made = self._made(path, keys, before) if keys else set()
            fields = [f for f in df.schema.fields if f.name not in keys]
            _sinkcatalog.update(
                self._catalog, _formats.known(self._format), self._format_options, fields,
                [df.schema[k] for k in keys], path, made, self._options.get("updateBehavior"))

    def _save(self, df, path, keys):
        options = dict(self._format_options)
        if self._options.get("compression"):
            options["compression"] = self._options["compression"]
        df, spark_format, more = _formats.prepare(df, self._format, options, keys)
        writer = df.write.mode("append").format(spark_format).options(**more)
        # Glue leaves no _SUCCESS file behind.
        writer = writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        (writer.partitionBy(*keys) if keys else writer).save(path)

    def _files(self, path):
        return {f.uri for f in _storage.select(self._spark, [path]).files}

    def _made(self, path, keys, before):
        """The values of the keys in the files that are new."""
        found = _storage.select(self._spark, [path])
        made = set()
        for uri in {_storage.folder_of(u) for u in ({f.uri for f in found.files} - before)}:
            values = _partitions.values_in(_storage.encoded(self._spark, path), uri, keys)
            if values is not None:
                made.add(values)
        return made


class JdbcSink(DataSink):
    """A table of a database."""

    def __init__(self, glue_context, connection_type, options, transformation_ctx="", catalog_id=None):
        super().__init__(glue_context, options, transformation_ctx)
        self._type, self._catalog_id = connection_type, catalog_id

    def _below(self, name):
        return JdbcSink(self._glue_context, self._type, {**self._options, "dbtable": name}, self._ctx, self._catalog_id)

    def _write(self, df):
        _jdbc.write(_jdbc.database(self._glue_context, self._type, self._options, self._catalog_id), df, self._options)


class SparkSink(DataSink):
    """Whatever Spark has a data source for, given as className."""

    def _below(self, name):
        raise Unsupported("a collection cannot be written to custom.spark; write its frames one by one")

    def _write(self, df):
        options = {k: v for k, v in self._options.items() if k not in ("className", "connectionName")}
        df.write.format(self._options["className"]).mode("append").options(**options).save()


class CatalogSink(DataSink):
    """A table of the Data Catalog: files at its location in its format, or a table of a database."""

    def __init__(self, glue_context, table, options, transformation_ctx=""):
        super().__init__(glue_context, options, transformation_ctx)
        self._table = table

    def _below(self, name):
        raise ValueError("a collection cannot be written to the one table %s; write its frames one by one" % self._table)

    def _write(self, df):
        table = self._table
        if table.connection:
            options = {**table.parameters, "connectionName": table.connection, **self._options}
            db, more = table_in_database(self._glue_context, table, options)
            return _jdbc.write(db, df, more)
        format, format_options = table.format()
        keys = words(self._options, "partitionKeys") or [k["Name"] for k in table.keys]
        if format == "csv":
            format_options = {**format_options, "writeHeader": table.skip_lines() > 0}
            df = _in_order(df, table.data_schema(), keys)
        sink = FileSink(self._glue_context, {**self._options, "path": table.location, "partitionKeys": keys}, self._ctx)
        sink.setFormat(format, **format_options).setCatalogInfo(table.database, table.name, table.catalog_id)
        sink._write(df)


def _in_order(df, want, keys):
    """The columns in the table's order, by which CSV is read; columns that it does not have come last."""
    have = {c.lower(): c for c in df.columns}
    known = [have.pop(f.name.lower(), None) or f for f in want.fields]
    columns = [F.lit(None).cast("string").alias(c.name) if not isinstance(c, str) else F.col(quoted(c)) for c in known]
    return df.select(*columns, *[F.col(quoted(c)) for c in have.values()])


def sink(glue_context, connection_type, options, transformation_ctx=""):
    """The sink for a connection type and its options."""
    kind = str(connection_type or "").lower()
    if kind in ("s3", "file", "parquet", "orc"):
        path = options.get("path")
        if kind == "file" and path and path.startswith("/"):
            options = {**options, "path": "file:" + path}
        made = FileSink(glue_context, options, transformation_ctx)
        return made.setFormat(kind) if kind in ("parquet", "orc") else made
    if kind in _jdbc.TYPES:
        return JdbcSink(glue_context, kind, options, transformation_ctx)
    if kind == "custom.spark":
        if not options.get("className"):
            raise ValueError("connection type custom.spark needs the option className, the name of Spark's data source")
        return SparkSink(glue_context, options, transformation_ctx)
    raise refuse(kind)
