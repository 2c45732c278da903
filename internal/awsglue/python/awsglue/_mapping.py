# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""apply_mapping, rename_field, drop_fields and select_fields, as Spark expressions."""

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsglue import _choice, _paths, _schema


def apply_mapping(df, mappings, case_sensitive=True):
    """Only the mapped fields, renamed, moved and cast; sources that are not there are left out."""
    same = None if case_sensitive else (lambda a, b: a.lower() == b.lower())
    start = _paths.items(df)
    tree = {}
    for mapping in mappings:
        source, _, target, target_type = _mapping(mapping)
        item = _paths.find(start, source, same)
        if item is not None:
            _place(tree, _paths.parse(target), _cast(item, target_type), target)
    return _paths.frame(df, [_build(name, node) for name, node in tree.items()])


def _mapping(mapping):
    if not isinstance(mapping, (tuple, list)) or len(mapping) != 4:
        raise ValueError(
            "a mapping must be a tuple (source column, source type, target column, target type), not %r" % (mapping,)
        )
    return mapping


def _cast(item, type_text):
    wanted = _schema.parse(type_text)
    choice = _choice.is_choice(item.field)
    if wanted is None:
        return item
    target = _schema.to_spark(wanted)
    if choice:
        column = _choice.cast_choice(item.column, item.field.dataType, target)
    elif item.field.dataType == target:
        return item
    else:
        column = _choice.cast(item.column, item.field.dataType, target)
    return _paths.Item(_schema.to_spark_field(item.field.name, wanted), column)


def _place(tree, steps, item, path):
    for step in steps[:-1]:
        tree = tree.setdefault(step.name, {})
        if not isinstance(tree, dict):
            raise ValueError("target %s lies inside a field that is itself the target of a mapping" % path)
    tree[steps[-1].name] = item


def _build(name, node):
    if not isinstance(node, dict):
        f = node.field
        return _paths.Item(spark.StructField(name, f.dataType, True, f.metadata), node.column)
    parts = [_build(n, child) for n, child in node.items()]
    column = _paths.struct(None, parts)
    present = [p.column.isNotNull() for p in parts]
    any_present = present[0]
    for condition in present[1:]:
        any_present = any_present | condition
    struct = spark.StructType([p.field for p in parts])
    return _paths.Item(spark.StructField(name, struct), F.when(any_present, column))


def drop_fields(df, paths):
    new = _paths.items(df)
    for path in _list(paths):
        new = _paths.edit(new, _paths.parse(path), lambda item: [])
    return _paths.frame(df, _without_empty(new))


def select_fields(df, paths):
    """The fields at the paths; nested ones stay nested. Paths that are not there are left out."""
    start = _paths.items(df)
    tree = {}
    for path in _list(paths):
        item = _paths.find(start, path)
        if item is not None:
            _place(tree, _paths.parse(path), item, path)
    return _paths.frame(df, [_build(name, node) for name, node in tree.items()])


def rename_field(df, old, new):
    """Move one field to another full path; within one structure it keeps its place."""
    start = _paths.items(df)
    steps, target = _paths.parse(old), _paths.parse(new)
    if steps[:-1] == target[:-1]:
        return _paths.frame(df, _paths.edit(start, steps, lambda item: [_named(item, target[-1].name)]))
    moved = _paths.find(start, old)
    if moved is None:
        return df
    rest = _without_empty(_paths.edit(start, steps, lambda item: []))
    return _paths.frame(df, _insert(rest, target, moved))


def _insert(items, steps, moved):
    name = steps[0].name
    out = [i for i in items if i.field.name != name]
    if len(steps) == 1:
        return out + [_named(moved, name)]
    here = next((i for i in items if i.field.name == name), None)
    inner = _paths.fields_of(here.column, here.field.dataType) if here else []
    inner = _insert(inner, steps[1:], moved)
    struct = spark.StructType([i.field for i in inner])
    return out + [_paths.Item(spark.StructField(name, struct), _paths.struct(None, inner))]


def _named(item, name):
    f = item.field
    return _paths.Item(spark.StructField(name, f.dataType, f.nullable, f.metadata), item.column)


def _without_empty(items):
    """Structures that lost their last field go with it."""
    return [i for i in items if not (isinstance(i.field.dataType, spark.StructType) and not i.field.dataType.fields)]


def _list(paths):
    return [paths] if isinstance(paths, str) else list(paths)
