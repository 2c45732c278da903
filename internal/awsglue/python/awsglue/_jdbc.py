# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Tables of databases, read in parts and by bookmark, and written."""

import datetime
import re
import sys

from pyspark.sql import functions as F
from pyspark.sql.types import NullType, StringType

from awsglue import _bookmark, _choice, _connections
from awsglue._bookmark_jdbc import sql_literal
from awsglue._options import Unsupported, flag, number, quoted, words

TYPES = ("jdbc", "mysql", "postgresql", "oracle", "sqlserver", "redshift", "custom.jdbc")

# Glue's number of parallel reads where hashfield or hashexpression is given alone.
_PARTS = 7


class Database:
    """Where a table is: the URL, and what its driver needs."""

    def __init__(self, spark, url, user, password, driver, more=None):
        self.spark, self.url, self.vendor = spark, url, _connections.vendor(url)
        self.driver = driver or _connections.DRIVERS.get(self.vendor)
        self.properties = {k: v for k, v in {"user": user, "password": password, **(more or {})}.items() if v}
        self._class()

    def _class(self):
        if not self.driver:
            raise ValueError("no driver is known for %s; name its class by the option className" % self.vendor)
        jvm = self.spark._jvm
        try:
            loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
            return jvm.java.lang.Class.forName(self.driver, True, loader)
        except Exception:
            raise Unsupported(
                "the JDBC driver %s is not on Spark's class path: give its jar with --extra-jars" % self.driver) from None

    def connect(self):
        properties = self.spark._jvm.java.util.Properties()
        for name, value in self.properties.items():
            properties.setProperty(name, value)
        return self._class().newInstance().connect(self.url, properties)

    def run(self, statements):
        """Run SQL statements, all or none."""
        connection = self.connect()
        try:
            connection.setAutoCommit(False)
            statement = connection.createStatement()
            for sql in statements:
                statement.execute(sql)
            connection.commit()
        finally:
            connection.close()

    def last(self, source, where, keys, order):
        """The keys' values in the row that comes last, None when there is no row."""
        way = "DESC" if order == "asc" else "ASC"
        columns = [self.quote(k) for k in keys]
        sql = "SELECT %s FROM %s WHERE (%s) AND %s ORDER BY %s" % (
            ", ".join(columns), source, where or "1 = 1", " AND ".join(c + " IS NOT NULL" for c in columns),
            ", ".join("%s %s" % (c, way) for c in columns))
        connection = self.connect()
        try:
            statement = connection.createStatement()
            statement.setMaxRows(1)
            rows = statement.executeQuery(sql)
            return [_value(rows, i + 1) for i in range(len(keys))] if rows.next() else None
        finally:
            connection.close()

    def primary_key(self, table):
        """The columns of a table's primary key, in its order."""
        connection = self.connect()
        try:
            names = connection.getMetaData()
            parts = [_stored(part, names) for part in table.split(".")]
            schema = parts[-2] if len(parts) > 1 else None
            catalog = schema if self.vendor == "mysql" else connection.getCatalog()
            rows = names.getPrimaryKeys(
                catalog, None if self.vendor == "mysql" else schema or connection.getSchema(), parts[-1])
            found = []
            while rows.next():
                found.append((rows.getShort("KEY_SEQ"), rows.getString("COLUMN_NAME")))
            return [name for _, name in sorted(found)]
        finally:
            connection.close()

    def literal(self, value):
        """The text of a value in this database's SQL."""
        text = sql_literal(value)
        if self.vendor == "mysql":  # where a backslash says how to read what follows
            return text.replace("\\", "\\\\")
        if self.vendor == "oracle" and isinstance(value, datetime.date):
            return ("TIMESTAMP " if isinstance(value, datetime.datetime) else "DATE ") + text
        return text

    def quote(self, name):
        mark = "`" if self.vendor == "mysql" else '"'
        return mark + name.replace(mark, mark * 2) + mark


def _value(rows, i):
    value = rows.getObject(i)
    if value is None or isinstance(value, (bool, int, float, str)) or not hasattr(value, "getClass"):
        return value
    kind = value.getClass().getName()
    if kind == "java.sql.Timestamp":
        return datetime.datetime.fromisoformat(rows.getTimestamp(i).toLocalDateTime().toString())
    if kind == "java.sql.Date":
        return datetime.date.fromisoformat(value.toString())
    return value.toString()


def database(glue_context, connection_type, options, catalog_id=None):
    """The database that connection options name, by a connection or by a URL."""
    conf = {}
    if options.get("connectionName") and (flag(options, "useConnectionProperties") or not options.get("url")):
        conf = _connections.jdbc_conf(options["connectionName"], catalog_id)
    url = options.get("url") or conf.get("fullUrl")
    if not url:
        raise ValueError(
            "a %s connection needs url, such as jdbc:postgresql://host:5432/database, or connectionName" % connection_type)
    name = options.get("database")
    if name and conf and name != _connections.database_of(url):
        url = _connections.with_database(url, name)
    driver = options.get("className") or options.get("customJdbcDriverClassName") or conf.get("driver")
    secure = _ssl(_connections.vendor(url)) if conf.get("enforceSSL") == "true" else {}
    user, password = options.get("user") or conf.get("user"), options.get("password") or conf.get("password")
    return Database(glue_context.spark_session, url, user, password, driver, secure)


