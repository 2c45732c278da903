# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What each DQDL rule type measures.

A check has `metrics`, {documented name: aggregate Column or number}, computed in
one pass over the data; `judge(values)`, which gives None or why the rule failed;
and `row`, the condition on each record, for rule types that have one.
"""

from collections import namedtuple

from pyspark.sql import functions as F
from pyspark.sql.window import Window

from awsglue import _paths
from awsgluedq import _expressions

Check = namedtuple("Check", "metrics judge row")

_UNMET = "Value: %s does not meet the constraint requirement!"


class NotEvaluated(ValueError):
    """A rule that this evaluator does not have; the message names it."""


class NoSuchColumn(Exception):
    """A rule about a column that the data does not have."""


def of(rule, df):
    if rule.kind not in _KINDS:
        raise NotEvaluated("DQDL rule type %s is not evaluated here; there are %s" % (rule.kind, ", ".join(sorted(_KINDS))))
    return _KINDS[rule.kind](_Context(rule, df))


class _Context:
    """A rule and its data, with what rule types need of both."""

    def __init__(self, rule, df):
        self.rule, self.df = rule, df
        self.where = F.expr(rule.where) if rule.where else None

    def column(self, index=0):
        if index >= len(self.rule.parameters):
            raise ValueError("DQDL: %s needs a column" % self.rule.text)
        return self.named(self.rule.parameters[index])

    def named(self, name):
        if name not in self.df.columns:
            raise NoSuchColumn("Input data does not include column %s!" % name)
        return F.col(_paths.quote(name))

    def among(self, value):
        """A value in the records that where is about, null in others."""
        return value if self.where is None else F.when(self.where, value)

    def ratio(self, condition):
        return F.avg(self.among(condition.cast("double")))

    def row(self, condition):
        return condition if self.where is None else condition | ~F.coalesce(self.where, F.lit(False))

    def name(self, metric):
        names = self.rule.parameters
        return "%s.%s.%s" % ("Column" if len(names) == 1 else "Multicolumn", ",".join(names), metric)

    def expression(self):
        if self.rule.expression is None:
            raise ValueError("DQDL: %s needs an expression, such as > 0" % self.rule.text)
        return self.rule.expression


def _number(context, name, aggregate):
    """A check of one number against the rule's expression."""
    expression = context.expression()
    return Check({name: aggregate}, lambda values: _unmet(expression, values[name]), None)


def _unmet(expression, value):
    if value is None:
        return _UNMET % "null"
    return None if _expressions.holds(expression, value) else _UNMET % float(value)


def _whole(name, values):
    """Why a ratio that must be 1 is not."""
    value = values[name]
    return None if value == 1 else _UNMET % ("null" if value is None else float(value))


def _row_count(c):
    return _number(c, "Dataset.*.RowCount", F.count(c.among(F.lit(1))))


def _column_count(c):
    return _number(c, "Dataset.*.ColumnCount", float(len(c.df.columns)))


def _column_exists(c):
    c.column()
    return Check({}, lambda values: None, None)


def _column_names(c):
    pattern = c.expression().values[0] if c.rule.expression else c.rule.parameters[0]
    matches = c.df.sparkSession._jvm.java.util.regex.Pattern.matches
    bad = [n for n in c.df.columns if not matches(pattern, n)]
    name = "Dataset.*.ColumnNamesPatternMatchRatio"
    share = 1 - len(bad) / max(1, len(c.df.columns))
    reason = "Columns that do not match the pattern: %s" % ", ".join(bad)
    return Check({name: share}, lambda values: reason if bad else None, None)


def _completeness(c):
    return _number(c, c.name("Completeness"), c.ratio(c.column().isNotNull()))


def _is_complete(c):
    name = c.name("Completeness")
    present = c.column().isNotNull()
    return Check({name: c.ratio(present)}, lambda values: _whole(name, values), c.row(present))


def _groups(c):
    """(values that occur once, values, records) of the rule's columns, leaving out nulls."""
    columns = [c.column(i) for i in range(max(1, len(c.rule.parameters)))]
    data = c.df if c.where is None else c.df.where(c.where)
    for column in columns:
        data = data.where(column.isNotNull())
    counts = data.groupBy(*columns).agg(F.count(F.lit(1)).alias("__n"))
    found = counts.agg(F.sum((F.col("__n") == 1).cast("long")), F.count(F.lit(1)), F.sum("__n")).first()
    return tuple(n or 0 for n in found)


