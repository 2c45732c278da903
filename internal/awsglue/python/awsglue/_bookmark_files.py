# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Which files of a source have been read, in a bounded space.

A file is its path, its modification time and its size; one that was written
again is another file. All files up to ``floor`` count as read. Those after it
are remembered one by one, so that a file which appears late, with a time a
little before that of the newest, is neither missed nor read twice, and so is
one with the very time of the newest.
"""

import base64
import hashlib
import re
import struct
import zlib

# How long after its modification time a file may still appear in a listing, in
# seconds: Glue's maxBand.
MAX_BAND = 900
# How many files are remembered one by one. Glue's maxFilesInBand is 1000.
MAX_FILES_IN_BAND = 50_000

_RECORD = struct.Struct(">q8s")  # modification time in ms, name of the file


def _name(path, mtime, size):
    """Eight bytes that stand for a file."""
    path = re.sub(r"^s3[an]?://", "s3://", path)
    text = "%s\n%d\n%d" % (path, mtime, size)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class Seen:
    """The files that were read. It is never changed; choosing makes a new one."""

    def __init__(self, floor=None, recent=(), newest=None):
        self.floor = floor  # None before anything was read
        self.recent = frozenset(recent)  # of (mtime, name), all after the floor
        self.newest = newest  # the latest modification time that was read

    def holds(self, path, mtime, size):
        if self.floor is None:
            return False
        return mtime <= self.floor or (mtime, _name(path, mtime, size)) in self.recent

    def choose(self, files, now, band=MAX_BAND * 1000, limit=MAX_FILES_IN_BAND):
        """Return the files to read, how many are left, and what is seen after them.

        files: of (path, mtime in ms, size). now: the time of the listing in ms,
        which no mark passes, whatever time a file claims. When more than limit
        files are younger than the band, the newest are left for a later run.
        """
        fresh = sorted((f for f in files if not self.holds(*f)), key=lambda f: (f[1], f[0]))
        if not fresh:
            return [], 0, self
        newest = max([fresh[-1][1]] + [m for m, _ in self.recent])
        floor = min(newest, now) - band
        if self.floor is not None:
            floor = max(floor, self.floor)
        old = sorted((r for r in self.recent if r[0] > floor), key=lambda r: r[0])
        times = sorted([m for m, _ in old] + [f[1] for f in fresh if f[1] > floor])
        left = 0
        if len(times) > limit:
            # Glue forgets what is older than the band at the time of the run.
            floor = max(floor, min(times[-limit - 1], now - band))
            old = [r for r in old if r[0] > floor]
            settled = sum(1 for f in fresh if f[1] <= floor)
            fits = settled + max(0, limit - len(old))
            left, fresh = max(0, len(fresh) - fits), fresh[:fits]
        recent = old + [(f[1], _name(*f)) for f in fresh if f[1] > floor]
        read = [f[1] for f in fresh] + ([] if self.newest is None else [self.newest])
        return fresh, left, Seen(floor, recent, max(read, default=None))

    def union(self, other):
        """What is seen after two reads that began with the same state."""
        floors = [s.floor for s in (self, other) if s.floor is not None]
        floor = max(floors, default=None)
        recent = [r for r in self.recent | other.recent if floor is None or r[0] > floor]
        newest = [s.newest for s in (self, other) if s.newest is not None]
        return Seen(floor, recent, max(newest, default=None))

    def to_json(self):
        records = b"".join(_RECORD.pack(*r) for r in sorted(self.recent))
        return {
            "floor": self.floor,
            "newest": self.newest,
            "remembered": len(self.recent),
            "recent": base64.b64encode(zlib.compress(records)).decode() if records else "",
        }

    @classmethod
    def from_json(cls, value):
        if not value:
            return cls()
        text = value.get("recent")
        records = zlib.decompress(base64.b64decode(text)) if text else b""
        return cls(value.get("floor"), _RECORD.iter_unpack(records), value.get("newest"))
