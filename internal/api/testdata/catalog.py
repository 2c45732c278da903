"""Uses the Data Catalog of a server with boto3, as jobs and their authors do."""
import datetime


def run(glue, check, refused):
    databases(glue, check, refused)
    tables(glue, check, refused)
    partitions(glue, check, refused)
    functions(glue, check, refused)
    glue.delete_table(DatabaseName="sales", Name="orders")
    glue.delete_database(Name="sales")
    refused("EntityNotFoundException", glue.get_table, DatabaseName="sales", Name="orders")


def databases(glue, check, refused):
    check("no database is there by itself", glue.get_databases()["DatabaseList"], [])
    glue.create_database(DatabaseInput={"Name": "Sales"}, Tags={"k": "v"})
    refused("AlreadyExistsException", glue.create_database, DatabaseInput={"Name": "sales"})
    glue.update_database(Name="sales", DatabaseInput={"Name": "sales", "Description": "d", "LocationUri": "s3://b/sales/"})
    got = glue.get_database(Name="SALES", CatalogId="000000000000")["Database"]
    check("GetDatabase", (got["Name"], got["Description"], isinstance(got["CreateTime"], datetime.datetime)), ("sales", "d", True))
    refused("EntityNotFoundException", glue.get_database, Name="sales", CatalogId="123456789012")
    names = [d["Name"] for p in glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1}) for d in p["DatabaseList"]]
    check("GetDatabases", names, ["sales"])


