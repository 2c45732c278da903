"""Uses the connections of a server with boto3, as jobs and their authors do."""
import datetime


def run(glue, check, refused):
    connections(glue, check, refused)
    settings(glue, check, refused)
    security_configurations(glue, check, refused)


def jdbc(name, **properties):
    whole = {"JDBC_CONNECTION_URL": "jdbc:postgresql://127.0.0.1:1/orders", "USERNAME": "etl", "PASSWORD": "p", **properties}
    return {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": whole}


def connections(glue, check, refused):
    got = glue.create_connection(ConnectionInput=jdbc("orders"), Tags={"k": "v"})
    check("CreateConnection", got["CreateConnectionStatus"], "READY")
    refused("AlreadyExistsException", glue.create_connection, ConnectionInput=jdbc("orders"))
    glue.update_connection(Name="orders", ConnectionInput=jdbc("orders", PASSWORD="q"))
    got = glue.get_connection(Name="orders")["Connection"]
    check("GetConnection", (got["ConnectionProperties"]["PASSWORD"], isinstance(got["LastUpdatedTime"], datetime.datetime)), ("q", True))
    got = glue.get_connection(Name="orders", HidePassword=True)["Connection"]
    check("HidePassword", sorted(got["ConnectionProperties"]), ["JDBC_CONNECTION_URL", "USERNAME"])
    glue.create_connection(ConnectionInput={"Name": "vpc", "ConnectionType": "NETWORK", "ConnectionProperties": {}})
    pages = glue.get_paginator("get_connections").paginate(HidePassword=True, PaginationConfig={"PageSize": 1})
    check("GetConnections", [c["Name"] for p in pages for c in p["ConnectionList"]], ["orders", "vpc"])
    only = glue.get_connections(Filter={"ConnectionType": "JDBC"})["ConnectionList"]
    check("by type", [c["Name"] for c in only], ["orders"])
    check("TestConnection", "refused" in refused("InvalidInputException", glue.test_connection, ConnectionName="orders"), True)
    glue.test_connection(TestConnectionInput={"ConnectionType": "NETWORK", "ConnectionProperties": here(glue)})
    got = glue.batch_delete_connection(ConnectionNameList=["vpc", "none"])
    check("BatchDeleteConnection", (got["Succeeded"], got["Errors"]["none"]["ErrorCode"]), (["vpc"], "EntityNotFoundException"))
    glue.delete_connection(ConnectionName="orders")
    refused("EntityNotFoundException", glue.get_connection, Name="orders")


def here(glue):
    """Where this server itself answers."""
    host, port = glue.meta.endpoint_url.split("/")[2].split(":")
    return {"HOST": host, "PORT": port}


def settings(glue, check, refused):
    catalog = {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}, "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True}}
    glue.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=catalog)
    check("settings", glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"], catalog)


def security_configurations(glue, check, refused):
    encryption = {"S3Encryption": [{"S3EncryptionMode": "SSE-S3"}], "CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"}}
    got = glue.create_security_configuration(Name="strict", EncryptionConfiguration=encryption)
    check("CreateSecurityConfiguration", (got["Name"], isinstance(got["CreatedTimestamp"], datetime.datetime)), ("strict", True))
    refused("AlreadyExistsException", glue.create_security_configuration, Name="strict", EncryptionConfiguration=encryption)
    check("GetSecurityConfiguration", glue.get_security_configuration(Name="strict")["SecurityConfiguration"]["EncryptionConfiguration"], encryption)
    pages = glue.get_paginator("get_security_configurations").paginate(PaginationConfig={"PageSize": 1})
    check("GetSecurityConfigurations", [c["Name"] for p in pages for c in p["SecurityConfigurations"]], ["strict"])
    glue.delete_security_configuration(Name="strict")
    refused("EntityNotFoundException", glue.get_security_configuration, Name="strict")
