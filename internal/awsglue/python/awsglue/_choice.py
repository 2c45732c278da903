# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Columns between types: casts as Glue does them, and columns that become choices."""

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _paths, _schema
from awsglue import gluetypes as glue


def conform(column, have, want):
    """A column of the Glue type `have` as the wider type `want`, which merge made."""
    if have == want:
        return column
    target = _schema.to_spark(want)
    if _schema.is_null(have):
        return F.lit(None).cast(target)
    if isinstance(want, glue.ChoiceType):
        return _into_choice(column, have, want)
    if isinstance(want, glue.StructType):
        by_name = have.field_map
        parts = [
            conform(column.getField(f.name), by_name[f.name].dataType, f.dataType) if f.name in by_name
            else F.lit(None).cast(_schema.to_spark(f.dataType))
            for f in want.fields
        ]
        return _struct(column, [f.name for f in want.fields], parts)
    if isinstance(want, (glue.ArrayType, glue.SetType)):
        return F.transform(column, lambda x: conform(x, have.elementType, want.elementType))
    if isinstance(want, glue.MapType):
        return F.transform_values(column, lambda _, x: conform(x, have.valueType, want.valueType))
    return column.cast(target)


def _into_choice(column, have, want):
    if isinstance(have, glue.ChoiceType):
        from_names = {c.typeName(): c for c in have.choices}
        value_of = column.getField
    else:
        from_names = {have.typeName(): have}
        value_of = lambda _: column  # noqa: E731
    parts = [
        conform(value_of(c.typeName()), from_names[c.typeName()], c) if c.typeName() in from_names
        else F.lit(None).cast(_schema.to_spark(c))
        for c in want.choices
    ]
    return _struct(column, [c.typeName() for c in want.choices], parts)


def _struct(column, names, parts):
    return F.when(column.isNotNull(), F.struct(*[p.alias(n) for n, p in zip(names, parts)]))


def cast(column, have, target):
    """A column of the Spark type `have` cast to another; what does not parse becomes null."""
    nested = (spark.StructType, spark.ArrayType, spark.MapType)
    if isinstance(target, spark.StringType) and isinstance(have, nested):
        return F.to_json(column)
    if isinstance(target, spark.DateType) and isinstance(have, spark.StringType):
        return F.to_date(column)
    if isinstance(have, spark.DateType) and isinstance(target, spark.NumericType):
        return F.lit(None).cast(target)
    if isinstance(have, nested) and not isinstance(target, nested):
        return F.lit(None).cast(target)
    if isinstance(have, spark.BinaryType) and isinstance(target, (spark.NumericType, spark.BooleanType)):
        return column.cast("string").cast(target)
    return column.cast(target)


def cast_choice(column, struct, target):
    """The value of a choice column, whichever type it has, cast to a Spark type."""
    return F.coalesce(*[cast(column.getField(f.name), f.dataType, target) for f in struct.fields])


def is_choice(field):
    """Whether a StructField is itself a choice (not an array of choices)."""
    return _schema.marked(field) and isinstance(field.dataType, spark.StructType)


def cast_or_choice(df, types):
    """Cast string columns to types: {column: Spark type}.

    A column in which some value does not parse becomes a choice of its type and
    string, so that no value is lost; this takes one pass over those columns.
    """
    columns = {c.field.name: c for c in _paths.items(df)}
    wanted = {n: t for n, t in types.items() if n in columns and columns[n].field.dataType != t}
    if not wanted:
        return df
    bad = _unparsed(df, columns, wanted)
    new = []
    for name, item in columns.items():
        if name in wanted:
            item = _cast_item(item, wanted[name], name in bad)
        new.append(item)
    return _paths.frame(df, new)


def _unparsed(df, columns, wanted):
    checks = [
        F.max(columns[n].column.isNotNull() & _parsed(columns[n], t).isNull()).alias(str(i))
        for i, (n, t) in enumerate(wanted.items())
    ]
    found = df.select(*checks).first()
    return {n for i, n in enumerate(wanted) if found[str(i)]}


def _parsed(item, target):
    """The text as the type, null where it is not written as one: 1.5 is no whole number."""
    parsed = cast(item.column, item.field.dataType, target)
    if isinstance(target, spark.IntegralType) and isinstance(item.field.dataType, spark.StringType):
        return F.when(item.column.rlike(r"^\s*[+-]?\d+\s*$"), parsed)
    return parsed


def _cast_item(item, target, as_choice):
    parsed = _parsed(item, target)
    if not as_choice:
        return _paths.Item(spark.StructField(item.field.name, target), parsed)
    want = glue.ChoiceType([_schema.from_spark(target), glue.StringType()])
    text = F.when(parsed.isNull(), item.column)
    parts = [text if c.typeName() == "string" else parsed for c in want.choices]
    field = _schema.to_spark_field(item.field.name, want)
    return _paths.Item(field, _struct(item.column, [c.typeName() for c in want.choices], parts))
