# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms that take or give collections of frames."""

from awsglue.transforms._transform import GlueTransform

_COLLECTION = ("DynamicFrameCollection", "The resulting frames by name")


class FlatMap(GlueTransform):
    """Applies a transform to each frame of a collection and flattens the results."""

    returns = _COLLECTION

    def __call__(self, dfc, BaseTransform, frame_name, transformation_ctx="", **base_kwargs):
        def transform(frame, ctx):
            return BaseTransform.apply(**{frame_name: frame, **_context(ctx), **base_kwargs})

        return dfc.flatmap(transform, transformation_ctx)


class MapToCollection(GlueTransform):
    """Applies a transform to each frame of a collection."""

    returns = _COLLECTION

    def __call__(self, dfc, BaseTransform, frame_name, transformation_ctx="", **base_kwargs):
        def transform(frame, ctx):
            return BaseTransform.apply(**{frame_name: frame, **_context(ctx), **base_kwargs})

        return dfc.map(transform, transformation_ctx)


def _context(ctx):
    return {"transformation_ctx": ctx} if ctx else {}


class Relationalize(GlueTransform):
    """Makes flat tables of nested fields and arrays."""

    returns = _COLLECTION

    def __call__(self, frame, staging_path=None, name="roottable", options=None, transformation_ctx="", info="",
                 stageThreshold=0, totalThreshold=0):
        return frame.relationalize(
            name, staging_path, options, transformation_ctx, info, stageThreshold, totalThreshold
        )


class SelectFromCollection(GlueTransform):
    """Gives one frame of a collection."""

    def __call__(self, dfc, key, transformation_ctx=""):
        return dfc.select(key, transformation_ctx)


class SplitFields(GlueTransform):
    """Splits a frame's fields into two frames."""

    returns = _COLLECTION

    def __call__(self, frame, paths, name1="frame1", name2="frame2", transformation_ctx="", info="",
                 stageThreshold=0, totalThreshold=0):
        return frame.split_fields(paths, name1, name2, transformation_ctx, info, stageThreshold, totalThreshold)


class SplitRows(GlueTransform):
    """Splits a frame's records into two frames."""

    returns = _COLLECTION

    def __call__(self, frame, comparison_dict, name1="frame1", name2="frame2", transformation_ctx="", info="",
                 stageThreshold=0, totalThreshold=0):
        return frame.split_rows(
            comparison_dict, name1, name2, transformation_ctx, info, stageThreshold, totalThreshold
        )
