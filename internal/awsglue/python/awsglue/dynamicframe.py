# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Needs Spark: not there for python shell jobs."""

from awsglue._spark import refuse

refuse(__name__)
