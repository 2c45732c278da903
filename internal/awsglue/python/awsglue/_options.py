# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Options as scripts write them: true or "true", a list or its JSON text."""

import json


class Unsupported(NotImplementedError):
    """Something that Glue has and this package does not. The message says what to do."""


def flag(options, *names, default=False):
    """The first of the options that is there, as a truth value."""
    for name in names:
        value = options.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text in ("true", "1", "yes"):
            return True
        if text in ("false", "0", "no"):
            return False
        raise ValueError("option %s is %r; give true or false" % (name, value))
    return default


def number(options, name, default=None):
    value = options.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("option %s is %r; give a whole number" % (name, value)) from None


def words(options, name):
    """A list of texts, from a list, from the JSON text of one, or from a single text."""
    value = options.get(name)
    if value is None or value == "":
        return []
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [value]
        try:
            value = json.loads(value)
        except ValueError as reason:
            raise ValueError("option %s is no JSON list: %s" % (name, reason)) from None
    if not isinstance(value, (list, tuple, set)) or not all(isinstance(v, str) for v in value):
        raise ValueError("option %s is %r; give a list of strings" % (name, value))
    return list(value)


def required(options, name, example):
    value = options.get(name)
    if not value:
        raise ValueError("the connection option %s is missing; give it, for example %s" % (name, example))
    return value


def quoted(name):
    """A column's name for Spark SQL, whatever is in it."""
    return "`%s`" % name.replace("`", "``")