def _stored(name, metadata):
    """A name of SQL as the database stores it."""
    if name[:1] in ('"', "`"):
        return name.strip('"`')
    if metadata.storesUpperCaseIdentifiers():
        return name.upper()
    return name.lower() if metadata.storesLowerCaseIdentifiers() else name


def _ssl(vendor):
    return {
        "mysql": {"useSSL": "true", "requireSSL": "true"},
        "sqlserver": {"encrypt": "true"},
        "postgresql": {"ssl": "true", "sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"},
        "redshift": {"ssl": "true"},
    }.get(vendor, {})


def read(db, options, transformation_ctx=""):
    """Read a table or query as a DataFrame, in as many parts as the options say."""
    table = options.get("dbtable") or options.get("dbTable") or options.get("tableName")
    query = options.get("query") or options.get("sampleQuery")
    if not table and not query:
        raise ValueError('the connection option dbtable is missing; give it, for example "dbtable": "public.orders"')
    source = table
    if query:
        source = "(%s) reglue_query" % re.sub(r"\s+(where|and)\s*;?\s*$|;\s*$", "", query, flags=re.IGNORECASE)
    where = _by_bookmark(db, source, table or source, options, transformation_ctx)
    parts = _parts(db, options) if not query or flag(options, "enablePartitioningForSampleQuery", default=True) else []
    predicates = [" AND ".join("(%s)" % p for p in (part, where, options.get("filterPredicate")) if p)
                  for part in parts or [""]]
    properties = {"driver": db.driver, **db.properties}
    for name in ("fetchsize", "queryTimeout", "sessionInitStatement"):
        if options.get(name):
            properties[name] = str(options[name])
    if not any(predicates):
        return db.spark.read.jdbc(db.url, source, properties=properties)
    return db.spark.read.jdbc(db.url, source, predicates=predicates, properties=properties)


def _by_bookmark(db, source, table, options, ctx):
    """The condition of the rows that no earlier run has read; those that come later are left."""
    bookmark = _bookmark.current()
    if not bookmark.enabled or not ctx:
        return None
    keys = words(options, "jobBookmarkKeys")
    if not keys and source == table:
        keys = db.primary_key(table)
    if not keys:
        print("%s is read whole: its bookmark has no key. Name one in the option jobBookmarkKeys." % table, file=sys.stderr)
        return None
    order = (options.get("jobBookmarkKeysSortOrder") or options.get("jobBookmarksKeysSortOrder") or "asc").lower()
    bounds = bookmark.jdbc_bounds(ctx, table, keys, order)
    since = bounds.predicate(quote=db.quote, literal=db.literal) if bounds else None
    last = db.last(source, since, keys, order)
    if last is None:
        return "1 = 0"
    bookmark.read_jdbc(ctx, last)
    return (bounds or _bookmark.Bounds(keys, order)).predicate(upper=last, quote=db.quote, literal=db.literal)


def _parts(db, options):
    """A condition for each parallel read; together they take every row once."""
    field, expression = options.get("hashfield"), options.get("hashexpression")
    if not field and not expression:
        return []
    n = number(options, "hashpartitions", _PARTS)
    if n < 1:
        raise ValueError("option hashpartitions is %d; give at least 1" % n)
    hashed = expression or _hash(db, field)
    tested = expression or db.quote(field)
    rest = "MOD(ABS(%s), %d)" if db.vendor == "oracle" else "ABS(%s) %% %d"
    parts = [rest % (hashed, n) + " = %d" % i for i in range(n)]
    parts[0] += " OR (%s) IS NULL" % tested
    return parts


def _hash(db, field):
    column = db.quote(field)
    return {
        "postgresql": "CAST(hashtext(CAST(%s AS text)) AS bigint)",
        "redshift": "CAST(CHECKSUM(CAST(%s AS varchar)) AS bigint)",
        "mysql": "CRC32(%s)",
        "oracle": "ORA_HASH(%s)",
        "sqlserver": "CAST(CHECKSUM(%s) AS bigint)",
    }.get(db.vendor, "%s") % column


def write(db, df, options):
    """Append a frame to a table, which is made when it is not there."""
    table = options.get("dbtable") or options.get("dbTable") or options.get("tableName")
    if not table:
        raise ValueError('the connection option dbtable is missing; give it, for example "dbtable": "public.orders"')
    before, after = _statements(options, "preactions"), _statements(options, "postactions")
    if before:
        db.run(before)
    properties = {"driver": db.driver, **db.properties}
    size = number(options, "bulkSize") or number(options, "batchsize")
    if size:
        properties["batchsize"] = str(size)
    df.select(*[_plain(f) for f in df.schema.fields]).write.jdbc(db.url, table, mode="append", properties=properties)
    if after:
        db.run(after)


def _statements(options, name):
    return [s for s in (part.strip() for part in (options.get(name) or "").split(";")) if s]


def _plain(field):
    column = F.col(quoted(field.name))
    if _choice.is_choice(field):
        return _choice.cast_choice(column, field.dataType, StringType()).alias(field.name)
    if isinstance(field.dataType, NullType):
        return column.cast("string").alias(field.name)
    return column
