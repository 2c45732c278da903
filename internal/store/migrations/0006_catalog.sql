-- The Data Catalog. What is named by an id and left of a deleted database or table
-- is cleared away bit by bit (catalog_orphans); an id is never given twice.
INSERT INTO sequences (name, value) VALUES ('catalog', 0);

CREATE TABLE catalog_databases (
    name TEXT   NOT NULL PRIMARY KEY,
    id   BIGINT NOT NULL,
    body TEXT   NOT NULL
) WITHOUT ROWID;

CREATE TABLE catalog_tables (
    id          INTEGER NOT NULL PRIMARY KEY,
    database_id BIGINT  NOT NULL,
    name        TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    body        TEXT    NOT NULL
);
CREATE UNIQUE INDEX catalog_tables_name ON catalog_tables (database_id, name);

-- The versions of a table before the present one.
CREATE TABLE catalog_versions (
    table_id BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    body     TEXT   NOT NULL,
    PRIMARY KEY (table_id, version)
) WITHOUT ROWID;

-- What the partitions of a table mostly have in common: columns and formats.
CREATE TABLE catalog_schemas (
    id       INTEGER NOT NULL PRIMARY KEY,
    table_id BIGINT  NOT NULL,
    hash     TEXT    NOT NULL,
    body     TEXT    NOT NULL
);
CREATE UNIQUE INDEX catalog_schemas_hash ON catalog_schemas (table_id, hash);

-- The key sorts as the partition's values do. schema_id 0 stands for no
-- StorageDescriptor.
CREATE TABLE catalog_partitions (
    table_id  BIGINT NOT NULL,
    key       TEXT   NOT NULL,
    schema_id BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (table_id, key)
) WITHOUT ROWID;
CREATE INDEX catalog_partitions_schema ON catalog_partitions (schema_id);

CREATE TABLE catalog_indexes (
    table_id BIGINT NOT NULL,
    name     TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    PRIMARY KEY (table_id, name)
) WITHOUT ROWID;

CREATE TABLE catalog_functions (
    database_id BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    PRIMARY KEY (database_id, name)
) WITHOUT ROWID;

CREATE TABLE catalog_orphans (
    id       BIGINT   NOT NULL PRIMARY KEY,
    is_table SMALLINT NOT NULL
) WITHOUT ROWID;
