# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Transforms of a frame's records, and of two frames into one."""

from awsglue.transforms._transform import GlueTransform


class ErrorsAsDynamicFrame(GlueTransform):
    """Gives the error records of the transformations so far."""

    def __call__(self, frame):
        return frame.errorsAsDynamicFrame()


class Filter(GlueTransform):
    """Keeps the records for which a function is true."""

    def __call__(self, frame, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.filter(f, transformation_ctx, info, stageThreshold, totalThreshold)


class Join(GlueTransform):
    """Joins two frames where their keys are equal."""

    def __call__(self, frame1, frame2, keys1, keys2, transformation_ctx=""):
        return frame1.join(keys1, keys2, frame2, transformation_ctx)


class Map(GlueTransform):
    """Puts what a function makes of a record in the record's place."""

    def __call__(self, frame, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame.map(f, transformation_ctx, info, stageThreshold, totalThreshold)


class MergeDynamicFrame(GlueTransform):
    """Puts a staging frame's records in the place of those with the same keys."""

    def __call__(self, frame, stage_dynamic_frame, primary_keys, transformation_ctx="", options=None, info="",
                 stageThreshold=0, totalThreshold=0):
        return frame.mergeDynamicFrame(
            stage_dynamic_frame, primary_keys, transformation_ctx, options, info, stageThreshold, totalThreshold
        )


class Spigot(GlueTransform):
    """Writes sample records on the way."""

    def __call__(self, frame, path, options=None, transformation_ctx=""):
        return frame.spigot(path, options, transformation_ctx)


class Union(GlueTransform):
    """Gives the records of two frames."""

    def __call__(self, frame1, frame2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return frame1.union(frame1, frame2, transformation_ctx, info, stageThreshold, totalThreshold)
