# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Files in S3 or in folders, found through Hadoop's file systems, so that a
path works here exactly as it does for Spark."""

import re
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from awsglue._options import Unsupported

# uri: percent-encoded, as Spark's _metadata.file_path has it. mtime: in ms.
File = namedtuple("File", "uri mtime size")

# The column that load adds on request: the encoded folder of a row's file.
FOLDER = "__reglue_folder"

# Spark looks at every path that it is given; beyond this many, the folders are
# listed instead and the files picked from the listing.
_FEW = 32


def path_of(file):
    return unquote(file.uri)


def encoded(spark, path):
    """The URI of a path, as those of the files below it begin."""
    path = spark._jvm.org.apache.hadoop.fs.Path(path)
    return path.getFileSystem(spark._jsc.hadoopConfiguration()).makeQualified(path).toUri().toString()


def folder_of(uri):
    return uri.rsplit("/", 1)[0]


class Selection:
    """What to read: the files, and the paths that hold them.

    whole: the paths hold nothing else that Spark would read.
    """

    def __init__(self, roots, files, whole):
        self.roots, self.files, self.whole = roots, files, whole

    def only(self, files):
        """The selection of some of the files."""
        if len(files) == len(self.files) and self.whole:
            return self
        return Selection(self.roots, files, False)

    def exactly(self):
        """The same files, whatever comes into the folders meanwhile."""
        return Selection(self.roots, self.files, False)

    def load(self, reader, folder=False):
        """Read the files with a reader that has its format and options."""
        reader = reader.option("recursiveFileLookup", "true").option("__globPaths__", "false")
        if self.whole:
            df = reader.load(self.roots)
        elif len(self.files) <= _FEW:
            df = reader.load([path_of(f) for f in self.files])
        else:
            df = reader.load(self.roots).where("_metadata.file_path IN (%s)" % ", ".join(map(_literal, self.files)))
        if folder:
            df = df.selectExpr("*", "regexp_replace(_metadata.file_path, '/[^/]*$', '') AS %s" % FOLDER)
        return df


def _literal(file):
    return "'%s'" % file.uri.replace("\\", "\\\\").replace("'", "\\'")


def together(selections):
    """One selection of all."""
    return Selection(
        [r for s in selections for r in s.roots],
        [f for s in selections for f in s.files],
        all(s.whole for s in selections),
    )


def select(spark, paths, recurse=True, exclusions=()):
    """Find the files of paths: folders, files, or patterns with * ? [] {}.

    A path that does not exist holds no files. Names that begin with a dot or an
    underscore, folder markers and empty files are left out, as are those that
    match one of the exclusions, which are globs as crawlers have them.
    """
    patterns = [re.compile(glob_pattern(g)) for g in exclusions]
    if len(paths) == 1:
        return _select_one(spark, paths[0], recurse, patterns)
    with ThreadPoolExecutor(8) as pool:
        return together(list(pool.map(lambda p: _select_one(spark, p, recurse, patterns), paths)))


def _select_one(spark, text, recurse, patterns):
    jvm = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(text)
    fs = path.getFileSystem(spark._jsc.hadoopConfiguration())
    starts = [fs.getFileStatus(path)] if fs.exists(path) else list(fs.globStatus(path) or [])
    roots, files, whole = [], [], True
    for start in starts:
        uri = start.getPath().toUri().toString()
        found, left = ([_file(start)], 0) if start.isFile() else _walk(fs, start.getPath(), recurse)
        kept = [f for f in found if f.size and not _excluded(f, uri, patterns)]
        if kept:
            roots.append(unquote(uri))
            files += kept
            whole = whole and not left and len(kept) == len(found)
    return Selection(roots, files, whole)


def _file(status):
    return File(status.getPath().toUri().toString(), status.getModificationTime(), status.getLen())


def _walk(fs, folder, recurse):
    """The files below a folder, and how many files were passed over that Spark would read."""
    if recurse and fs.getUri().getScheme() in ("s3", "s3a", "s3n"):
        return _walk_flat(fs, folder)
    files, left = [], 0
    for status in fs.listStatus(folder):
        name = status.getPath().getName()
        if status.isDirectory():
            if _hidden(name):
                continue
            if not recurse:
                left += 1
                continue
            more, skipped = _walk(fs, status.getPath(), recurse)
            files, left = files + more, left + skipped
        elif name.endswith("_$folder$"):
            left += 1
        elif not _hidden(name):
            files.append(_file(status))
    return files, left


def _walk_flat(fs, folder):
    """As _walk, in as few requests as the object store allows."""
    files, left = [], 0
    start = len(folder.toUri().toString()) + 1
    each = fs.listFiles(folder, True)
    while each.hasNext():
        file = _file(each.next())
        names = unquote(file.uri[start:]).split("/")
        if names[-1].endswith("_$folder$"):
            left += 1
        elif not any(_hidden(n) for n in names):
            files.append(file)
    return files, left


def _hidden(name):
    """Whether Spark passes over a file or folder of this name."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _excluded(file, root, patterns):
    path = unquote(file.uri)
    below = path[len(unquote(root)):].lstrip("/")
    return any(p.fullmatch(t) for p in patterns for t in (below, path, _as_s3(path)))


