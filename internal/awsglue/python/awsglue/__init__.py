# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What a python shell job may import as ``awsglue``.

Written for reglue from the public AWS Glue documentation. It holds
``awsglue.utils``; the modules that need Spark fail on import and say why.
"""
