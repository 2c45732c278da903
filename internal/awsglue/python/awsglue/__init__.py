# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What a job may import as ``awsglue``.

Written for reglue from the public AWS Glue documentation. Every job has
``awsglue.utils``; the modules that need Spark say so where pyspark is missing.
"""


def __getattr__(name):
    """``from awsglue import DynamicFrame``, as Glue Studio writes it, without Spark for python shell jobs."""
    if name in ("DynamicFrame", "DynamicFrameCollection"):
        from awsglue import dynamicframe

        return getattr(dynamicframe, name)
    raise AttributeError("module awsglue has no %s" % name)
