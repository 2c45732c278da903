# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The format csv: every column is a string, in whatever order each file has them."""

import csv
import io
from functools import reduce

from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, MapType, StringType, StructField, StructType

from awsglue import _choice
from awsglue._options import Unsupported, flag, quoted
from awsglue._storage import FOLDER, first_line, grouped

# So many files are asked for their header; Spark checks those of further ones
# as it reads them.
_HEADERS = 200


def read(spark, selection, options, columns=None, skip=0, folder=False):
    """Read files as a DataFrame of strings.

    columns: their names when something other than the files says so.
    skip: how many lines at the start of each file are no data then.
    """
    header, skip_first = flag(options, "withHeader"), flag(options, "skipFirst")
    if skip > 1 or (header and skip_first):
        raise Unsupported(
            "of each CSV file one line at the start can be skipped, not several (skip.header.line.count above 1, "
            "or withHeader together with skipFirst). Skip one, and filter the others out in the script")
    if columns is not None:
        return _open(spark, selection, options, columns, skip > 0, folder)
    whole = _whole_line(options)
    groups = grouped(
        lambda spark, file: tuple(_names(first_line(spark, file, whole), options, header)), spark, selection.files, _HEADERS)
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), [
        _open(spark, selection.only(files), options, names, header or skip_first, folder, not header or len(files) <= _HEADERS)
        for names, files in groups.items()])


def _open(spark, selection, options, names, header, folder, enforce=True):
    schema = StructType([StructField(n, StringType()) for n in names])
    reader = (
        spark.read.format("csv").schema(schema).options(**_syntax(options))
        .option("header", header).option("enforceSchema", enforce)
        .option("multiLine", flag(options, "multiLine", "multiline"))
    )
    if options.get("encoding"):
        reader = reader.option("encoding", options["encoding"])
    df = selection.load(reader, folder)
    # Spark takes a field with nothing in it for null, Glue for a text that is empty.
    return df.select(*[F.coalesce(F.col(quoted(n)), F.lit("")).alias(n) for n in names], *_extra(folder))


def _extra(folder):
    return [F.col(FOLDER)] if folder else []


def _syntax(options):
    quote = quote_char(options)
    escaper = options.get("escaper")
    return {
        "sep": separator(options),
        "quote": quote,
        "escape": escaper or quote or '"',
        "ignoreLeadingWhiteSpace": "false",
        "ignoreTrailingWhiteSpace": "false",
    }


def separator(options):
    text = options.get("separator") or ","
    return {"\\t": "\t", "\\001": "\x01", "\\u0001": "\x01"}.get(text, text)


def quote_char(options):
    """The quote character; empty when quoting is off."""
    quote = options.get("quoteChar", '"')
    if quote in (-1, "-1"):
        return ""
    return '"' if quote in (None, "") else quote


def _whole_line(options):
    """What tells whether a line ends its record; one that is in quotes may go on."""
    quote = quote_char(options)
    if not quote or not flag(options, "multiLine", "multiline"):
        return lambda text: True
    return lambda text: text.count(quote) % 2 == 0


def _names(line, options, header):
    quote, sep = quote_char(options), separator(options)
    if len(sep) > 1:
        fields = line.split(sep)
    else:
        quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
        escaper = options.get("escaper")
        fields = next(csv.reader(io.StringIO(line), delimiter=sep, escapechar=escaper or None, **quoting), [])
    if not header:
        return ["col%d" % i for i in range(max(1, len(fields)))]
    names, seen = [], set()
    for i, name in enumerate(fields):
        name = name.lstrip("\ufeff") or "col%d" % i
        if name.lower() in seen:
            name += str(i)
        seen.add(name.lower())
        names.append(name)
    return names


def write(df, options, keys=()):
    """The frame with plain columns beside the keys, and Spark's options to write it."""
    names = [f.name for f in df.schema.fields if f.name not in keys]
    df = df.select(*[_plain(f) for f in df.schema.fields if f.name in names], *_cols(keys))
    syntax = {
        "sep": separator(options),
        "quote": quote_char(options),
        "header": flag(options, "writeHeader", default=True),
        "escape": options.get("escaper") or '"',
        "ignoreLeadingWhiteSpace": "false",
        "ignoreTrailingWhiteSpace": "false",
        "emptyValue": "",
    }
    if not syntax["quote"]:
        # Spark always quotes what holds a separator, so here a line is one field.
        line = F.concat_ws(syntax["sep"], *[F.coalesce(F.col(quoted(n)).cast("string"), F.lit("")) for n in names])
        df = df.select(line.alias(syntax["sep"].join(names)), *_cols(keys))
        syntax.update(sep="\x01", quote="\x00")
    return df, syntax


def _cols(names):
    return [F.col(quoted(n)) for n in names]


def _plain(field):
    column = F.col(quoted(field.name))
    if _choice.is_choice(field):
        column = _choice.cast_choice(column, field.dataType, StringType())
    elif isinstance(field.dataType, (StructType, ArrayType, MapType)):
        column = F.to_json(column)
    elif isinstance(field.dataType, BinaryType):
        column = F.base64(column)
    return column.alias(field.name)

