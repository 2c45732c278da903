"""Prints the data below a folder: each data set with its format, schema and rows.

    python show.py FOLDER

Rows are sorted, and how many files hold them does not matter, so two folders with the same
content print alike. Folders named KEY=VALUE are partitions of the data set above them.
"""

import csv
import datetime
import decimal
import gzip
import io
import json
import os
import sys


def data_sets(root):
    """All data files, by (data set, format): [(partition, bytes)]."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            if name[0] in "_." or name.endswith("_$folder$"):
                continue
            with open(os.path.join(folder, name), "rb") as f:
                content = f.read()
            form, content = format_of(content)
            if form is None:
                continue
            parts = os.path.relpath(folder, root).split(os.sep)
            keys = [p for p in parts if "=" in p]
            name = "/".join(p for p in parts if "=" not in p) or "."
            found.setdefault((name, form), []).append((keys, content))
    return found


def format_of(content):
    zipped = ""
    if content[:2] == b"\x1f\x8b":
        content, zipped = gzip.decompress(content), ".gz"
    for magic, form in ((b"PAR1", "parquet"), (b"ORC", "orc"), (b"Obj\x01", "avro")):
        if content.startswith(magic):
            return form, content
    if not content.strip():
        return None, content
    return ("json" if content.lstrip()[:1] in (b"{", b"[") else "csv") + zipped, content


def rows_of(form, content):
    """(schema or None, rows as values for JSON)."""
    if form == "parquet":
        import pyarrow.parquet as parquet

        table = parquet.ParquetFile(io.BytesIO(content), pre_buffer=False).read(use_threads=False)
    elif form == "orc":
        import pyarrow.orc as orc

        table = orc.ORCFile(io.BytesIO(content)).read()
    elif form == "avro":
        return avro_schema(content), []
    elif form.startswith("json"):
        return None, [json.loads(line) for line in content.decode().splitlines() if line]
    else:
        return None, [line for line in csv.reader(io.StringIO(content.decode()), quoting=csv.QUOTE_NONE, delimiter="\0")]
    schema = ", ".join("%s: %s" % (f.name, f.type) for f in table.schema)
    return schema, table.to_pylist()


def avro_schema(content):
    """The fields of an Avro file, from its header; its rows take a library."""
    at = content.index(b"avro.schema") + len(b"avro.schema")
    size = shift = 0
    while True:
        byte = content[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    fields = json.loads(content[at : at + (size >> 1)])["fields"]
    return ", ".join("%s: %s" % (f["name"], json.dumps(f["type"])) for f in fields)


def plain(value):
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError("%r" % (value,))


def main(root):
    for (name, form), files in sorted(data_sets(root).items()):
        schemas, lines = [], []
        for keys, content in files:
            schema, rows = rows_of(form, content)
            if schema and schema not in schemas:
                schemas.append(schema)
            for row in rows:
                text = row[0] if form.startswith("csv") else json.dumps(row, default=plain)
                lines.append(" ".join(keys + [text]))
        print("%s (%s)" % (name, form))
        for schema in sorted(schemas):
            print("  schema", schema)
        if not (form.startswith("csv") and len(files) == 1):
            lines.sort()
        for line in lines:
            print("  " + line)


if __name__ == "__main__":
    main(sys.argv[1])
