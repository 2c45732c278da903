# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""AWS Glue's machine learning transforms, which only AWS runs."""
