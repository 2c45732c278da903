# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DataSource: what glueContext.getSource gives, and all reading of frames goes through."""

from awsglue import _spark

_spark.require(__name__)

import re  # noqa: E402

from awsglue import _formats, _jdbc, _storage  # noqa: E402
from awsglue._options import Unsupported, flag, number, words  # noqa: E402
from awsglue.dynamicframe import DynamicFrame  # noqa: E402

__all__ = ["DataSource"]

_SAMPLE_PARTITIONS = _SAMPLE_FILES = 10


class DataSource:
    """A place to read from. getFrame reads all that is new, getSampleFrame a part."""

    def __init__(self, glue_context, options, transformation_ctx="", name=""):
        self._glue_context, self._spark = glue_context, glue_context.spark_session
        self._options, self._ctx, self._name = dict(options), transformation_ctx, name or transformation_ctx
        self._format, self._format_options = None, {}

    def setFormat(self, format, **options):
        self._format, self._format_options = format, options
        return self

    def getFrame(self, **options):
        self._options.update(options)
        return self._framed(self._read(self._unread))

    def getSampleFrame(self, num=None, **options):
        """At most num records of some of the files: the options maxSamplePartitions and
        maxSampleFilesPerPartition say how many. A bookmark neither narrows nor notes them."""
        num = number(dict(options, num=num if num is not None else options.get("num")), "num", 1000)
        folders = number(options, "maxSamplePartitions", _SAMPLE_PARTITIONS)
        files = number(options, "maxSampleFilesPerPartition", _SAMPLE_FILES)
        return self._framed(self._read(lambda found: _some(found, folders, files), sample=True).limit(num))

    def _framed(self, df):
        return DynamicFrame(df, self._glue_context, self._name)

    def _read(self, narrow, sample=False):
        raise NotImplementedError

    def _unread(self, selection):
        """The files that the job's bookmark has not seen, within boundedFiles and boundedSize."""
        from awsglue import _bookmark

        bookmark = _bookmark.current()
        bounds = number(self._options, "boundedFiles"), number(self._options, "boundedSize")
        if not (bookmark.enabled and self._ctx):
            return selection.only(_bounded(selection.files, *bounds))
        by_key = {(_storage.path_of(f), f.mtime, f.size): f for f in selection.files}
        keys, left = list(by_key), None
        if any(bounds):
            unread = bookmark.unread(self._ctx, keys)
            keys = _bounded(unread, *bounds)
            left = unread[len(keys)][1] if len(keys) < len(unread) else None
        band = number(self._options, "maxBand")
        chosen = bookmark.select_files(
            self._ctx, keys, max_band=None if band is None else band // 1000,
            max_files_in_band=number(self._options, "maxFilesInBand"), left=left)
        return selection.exactly().only([by_key[key] for key in chosen])


def _bounded(files, count, size):
    """The first of the files, at most count, and of at most size bytes unless one alone is larger."""
    if count:
        files = files[:count]
    if size:
        kept, total = [], 0
        for file in files:
            total += file[2]
            if kept and total > size:
                break
            kept.append(file)
        files = kept
    return files


def _some(selection, folders, per_folder):
    taken = {}
    for file in selection.files:
        folder = _storage.folder_of(file.uri)
        if folder not in taken and len(taken) >= folders:
            continue
        kept = taken.setdefault(folder, [])
        if len(kept) < per_folder:
            kept.append(file)
    return selection.only([f for files in taken.values() for f in files])


class FileSource(DataSource):
    """Files of paths."""

    def _read(self, narrow, sample=False):
        paths = words(self._options, "paths") or words(self._options, "path")
        if not paths:
            raise ValueError('the connection option paths is missing; give it, for example "paths": ["s3://bucket/folder/"]')
        _formats.known(self._format)
        found = _storage.select(
            self._spark, paths, flag(self._options, "recurse"), words(self._options, "exclusions"))
        _check_compression(found, self._options.get("compressionType"))
        return _formats.read(self._spark, narrow(found), self._format, self._format_options)


def _check_compression(selection, kind):
    """Spark knows a compression by the file's name alone."""
    ends = {"gzip": (".gz", ".gzip"), "bzip2": (".bz2",)}.get((kind or "").lower())
    odd = [f for f in selection.files if ends and not f.uri.lower().endswith(ends)]
    if odd:
        raise Unsupported(
            "compressionType %s: %s does not end in %s, by which Spark knows it; rename such files"
            % (kind, _storage.path_of(odd[0]), " or ".join(ends)))


