# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The Data Catalog after a sink with enableUpdateCatalog has written."""

from awsglue import _catalog, _partitions, _serde
from awsglue._connections import by_catalog, client

# What a table's definition has and its input has not.
_READ_ONLY = (
    "DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId",
    "FederatedTable", "IsMultiDialectView", "Status", "IsMaterializedView",
)


def update(where, format, options, fields, keys, path, made, behavior):
    """Make or update the table, then add the partitions that were made.

    Every step may be repeated: what is there already is left. fields, keys:
    Spark's. made: of values of the keys. behavior: UPDATE_IN_DATABASE (as when
    it is not given) or LOG, which leaves the schema of a table that exists.
    """
    database, name, catalog_id = where
    if behavior not in (None, "", "UPDATE_IN_DATABASE", "LOG"):
        raise ValueError("updateBehavior is %r; give UPDATE_IN_DATABASE or LOG" % behavior)
    columns, key_columns = [_column(f) for f in fields], [_column(f) for f in keys]
    storage, parameters = _serde.describe(format, options, columns, path.rstrip("/") + "/")
    glue = client("glue")
    try:
        definition = glue.get_table(DatabaseName=database, Name=name, **by_catalog(catalog_id))["Table"]
    except glue.exceptions.EntityNotFoundException:
        definition = _create(glue, database, name, catalog_id, storage, parameters, key_columns)
    table = _catalog.Table({**definition, "DatabaseName": database}, catalog_id)
    _check_keys(table, key_columns)
    if behavior != "LOG":
        _update_columns(glue, table, columns)
    if made:
        _partitions.create(table, {**storage, "Parameters": {}}, path, made)


def _column(field):
    return {"Name": field.name, "Type": field.dataType.simpleString().replace("void", "string")}


def _create(glue, database, name, catalog_id, storage, parameters, key_columns):
    table = {
        "Name": name, "StorageDescriptor": storage, "PartitionKeys": key_columns, "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
    }
    try:
        glue.create_table(DatabaseName=database, TableInput=table, **by_catalog(catalog_id))
    except glue.exceptions.AlreadyExistsException:
        pass  # by another writer, meanwhile
    except glue.exceptions.EntityNotFoundException:
        raise ValueError(
            "the Data Catalog has no database %s, in which the sink is to make the table %s; create the database first"
            % (database, name)) from None
    return glue.get_table(DatabaseName=database, Name=name, **by_catalog(catalog_id))["Table"]


def _check_keys(table, key_columns):
    have, want = [k["Name"].lower() for k in table.keys], [k["Name"].lower() for k in key_columns]
    if have != want:
        raise ValueError("table %s is partitioned by %s, and the sink wrote by %s; give these partitionKeys" % (
            table, ", ".join(have) or "nothing", ", ".join(want) or "nothing"))


def _update_columns(glue, table, columns):
    have = [(c["Name"].lower(), c.get("Type")) for c in table.columns]
    if have == [(c["Name"].lower(), c["Type"]) for c in columns]:
        return
    definition = {k: v for k, v in table.definition.items() if k not in _READ_ONLY}
    definition["StorageDescriptor"] = {**table.storage, "Columns": columns}
    glue.update_table(DatabaseName=table.database, TableInput=definition, **by_catalog(table.catalog_id))
