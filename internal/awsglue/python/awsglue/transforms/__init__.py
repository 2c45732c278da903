# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The transforms as classes, which scripts call as ``ApplyMapping.apply(frame=…)``."""

from awsglue import _spark

_spark.require(__name__)

from awsglue.transforms._collections import (  # noqa: E402
    FlatMap, MapToCollection, Relationalize, SelectFromCollection, SplitFields, SplitRows,
)
from awsglue.transforms._fields import (  # noqa: E402
    ApplyMapping, DropFields, DropNullFields, RenameField, ResolveChoice, SelectFields, SimplifyDDBJson, Unbox,
    UnnestDDBJson, UnnestFrame,
)
from awsglue.transforms._records import (  # noqa: E402
    ErrorsAsDynamicFrame, Filter, Join, Map, MergeDynamicFrame, Spigot, Union,
)
from awsglue.transforms._transform import GlueTransform  # noqa: E402

__all__ = [
    "ApplyMapping", "DropFields", "DropNullFields", "ErrorsAsDynamicFrame", "Filter", "FlatMap", "GlueTransform",
    "Join", "Map", "MapToCollection", "MergeDynamicFrame", "Relationalize", "RenameField", "ResolveChoice",
    "SelectFields", "SelectFromCollection", "SimplifyDDBJson", "Spigot", "SplitFields", "SplitRows", "Unbox",
    "Union", "UnnestDDBJson", "UnnestFrame",
]
