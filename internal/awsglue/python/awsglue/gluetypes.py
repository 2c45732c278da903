# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The types of a DynamicFrame's schema, as the PySpark extension types document them."""

from awsglue import _spark

_spark.require(__name__)

__all__ = [
    "ArrayType", "AtomicType", "BinaryType", "BooleanType", "ByteType", "ChoiceType", "DataType", "DateType",
    "DecimalType", "DoubleType", "EntityType", "EnumType", "Field", "FloatType", "IntegerType", "LongType",
    "MapType", "NullType", "SetType", "ShortType", "StringType", "StructType", "TimestampType", "UnknownType",
]


class DataType:
    """The base of all types. Two types are equal when they describe the same data."""

    name = "data"

    def __init__(self, properties=None):
        self.properties = dict(properties or {})

    @classmethod
    def typeName(cls):
        return cls.name

    def jsonValue(self):
        return {"dataType": self.typeName(), **self._parts(), "properties": self.properties}

    def _parts(self):
        """What jsonValue holds besides the type's name and properties."""
        return {}

    @classmethod
    def fromJsonValue(cls, json_value):
        """Read what jsonValue gives, for any type."""
        kind = _BY_NAME.get(json_value.get("dataType"))
        if kind is None:
            raise ValueError("unknown Glue data type %r" % (json_value.get("dataType"),))
        return kind._read(json_value)

    @classmethod
    def _read(cls, json_value):
        return cls(properties=json_value.get("properties"))

    def _lines(self, indent):
        """The lines of treeString below the one that names this type."""
        return []

    def __eq__(self, other):
        return type(self) is type(other) and self._parts() == other._parts()

    def __hash__(self):
        return hash(str(self.jsonValue()))

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, self._parts() or "")


class AtomicType(DataType):
    """The base of the types without parts."""


class BinaryType(AtomicType):
    name = "binary"


class BooleanType(AtomicType):
    name = "boolean"


class ByteType(AtomicType):
    name = "byte"


class DateType(AtomicType):
    name = "date"


class DoubleType(AtomicType):
    name = "double"


class FloatType(AtomicType):
    name = "float"


class IntegerType(AtomicType):
    name = "int"


class LongType(AtomicType):
    name = "long"


class NullType(AtomicType):
    name = "null"


class ShortType(AtomicType):
    name = "short"


class StringType(AtomicType):
    name = "string"


class TimestampType(AtomicType):
    name = "timestamp"


class UnknownType(AtomicType):
    name = "unknown"


class DecimalType(AtomicType):
    name = "decimal"

    def __init__(self, precision=10, scale=2, properties=None):
        super().__init__(properties)
        self.precision, self.scale = precision, scale

    def _parts(self):
        return {"precision": self.precision, "scale": self.scale}

    @classmethod
    def _read(cls, json_value):
        return cls(json_value.get("precision", 10), json_value.get("scale", 2), json_value.get("properties"))


class EnumType(AtomicType):
    name = "enum"

    def __init__(self, options=None, properties=None):
        super().__init__(properties)
        self.options = list(options or [])

    def _parts(self):
        return {"options": self.options}

    @classmethod
    def _read(cls, json_value):
        return cls(json_value.get("options"), json_value.get("properties"))


class _Elements(DataType):
    def __init__(self, elementType=None, properties=None):
        super().__init__(properties)
        self.elementType = UnknownType() if elementType is None else elementType

    def _parts(self):
        return {"elementType": self.elementType.jsonValue()}

    @classmethod
    def _read(cls, json_value):
        return cls(DataType.fromJsonValue(json_value["elementType"]), json_value.get("properties"))

    def _lines(self, indent):
        return _node("element", self.elementType, indent)


class ArrayType(_Elements):
    name = "array"


class SetType(_Elements):
    name = "set"


