# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""EvaluateDataQuality."""

from awsglue import _spark

_spark.require(__name__)

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection  # noqa: E402
from awsglue.transforms import GlueTransform  # noqa: E402
from awsgluedq import _evaluate  # noqa: E402

__all__ = ["EvaluateDataQuality"]


class EvaluateDataQuality(GlueTransform):
    """Evaluates a DQDL ruleset on a frame.

    The results are in the frames; nothing is published, whatever publishing_options say.
    additional_data_sources: {alias: DynamicFrame}, which CustomSql rules may name.
    """

    returns = ("DynamicFrame", "A record per rule: Rule, Outcome, FailureReason, EvaluatedMetrics")

    def __call__(self, frame, ruleset, publishing_options=None, additional_options=None, additional_data_sources=None):
        outcomes = _outcomes(frame, ruleset, additional_data_sources)
        return DynamicFrame(_evaluate.frame(outcomes, frame.toDF().sparkSession), frame.glue_ctx, "ruleOutcomes")

    def process_rows(self, frame, ruleset, publishing_options=None, additional_options=None,
                     additional_data_sources=None):
        """The collection of originalData, ruleOutcomes and rowLevelOutcomes."""
        outcomes = _outcomes(frame, ruleset, additional_data_sources)
        df = frame.toDF()
        made = {
            "originalData": df, "ruleOutcomes": _evaluate.frame(outcomes, df.sparkSession),
            "rowLevelOutcomes": _evaluate.rows(outcomes, df),
        }
        return DynamicFrameCollection(
            {name: DynamicFrame(d, frame.glue_ctx, name) for name, d in made.items()}, frame.glue_ctx
        )


def _outcomes(frame, ruleset, additional_data_sources):
    for alias, source in (additional_data_sources or {}).items():
        source.toDF().createOrReplaceTempView(alias)
    return _evaluate.evaluate(ruleset, frame.toDF())
