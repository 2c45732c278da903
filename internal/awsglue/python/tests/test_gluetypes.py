# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
import json

import pytest

from awsglue import _schema
from awsglue.gluetypes import *
from docs_page import documented

SCHEMA = StructType([
    Field("provider id", ChoiceType([StringType(), LongType()])),
    Field("links", ArrayType(StructType([Field("url", StringType())]))),
    Field("price", DecimalType(12, 3)),
    Field("tags", MapType(ArrayType(ChoiceType([IntegerType(), StringType()])))),
])


@documented("gluetypes.DataType", "works")
@documented("gluetypes.AtomicType", "works")
@documented("gluetypes.EnumType", "works")
@documented("gluetypes.DecimalType", "works")
@documented("gluetypes.StructType", "works")
@documented("gluetypes.Field", "works")
def test_json_value_is_read_back():
    assert StringType().jsonValue() == {"dataType": "string", "properties": {}}
    assert IntegerType.typeName() == "int"
    text = json.dumps(SCHEMA.jsonValue())
    assert StructType.fromJsonValue(json.loads(text)) == SCHEMA
    assert DecimalType().jsonValue() == {"dataType": "decimal", "precision": 10, "scale": 2, "properties": {}}
    enum = EnumType(["a", "b"])
    assert DataType.fromJsonValue(enum.jsonValue()) == enum


@documented("gluetypes.ChoiceType", "works")
@documented("gluetypes.ArrayType", "works")
@documented("gluetypes.MapType", "works")
def test_tree_is_the_documented_one():
    assert SCHEMA.treeString() == """\
root
|-- provider id: choice
|    |-- long
|    |-- string
|-- links: array
|    |-- element: struct
|    |    |-- url: string
|-- price: decimal
|-- tags: map
|    |-- keyType: string
|    |-- valueType: array
|    |    |-- element: choice
|    |    |    |-- int
|    |    |    |-- string
"""


def test_spark_keeps_choices_at_every_depth():
    assert _schema.from_spark(_schema.to_spark(SCHEMA)) == SCHEMA


@documented("gluetypes.StructType", "works")
@documented("gluetypes.ChoiceType", "works")
def test_fields_and_choices_are_added():
    struct = StructType().add(Field("a", NullType()))
    assert struct.hasField("a") and struct.hasField(Field("a", StringType()))
    assert struct.getField("a").dataType == NullType()
    with pytest.raises(KeyError):
        struct.getField("b")
    choice = ChoiceType([IntegerType()])
    choice.add(IntegerType())
    choice.merge([StringType(), DoubleType()])
    assert [c.typeName() for c in choice.choices] == ["double", "int", "string"]


@documented("gluetypes.EntityType", "works", "the documentation says that it is not yet implemented")
def test_entity_type_is_refused():
    with pytest.raises(NotImplementedError):
        EntityType(None, None, {})


@pytest.mark.parametrize("text, name", [
    ("bigint", "bigint"), ("long", "bigint"), ("int", "int"), ("decimal(12,3)", "decimal(12,3)"),
    ("decimal", "decimal(10,2)"), ("array<struct<long:long,b:array<string>>>", "array<struct<long:bigint,b:array<string>>>"),
    ("varchar(10)", "string"), ("timestamp", "timestamp"),
])
def test_type_names_of_scripts_and_the_catalog(spark, text, name):
    assert _schema.to_spark(_schema.parse(text)).simpleString() == name


def test_unknown_type_name_is_refused(spark):
    with pytest.raises(ValueError, match="unknown data type 'strnig'"):
        _schema.parse("strnig")
