# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""One message for everything that only Spark jobs have."""


def refuse(module):
    raise ImportError(
        "%s is for Spark jobs, and this version of reglue does not run Spark jobs. "
        "A python shell job can use awsglue.utils.getResolvedOptions." % module
    )
