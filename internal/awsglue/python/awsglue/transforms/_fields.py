# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms of a frame's fields."""

from pyspark.sql import types as spark

from awsglue import _paths
from awsglue.transforms._transform import GlueTransform


class ApplyMapping(GlueTransform):
    """Keeps the mapped fields, renamed, moved and cast."""

    def __call__(self, frame, mappings, case_sensitive=True, transformation_ctx="", info="", stageThreshold=0,
                 totalThreshold=0):
        return frame.apply_mapping(mappings, transformation_ctx, info, stageThreshold, totalThreshold, case_sensitive)


class DropFields(GlueTransform):
    """Drops fields."""

    def __call__(self, frame, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.drop_fields(paths, transformation_ctx, info, stageThreshold, totalThreshold)


class DropNullFields(GlueTransform):
    """Drops the fields whose type is null: those without a value in any record."""

    def __call__(self, frame, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        paths = list(_null_paths(frame.toDF().schema, ""))
        return frame.drop_fields(paths, transformation_ctx, info, stageThreshold, totalThreshold)


def _null_paths(struct, prefix):
    for field in struct.fields:
        path = prefix + _paths.quote(field.name)
        if isinstance(field.dataType, spark.NullType):
            yield path
        elif isinstance(field.dataType, spark.StructType):
            yield from _null_paths(field.dataType, path + ".")


class RenameField(GlueTransform):
    """Renames a field."""

    def __call__(self, frame, old_name, new_name, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.rename_field(old_name, new_name, transformation_ctx, info, stageThreshold, totalThreshold)


class ResolveChoice(GlueTransform):
    """Resolves fields that have several types."""

    def __call__(self, frame, specs=None, choice="", transformation_ctx="", info="", stageThreshold=0,
                 totalThreshold=0, database=None, table_name=None, catalog_id=None):
        return frame.resolveChoice(
            specs, choice, database, table_name, transformation_ctx, info, stageThreshold, totalThreshold, catalog_id
        )


class SelectFields(GlueTransform):
    """Keeps fields."""

    def __call__(self, frame, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.select_fields(paths, transformation_ctx, info, stageThreshold, totalThreshold)


class SimplifyDDBJson(GlueTransform):
    """Makes plain fields of DynamoDB JSON."""

    def __call__(self, frame, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.simplify_ddb_json(transformation_ctx, info, stageThreshold, totalThreshold)


class UnnestDDBJson(GlueTransform):
    """Makes top-level fields of DynamoDB JSON."""

    def __call__(self, frame, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.unnest_ddb_json(transformation_ctx, info, stageThreshold, totalThreshold)


class Unbox(GlueTransform):
    """Reads a string field as a format."""

    def __call__(self, frame, path, format, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0,
                 **options):
        return frame.unbox(path, format, transformation_ctx, info, stageThreshold, totalThreshold, **options)


class UnnestFrame(GlueTransform):
    """Makes top-level fields of nested ones."""

    def __call__(self, frame, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.unnest(transformation_ctx, info, stageThreshold, totalThreshold)
