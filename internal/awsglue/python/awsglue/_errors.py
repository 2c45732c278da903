# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The error records of a DynamicFrame, stage by stage, and the thresholds on them."""

from functools import reduce

from pyspark.sql import types as spark

_S = spark.StringType()
RECORD = spark.StructType([
    spark.StructField("error", spark.StructType([
        spark.StructField("callsite", spark.StructType([spark.StructField("site", _S), spark.StructField("info", _S)])),
        spark.StructField("msg", _S),
        spark.StructField("stackTrace", _S),
        spark.StructField("input", _S),
        spark.StructField("dynamicRecord", _S),
    ])),
])


class Errors:
    """What went wrong in a frame's stages, the last of which is the frame's own.

    Each stage is None or a function that gives a DataFrame of RECORD.
    """

    def __init__(self, before=None, stage=None, stageThreshold=0, totalThreshold=0):
        self.before = before
        self.stage = stage
        self.stageThreshold, self.totalThreshold = stageThreshold, totalThreshold
        self._count = None

    def then(self, stage=None, stageThreshold=0, totalThreshold=0, others=()):
        """The errors of a frame made from this one (and others)."""
        before = [self] + [e for e in others if e is not self]
        return Errors(before, stage, stageThreshold, totalThreshold)

    def stages(self):
        """This and every earlier stage, once each."""
        found = []
        todo = [self]
        while todo:
            stage = todo.pop()
            if stage not in found:
                found.append(stage)
                todo += stage.before or []
        return found

    def stage_count(self):
        if self.stage is None:
            return 0
        if self._count is None:
            self._count = self.stage().count()
        return self._count

    def total_count(self):
        return sum(stage.stage_count() for stage in self.stages())

    def frame(self, session):
        frames = [stage.stage() for stage in self.stages() if stage.stage is not None]
        return reduce(lambda a, b: a.unionAll(b), frames, session.createDataFrame([], RECORD))

    def check(self):
        """Raise when a threshold was reached, here or at an earlier stage; zero means no limit."""
        for stage in self.stages():
            stage._check()

    def _check(self):
        for limit, count, what in (
            (self.stageThreshold, self.stage_count, "stageThreshold"),
            (self.totalThreshold, self.total_count, "totalThreshold"),
        ):
            if limit and count() >= limit:
                raise RuntimeError("%d error records reach the %s of %d.%s" % (count(), what, limit, self._first()))

    def _first(self):
        for stage in self.stages():
            first = stage.stage().first() if stage.stage_count() else None
            if first is not None:
                return " The first: %s\n%s" % (first.error.msg, first.error.stackTrace)
        return ""
