# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms of two frames into one, and of one into two."""

import functools
import operator

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _choice, _paths, _schema


def union(a, b):
    """All records of both; fields are matched by name, and become choices where their types differ."""
    have_a, have_b = _schema.from_spark(a.schema), _schema.from_spark(b.schema)
    want = _schema.merge_structs(have_a, have_b)
    both = _as(a, have_a, want).unionByName(_as(b, have_b, want))
    # Where one side may be null and the other not, Spark's union drops the marks of nested choices.
    return _paths.frame(both, [_paths.Item(_schema.to_spark_field(i.field.name, f.dataType), i.column)
                               for i, f in zip(_paths.items(both), want.fields)])


def _as(df, have, want):
    if have == want:
        return df
    columns = {i.field.name: i.column for i in _paths.items(df)}
    new = []
    for field in want.fields:
        to = _schema.to_spark_field(field.name, field.dataType)
        if field.name in columns:
            column = _choice.conform(columns[field.name], have.field_map[field.name].dataType, field.dataType)
        else:
            column = F.lit(None).cast(to.dataType)
        new.append(_paths.Item(to, column))
    return _paths.frame(df, new)


def join(left, right, left_paths, right_paths):
    """The equality join. A field of the right side whose name the left has gets a dot before it."""
    left_paths, right_paths = _list(left_paths), _list(right_paths)
    if len(left_paths) != len(right_paths) or not left_paths:
        raise ValueError("join needs as many keys of one frame as of the other: %s, %s" % (left_paths, right_paths))
    if not left.columns or not right.columns:
        # A source without data has no fields, either: nothing joins.
        return (left if left.columns else right).limit(0)
    left_keys = [_key(left, p, "__l%d" % i) for i, p in enumerate(left_paths)]
    right_keys = [_key(right, p, "__r%d" % i) for i, p in enumerate(right_paths)]
    taken = set(left.columns)
    renamed = []
    for item in _paths.items(right):
        name = item.field.name
        while name in taken:
            name = "." + name
        taken.add(name)
        renamed.append(item.column.alias(name, metadata=item.field.metadata or {}))
    a = left.select(*[i.column for i in _paths.items(left)], *left_keys)
    b = right.select(*renamed, *right_keys)
    same = [F.col("__l%d" % i) == F.col("__r%d" % i) for i in range(len(left_paths))]
    joined = a.join(b, functools.reduce(operator.and_, same), "inner")
    return joined.drop(*[n for i in range(len(left_paths)) for n in ("__l%d" % i, "__r%d" % i)])


def _key(df, path, name):
    item = _paths.find(_paths.items(df), path)
    if item is None:
        raise ValueError("join: there is no field %s in %s" % (path, df.columns))
    if _choice.is_choice(item.field):
        return F.coalesce(*[item.column.getField(f.name).cast("string") for f in item.field.dataType.fields]).alias(name)
    return item.column.alias(name)


def merge(source, stage, primary_keys):
    """The stage's records, and those of the source whose keys the stage does not have."""
    keys = _list(primary_keys)
    left = [_key(source, p, "__l%d" % i) for i, p in enumerate(keys)]
    right = [_key(stage, p, "__r%d" % i) for i, p in enumerate(keys)]
    a = source.select(*[i.column for i in _paths.items(source)], *left)
    same = [F.col("__l%d" % i).eqNullSafe(F.col("__r%d" % i)) for i in range(len(keys))]
    untouched = a.join(stage.select(*right).distinct(), functools.reduce(operator.and_, same), "left_anti")
    return union(untouched.drop(*["__l%d" % i for i in range(len(keys))]), stage)


_COMPARE = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq, "==": operator.eq,
    "!=": operator.ne,
}


def condition(df, comparison_dict):
    """The condition of split_rows: {path: {comparator: value}}, all of which must hold."""
    if not df.columns:
        return F.lit(False)
    parts = []
    for path, comparisons in comparison_dict.items():
        item = _paths.find(_paths.items(df), path)
        if item is None:
            raise ValueError("split_rows: there is no field %s in %s" % (path, df.columns))
        for sign, value in comparisons.items():
            if sign not in _COMPARE:
                raise ValueError("split_rows: comparator %r is not one of %s" % (sign, ", ".join(_COMPARE)))
            parts.append(_compare(item, _COMPARE[sign], value))
    if not parts:
        raise ValueError("split_rows needs a comparison, such as {'age': {'>': 10}}")
    return F.coalesce(functools.reduce(operator.and_, parts), F.lit(False))


def _compare(item, compare, value):
    if not _choice.is_choice(item.field):
        return compare(item.column, F.lit(value))
    text = isinstance(value, str)
    sides = [
        compare(item.column.getField(f.name), F.lit(value))
        for f in item.field.dataType.fields if isinstance(f.dataType, spark.StringType) == text
    ]
    return F.coalesce(*sides) if sides else F.lit(False)


def _list(paths):
    return [paths] if isinstance(paths, str) else list(paths)