class JdbcSource(DataSource):
    """A table of a database."""

    def __init__(self, glue_context, connection_type, options, transformation_ctx="", name="", catalog_id=None):
        super().__init__(glue_context, options, transformation_ctx, name)
        self._type, self._catalog_id = connection_type, catalog_id

    def _read(self, narrow, sample=False):
        db = _jdbc.database(self._glue_context, self._type, self._options, self._catalog_id)
        return _jdbc.read(db, self._options, "" if sample else self._ctx)


class SparkSource(DataSource):
    """Whatever Spark has a data source for, given as className."""

    def __init__(self, glue_context, format, options, transformation_ctx="", name=""):
        super().__init__(glue_context, options, transformation_ctx, name)
        self._source = format

    def _read(self, narrow, sample=False):
        reader = self._spark.read.format(self._source)
        for key, value in self._options.items():
            if key not in ("className", "connectionName"):
                reader = reader.option(key, value)
        return reader.load()


class CatalogSource(DataSource):
    """A table of the Data Catalog: files, or a table of a database."""

    def __init__(self, glue_context, table, options, transformation_ctx="", push_down_predicate=""):
        super().__init__(glue_context, options, transformation_ctx, table.name)
        self._table, self._predicate = table, push_down_predicate or options.get("push_down_predicate", "")

    def _read(self, narrow, sample=False):
        kind = (self._table.storage.get("Parameters") or {}).get("typeOfData", "")
        if kind in ("kinesis", "kafka"):
            raise Unsupported("table %s is a stream of %s, which is not built here" % (self._table, kind))
        if self._table.connection:
            options = {**self._table.parameters, "connectionName": self._table.connection, **self._options}
            db, more = table_in_database(self._glue_context, self._table, options)
            return _jdbc.read(db, more, "" if sample else self._ctx)
        from awsglue import _tableread

        return _tableread.read(self._spark, self._table, self._options, self._predicate, narrow)


def table_in_database(glue_context, table, options):
    """The database of a catalog's table, and the options with the table's name in it.

    The catalog's location of such a table is database.schema.table, or database.table.
    """
    names = re.split(r"\.", table.location)
    options = {"database": names[0] if len(names) > 1 else "", **options}
    db = _jdbc.database(glue_context, "jdbc", options, table.catalog_id)
    own = names[1:] if len(names) > 1 else names
    return db, {"dbtable": ".".join(own), **{k: v for k, v in options.items() if k != "database"}}


_NEEDS = {
    "dynamodb": "boto3 in the script",
    "documentdb": "a driver in --extra-jars and Spark itself",
    "mongodb": "the MongoDB connector in --extra-jars and Spark itself",
    "opensearch": "the OpenSearch connector in --extra-jars and Spark itself",
    "snowflake": "the Snowflake connector in --extra-jars and Spark itself",
    "bigquery": "the BigQuery connector in --extra-jars and Spark itself",
}


def refuse(connection_type):
    """The error for a connection type that is not built."""
    kind = str(connection_type)
    if kind.startswith("marketplace."):
        return Unsupported(
            "connection type %s needs a connector of AWS Marketplace; use custom.jdbc or custom.spark with its class "
            "(option className) and its jar in --extra-jars" % kind)
    if kind in ("kafka", "kinesis"):
        return Unsupported(
            "connection type %s is for streaming: use create_data_frame.from_options, with Spark's connector "
            "in --extra-jars" % kind)
    if kind in _NEEDS:
        return Unsupported("connection type %s is not built here; use %s" % (kind, _NEEDS[kind]))
    return ValueError(
        "unknown connection type %r; there are: s3, file, parquet, orc, %s, custom.spark" % (kind, ", ".join(_jdbc.TYPES)))


def source(glue_context, connection_type, options, transformation_ctx=""):
    """The source for a connection type and its options."""
    kind = str(connection_type or "").lower()
    if kind in ("s3", "file", "parquet", "orc"):
        if kind == "file":
            paths = words(options, "paths") or words(options, "path")
            options = {**options, "paths": ["file:" + p if p.startswith("/") else p for p in paths]}
        made = FileSource(glue_context, options, transformation_ctx)
        return made.setFormat(kind) if kind in ("parquet", "orc") else made
    if kind in _jdbc.TYPES:
        return JdbcSource(glue_context, kind, options, transformation_ctx)
    if kind == "custom.spark":
        if not options.get("className"):
            raise ValueError("connection type custom.spark needs the option className, the name of Spark's data source")
        return SparkSource(glue_context, options["className"], options, transformation_ctx)
    raise refuse(kind)
