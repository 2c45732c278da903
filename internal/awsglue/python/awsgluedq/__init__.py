# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Data quality rules for Spark jobs, written from the public AWS Glue documentation."""