def _as_s3(path):
    return re.sub("^s3[an]:", "s3:", path)


def glob_pattern(glob):
    """The regular expression of a glob: * and ? stay within a folder, ** does not."""
    out, i, depth = "", 0, 0
    while i < len(glob):
        c = glob[i]
        i += 1
        if c == "*":
            out += ".*" if glob.startswith("*", i) else "[^/]*"
            i += glob.startswith("*", i)
        elif c == "?":
            out += "[^/]"
        elif c == "[" and "]" in glob[i:]:
            end = glob.index("]", i + 1) if "]" in glob[i + 1:] else glob.index("]", i)
            body = glob[i:end].replace("\\", "\\\\")
            out += "[%s]" % ("^" + body[1:] if body.startswith("!") else body)
            i = end + 1
        elif c == "{":
            out, depth = out + "(?:", depth + 1
        elif c == "}" and depth:
            out, depth = out + ")", depth - 1
        elif c == "," and depth:
            out += "|"
        elif c == "\\" and i < len(glob):
            out, i = out + re.escape(glob[i]), i + 1
        else:
            out += re.escape(c)
    if depth:
        raise ValueError("exclusion %r: a { is not closed" % glob)
    return out


def grouped(look, spark, files, most):
    """The files by what look(spark, file) tells of each.

    Of more than `most` files as many are looked at, spread over all; when these
    are alike, the others are taken to be so, too.
    """
    step = max(1, len(files) / most)
    sample = [files[int(i * step)] for i in range(min(len(files), most))]
    groups = {}
    with ThreadPoolExecutor(8) as pool:
        for file, told in zip(sample, pool.map(lambda f: look(spark, f), sample)):
            groups.setdefault(told, []).append(file)
    if len(sample) == len(files):
        return groups
    if len(groups) == 1:
        return {told: files for told in groups}
    raise Unsupported(
        "the %d files do not all have the same columns, which is looked at for at most %d files; "
        "read them in several parts and union the frames" % (len(files), most))


def _opened(spark, file):
    conf = spark._jsc.hadoopConfiguration()
    path = spark._jvm.org.apache.hadoop.fs.Path(path_of(file))
    return path, path.getFileSystem(conf).open(path)


def first_line(spark, file, enough):
    """The first line of a file. enough(text) tells whether a line is whole."""
    path, stream = _opened(spark, file)
    try:
        io = spark._jvm.java.io
        codec = spark._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(
            spark._jsc.hadoopConfiguration()).getCodec(path)
        reader = io.BufferedReader(io.InputStreamReader(codec.createInputStream(stream) if codec else stream, "UTF-8"))
        text = reader.readLine() or ""
        while not enough(text):
            more = reader.readLine()
            if more is None:
                break
            text += "\n" + more
        return text
    finally:
        stream.close()


def avro_schema(spark, file):
    """The schema in an Avro file's header, as text."""
    _, stream = _opened(spark, file)
    avro = spark._jvm.org.apache.avro
    reader = avro.file.DataFileStream(stream, avro.generic.GenericDatumReader())
    try:
        return reader.getSchema().toString()
    finally:
        reader.close()
