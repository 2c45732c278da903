# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Python values as records: their schema, and both ways between them and Spark rows."""

import datetime
import decimal
from functools import reduce

from pyspark import StorageLevel

from awsglue import _schema
from awsglue import gluetypes as glue

_INT = range(-(2 ** 31), 2 ** 31)


def infer(rdd, glue_ctx, name="", hint=None):
    """A DynamicFrame of an RDD of JSON-like values (dicts, as records).

    The schema is that of the values: a field whose type differs between records
    is a choice. hint: a Glue StructType; whole numbers, fractions and decimals
    take the hint's width where it has a number of the kind at that place.
    The values are computed once, and kept while Spark needs them.
    """
    from awsglue.dynamicframe import DynamicFrame

    return DynamicFrame(to_df(rdd, glue_ctx.spark_session, hint), glue_ctx, name)


def to_df(rdd, session, hint=None):
    """As infer, but a DataFrame."""
    rdd = rdd.persist(StorageLevel.MEMORY_AND_DISK)
    schema = schema_of(rdd, hint)
    encode = encoder(schema)
    return session.createDataFrame(rdd.map(encode), _schema.to_spark(schema), verifySchema=False)


def schema_of(rdd, hint=None):
    """The Glue StructType of all records of an RDD."""
    parts = rdd.mapPartitions(lambda values: [schema_of_all(values, hint)]).collect()
    return reduce(_schema.merge_structs, parts, glue.StructType())


def schema_of_all(values, hint=None):
    """As schema_of, of values at hand."""
    found, seen = glue.StructType(), set()
    for value in values:
        record = as_record(value)
        shape = _shape(record)
        if shape not in seen:
            seen.add(shape)
            found = _schema.merge_structs(found, type_of(record, hint))
    return found


def check(record, shapes):
    """Raise TypeError where a record holds what none can hold; shapes: a set of those found good, which grows."""
    shape = _shape(as_record(record))
    if shape not in shapes:
        type_of(record)
        shapes.add(shape)


def _shape(value):
    """What decides the type of a value, as cheaply as Python can tell; it hashes."""
    if isinstance(value, dict):
        return tuple([(k, _shape(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "asDict"):
        return (list, frozenset([_shape(v) for v in value]))
    if isinstance(value, int):
        return int if value in _INT and not isinstance(value, bool) else (value.__class__, value in _INT)
    if isinstance(value, decimal.Decimal):
        _, digits, exponent = value.as_tuple()
        return decimal.Decimal, len(digits), exponent
    if hasattr(value, "asDict"):
        return _shape(value.asDict())
    return value.__class__


def as_record(value):
    """A record as a dict; a value that is none is a record with one field, as Spark names it."""
    if hasattr(value, "asDict"):
        return value.asDict()
    return value if isinstance(value, dict) else {"value": value}


def type_of(value, hint=None):
    """The Glue type of a Python value."""
    if value is None:
        return glue.NullType()
    if isinstance(value, bool):
        return glue.BooleanType()
    if isinstance(value, int):
        return _whole(value, hint)
    if isinstance(value, float):
        return _hinted(hint, (glue.FloatType, glue.DoubleType)) or glue.DoubleType()
    if isinstance(value, str):
        return glue.StringType()
    if isinstance(value, dict) or hasattr(value, "asDict"):
        return _dict_type(as_record(value), hint)
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = hint.elementType if isinstance(hint, glue.ArrayType) else None
        return glue.ArrayType(reduce(_schema.merge, (type_of(v, inner) for v in value), glue.NullType()))
    if isinstance(value, decimal.Decimal):
        return _hinted(hint, (glue.DecimalType,)) or _decimal(value)
    if isinstance(value, datetime.datetime):
        return glue.TimestampType()
    if isinstance(value, datetime.date):
        return glue.DateType()
    if isinstance(value, (bytes, bytearray)):
        return glue.BinaryType()
    raise TypeError("a record cannot hold a %s: %r" % (type(value).__name__, value))


def _whole(value, hint):
    kinds = (glue.ByteType, glue.ShortType, glue.IntegerType, glue.LongType)
    hinted = _hinted(hint, kinds)
    if hinted and (value in _INT or isinstance(hinted, glue.LongType)):
        return hinted
    return glue.IntegerType() if value in _INT else glue.LongType()


def _hinted(hint, kinds):
    """The part of a hint that is one of the kinds; a choice may hold it."""
    options = hint.choices if isinstance(hint, glue.ChoiceType) else [hint]
    return next((h for h in options if isinstance(h, kinds)), None)


def _dict_type(value, hint):
    hint = _hinted(hint, (glue.StructType, glue.MapType))
    if isinstance(hint, glue.MapType):
        return glue.MapType(reduce(_schema.merge, (type_of(v, hint.valueType) for v in value.values()), hint.valueType))
    known = hint.field_map if hint else {}
    return glue.StructType([
        glue.Field(str(k), type_of(v, known[k].dataType if k in known else None)) for k, v in value.items()
    ])


def _decimal(value):
    _, digits, exponent = value.as_tuple()
    scale = max(0, -exponent)
    return glue.DecimalType(min(38, max(len(digits) + max(0, exponent), scale + 1)), scale)


def encoder(data_type):
    """A function from Python values to what Spark makes rows of, for a type that fits them."""
    if isinstance(data_type, glue.StructType):
        parts = [(f.name, encoder(f.dataType)) for f in data_type.fields]

        def struct(value):
            record = as_record(value)
            return tuple(encode(record.get(name)) for name, encode in parts)

        return _or_none(struct)
    if isinstance(data_type, (glue.ArrayType, glue.SetType)):
        encode = encoder(data_type.elementType)
        return _or_none(lambda value: [encode(v) for v in value])
    if isinstance(data_type, glue.MapType):
        encode = encoder(data_type.valueType)
        return _or_none(lambda value: {str(k): encode(v) for k, v in as_record(value).items()})
    if isinstance(data_type, glue.ChoiceType):
        return _or_none(_choice_encoder(data_type))
    if isinstance(data_type, (glue.DoubleType, glue.FloatType)):
        return _or_none(float)
    if isinstance(data_type, glue.BinaryType):
        return _or_none(bytearray)
    return _same


def _choice_encoder(data_type):
    parts = [(c, c.typeName(), encoder(c)) for c in data_type.choices]
    names = [name for _, name, _ in parts]

    def choose(value):
        kind = type_of(value, data_type).typeName()
        chosen = names.index(kind)
        return tuple(parts[i][2](value) if i == chosen else None for i in range(len(parts)))

    return choose


def decoder(data_type):
    """A function from Spark's Python rows to records: dicts, with the value of each choice in place."""
    if isinstance(data_type, glue.StructType):
        parts = [(f.name, decoder(f.dataType)) for f in data_type.fields]
        return _or_none(lambda row: {name: decode(v) for (name, decode), v in zip(parts, row)})
    if isinstance(data_type, (glue.ArrayType, glue.SetType)):
        decode = decoder(data_type.elementType)
        return _same if decode is _same else _or_none(lambda value: [decode(v) for v in value])
    if isinstance(data_type, glue.MapType):
        decode = decoder(data_type.valueType)
        return _or_none(lambda value: {k: decode(v) for k, v in value.items()})
    if isinstance(data_type, glue.ChoiceType):
        parts = [decoder(c) for c in data_type.choices]
        return _or_none(lambda row: next((d(v) for d, v in zip(parts, row) if v is not None), None))
    return _same


def _same(value):
    return value


def _or_none(convert):
    return lambda value: None if value is None else convert(value)
