# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Job arguments, as AWS Glue documents them for scripts."""

import argparse

__all__ = ["GlueArgumentError", "getResolvedOptions"]

# Glue passes these itself. A script may read them in the result (those that
# have a value) but not ask for them. Each is None when it was not passed.
_RESERVED = (
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "job-bookmark-from",
    "job-bookmark-to",
    "continuation-option",
    "encryption-type",
)
_BOOKMARK = "job-bookmark-option"
_BOOKMARK_CHOICES = ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause")
_OPTIONAL = ("TempDir", "RedshiftTempDir")


class GlueArgumentError(Exception):
    """The arguments do not hold what the script asks for."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises, where the standard one ends the process."""

    def error(self, message):
        raise GlueArgumentError(message)


def getResolvedOptions(args, options):
    """Return the named job arguments as a dict.

    args: the list to search, normally ``sys.argv``.
    options: the names that the script needs, without the two hyphens.

    Both ``--name value`` and ``--name=value`` are read; of a repeated name the
    last counts; arguments that nobody asked for are ignored. A name with
    hyphens is found in the result under underscores, as attributes are in
    argparse. Raises GlueArgumentError when a name is missing, and RuntimeError
    when the script asks for a name that Glue keeps for itself.
    """
    if isinstance(options, str):
        raise GlueArgumentError(
            "options must be a list of names, such as ['JOB_NAME'], not the string %r" % options
        )
    _refuse_bad_names(options)

    parser = _Parser(add_help=False, allow_abbrev=False, argument_default=None)
    parser.add_argument("--" + _BOOKMARK, choices=_BOOKMARK_CHOICES, default="job-bookmark-disable")
    for name in _RESERVED:
        parser.add_argument("--" + name)
    for name in _OPTIONAL:
        if name not in options:
            parser.add_argument("--" + name)
    for name in dict.fromkeys(options):
        parser.add_argument("--" + name, required=True)
    resolved, _ = parser.parse_known_args(list(args))
    return vars(resolved)


def _refuse_bad_names(options):
    kept = set(_RESERVED) | {_BOOKMARK}
    kept |= {name.replace("-", "_") for name in kept}
    asked = [name for name in options if name in kept]
    if asked:
        raise RuntimeError(
            "Using reserved arguments %s: Glue sets them itself; leave them out of the list, "
            "the result holds them" % asked
        )
    for name in options:
        if not name or name.startswith("-"):
            raise GlueArgumentError(
                "argument name %r: give the name without the leading hyphens" % name
            )
