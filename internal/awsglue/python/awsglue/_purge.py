# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Old files of a folder, or of a table and its partitions, removed."""

import time

from awsglue import _catalog, _partitions, _storage
from awsglue._connections import client
from awsglue._options import number, words

_WEEK = 168  # hours that files are kept when nobody says otherwise
_BATCH = 25  # partitions that one call may delete


def path(spark, place, options):
    """Remove the files below a path that are older than retentionPeriod, in hours.

    Returns how many were removed and how many are left.
    """
    files = _storage.select(spark, [place]).files
    if "STANDARD" in words(options, "excludeStorageClasses"):  # all files here are of this class
        return 0, len(files)
    before = (time.time() - 3600 * number(options, "retentionPeriod", _WEEK)) * 1000
    old = [f for f in files if f.mtime <= before]
    jvm = spark._jvm
    for file in old:
        at = jvm.org.apache.hadoop.fs.Path(_storage.path_of(file))
        at.getFileSystem(spark._jsc.hadoopConfiguration()).delete(at, False)
    return len(old), len(files) - len(old)


def table(spark, database, name, options, catalog_id=None):
    """Remove a table's old files; partitions that hold none afterwards leave the catalog.

    Returns how many files were removed and how many are left.
    """
    found = _catalog.get_table(database, name, catalog_id)
    if not found.keys:
        return path(spark, found.location, options)
    removed = left = 0
    empty = []
    for partition in _partitions.find(spark, found, options.get("partitionPredicate", "")):
        place = partition.storage.get("Location") or _partitions.location(found.location, found.keys, partition.values)
        gone, kept = path(spark, place, options)
        removed, left = removed + gone, left + kept
        if gone and not kept:
            empty.append({"Values": list(partition.values)})
    for start in range(0, len(empty), _BATCH):
        client("glue").batch_delete_partition(**found.address(), PartitionsToDelete=empty[start:start + _BATCH])
    return removed, left
