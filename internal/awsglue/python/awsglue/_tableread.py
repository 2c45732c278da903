# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The files of a table of the Data Catalog, read as the catalog says."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

from pyspark.sql import functions as F
from pyspark.sql.types import AtomicType, NumericType, StringType, StructType

from awsglue import _catalog, _choice, _combine, _csv, _formats, _partitions, _schema, _storage
from awsglue._options import flag, quoted, words


def read(spark, table, options, predicate, narrow):
    """Read a table as a DataFrame: the columns, then the partition keys with the catalog's types.

    narrow: a function that picks files of a Selection.
    """
    frames = []
    for part in _parts(spark, table, options, predicate):
        df = _read_part(spark, table, part, options, narrow)
        if df is not None:
            frames.append(df)
    if not frames:
        return spark.createDataFrame([], StructType(table.data_schema().fields + table.key_schema().fields))
    return reduce(_combine.union, frames)


class _Part:
    """Places that have one format. partitions: what lies in each, None without partition keys."""

    def __init__(self, format, options, skip):
        self.format, self.options, self.skip = format, options, skip
        self.places, self.partitions = [], None


def _parts(spark, table, options, predicate):
    format, format_options = table.format()
    if not table.keys:
        part = _Part(format, format_options, table.skip_lines())
        part.places = [table.location]
        return [part]
    found = _partitions.find(spark, table, predicate, options.get("catalogPartitionPredicate", ""))
    own = (table.storage.get("SerdeInfo") or {}).get("SerializationLibrary")
    parts = {}
    for partition in found:
        storage = partition.storage
        same = (storage.get("SerdeInfo") or {}).get("SerializationLibrary") in (None, own)
        how = table if same else _catalog.Table({
            "DatabaseName": table.database, "Name": table.name, "StorageDescriptor": storage,
            "Parameters": partition.parameters})
        format, format_options = how.format()
        key = (format, json.dumps(format_options, sort_keys=True), how.skip_lines())
        part = parts.setdefault(key, _Part(format, format_options, how.skip_lines()))
        part.places.append(storage.get("Location") or _partitions.location(table.location, table.keys, partition.values))
        part.partitions = (part.partitions or []) + [partition]
    return list(parts.values())


def _read_part(spark, table, part, options, narrow):
    recurse, exclusions = flag(options, "recurse", default=True), words(options, "exclusions")
    with ThreadPoolExecutor(8) as pool:
        each = list(pool.map(lambda place: _storage.select(spark, [place], recurse, exclusions), part.places))
    chosen = narrow(_storage.together(each))
    if not chosen.files:
        return None
    keyed = part.partitions is not None
    df = _typed(spark, table, part, chosen, keyed)
    if not keyed:
        return df
    folders = [(p, {_storage.folder_of(f.uri) for f in s.files}) for p, s in zip(part.partitions, each)]
    return _partitions.add_values(spark, df, table, folders)


def _typed(spark, table, part, selection, folder):
    want = table.data_schema()
    if part.format == "csv" and want.fields:
        df = _csv.read(spark, selection, part.options, want.fieldNames(), part.skip, folder)
        types = {f.name: f.dataType for f in want.fields if _is_atomic(f.dataType)}
        empty = [F.when(F.col(quoted(f.name)) != "", F.col(quoted(f.name))).alias(f.name) if f.name in types
                 else F.col(quoted(f.name)) for f in want.fields]
        extra = [_storage.FOLDER] if folder else []
        return _choice.cast_or_choice(df.select(*empty, *extra), types)
    hint = _schema.from_spark(want) if part.format == "json" else None
    df = _formats.read(spark, selection, part.format, part.options, folder, hint)
    return _complete(df, want, part.format == "json")


def _is_atomic(data_type):
    return isinstance(data_type, AtomicType) and not isinstance(data_type, StringType)


def _complete(df, want, cast):
    """The frame with the columns that the catalog has and no file does; cast: JSON's values to its types."""
    have = {f.name.lower(): f for f in df.schema.fields}
    texts, columns = {}, []
    for field in want.fields:
        found = have.pop(field.name.lower(), None)
        if found is None:
            columns.append(F.lit(None).cast(field.dataType).alias(field.name))
            continue
        column = F.col(quoted(found.name))
        if cast and isinstance(found.dataType, StringType) and _is_atomic(field.dataType):
            texts[found.name] = field.dataType
        elif cast and isinstance(found.dataType, NumericType) and isinstance(field.dataType, (NumericType, StringType)):
            column = column.cast(field.dataType).alias(found.name)
        columns.append(column)
    columns += [F.col(quoted(f.name)) for f in have.values()]
    df = df.select(*columns)
    return _choice.cast_or_choice(df, texts) if texts else df
