# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""How far a table has been read, by the values of its bookmark keys."""

import datetime
import decimal


class Bounds:
    """The rows to read: after ``lower`` and up to ``upper`` in the order of the keys.

    Either may be None: there is no such bound. ``nothing`` is set when no row is
    to be read at all.
    """

    def __init__(self, keys, order="asc", lower=None, upper=None, nothing=False):
        self.keys, self.order, self.lower, self.upper, self.nothing = list(keys), order, lower, upper, nothing

    def predicate(self, upper=None, quote=str, literal=None):
        """The condition in SQL, or None when every row is to be read.

        upper: the last values that are to be read, when the bounds set none, so
        that rows which come while the table is read are left for the next run.
        quote: makes a column of a key. literal: makes a value's text.
        Several keys are compared as one row is with another, (a, b) > (x, y),
        spelled out because not every database can.
        """
        if self.nothing:
            return "1 = 0"
        literal = literal or sql_literal
        after, before = (">", "<") if self.order == "asc" else ("<", ">")
        columns = [quote(k) for k in self.keys]
        parts = []
        if self.lower is not None:
            parts.append(_compare(columns, [literal(v) for v in self.lower], after))
        upper = self.upper if self.upper is not None else upper
        if upper is not None:
            parts.append("NOT (%s)" % _compare(columns, [literal(v) for v in upper], after))
        return " AND ".join("(%s)" % p for p in parts) or None


def _compare(columns, values, operator):
    """The row of the columns compared strictly with that of the values."""
    ways = []
    for i, (column, value) in enumerate(zip(columns, values)):
        same = ["%s = %s" % pair for pair in zip(columns[:i], values[:i])]
        ways.append(" AND ".join(same + ["%s %s %s" % (column, operator, value)]))
    return ways[0] if len(ways) == 1 else " OR ".join("(%s)" % w for w in ways)


def sql_literal(value):
    """The text of a value in SQL that the usual databases read."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.datetime):
        return "'%s'" % value.isoformat(sep=" ")
    return "'%s'" % str(value).replace("'", "''")


_TYPES = {
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "timestamp": (datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
}


def encode(value):
    """A key's value as JSON can hold it."""
    for name, (kind, to_text, _) in _TYPES.items():
        if isinstance(value, kind):
            return {name: to_text(value)}
    if isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        "a bookmark key has a value of type %s; use a column of numbers, texts, dates or timestamps"
        % type(value).__name__
    )


def decode(value):
    if isinstance(value, dict):
        ((name, text),) = value.items()
        return _TYPES[name][2](text)
    return value
