# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The partitions of a table that are to be read, and those that a sink made."""

import re
from collections import namedtuple
from urllib.parse import unquote

from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from awsglue import _storage
from awsglue._connections import client
from awsglue._options import quoted

Partition = namedtuple("Partition", "values storage parameters")

# The folder that Hive gives to a key without a value.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_INDEX = "__reglue_partition"
_BATCH = 100
_IN_QUERY = 1000


def find(spark, table, predicate="", catalog_predicate=""):
    """The partitions for which both predicates hold.

    catalog_predicate goes to Glue as it is. predicate is Spark SQL over the
    keys; what of it Glue's expressions can say is asked of Glue, too.
    """
    asked = [p for p in (catalog_predicate, predicate if _same_in_glue(predicate, table) else "") if p]
    try:
        found = _get(table, " AND ".join("(%s)" % p for p in asked) if len(asked) > 1 else "".join(asked))
    except client("glue").exceptions.InvalidInputException:
        if asked in ([], [catalog_predicate]):
            raise
        found = _get(table, catalog_predicate)
    return _where(spark, table, found, predicate) if predicate and found else found


def _get(table, expression):
    pages = client("glue").get_paginator("get_partitions").paginate(
        **table.address(), ExcludeColumnSchema=True, **({"Expression": expression} if expression else {}))
    return [
        Partition(tuple(p["Values"]), p.get("StorageDescriptor") or {}, p.get("Parameters") or {})
        for page in pages for p in page["Partitions"]
    ]


_TOKEN = re.compile(
    r"\s+|'[^'\\]*'|(?P<number>\b\d+\b)|<>|!=|<=|>=|=(?!=)|<|>|\(|\)|,|(?P<word>[A-Za-z_]\w*)")
_WORDS = {"and", "or", "not", "in", "between"}
_ORDERED_AS_TEXT = ("string", "varchar", "char")


def _same_in_glue(predicate, table):
    """Whether an expression of Glue with this text means what Spark SQL means by it."""
    kinds = {k["Name"].lower(): k.get("Type", "string").lower() for k in table.keys}
    used, numbers, at = set(), False, 0
    while at < len(predicate):
        token = _TOKEN.match(predicate, at)
        if not token:
            return False
        at, word = token.end(), (token.group("word") or "").lower()
        numbers = numbers or bool(token.group("number"))
        if word in kinds:
            used.add(kinds[word])
        elif word and word not in _WORDS:
            return False
    texts = any(kind.startswith(_ORDERED_AS_TEXT) for kind in used)
    whole = all(kind.startswith(_ORDERED_AS_TEXT) or kind in ("int", "bigint", "smallint", "tinyint") for kind in used)
    # Spark compares a text with a number as numbers, Glue does not.
    return bool(used) and whole and not (texts and numbers) and not (not texts and "'" in predicate)


def _where(spark, table, partitions, predicate):
    try:
        kept = values(spark, table, partitions).where(predicate).select(_INDEX).collect()
    except Exception as reason:
        raise ValueError(
            "push_down_predicate %r can not be used on the partition keys %s of %s: %s"
            % (predicate, ", ".join(k["Name"] for k in table.keys), table, str(reason).splitlines()[0])) from None
    return [partitions[row[0]] for row in sorted(kept)]


def values(spark, table, partitions):
    """A row for each partition: its index, and the keys' values with their types."""
    keys = table.key_schema().fields
    rows = [
        (str(i),) + tuple(None if v == NO_VALUE else v for v in p.values) for i, p in enumerate(partitions)
    ]
    df = _texts(spark, rows, [_INDEX] + [k.name for k in keys])
    return df.select(
        F.col(_INDEX).cast("int").alias(_INDEX), *[F.col(quoted(k.name)).cast(k.dataType).alias(k.name) for k in keys])


def _texts(spark, rows, names):
    """A DataFrame of strings. A few are written into the query, which so needs no job to know them."""
    if len(rows) > _IN_QUERY:
        return spark.createDataFrame(rows, StructType([StructField(n, StringType()) for n in names]))
    lines = ", ".join("(%s)" % ", ".join(map(_literal, row)) for row in rows)
    # nullif leaves every value, and the column one that may be null, as a partition's is.
    casts = ", ".join("nullif(CAST(col%d AS string), NULL) AS %s" % (i + 1, quoted(n)) for i, n in enumerate(names))
    return spark.sql("SELECT %s FROM VALUES %s" % (casts, lines))


def _literal(text):
    if text is None:
        return "NULL"
    units = text.encode("utf-16-be", "surrogatepass")
    return "'%s'" % "".join("\\u%02x%02x" % pair for pair in zip(units[::2], units[1::2]))


def add_values(spark, df, table, folders):
    """Add the keys to a frame that has _storage.FOLDER. folders: those of each partition's files."""
    keys = [k.name for k in table.key_schema().fields]
    where = [(uri, str(i)) for i, (_, uris) in enumerate(folders) for uri in uris]
    lookup = _texts(spark, where, [_storage.FOLDER, _INDEX])
    lookup = lookup.join(values(spark, table, [p for p, _ in folders]), _INDEX).drop(_INDEX)
    data = [c for c in df.columns if c != _storage.FOLDER and c not in keys]
    joined = df.select(*[F.col(quoted(c)) for c in data], _storage.FOLDER).join(F.broadcast(lookup), _storage.FOLDER)
    return joined.select(*[F.col(quoted(c)) for c in data + keys])


def values_in(root, folder, keys):
    """The values of the keys that a folder below root tells by its name, None when it does not."""
    below = folder[len(root):].strip("/").split("/")
    if len(below) != len(keys):
        return None
    found = []
    for part, key in zip(below, keys):
        name, mark, value = part.partition("=")
        # A folder's name is escaped as Hive does, and in a URI once more.
        if not mark or unquote(unquote(name)) != key:
            return None
        found.append(unquote(unquote(value)))
    return tuple(found)


def create(table, storage, root, found):
    """Add partitions to the table; those that are there stay as they are. found: of values."""
    glue = client("glue")
    new = [
        {"Values": list(v), "StorageDescriptor": {**storage, "Location": location(root, table.keys, v)}}
        for v in sorted(found)
    ]
    for start in range(0, len(new), _BATCH):
        answer = glue.batch_create_partition(**table.address(), PartitionInputList=new[start:start + _BATCH])
        bad = [e for e in answer.get("Errors", []) if e["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException"]
        if bad:
            raise RuntimeError("the Data Catalog refused the partition %s of %s: %s" % (
                bad[0]["PartitionValues"], table, bad[0]["ErrorDetail"].get("ErrorMessage")))


def location(root, keys, found):
    parts = ["%s=%s" % (escaped(k["Name"]), escaped(v)) for k, v in zip(keys, found)]
    return "/".join([root.rstrip("/")] + parts) + "/"


def escaped(text):
    """A key's name or value as Hive and Spark name its folder."""
    return re.sub(r'[\x00-\x1f\x7f"#%\'*/:=?\\{\[\]^]', lambda c: "%%%02X" % ord(c.group()), text)
