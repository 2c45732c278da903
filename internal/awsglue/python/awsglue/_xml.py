# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The format xml, to read: each element of one name is a record."""

import re
import xml.etree.ElementTree as ElementTree

from awsglue import _records
from awsglue._options import Unsupported, flag
from awsglue._storage import FOLDER


class Shape:
    """How elements become values."""

    def __init__(self, options):
        self.row = options["rowTag"]
        self.prefix = options.get("attributePrefix", "_")
        self.value = options.get("valueTag", "_VALUE")
        self.attributes = not flag(options, "excludeAttribute")
        self.strip = flag(options, "ignoreSurroundingSpaces")
        self.lists = frozenset()  # the paths of elements that somewhere stand side by side

    def rows(self, text):
        """The elements that are records, the outermost of each."""
        todo = [ElementTree.fromstring(text)]
        while todo:
            element = todo.pop()
            if _name(element.tag) == self.row:
                yield element
            else:
                todo.extend(reversed(element))

    def repeated(self, element, path=()):
        """The paths below an element at which several elements of one name stand side by side."""
        names = [_name(child.tag) for child in element]
        found = {path + (n,) for n in names if names.count(n) > 1}
        for child in element:
            found |= self.repeated(child, path + (_name(child.tag),))
        return found

    def value_of(self, element, path=()):
        """The element as a scalar, or as a dict when it has attributes or elements in it."""
        attributes = element.attrib if self.attributes else {}
        text = element.text or ""
        if not attributes and not len(element):
            return _scalar(text.strip() if self.strip else text)
        made = {self.prefix + _name(k): _scalar(v) for k, v in attributes.items()}
        for child in element:
            name = _name(child.tag)
            value = self.value_of(child, path + (name,))
            if path + (name,) in self.lists:
                made.setdefault(name, []).append(value)
            else:
                made[name] = value
        if text.strip():
            made[self.value] = _scalar(text.strip())
        return made


def read(spark, selection, options, folder=False):
    """Read files as a DataFrame. A file is parsed whole, in memory."""
    if not options.get("rowTag"):
        raise ValueError("format xml needs the format option rowTag, the name of the element that is a record")
    if str(options.get("encoding", "UTF-8")).upper() not in ("UTF-8", "UTF8"):
        raise Unsupported("format xml is read as UTF-8 only, not as %s" % options["encoding"])
    shape = Shape(options)
    texts = selection.load(spark.read.format("text").option("wholetext", True), folder).rdd
    repeated = texts.flatMap(lambda row: set().union(*(shape.repeated(e) for e in shape.rows(row["value"]))))
    shape.lists = frozenset(repeated.distinct().collect())

    def records(row):
        for element in shape.rows(row["value"]):
            value = shape.value_of(element)
            record = value if isinstance(value, dict) else {shape.value: value}
            yield {**record, FOLDER: row[FOLDER]} if folder else record

    return _records.to_df(texts.flatMap(records), spark)


def _name(tag):
    """A tag or attribute without its namespace."""
    return tag.rsplit("}", 1)[-1]


def _scalar(text):
    if not text:
        return None
    plain = text.strip()
    if re.fullmatch(r"[+-]?\d{1,18}", plain):
        return int(plain)
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?", plain):
        return float(plain)
    return {"true": True, "false": False}.get(plain.lower(), text)
