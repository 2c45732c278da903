# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""DQDL expressions about one number, and about the values of a column."""

import functools
import operator

from pyspark.sql import functions as F

from awsgluedq._dqdl import Date, Keyword

_COMPARE = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def holds(expression, number):
    """Whether a metric meets the expression; between is without its ends."""
    values = expression.values
    if any(not isinstance(v, (int, float)) for v in values):
        raise ValueError("DQDL: %r is compared with a number here" % (values,))
    if expression.operator == "in":
        result = number in values
    elif expression.operator == "between":
        result = values[0] < number < values[1]
    elif expression.operator == "matches":
        raise ValueError("DQDL: matches is for the values of a column")
    else:
        result = _COMPARE[expression.operator](number, values[0])
    return result != expression.negated


def of_column(expression, column):
    """The condition on each value. A null fails it, but for != and not in, unless NULL is named."""
    named_null = Keyword("NULL") in expression.values
    if expression.operator == "in":
        met = functools.reduce(operator.or_, [_equals(column, v) for v in expression.values])
        met = ~met if expression.negated else met
        return F.coalesce(met, F.lit(expression.negated and not named_null))
    if expression.operator in ("=", "!="):
        met = _equals(column, expression.values[0])
        unequal = expression.operator == "!="
        return F.coalesce(~met if unequal else met, F.lit(unequal and not named_null))
    return F.coalesce(_ordered(expression, column), F.lit(False))


def _ordered(expression, column):
    if expression.operator == "matches":
        met = column.cast("string").rlike("^(?:%s)$" % expression.values[0])
    elif expression.operator == "between":
        low, high = [_literal(v) for v in expression.values]
        met = (column > low) & (column < high)
    else:
        met = _COMPARE[expression.operator](column, _literal(expression.values[0]))
    return ~met if expression.negated else met


def _equals(column, value):
    """True, false, or null where the value is null and NULL is not asked about."""
    if isinstance(value, Keyword):
        if value.name == "NULL":
            return column.isNull()
        if value.name == "EMPTY":
            return column.cast("string") == ""
        return column.cast("string").rlike(r"^\s+$")
    return column == _literal(value)


def _literal(value):
    if isinstance(value, Keyword):
        raise ValueError("DQDL: %s can only be compared with =, != and in" % value.name)
    if isinstance(value, Date):
        now = F.current_timestamp()
        return now - F.expr("interval %s" % value.interval) if value.interval else now
    return F.lit(value)