def _share(part, whole):
    return part / whole if whole else None


def _once(c):
    columns = [c.column(i) for i in range(len(c.rule.parameters))]
    return F.count(F.lit(1)).over(Window.partitionBy(*columns)) == 1


def _uniqueness(c):
    once, _, records = _groups(c)
    return _number(c, c.name("Uniqueness"), _share(once, records))


def _is_unique(c):
    once, _, records = _groups(c)
    name = c.name("Uniqueness")
    return Check({name: _share(once, records)}, lambda values: _whole(name, values), c.row(_once(c)))


def _is_primary_key(c):
    unique = _is_unique(c)
    conditions = [c.column(i).isNotNull() for i in range(len(c.rule.parameters))]
    present = conditions[0]
    for condition in conditions[1:]:
        present = present & condition
    name = c.name("Completeness")
    metrics = dict(unique.metrics, **{name: c.ratio(present)})
    return Check(metrics, lambda v: _whole(name, v) or unique.judge(v), unique.row & c.row(present))


def _distinct_values(c):
    return _number(c, c.name("DistinctValuesCount"), float(_groups(c)[1]))


def _unique_value_ratio(c):
    once, distinct, _ = _groups(c)
    return _number(c, c.name("UniqueValueRatio"), _share(once, distinct))


def _aggregate(function, metric):
    return lambda c: _number(c, c.name(metric), function(c.among(c.column().cast("double"))))


def _correlation(c):
    one, two = c.among(c.column(0).cast("double")), c.among(c.column(1).cast("double"))
    return _number(c, c.name("ColumnCorrelation"), F.corr(one, two))


def _compliance(c, condition, metric, null_fails=None):
    """A check of the share of records that meet a condition: all, or the threshold's."""
    name = c.name(metric)
    metrics = {name: c.ratio(condition)}
    nulls = name + ".null"
    if null_fails is not None:
        metrics[nulls] = F.max(c.among(null_fails))

    def judge(values):
        if c.rule.threshold is not None:
            return _unmet(c.rule.threshold, values[name])
        return _UNMET % "NULL" if values[name] != 1 and values.get(nulls) else _whole(name, values)

    return Check(metrics, judge, c.row(condition))


def _column_values(c):
    column = c.column()
    condition = _expressions.of_column(c.expression(), column)
    return _compliance(c, condition, "ColumnValues.Compliance", column.isNull() & ~condition)


def _column_length(c):
    length = F.length(F.coalesce(c.column().cast("string"), F.lit("")))
    return _compliance(c, _expressions.of_column(c.expression(), length), "ColumnLength.Compliance")


_DATA_TYPES = {
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "INTEGER": "int", "DOUBLE": "double",
    "FLOAT": "float", "LONG": "bigint",
}


def _column_data_type(c):
    name = str(c.expression().values[0]).upper()
    if name not in _DATA_TYPES:
        raise ValueError("DQDL: ColumnDataType is one of %s, not %r" % (", ".join(_DATA_TYPES), name))
    parsed = c.column().cast("string").cast(_DATA_TYPES[name])
    return _compliance(c, parsed.isNotNull(), "ColumnDataType.Compliance")


def _custom_sql(c):
    c.df.createOrReplaceTempView("primary")
    found = c.df.sparkSession.sql(c.rule.parameters[0])
    expression = c.expression()
    row = found.first()
    value = None if row is None or row[0] is None else float(row[0])
    return Check({"Dataset.*.CustomSQL": value}, lambda v: _unmet(expression, v["Dataset.*.CustomSQL"]), None)


_KINDS = {
    "ColumnCorrelation": _correlation, "ColumnCount": _column_count, "ColumnDataType": _column_data_type,
    "ColumnExists": _column_exists, "ColumnLength": _column_length, "ColumnNamesMatchPattern": _column_names,
    "ColumnValues": _column_values, "Completeness": _completeness, "CustomSql": _custom_sql,
    "DistinctValuesCount": _distinct_values, "IsComplete": _is_complete, "IsPrimaryKey": _is_primary_key,
    "IsUnique": _is_unique, "Mean": _aggregate(F.avg, "Mean"), "RowCount": _row_count,
    "StandardDeviation": _aggregate(F.stddev_pop, "StandardDeviation"), "Sum": _aggregate(F.sum, "Sum"),
    "UniqueValueRatio": _unique_value_ratio, "Uniqueness": _uniqueness,
}
