-- Connections of the Data Catalog: sealed holds, encrypted, what body must not, and is
-- empty when nothing is secret.
CREATE TABLE connections (
    name   TEXT NOT NULL PRIMARY KEY,
    body   TEXT NOT NULL,
    sealed TEXT NOT NULL
) WITHOUT ROWID;

-- Whether any is sealed is asked before a key is made.
CREATE INDEX connections_sealed ON connections (name) WHERE sealed <> '';

CREATE TABLE security_configurations (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
