# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Glue's types and Spark's, in both directions, and the merge of two schemas.

In Spark a choice is a struct with one nullable field per type, named as Glue
names the types. The field that holds it carries the metadata MARK; where a
marked field is an array or a map, its elements or values are the choices.
"""

import re

from pyspark.sql import types as spark

from awsglue import gluetypes as glue

MARK = "glue.choice"

_ATOMIC = [
    (glue.BinaryType, spark.BinaryType), (glue.BooleanType, spark.BooleanType), (glue.ByteType, spark.ByteType),
    (glue.DateType, spark.DateType), (glue.DoubleType, spark.DoubleType), (glue.FloatType, spark.FloatType),
    (glue.IntegerType, spark.IntegerType), (glue.LongType, spark.LongType), (glue.NullType, spark.NullType),
    (glue.ShortType, spark.ShortType), (glue.StringType, spark.StringType),
    (glue.TimestampType, spark.TimestampType),
]
_TO_SPARK = {g: s for g, s in _ATOMIC}
_TO_SPARK.update({glue.UnknownType: spark.NullType, glue.EnumType: spark.StringType})
_TO_GLUE = {s: g for g, s in _ATOMIC}
_TO_GLUE.update({spark.TimestampNTZType: glue.TimestampType, spark.VarcharType: glue.StringType,
                 spark.CharType: glue.StringType})


def marked(field):
    return bool(field.metadata and field.metadata.get(MARK))


def from_spark(data_type, choice=False):
    """The Glue type of a Spark type; choice: its first struct is a choice."""
    if isinstance(data_type, spark.StructType):
        if choice:
            return glue.ChoiceType([from_spark(f.dataType, marked(f)) for f in data_type.fields])
        return glue.StructType([glue.Field(f.name, from_spark(f.dataType, marked(f))) for f in data_type.fields])
    if isinstance(data_type, spark.ArrayType):
        return glue.ArrayType(from_spark(data_type.elementType, choice))
    if isinstance(data_type, spark.MapType):
        return glue.MapType(from_spark(data_type.valueType, choice))
    if isinstance(data_type, spark.DecimalType):
        return glue.DecimalType(data_type.precision, data_type.scale)
    return _TO_GLUE.get(type(data_type), glue.UnknownType)()


def to_spark(data_type):
    """The Spark type of a Glue type."""
    if isinstance(data_type, glue.StructType):
        return spark.StructType([to_spark_field(f.name, f.dataType) for f in data_type.fields])
    if isinstance(data_type, glue.ChoiceType):
        return spark.StructType([to_spark_field(c.typeName(), c) for c in data_type.choices])
    if isinstance(data_type, (glue.ArrayType, glue.SetType)):
        return spark.ArrayType(to_spark(data_type.elementType))
    if isinstance(data_type, glue.MapType):
        return spark.MapType(spark.StringType(), to_spark(data_type.valueType))
    if isinstance(data_type, glue.DecimalType):
        return spark.DecimalType(data_type.precision, data_type.scale)
    return _TO_SPARK[type(data_type)]()


def to_spark_field(name, data_type):
    return spark.StructField(name, to_spark(data_type), True, {MARK: True} if _holds_choice(data_type) else None)


def _holds_choice(data_type):
    while isinstance(data_type, (glue.ArrayType, glue.SetType, glue.MapType)):
        data_type = data_type.valueType if isinstance(data_type, glue.MapType) else data_type.elementType
    return isinstance(data_type, glue.ChoiceType)


def is_null(data_type):
    return isinstance(data_type, (glue.NullType, glue.UnknownType))


def merge(a, b):
    """The type of a field that is an `a` in some records and a `b` in others."""
    if a == b or is_null(b):
        return a
    if is_null(a):
        return b
    if isinstance(a, glue.ChoiceType) or isinstance(b, glue.ChoiceType):
        return _merge_choices(a, b)
    if type(a) is not type(b):
        return glue.ChoiceType([a, b])
    if isinstance(a, glue.StructType):
        return merge_structs(a, b)
    if isinstance(a, (glue.ArrayType, glue.SetType)):
        return type(a)(merge(a.elementType, b.elementType))
    if isinstance(a, glue.MapType):
        return glue.MapType(merge(a.valueType, b.valueType))
    if isinstance(a, glue.DecimalType):
        scale = max(a.scale, b.scale)
        whole = max(a.precision - a.scale, b.precision - b.scale)
        return glue.DecimalType(min(38, whole + scale), scale)
    return a


def merge_structs(a, b):
    fields = [
        glue.Field(f.name, merge(f.dataType, b.field_map[f.name].dataType)) if f.name in b.field_map else f
        for f in a.fields
    ]
    return glue.StructType(fields + [f for f in b.fields if f.name not in a.field_map])


def _merge_choices(a, b):
    by_name = {}
    for side in (a, b):
        for choice in side.choices if isinstance(side, glue.ChoiceType) else [side]:
            name = choice.typeName()
            by_name[name] = merge(by_name[name], choice) if name in by_name else choice
    return glue.ChoiceType(list(by_name.values()))


# Names that scripts and the Data Catalog use beside Glue's own.
_ALIASES = {
    "integer": "int", "bigint": "long", "smallint": "short", "tinyint": "byte", "bool": "boolean", "real": "float",
    "str": "string", "text": "string", "datetime": "timestamp", "bytes": "binary",
}
_PLAIN = {g.name: g for g, _ in _ATOMIC}
_NESTED = {"array": glue.ArrayType, "struct": glue.StructType, "map": glue.MapType}


def parse(text):
    """The Glue type that a script or the Data Catalog names by `text`.

    Bare array, struct, map and choice give None: any such value is meant, as it is.
    """
    name = text.strip()
    lower = name.lower()
    lower = _ALIASES.get(lower, lower)
    if lower in _PLAIN:
        return _PLAIN[lower]()
    if lower == "decimal":
        return glue.DecimalType()
    if lower in _NESTED or lower in ("choice", "set"):
        return None
    if lower.startswith(("varchar", "char")):
        return glue.StringType()
    ddl = re.sub(r"\blong\b(?!\s*:)", "bigint", name)
    ddl = re.sub(r"\bshort\b(?!\s*:)", "smallint", ddl)
    ddl = re.sub(r"\bbyte\b(?!\s*:)", "tinyint", ddl)
    try:
        return from_spark(spark._parse_datatype_string(ddl))
    except Exception as reason:
        raise ValueError("unknown data type %r: %s" % (text, str(reason).splitlines()[0]))
