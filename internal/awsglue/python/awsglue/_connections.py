# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The Glue API as the job reaches it, and the connections it keeps."""

import functools
import json
import os
import re

# The drivers of the databases that Glue knows by name.
DRIVERS = {
    "mysql": "com.mysql.cj.jdbc.Driver",
    "postgresql": "org.postgresql.Driver",
    "oracle": "oracle.jdbc.OracleDriver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "redshift": "com.amazon.redshift.jdbc42.Driver",
}


def client(service):
    """A boto3 client made from the job's environment."""
    return _client(service, os.environ.get("AWS_ENDPOINT_URL_" + service.upper()))


@functools.lru_cache(maxsize=None)
def _client(service, endpoint):
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ImportError(
            "the Data Catalog and connections need boto3, which this Python does not have: "
            "add --additional-python-modules boto3 to the job, or install it where Spark's Python is") from None
    return boto3.client(service, endpoint_url=endpoint, config=Config(retries={"mode": "standard", "max_attempts": 5}))


def by_catalog(catalog_id):
    """The argument of Glue operations that names a catalog other than the account's own."""
    return {"CatalogId": catalog_id} if catalog_id else {}


def jdbc_conf(name, catalog_id=None):
    """What extract_jdbc_conf answers for a connection."""
    found = client("glue").get_connection(Name=name, HidePassword=False, **by_catalog(catalog_id))["Connection"]
    properties = found.get("ConnectionProperties", {})
    full = properties.get("JDBC_CONNECTION_URL") or _url(found.get("ConnectionType", ""), properties)
    if not full:
        raise ValueError(
            "connection %s (%s) has no JDBC_CONNECTION_URL, so it is not one to a database"
            % (name, found.get("ConnectionType")))
    user, password = properties.get("USERNAME"), properties.get("PASSWORD")
    if properties.get("SECRET_ID") and not password:
        user, password = _secret(properties["SECRET_ID"], name)
    return {
        "user": user or "",
        "password": password or "",
        "vendor": vendor(full),
        "enforceSSL": properties.get("JDBC_ENFORCE_SSL", "false").lower(),
        "customJDBCCert": properties.get("CUSTOM_JDBC_CERT", ""),
        "skipCustomJDBCCertValidation": properties.get("SKIP_CUSTOM_JDBC_CERT_VALIDATION", "false").lower(),
        "customJDBCCertString": properties.get("CUSTOM_JDBC_CERT_STRING", ""),
        "url": without_database(full),
        "fullUrl": full,
        "driver": properties.get("JDBC_DRIVER_CLASS_NAME", ""),
    }


def _url(kind, properties):
    """The URL of a connection that names host, port and database one by one."""
    kind, host = kind.lower(), properties.get("HOST")
    if kind not in DRIVERS or not host:
        return ""
    place = host + (":" + properties["PORT"] if properties.get("PORT") else "")
    database = properties.get("DATABASE", "")
    if kind == "oracle":
        return "jdbc:oracle:thin:@//%s/%s" % (place, database)
    return with_database("jdbc:%s://%s" % (kind, place), database) if database else "jdbc:%s://%s" % (kind, place)


def _secret(secret, name):
    text = client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    try:
        values = json.loads(text)
        return values["username"], values["password"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            "connection %s: the secret %s must be a JSON object with username and password" % (name, secret)) from None


def vendor(url):
    """The kind of database that a JDBC URL is for."""
    found = re.match(r"jdbc:([a-z0-9]+)", url or "")
    if not found:
        raise ValueError("%r is no JDBC URL; write it as jdbc:postgresql://host:port/database" % url)
    return found.group(1)


def without_database(url):
    kind = vendor(url)
    if kind == "sqlserver":
        return url.split(";", 1)[0]
    if kind == "oracle":
        return re.sub(r"(@(?://)?[^/:]+:\d+)[/:][^/:]+$", r"\1", url)
    return re.sub(r"^(jdbc:\w+://[^/]*)/.*$", r"\1", url)


def database_of(url):
    kind = vendor(url)
    if kind == "sqlserver":
        found = re.search(r";\s*database(?:Name)?=([^;]*)", url, re.IGNORECASE)
    elif kind == "oracle":
        found = re.search(r"@(?://)?[^/:]+:\d+[/:]([^/:]+)$", url)
    else:
        found = re.match(r"jdbc:\w+://[^/]*/([^?;]*)", url)
    return found.group(1) if found else ""


def with_database(url, database):
    """The URL with another database."""
    kind = vendor(url)
    if kind == "sqlserver":
        rest = re.sub(r";\s*database(?:Name)?=[^;]*", "", url, flags=re.IGNORECASE)
        return "%s;databaseName=%s" % (rest, database)
    if kind == "oracle":
        return "%s/%s" % (without_database(url), database)
    query = re.search(r"\?.*$", url)
    return "%s/%s%s" % (without_database(url), database, query.group(0) if query else "")
