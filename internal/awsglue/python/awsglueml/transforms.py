# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Importable, so that a script starts; a call is refused by name."""

from awsglue import _spark

_spark.require(__name__)

from awsglue.transforms import GlueTransform  # noqa: E402

__all__ = ["EntityDetector", "FillMissingValues", "FindIncrementalMatches", "FindMatches"]


class _OnlyOnAWS(GlueTransform):
    def __call__(self, *args, **kwargs):
        raise NotImplementedError("%s is a machine learning transform that only AWS Glue runs" % self.name())


class FillMissingValues(_OnlyOnAWS):
    """Fills in missing values by a learned model: not built."""


class FindMatches(_OnlyOnAWS):
    """Finds matching records by a learned model: not built."""


class FindIncrementalMatches(_OnlyOnAWS):
    """Finds records that match earlier ones, by a learned model: not built."""


class EntityDetector:
    """Detects sensitive data: not built."""

    def detect(self, *args, **kwargs):
        raise NotImplementedError("EntityDetector.detect finds sensitive data by models that only AWS Glue has")

    classify_columns = detect
