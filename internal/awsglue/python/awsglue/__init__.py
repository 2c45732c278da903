# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What a job may import as ``awsglue``.

Written for reglue from the public AWS Glue documentation. Every job has
``awsglue.utils``; the modules that need Spark say so where pyspark is missing.
"""
