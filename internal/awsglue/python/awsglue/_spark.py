# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""One message for modules that need Spark, where Spark is not installed."""


def require(module):
    """Raise an ImportError that says what to do when pyspark cannot be imported."""
    try:
        import pyspark  # noqa: F401
    except ImportError as missing:
        raise ImportError(
            "%s is for Spark jobs and needs pyspark, which this Python does not have (%s). "
            "`reglue spark install` sets up Spark; run the job as a Spark job (Command.Name glueetl). "
            "A python shell job can use awsglue.utils.getResolvedOptions." % (module, missing)
        )
