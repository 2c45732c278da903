# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Gives DynamicFrame the method gs_now of Glue Studio."""

from awsglue import _studio

_studio.attach("gs_now")
