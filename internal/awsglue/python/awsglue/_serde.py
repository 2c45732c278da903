# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""How the Data Catalog says what format files have, and back."""

from awsglue._options import Unsupported

_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_IO = "org.apache.hadoop.hive.ql.io."
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"

# The libraries that tell a format, by the end of their names.
_LIBRARIES = {
    "LazySimpleSerDe": "csv",
    "OpenCSVSerde": "csv",
    "JsonSerDe": "json",
    "ParquetHiveSerDe": "parquet",
    "OrcSerde": "orc",
    "AvroSerDe": "avro",
}


def format_of(storage, parameters, table):
    """The format and its options that a table or a partition tells."""
    serde = storage.get("SerdeInfo") or {}
    library = (serde.get("SerializationLibrary") or "").rsplit(".", 1)[-1]
    named = (parameters.get("classification") or (storage.get("Parameters") or {}).get("classification") or "").lower()
    format = {"glueparquet": "parquet"}.get(named, named)
    if format not in _LIBRARIES.values():
        format = _LIBRARIES.get(library)
    if not format:
        raise Unsupported(
            "table %s has classification %r and the SerDe %r; here tables can be csv, json, parquet, orc or avro. "
            "Set the table's parameter classification" % (table, named, library))
    return format, _csv_options(library, serde.get("Parameters") or {}, parameters) if format == "csv" else {}


def _csv_options(library, serde, parameters):
    separator = serde.get("field.delim") or serde.get("separatorChar") or parameters.get("delimiter")
    if not separator:
        separator = "\x01" if library == "LazySimpleSerDe" and not parameters.get("classification") else ","
    options = {"separator": separator}
    if serde.get("quoteChar"):
        options["quoteChar"] = serde["quoteChar"]
    escaper = serde.get("escape.delim") or serde.get("escapeChar")
    if escaper:
        options["escaper"] = escaper
    return options


def describe(format, options, columns, location):
    """The storage descriptor and parameters of a table whose files a sink writes."""
    libraries = {
        "csv": (_TEXT_IN, _TEXT_OUT, _LAZY),
        "json": (_TEXT_IN, _TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"),
        "parquet": (_IO + "parquet.MapredParquetInputFormat", _IO + "parquet.MapredParquetOutputFormat",
                    _IO + "parquet.serde.ParquetHiveSerDe"),
        "orc": (_IO + "orc.OrcInputFormat", _IO + "orc.OrcOutputFormat", _IO + "orc.OrcSerde"),
        "avro": (_IO + "avro.AvroContainerInputFormat", _IO + "avro.AvroContainerOutputFormat",
                 "org.apache.hadoop.hive.serde2.avro.AvroSerDe"),
    }
    format = {"glueparquet": "parquet"}.get(format, format)
    read, write, library = libraries[format]
    serde, parameters = {"serialization.format": "1"}, {"classification": format, "typeOfData": "file"}
    if format == "csv":
        from awsglue import _csv
        from awsglue._options import flag

        serde = {"field.delim": _csv.separator(options), "serialization.format": _csv.separator(options)}
        parameters["delimiter"] = _csv.separator(options)
        if flag(options, "writeHeader", default=True):
            parameters["skip.header.line.count"] = "1"
    if format == "json":
        serde = {"paths": ",".join(c["Name"] for c in columns)}
    storage = {
        "Columns": columns, "Location": location, "InputFormat": read, "OutputFormat": write, "Compressed": False,
        "NumberOfBuckets": -1, "SerdeInfo": {"SerializationLibrary": library, "Parameters": serde},
        "BucketColumns": [], "SortColumns": [], "StoredAsSubDirectories": False,
        "Parameters": dict(parameters),
    }
    return storage, parameters
