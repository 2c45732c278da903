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
    """The files that were read. It is never changed; what follows from it is another."""

    def __init__(self, floor=None, recent=(), newest=None):
        self.floor = floor  # None before anything was read
        self.recent = frozenset(recent)  # of (mtime, name), all after the floor
        self.newest = newest  # the latest modification time that was read

    def holds(self, path, mtime, size):
        if self.floor is None:
            return False
        return mtime <= self.floor or (mtime, _name(path, mtime, size)) in self.recent

    def unread(self, files):
        """Those of the files that were not read, the oldest first."""
        return sorted((f for f in files if not self.holds(*f)), key=lambda f: (f[1], f[0]))

    def choose(self, files, now, band=MAX_BAND * 1000, limit=MAX_FILES_IN_BAND):
        """Return the files to read and the files to leave for a later run, each the oldest first.

        files: of (path, mtime in ms, size). now: the time of the listing in ms.
        Files are left when more than limit would have to be remembered that are
        younger than the band: the newest.
        """
        fresh = self.unread(files)
        floor = self._floor([f[1] for f in fresh], now, band, limit)
        if floor is None:
            return fresh, []
        settled = sum(1 for f in fresh if f[1] <= floor)
        fits = settled + max(0, limit - sum(1 for m, _ in self.recent if m > floor))
        return fresh[:fits], fresh[fits:]

    def plus(self, read, now, band=MAX_BAND * 1000, limit=MAX_FILES_IN_BAND, left=None):
        """What is seen when these files have been read, too.

        left: the earliest time of a file that is there and was not read.
        """
        floor = self._floor([f[1] for f in read], now, band, limit)
        if left is not None and floor is not None and floor >= left:
            floor = left - 1 if self.floor is None else max(left - 1, self.floor)
        recent = [r for r in self.recent if floor is None or r[0] > floor]
        recent += [(f[1], _name(*f)) for f in read if floor is None or f[1] > floor]
        times = [f[1] for f in read] + ([] if self.newest is None else [self.newest])
        return Seen(floor, recent, max(times, default=None))

    def _floor(self, times, now, band, limit):
        """Up to which time all counts as read, when files of these times have been.

        No later than the band before the newest, nor before now, whatever times
        files claim; later than the first only if too many would be remembered.
        """
        times = sorted([m for m, _ in self.recent] + times)
        if not times:
            return self.floor
        floor = min(times[-1], now) - band
        if len(times) > limit:
            # Glue gives up what is older than the band at the time of the run.
            floor = max(floor, min(times[-limit - 1], now - band))
        return floor if self.floor is None else max(floor, self.floor)

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