def table(name, **more):
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "price", "Type": "decimal(10,2)", "Comment": "net"}]
    storage = {"Columns": columns, "Location": "s3://b/sales/orders/", "SerdeInfo": {"SerializationLibrary": "x.Serde", "Parameters": {"a": "b"}}}
    keys = [{"Name": "year", "Type": "int"}, {"Name": "day", "Type": "date"}]
    return {"Name": name, "StorageDescriptor": storage, "PartitionKeys": keys, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"}, **more}


def tables(glue, check, refused):
    index = {"IndexName": "by_day", "Keys": ["day"]}
    glue.create_table(DatabaseName="sales", TableInput=table("Orders"), PartitionIndexes=[index])
    for name in ("old_a", "old_b", "old_c"):
        glue.create_table(DatabaseName="sales", TableInput={"Name": name})
    refused("AlreadyExistsException", glue.create_table, DatabaseName="sales", TableInput=table("ORDERS"))
    got = glue.get_table(DatabaseName="sales", Name="orders")["Table"]
    check("GetTable", (got["PartitionKeys"][1], got["StorageDescriptor"]["SerdeInfo"], got["VersionId"]), ({"Name": "day", "Type": "date"}, table("x")["StorageDescriptor"]["SerdeInfo"], "0"))
    pages = glue.get_paginator("get_tables").paginate(DatabaseName="sales", Expression="old_*", PaginationConfig={"PageSize": 2})
    check("GetTables", [t["Name"] for p in pages for t in p["TableList"]], ["old_a", "old_b", "old_c"])
    glue.delete_table(DatabaseName="sales", Name="old_c")
    errors = glue.batch_delete_table(DatabaseName="sales", TablesToDelete=["old_a", "old_b", "old_c"])["Errors"]
    check("BatchDeleteTable", [(e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in errors], [("old_c", "EntityNotFoundException")])

    for n in range(3):
        glue.update_table(DatabaseName="sales", TableInput=table("orders", Description=str(n)), VersionId=str(n))
    refused("ConcurrentModificationException", glue.update_table, DatabaseName="sales", TableInput=table("orders"), VersionId="1")
    versions = lambda: [v["VersionId"] for p in glue.get_paginator("get_table_versions").paginate(DatabaseName="sales", TableName="orders", PaginationConfig={"PageSize": 2}) for v in p["TableVersions"]]
    check("GetTableVersions", versions(), ["3", "2", "1", "0"])
    check("GetTableVersion", glue.get_table_version(DatabaseName="sales", TableName="orders", VersionId="1")["TableVersion"]["Table"]["Description"], "0")
    glue.delete_table_version(DatabaseName="sales", TableName="orders", VersionId="1")
    check("BatchDeleteTableVersion", glue.batch_delete_table_version(DatabaseName="sales", TableName="orders", VersionIds=["0"])["Errors"], [])
    check("the versions that are left", versions(), ["3", "2"])

    glue.create_partition_index(DatabaseName="sales", TableName="orders", PartitionIndex={"IndexName": "by_year", "Keys": ["year", "day"]})
    got = glue.get_partition_indexes(DatabaseName="sales", TableName="orders")["PartitionIndexDescriptorList"]
    got = [(i["IndexName"], i["IndexStatus"], len(i["Keys"])) for i in got]
    check("GetPartitionIndexes", got, [("by_day", "ACTIVE", 1), ("by_year", "ACTIVE", 2)])
    glue.delete_partition_index(DatabaseName="sales", TableName="orders", IndexName="by_day")


def partitions(glue, check, refused):
    of = {"DatabaseName": "sales", "TableName": "orders"}

    def partition(year, day):
        storage = {"Columns": table("x")["StorageDescriptor"]["Columns"], "Location": f"s3://b/sales/orders/{year}/{day}/"}
        return {"Values": [str(year), day], "StorageDescriptor": storage, "Parameters": {"rows": "5"}}

    days = [(2020 + n // 50, f"20{20 + n // 50}-01-{n % 28 + 1:02d}") for n in range(100)]
    days = sorted(set(days))
    got = glue.batch_create_partition(**of, PartitionInputList=[partition(*d) for d in days])
    check("BatchCreatePartition", got["Errors"], [])
    got = glue.batch_create_partition(**of, PartitionInputList=[partition(*days[0])])["Errors"]
    check("a partition that is there", (got[0]["PartitionValues"], got[0]["ErrorDetail"]["ErrorCode"]), ([str(days[0][0]), days[0][1]], "AlreadyExistsException"))
    glue.create_partition(**of, PartitionInput=partition(2024, "2024-02-29"))
    refused("AlreadyExistsException", glue.create_partition, **of, PartitionInput=partition(2024, "2024-02-29"))
    refused("InvalidInputException", glue.create_partition, **of, PartitionInput={"Values": ["1"]})

    got = glue.get_partition(**of, PartitionValues=["2024", "2024-02-29"])["Partition"]
    check("GetPartition", (got["Values"], got["StorageDescriptor"]["Location"], got["Parameters"]), (["2024", "2024-02-29"], "s3://b/sales/orders/2024/2024-02-29/", {"rows": "5"}))

    def find(**more):
        return [tuple(p["Values"]) for page in glue.get_paginator("get_partitions").paginate(**of, PaginationConfig={"PageSize": 7}, **more) for p in page["Partitions"]]

    check("GetPartitions", len(find()), len(days) + 1)
    check("an expression", find(Expression="year = 2024 or (year = 2021 and day between '2021-01-10' and '2021-01-11')"), [("2021", "2021-01-10"), ("2021", "2021-01-11"), ("2024", "2024-02-29")])
    check("segments", sum(len(find(Segment={"SegmentNumber": n, "TotalSegments": 3})) for n in range(3)), len(days) + 1)
    refused("InvalidInputException", glue.get_partitions, **of, Expression="year = 2021-01-01")
    got = glue.get_partitions(**of, ExcludeColumnSchema=True, MaxResults=1)["Partitions"][0]["StorageDescriptor"]
    check("without columns", ("Columns" in got, "Location" in got), (False, True))

    changed = {"Values": ["2024", "2024-02-29"], "Parameters": {"rows": "6"}}
    glue.update_partition(**of, PartitionValueList=["2024", "2024-02-29"], PartitionInput=changed)
    errors = glue.batch_update_partition(**of, Entries=[{"PartitionValueList": v, "PartitionInput": {"Values": v}} for v in (["2020", "2020-01-01"], ["1", "x"])])["Errors"]
    check("BatchUpdatePartition", [(e["PartitionValueList"], e["ErrorDetail"]["ErrorCode"]) for e in errors], [(["1", "x"], "EntityNotFoundException")])
    got = glue.batch_get_partition(**of, PartitionsToGet=[{"Values": v} for v in (["2024", "2024-02-29"], ["1", "x"])])
    check("BatchGetPartition", ([p["Parameters"] for p in got["Partitions"]], got["UnprocessedKeys"]), ([{"rows": "6"}], []))
    glue.delete_partition(**of, PartitionValues=["2024", "2024-02-29"])
    refused("EntityNotFoundException", glue.delete_partition, **of, PartitionValues=["2024", "2024-02-29"])
    check("BatchDeletePartition", glue.batch_delete_partition(**of, PartitionsToDelete=[{"Values": ["2020", "2020-01-01"]}])["Errors"], [])
    check("what is left", len(find()), len(days) - 1)


def functions(glue, check, refused):
    of = {"DatabaseName": "sales", "FunctionName": "f"}
    glue.create_user_defined_function(DatabaseName="sales", FunctionInput={"FunctionName": "f", "ClassName": "a.B", "ResourceUris": [{"ResourceType": "JAR", "Uri": "s3://b/a.jar"}]})
    glue.update_user_defined_function(**of, FunctionInput={"FunctionName": "f", "ClassName": "a.C"})
    check("GetUserDefinedFunction", glue.get_user_defined_function(**of)["UserDefinedFunction"]["ClassName"], "a.C")
    pages = glue.get_paginator("get_user_defined_functions").paginate(DatabaseName="sales", Pattern=".*")
    check("GetUserDefinedFunctions", [f["FunctionName"] for p in pages for f in p["UserDefinedFunctions"]], ["f"])
    glue.delete_user_defined_function(**of)
    refused("EntityNotFoundException", glue.get_user_defined_function, **of)
