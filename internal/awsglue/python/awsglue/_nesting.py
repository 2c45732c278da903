# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""unnest, relationalize and the two forms of DynamoDB JSON: nested fields made flat."""

from pyspark import StorageLevel
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _choice, _paths, _schema
from awsglue import gluetypes as glue


def unnest(df):
    """Fields of structures as top-level columns, named by their dotted paths; arrays stay."""
    return _paths.frame(df, _flat(_paths.items(df)))


def _flat(items, prefix=""):
    out = []
    for item in items:
        name = prefix + item.field.name
        if isinstance(item.field.dataType, spark.StructType) and not _choice.is_choice(item.field):
            out += _flat(_paths.fields_of(item.column, item.field.dataType), name + ".")
        else:
            f = item.field
            out.append(_paths.Item(spark.StructField(name, f.dataType, True, f.metadata), item.column))
    return out


def relationalize(df, root, staging_path=None):
    """{name: DataFrame}: the root table, and one table per array at any depth.

    An array's column holds an id; its table has that id, the index of the
    element, and the element (its fields, when it is a structure).
    """
    tables = {}
    _pivot(_paths.frame(df, _flat(_paths.items(df))), root, root, tables, staging_path)
    return tables


def _pivot(df, name, root, tables, staging_path):
    arrays = [i for i in _paths.items(df) if isinstance(i.field.dataType, spark.ArrayType)]
    if arrays:
        # The ids must be the same wherever Spark computes the rows again.
        df = _fixed(df.withColumn("__row", F.monotonically_increasing_id() + 1), staging_path)
    row = F.col("__row")
    pivoted = {i.field.name for i in arrays}
    new = [_id(i, row) if i.field.name in pivoted else i for i in _paths.items(df) if i.field.name != "__row"]
    tables[name] = _paths.frame(df, new)
    for item in arrays:
        _pivot(_elements(df, item, row), "%s_%s" % (root, item.field.name), root, tables, staging_path)


def _id(item, row):
    return _paths.Item(spark.StructField(item.field.name, spark.LongType()), F.when(item.column.isNotNull(), row))


def _elements(df, item, row):
    exploded = df.select(row.alias("id"), F.posexplode(item.column).alias("index", "val"))
    value = spark.StructField(item.field.name + ".val", item.field.dataType.elementType, True, item.field.metadata)
    ids = [i for i in _paths.items(exploded) if i.field.name != "val"]
    return _paths.frame(exploded, ids + _flat([_paths.Item(value, F.col("val"))]))


def _fixed(df, staging_path):
    context = df.sparkSession.sparkContext
    df = df.persist(StorageLevel.MEMORY_AND_DISK)
    if not staging_path:
        return df
    if not context._jsc.sc().getCheckpointDir().isDefined():
        context.setCheckpointDir(staging_path)
    return df.checkpoint(eager=False)


_KINDS = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "M", "L"}


def simplify_ddb_json(df):
    """DynamoDB JSON, such as {"a": {"M": {"b": {"S": "x"}}}}, as plain nested fields."""
    items = _paths.items(df)
    items = [new for i in items for new in (_item_fields(i) or [i])]
    return _paths.frame(df, [_simple(i) for i in items])


def unnest_ddb_json(df):
    """As simplify_ddb_json, with nested structures as top-level columns."""
    return unnest(simplify_ddb_json(df))


def _item_fields(item):
    """The attributes of the column Item that DynamoDB's export has, or none."""
    if item.field.name != "Item" or not isinstance(item.field.dataType, spark.StructType):
        return None
    return _paths.fields_of(item.column, item.field.dataType)


def _simple(item):
    kind = item.field.dataType
    if not isinstance(kind, spark.StructType) or not kind.fields:
        return item
    names = [f.name for f in kind.fields]
    if not _KINDS.issuperset(names):
        return item
    values = [_attribute(_paths.Item(f, item.column.getField(f.name)), item.field.name)
              for f in kind.fields if f.name != "NULL" or names == ["NULL"]]
    if len(values) == 1:
        return values[0]
    # An attribute whose type differs between items is a choice.
    choice = glue.NullType()
    for value in values:
        choice = _schema.merge(choice, _schema.from_spark(value.field.dataType, _schema.marked(value.field)))
    parts = [_choice.conform(v.column, _schema.from_spark(v.field.dataType), choice) for v in values]
    return _paths.Item(_schema.to_spark_field(item.field.name, choice), F.coalesce(*parts))


def _attribute(item, name):
    kind = item.field.dataType
    field = spark.StructField(name, kind, True, item.field.metadata)
    if item.field.name == "M" and isinstance(kind, spark.StructType):
        inner = [_simple(i) for i in _paths.fields_of(item.column, kind)]
        struct = spark.StructType([i.field for i in inner])
        return _paths.Item(spark.StructField(name, struct), _paths.struct(item.column, inner))
    if item.field.name == "L" and isinstance(kind, spark.ArrayType):
        return _paths.each(_paths.Item(field, item.column), lambda inner: [_simple(inner)])
    if item.field.name == "NULL":
        return _paths.Item(spark.StructField(name, spark.StringType()), F.lit(None).cast("string"))
    return _paths.Item(field, item.column)
