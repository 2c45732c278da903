# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Tables of the Data Catalog as sources and sinks see them."""

from pyspark.sql.types import CharType, StringType, StructField, StructType, VarcharType, _parse_datatype_string

from awsglue import _serde
from awsglue._connections import by_catalog, client
from awsglue._options import number


class Table:
    """A table of the Data Catalog."""

    def __init__(self, definition, catalog_id=None):
        self.definition, self.catalog_id = definition, catalog_id
        self.database, self.name = definition["DatabaseName"], definition["Name"]
        self.storage = definition.get("StorageDescriptor") or {}
        self.parameters = definition.get("Parameters") or {}
        self.location = self.storage.get("Location", "")
        self.columns = self.storage.get("Columns", [])
        self.keys = definition.get("PartitionKeys") or []

    def __str__(self):
        return "%s.%s" % (self.database, self.name)

    @property
    def connection(self):
        """The connection of a table that lies in a database, else None."""
        serde = (self.storage.get("SerdeInfo") or {}).get("Parameters") or {}
        return self.parameters.get("connectionName") or serde.get("connectionName")

    def format(self):
        """The format of the table's files, and its options."""
        return _serde.format_of(self.storage, self.parameters, str(self))

    def skip_lines(self):
        return _skip(self.storage, self.parameters)

    def data_schema(self):
        return schema(self.columns)

    def key_schema(self):
        return schema(self.keys)

    def address(self):
        """The arguments that name the table in the operations of Glue on partitions."""
        return dict(by_catalog(self.catalog_id), DatabaseName=self.database, TableName=self.name)


def _skip(storage, parameters):
    serde = (storage.get("SerdeInfo") or {}).get("Parameters") or {}
    return number({**parameters, **serde}, "skip.header.line.count", 0)


def get_table(database, name, catalog_id=None):
    if not database or not name:
        raise ValueError("give both the database and the table of the Data Catalog")
    glue = client("glue")
    try:
        found = glue.get_table(DatabaseName=database, Name=name, **by_catalog(catalog_id))["Table"]
    except glue.exceptions.EntityNotFoundException as reason:
        raise ValueError(
            "the Data Catalog has no table %s.%s (%s); create it, or run the crawler that does"
            % (database, name, reason.response["Error"]["Message"])) from None
    return Table({**found, "DatabaseName": found.get("DatabaseName", database)}, catalog_id)


def schema(columns):
    return StructType([StructField(c["Name"], spark_type(c.get("Type", "string"))) for c in columns])


def spark_type(text):
    """Spark's type for a type of the Data Catalog."""
    text = text.strip()
    try:
        return _plain(_parse_datatype_string(text))
    except Exception:
        raise ValueError("the Data Catalog has the type %r, which Spark does not have; correct the column" % text) from None


def _plain(data_type):
    """The type with string where it limits the length of texts."""
    if isinstance(data_type, (VarcharType, CharType)):
        return StringType()
    if isinstance(data_type, StructType):
        return StructType([StructField(f.name, _plain(f.dataType)) for f in data_type.fields])
    for name in ("elementType", "keyType", "valueType"):
        if hasattr(data_type, name):
            setattr(data_type, name, _plain(getattr(data_type, name)))
    return data_type


def column_types(glue_context, database, table_name, catalog_id=None):
    """The columns of a table and the names of their types, partition keys included."""
    table = get_table(database, table_name, catalog_id)
    return {c["Name"]: c.get("Type", "string") for c in table.columns + table.keys}
