# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What the running job has read before, and what it reads now.

``current()`` is asked by the sources. They give their transformation_ctx; one
without is never bookmarked. What is read becomes part of the state at
``Job.commit()``, and until then a run that ends leaves nothing behind.
"""

import json
import logging
import time

from awsglue import _bookmark_client
from awsglue._bookmark_client import BookmarkError
from awsglue._bookmark_files import MAX_BAND, MAX_FILES_IN_BAND, Seen
from awsglue._bookmark_jdbc import Bounds, decode, encode

__all__ = ["Bounds", "BookmarkError", "begin", "current", "end"]

ENABLE, DISABLE, PAUSE = "job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause"

_log = logging.getLogger("awsglue.bookmark")


class Off:
    """The state of a job without bookmarks: everything is read."""

    enabled = False

    def select_files(self, ctx, files, max_band=None, max_files_in_band=None, left=None):
        return files

    def unread(self, ctx, files):
        return files

    def jdbc_bounds(self, ctx, table, keys, order="asc"):
        return None

    def read_jdbc(self, ctx, last_values, table=None):
        pass

    def commit(self):
        pass


class Bookmark:
    """The state of a job with bookmarks, from Job.init to Job.commit."""

    enabled = True

    def __init__(self, contexts, run=None, clock=time.time):
        self._base = contexts  # as of the last commit: {ctx: {"s3": …, "jdbc": {table: …}}}
        self._read = {}  # what was read since: the contexts as they will be
        self._files = {}  # ctx: the files that were read since, and the earliest time of one that was left
        self._asked = {}  # ctx: the table and keys that were asked for last
        self._run, self._clock = run, clock

    def select_files(self, ctx, files, max_band=None, max_files_in_band=None, left=None):
        """Return those of the files that were not read before.

        files: of (path, modification time in ms, size), in any order.
        max_band, max_files_in_band: the connection options maxBand, in seconds,
        and maxFilesInBand. left: the earliest time of the files that are there
        and unread, and that the caller leaves for a later run.
        """
        if not ctx:
            return files
        now = int(self._clock() * 1000)
        band = 1000 * int(MAX_BAND if max_band is None else max_band)
        limit = int(MAX_FILES_IN_BAND if max_files_in_band is None else max_files_in_band)
        if band < 0 or limit < 1:
            raise ValueError("maxBand must not be negative, and maxFilesInBand at least 1")
        before = self._seen(ctx)
        chosen, later = before.choose(files, now, band, limit)
        if later:
            _log.warning(
                "%s: %d files are left for the next run: more than %d are younger than %d s (maxFilesInBand, maxBand)",
                ctx, len(later), limit, band // 1000,
            )
        # A context may be read in parts, such as those of a table's partitions.
        read, earliest = self._files.get(ctx, (set(), None))
        read = read | set(chosen)
        earliest = min((t for t in (earliest, left, later[0][1] if later else None) if t is not None), default=None)
        self._files[ctx] = read, earliest
        if read:
            self._context(ctx)["s3"] = dict(before.plus(list(read), now, band, limit, earliest).to_json(), files=len(read))
        if len(chosen) == len(files):
            return files
        wanted = set(chosen)  # in the order of the listing, as without a bookmark
        return [f for f in files if f in wanted]

    def unread(self, ctx, files):
        """Return those of the files that select_files may choose, the oldest first; nothing is noted."""
        return (self._seen(ctx) if ctx else Seen()).unread(files)

    def _seen(self, ctx):
        return Seen.from_json(self._base.get(ctx, {}).get("s3"))

    def jdbc_bounds(self, ctx, table, keys, order="asc"):
        """Return the Bounds of the rows to read, None when all are.

        keys: the columns; order: asc or desc, in which new rows come.
        """
        if not ctx:
            return None
        keys, order = check_keys(keys, order)
        self._asked[ctx] = (table, keys, order)
        kept = _kept(self._base, ctx, table, keys, order)
        return None if kept is None else Bounds(keys, order, lower=kept)

    def read_jdbc(self, ctx, last_values, table=None):
        """Note the key values of the last row that was read; None: there was none."""
        if not ctx or last_values is None:
            return
        asked = self._asked.get(ctx)
        if asked is None:
            raise RuntimeError("read_jdbc of %r comes before jdbc_bounds" % ctx)
        of, keys, order = asked
        values = [encode(v) for v in last_values]
        if len(values) != len(keys):
            raise ValueError("%s: %d values for the bookmark keys %s" % (ctx, len(values), ", ".join(keys)))
        tables = self._context(ctx).setdefault("jdbc", dict(self._base.get(ctx, {}).get("jdbc", {})))
        tables[table or of] = {"keys": keys, "order": order, "last": values}

    def commit(self):
        pass

    def _context(self, ctx):
        """What changes in the context, to be filled."""
        kept = self._read.setdefault(ctx, {})
        if self._run:
            kept["run"] = self._run
        return kept


class Kept(Bookmark):
    """A bookmark that commits."""

    def __init__(self, job, answer, call, clock=time.time):
        super().__init__(_contexts(answer.get("State")), answer.get("RunId"), clock)
        self._job, self._version, self._call, self._committed = job, answer["Version"], call, False

    def commit(self):
        """Keep what was read since the last commit, whole or not at all."""
        if self._committed and not self._read:
            return
        contexts = dict(self._base)
        for ctx, read in self._read.items():
            contexts[ctx] = {**contexts.get(ctx, {}), **read}
        answer = self._call(
            "CommitJobBookmark",
            {"JobName": self._job, "Version": self._version, "State": json.dumps({"contexts": contexts}, sort_keys=True)},
        )
        self._version, self._base, self._read, self._files, self._committed = answer["Version"], contexts, {}, {}, True


class Paused(Bookmark):
    """Reads as the bookmark says and keeps nothing.

    With a range it reads what had been read by the end of one run and not by
    that of another.
    """

    def __init__(self, answer, ranged, clock=time.time):
        super().__init__(_contexts(answer.get("State")), clock=clock)
        self._ranged = ranged
        self._from, self._to = _contexts(answer.get("FromState")), _contexts(answer.get("ToState"))

    def select_files(self, ctx, files, max_band=None, max_files_in_band=None, left=None):
        if not ctx or not self._ranged:
            return super().select_files(ctx, files, max_band, max_files_in_band, left)
        begin_, end_ = (Seen.from_json(c.get(ctx, {}).get("s3")) for c in (self._from, self._to))
        return [f for f in files if end_.holds(*f) and not begin_.holds(*f)]

    def unread(self, ctx, files):
        return super().unread(None if self._ranged else ctx, files)

    def jdbc_bounds(self, ctx, table, keys, order="asc"):
        bounds = super().jdbc_bounds(ctx, table, keys, order)
        if not ctx or not self._ranged:
            return bounds
        keys, order = check_keys(keys, order)
        lower, upper = (_kept(c, ctx, table, keys, order) for c in (self._from, self._to))
        return Bounds(keys, order, lower, upper, nothing=upper is None)


def check_keys(keys, order):
    """Check what jobBookmarkKeys and jobBookmarkKeysSortOrder say."""
    keys = [keys] if isinstance(keys, str) else list(keys)
    order = (order or "asc").lower()
    if not keys:
        raise ValueError("a bookmark of a table needs jobBookmarkKeys, or a primary key")
    if order not in ("asc", "desc"):
        raise ValueError("jobBookmarkKeysSortOrder must be asc or desc, not %r" % order)
    return keys, order


def _kept(contexts, ctx, table, keys, order):
    """The values up to which a table was read, None when it was not."""
    kept = contexts.get(ctx, {}).get("jdbc", {}).get(table)
    if kept is None:
        return None
    if [k.lower() for k in kept["keys"]] != [k.lower() for k in keys] or kept["order"] != order:
        raise BookmarkError(
            "%s: table %s was bookmarked by %s %s, and is now to be by %s %s; keep the keys, "
            "take another transformation_ctx, or reset the job's bookmark"
            % (ctx, table, ", ".join(kept["keys"]), kept["order"], ", ".join(keys), order)
        )
    return [decode(v) for v in kept["last"]]


def _contexts(state):
    return json.loads(state).get("contexts", {}) if state else {}


_current = Off()


def current():
    """The running job's bookmark; one that does nothing while there is none."""
    return _current


def begin(job, option, start=None, until=None, call=_bookmark_client.call, clock=time.time):
    """Read the state, for Job.init. What an earlier init read and did not commit is dropped."""
    global _current
    if option not in (None, ENABLE, DISABLE, PAUSE):
        raise ValueError("--job-bookmark-option must be %s, %s or %s, not %r" % (ENABLE, DISABLE, PAUSE, option))
    if bool(start) != bool(until):
        raise ValueError("give both --job-bookmark-from and --job-bookmark-to, or neither")
    if start and option != PAUSE:
        raise ValueError("--job-bookmark-from and --job-bookmark-to need --job-bookmark-option %s" % PAUSE)
    if option == ENABLE:
        _current = Kept(job, call("OpenJobBookmark", {"JobName": job}), call, clock)
    elif option == PAUSE:
        request = {"JobName": job, "Paused": True}
        if start:
            request.update(FromRunId=start, ToRunId=until)
        _current = Paused(call("OpenJobBookmark", request), bool(start), clock)
    else:
        _current = Off()
    return _current


def end():
    """Forget the bookmark, as before Job.init."""
    global _current
    _current = Off()
