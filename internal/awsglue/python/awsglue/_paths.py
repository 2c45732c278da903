# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Paths to fields, such as a.b, `a.b`.c and list[].price, and edits at them."""

from collections import namedtuple

from pyspark.sql import functions as F
from pyspark.sql import types as spark
from pyspark.sql.types import StructField

# name: of the field; elements: how many [] follow it.
Step = namedtuple("Step", "name elements")

# One field of a frame or struct: its Spark StructField and the Column that gives it.
Item = namedtuple("Item", "field column")


def parse(path):
    """Split a path at its dots; back-quoted parts are names as they are."""
    if not isinstance(path, str) or not path:
        raise ValueError("a path to a field must be a string that is not empty, not %r" % (path,))
    steps, i = [], 0
    while i <= len(path):
        name, i = _name(path, i)
        elements = 0
        while path.startswith("[]", i):
            elements, i = elements + 1, i + 2
        steps.append(Step(name, elements))
        if i < len(path) and path[i] != ".":
            raise ValueError("path %r: expected a dot at position %d" % (path, i))
        i += 1
    return steps


def _name(path, i):
    if path.startswith("`", i):
        name, i = "", i + 1
        while True:
            end = path.find("`", i)
            if end < 0:
                raise ValueError("path %r: a back quote is not closed" % path)
            name, i = name + path[i:end], end + 1
            if not path.startswith("`", i):
                return name, i
            name, i = name + "`", i + 1
    end = i
    while end < len(path) and path[end] != "." and not path.startswith("[]", end):
        end += 1
    return path[i:end], end


def quote(name):
    return "`%s`" % name.replace("`", "``")


def items(df):
    """The columns of a DataFrame."""
    return [Item(f, F.col(quote(f.name))) for f in df.schema.fields]


def fields_of(column, struct):
    """The fields of a column that is a struct."""
    return [Item(f, column.getField(f.name)) for f in struct.fields]


def find(start, path, same=None):
    """The item at a path without [], or None when there is no such field."""
    same = same or (lambda a, b: a == b)
    here, found = start, None
    for step in parse(path):
        found = next((item for item in here if same(item.field.name, step.name)), None)
        if found is None or step.elements:
            return None
        is_struct = isinstance(found.field.dataType, spark.StructType)
        here = fields_of(found.column, found.field.dataType) if is_struct else []
    return found


def frame(df, new):
    """A DataFrame of the items, whose schema (with the marks at every depth) is the items' own."""
    schema = spark.StructType([item.field for item in new])
    out = df.select(*[item.column.alias(item.field.name, metadata=item.field.metadata or {}) for item in new])
    if _deep_marks(schema) and not _same(out.schema, schema):
        out = out.to(_nullable(schema))
    return out


def struct(column, new, null_with=None):
    """A struct column of the items; null where `column` (the one it is made from) is null."""
    made = F.struct(*[item.column.alias(item.field.name) for item in new])
    return made if column is None else F.when(column.isNotNull(), made)


def edit(start, steps, change):
    """Replace the field at a path by the items that change(item) gives; others stay.

    Where the last step has [], change gets the array's element.
    """
    out = []
    for item in start:
        out += _edit_one(item, steps, change) if item.field.name == steps[0].name else [item]
    return out


def _edit_one(item, steps, change):
    step, rest = steps[0], steps[1:]
    if not rest and not step.elements:
        return list(change(item))
    return [_inside(item, step.elements, rest, change)]


def _inside(item, elements, rest, change):
    kind = item.field.dataType
    if elements and isinstance(kind, spark.ArrayType):
        return _each_element(item, kind, elements, rest, change)
    if not elements and rest and isinstance(kind, spark.StructType):
        new = edit(fields_of(item.column, kind), rest, change)
        return _with(item, struct(item.column, new), spark.StructType([i.field for i in new]))
    return item


def _each_element(item, kind, elements, rest, change):
    if elements == 1 and not rest:
        return each(item, change)
    return each(item, lambda inner: [_inside(inner, elements - 1, rest, change)])


def each(item, change):
    """An array whose elements are what change(element) gives, which is one item."""
    made = {}

    def of(element):
        inner = Item(StructField(item.field.name, item.field.dataType.elementType, True, item.field.metadata), element)
        new = list(change(inner))
        if len(new) != 1:
            raise ValueError("the elements of the array %s cannot become several columns" % item.field.name)
        made["field"] = new[0].field
        return new[0].column

    column = F.transform(item.column, of)
    new = made["field"]
    return Item(StructField(item.field.name, spark.ArrayType(new.dataType), True, new.metadata), column)


def _with(item, column, data_type):
    return Item(StructField(item.field.name, data_type, True, item.field.metadata), column)


def _nullable(data_type):
    """The type with every part nullable, as to() wants it of expressions that may be null."""
    if isinstance(data_type, spark.StructType):
        return spark.StructType([StructField(f.name, _nullable(f.dataType), True, f.metadata) for f in data_type.fields])
    if isinstance(data_type, spark.ArrayType):
        return spark.ArrayType(_nullable(data_type.elementType))
    if isinstance(data_type, spark.MapType):
        return spark.MapType(data_type.keyType, _nullable(data_type.valueType))
    return data_type


def _deep_marks(data_type, top=True):
    if isinstance(data_type, spark.StructType):
        return any((not top and f.metadata) or _deep_marks(f.dataType, False) for f in data_type.fields)
    if isinstance(data_type, spark.ArrayType):
        return _deep_marks(data_type.elementType, False)
    if isinstance(data_type, spark.MapType):
        return _deep_marks(data_type.valueType, False)
    return False


def _same(a, b):
    """Whether two types have the same metadata; names and types are known to agree."""
    if isinstance(a, spark.StructType):
        return all((x.metadata or {}) == (y.metadata or {}) and _same(x.dataType, y.dataType)
                   for x, y in zip(a.fields, b.fields))
    if isinstance(a, spark.ArrayType):
        return _same(a.elementType, b.elementType)
    if isinstance(a, spark.MapType):
        return _same(a.valueType, b.valueType)
    return True
