# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""resolveChoice: what becomes of fields that have several types."""

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _choice, _paths, _schema

_ACTIONS = "cast:type, project:type, make_cols, make_struct or match_catalog"


def resolve(df, specs, choice, catalog_types):
    """Resolve the choices at the specs' paths, or all of them by one action.

    catalog_types: a function that gives {column: type name} of the table that
    match_catalog is to follow.
    """
    if specs and choice:
        raise ValueError("resolveChoice takes specs or choice, not both")
    for path, action in specs or []:
        change = _change(action, catalog_types, path)
        df = _paths.frame(df, _paths.edit(_paths.items(df), _paths.parse(path), change))
    if choice:
        change = _only_choices(_change(choice, catalog_types))
        df = _paths.frame(df, _everywhere(_paths.items(df), change))
    return df


def _change(action, catalog_types, path=None):
    verb, _, type_text = action.partition(":")
    verb = verb.strip().lower()
    if verb in ("cast", "project") and type_text.strip():
        target = _schema.parse(type_text)
        if target is None:
            raise ValueError("resolveChoice action %r: name the whole type, such as array<string>" % action)
        return _cast_to(target) if verb == "cast" else _project_to(target)
    if verb == "make_cols" and not type_text:
        return _make_cols
    if verb in ("make_struct", "keepasstruct", "keep_as_struct") and not type_text:
        return _plain
    if verb == "match_catalog" and not type_text:
        return _match(catalog_types(), path)
    raise ValueError("resolveChoice action %r is not one of %s" % (action, _ACTIONS))


def _cast_to(target):
    to = _schema.to_spark(target)

    def change(item):
        if _choice.is_choice(item.field):
            column = _choice.cast_choice(item.column, item.field.dataType, to)
        else:
            column = _choice.cast(item.column, item.field.dataType, to)
        return [_paths.Item(_schema.to_spark_field(item.field.name, target), column)]

    return change


def _project_to(target):
    to = _schema.to_spark(target)

    def change(item):
        if not _choice.is_choice(item.field):
            return [item]
        kept = [f for f in item.field.dataType.fields if f.name == target.typeName()]
        column = _choice.cast(item.column.getField(kept[0].name), kept[0].dataType, to) if kept else F.lit(None).cast(to)
        return [_paths.Item(_schema.to_spark_field(item.field.name, target), column)]

    return change


def _make_cols(item):
    if not _choice.is_choice(item.field):
        return [item]
    return [
        _paths.Item(spark.StructField("%s_%s" % (item.field.name, f.name), f.dataType, True, f.metadata),
                    item.column.getField(f.name))
        for f in item.field.dataType.fields
    ]


def _plain(item):
    """The same struct, no longer a choice."""
    if not _choice.is_choice(item.field):
        return [item]
    field = spark.StructField(item.field.name, item.field.dataType, True, {_schema.MARK: False})
    return [_paths.Item(field, item.column)]


def _match(types, path):
    types = {name.lower(): text for name, text in types.items()}

    def change(item):
        text = types.get(item.field.name.lower())
        if text is None or not _choice.is_choice(item.field):
            return [item]
        return _cast_to(_schema.parse(text))(item)

    return change


def _only_choices(change):
    return lambda item: change(item) if _choice.is_choice(item.field) else [item]


def _everywhere(items, change):
    """Change every field, at any depth; what a choice becomes is final."""
    out = []
    for item in items:
        if _choice.is_choice(item.field):
            out += change(item)
        else:
            out.append(_descend(item, change))
    return out


def _descend(item, change):
    kind = item.field.dataType
    if not _holds_marks(item.field):
        return item
    if isinstance(kind, spark.StructType):
        new = _everywhere(_paths.fields_of(item.column, kind), change)
        column = _paths.struct(item.column, new)
        return _paths.Item(spark.StructField(item.field.name, spark.StructType([i.field for i in new])), column)
    if isinstance(kind, spark.ArrayType):
        return _paths.each(item, lambda inner: _everywhere([inner], change))
    return item


def _holds_marks(field):
    if _schema.marked(field):
        return True
    kind = field.dataType
    while isinstance(kind, spark.ArrayType):
        kind = kind.elementType
    return isinstance(kind, spark.StructType) and any(_holds_marks(f) for f in kind.fields)
