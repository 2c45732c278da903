# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""A ruleset's outcomes on a DataFrame, rule by rule and record by record."""

import functools
import operator
from collections import namedtuple

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from awsgluedq import _checks, _dqdl

# reason: None when the rule passed; row: the condition on each record, or None.
Outcome = namedtuple("Outcome", "rule reason metrics row")

_SCHEMA = spark.StructType([
    spark.StructField("Rule", spark.StringType()),
    spark.StructField("Outcome", spark.StringType()),
    spark.StructField("FailureReason", spark.StringType()),
    spark.StructField("EvaluatedMetrics", spark.MapType(spark.StringType(), spark.DoubleType())),
])


def evaluate(ruleset, df):
    """The outcomes of the rules; a rule that cannot be evaluated raises before any data is read."""
    rules = _dqdl.parse(ruleset)
    leaves = [leaf for rule in rules for leaf in _leaves(rule)]
    checks = {}
    for leaf in leaves:
        try:
            checks[id(leaf)] = _checks.of(leaf, df)
        except _checks.NoSuchColumn as reason:
            checks[id(leaf)] = _checks.Check({}, lambda values, reason=reason: str(reason), None)
    values = _measure(df, [checks[id(leaf)].metrics for leaf in leaves])
    return [_outcome(rule, checks, values) for rule in rules]


def _leaves(rule):
    return [leaf for r in rule.rules for leaf in _leaves(r)] if isinstance(rule, _dqdl.Composite) else [rule]


def _measure(df, metrics):
    """The numbers of all metrics, each check's by the identity of its dict, in one pass."""
    wanted = [(id(m), name, value) for m in metrics for name, value in m.items() if isinstance(value, Column)]
    row = df.agg(*[value.alias("m%d" % i) for i, (_, _, value) in enumerate(wanted)]).first() if wanted else ()
    values = {id(m): dict(m) for m in metrics}
    for i, (owner, name, _) in enumerate(wanted):
        values[owner][name] = row["m%d" % i]
    return values


def _outcome(rule, checks, values):
    if isinstance(rule, _dqdl.Composite):
        return _composite(rule, [_outcome(r, checks, values) for r in rule.rules])
    check = checks[id(rule)]
    found = values[id(check.metrics)]
    metrics = {n: float(v) for n, v in found.items() if v is not None and not isinstance(v, bool)}
    return Outcome(rule, check.judge(found), metrics, check.row)


def _composite(rule, parts):
    failed = [p for p in parts if p.reason is not None]
    passed = not failed if rule.operator == "and" else len(failed) < len(parts)
    connect = operator.and_ if rule.operator == "and" else operator.or_
    rows = [p.row for p in parts]
    row = functools.reduce(connect, rows) if all(r is not None for r in rows) else None
    metrics = {name: value for p in parts for name, value in p.metrics.items()}
    return Outcome(rule, None if passed else " ".join(p.reason for p in failed), metrics, row)


def frame(outcomes, session):
    rows = [(o.rule.text, "Failed" if o.reason else "Passed", o.reason, o.metrics) for o in outcomes]
    return session.createDataFrame(rows, _SCHEMA)


def rows(outcomes, df):
    """The records, each with the rules that it passes and fails, and those that are not about records."""
    judged = [(F.lit(o.rule.text), o.row) for o in outcomes if o.row is not None]
    skipped = [F.lit(o.rule.text) for o in outcomes if o.row is None]
    holds = F.array(*[F.when(row, text) for text, row in judged]) if judged else _none()
    fails = F.array(*[F.when(~row, text) for text, row in judged]) if judged else _none()
    out = df.withColumn("DataQualityRulesPass", F.filter(holds, lambda x: x.isNotNull()))
    out = out.withColumn("DataQualityRulesFail", F.filter(fails, lambda x: x.isNotNull()))
    out = out.withColumn("DataQualityRulesSkip", F.array(*skipped) if skipped else _none())
    failed = F.size("DataQualityRulesFail") > 0
    return out.withColumn("DataQualityEvaluationResult", F.when(failed, "Failed").otherwise("Passed"))


def _none():
    return F.array().cast("array<string>")