class MapType(DataType):
    """A map from strings to values of one type."""

    name = "map"

    def __init__(self, valueType=None, properties=None):
        super().__init__(properties)
        self.valueType = UnknownType() if valueType is None else valueType

    def _parts(self):
        return {"valueType": self.valueType.jsonValue()}

    @classmethod
    def _read(cls, json_value):
        return cls(DataType.fromJsonValue(json_value["valueType"]), json_value.get("properties"))

    def _lines(self, indent):
        return _node("keyType", StringType(), indent) + _node("valueType", self.valueType, indent)


class ChoiceType(DataType):
    """The type of a field that has several types, in different records."""

    name = "choice"

    def __init__(self, choices=None, properties=None):
        super().__init__(properties)
        self.choices = []
        self.merge(choices or [])

    def add(self, new_choice):
        if new_choice not in self.choices:
            self.choices.append(new_choice)
            self.choices.sort(key=lambda choice: choice.typeName())

    def merge(self, new_choices):
        if isinstance(new_choices, ChoiceType):
            new_choices = new_choices.choices
        for choice in new_choices:
            self.add(choice)

    def _parts(self):
        return {"choices": [choice.jsonValue() for choice in self.choices]}

    @classmethod
    def _read(cls, json_value):
        return cls([DataType.fromJsonValue(c) for c in json_value["choices"]], json_value.get("properties"))

    def _lines(self, indent):
        lines = []
        for choice in self.choices:
            lines += [indent + "|-- " + choice.typeName()] + choice._lines(indent + "|    ")
        return lines


class Field:
    """A named part of a structure."""

    def __init__(self, name, dataType, properties=None):
        self.name, self.dataType, self.properties = name, dataType, dict(properties or {})

    def jsonValue(self):
        return {"name": self.name, "container": self.dataType.jsonValue(), "properties": self.properties}

    @classmethod
    def fromJsonValue(cls, json_value):
        return cls(json_value["name"], DataType.fromJsonValue(json_value["container"]), json_value.get("properties"))

    def __eq__(self, other):
        return isinstance(other, Field) and (self.name, self.dataType) == (other.name, other.dataType)

    def __hash__(self):
        return hash((self.name, self.dataType))

    def __repr__(self):
        return "Field(%r, %r)" % (self.name, self.dataType)


class StructType(DataType):
    name = "struct"

    def __init__(self, fields=None, properties=None):
        super().__init__(properties)
        self.fields = []
        self.field_map = {}
        for field in fields or []:
            self.add(field)

    def add(self, field):
        self.fields.append(field)
        self.field_map[field.name] = field
        return self

    def hasField(self, field):
        return getattr(field, "name", field) in self.field_map

    def getField(self, field):
        name = getattr(field, "name", field)
        if name not in self.field_map:
            raise KeyError("the structure has no field %r; it has %s" % (name, [f.name for f in self.fields]))
        return self.field_map[name]

    def __iter__(self):
        return iter(self.fields)

    def _parts(self):
        return {"fields": [field.jsonValue() for field in self.fields]}

    @classmethod
    def _read(cls, json_value):
        return cls([Field.fromJsonValue(f) for f in json_value["fields"]], json_value.get("properties"))

    def _lines(self, indent):
        return [line for field in self.fields for line in _node(field.name, field.dataType, indent)]

    def treeString(self):
        """The schema as printSchema shows it."""
        return "\n".join(["root"] + self._lines("")) + "\n"


class EntityType(DataType):
    """Named by the documentation as not yet implemented."""

    name = "entity"

    def __init__(self, entity, base_type, properties=None):
        raise NotImplementedError("EntityType is not yet implemented")


def _node(name, data_type, indent):
    return ["%s|-- %s: %s" % (indent, name, data_type.typeName())] + data_type._lines(indent + "|    ")


_BY_NAME = {
    kind.name: kind
    for kind in (
        ArrayType, BinaryType, BooleanType, ByteType, ChoiceType, DateType, DecimalType, DoubleType, EnumType,
        FloatType, IntegerType, LongType, MapType, NullType, SetType, ShortType, StringType, StructType,
        TimestampType, UnknownType,
    )
}
