"""What a job with bookmarks reads, and what it keeps. No Spark is needed."""

import datetime
import decimal
import json
import random
import sqlite3

import pytest

from awsglue import _bookmark, _bookmark_files
from awsglue._bookmark import ENABLE, PAUSE, Bounds, BookmarkError

DAY = 86_400_000


class Server:
    """The two operations, as the server carries them out."""

    def __init__(self):
        self.states = {}  # by run, as it left them
        self.state, self.version, self.run, self.now = None, 0, 0, 1_000_000 * DAY

    def call(self, operation, request):
        if operation == "OpenJobBookmark":
            assert request["JobName"] == "J"
            return {
                "Version": self.version,
                "RunId": "jr_%d" % self.run,
                "State": self.state,
                "FromState": self.states.get(request.get("FromRunId")),
                "ToState": self.states.get(request.get("ToRunId")),
            }
        if request["Version"] != self.version:
            raise BookmarkError("ConcurrentModificationException: version %d" % self.version)
        self.version, self.state = self.version + 1, request["State"]
        self.states["jr_%d" % self.run] = self.state
        return {"Version": self.version}

    def begin(self, option=ENABLE, *range_):
        self.run += 1
        return _bookmark.begin("J", option, *range_, call=self.call, clock=lambda: self.now / 1000)


@pytest.fixture
def server():
    yield Server()
    _bookmark.end()


def names(files):
    return [f[0] for f in files]


def listing(*files):
    return [(name, mtime, 1) for name, mtime in files]


def test_without_bookmarks_everything_is_read(server):
    files = listing(("a", 1))
    assert not _bookmark.current().enabled
    for option in (None, "job-bookmark-disable"):
        off = server.begin(option)
        assert not off.enabled and off.select_files("c", files) == files and off.jdbc_bounds("c", "t", ["id"]) is None
        off.commit()
    assert server.version == 0


def test_only_new_and_changed_files_are_read(server):
    now = server.now
    files = listing(("b", now - 5000), ("a", now - 9000))
    job = server.begin()
    assert job.enabled and _bookmark.current() is job
    assert names(job.select_files("c", files)) == ["b", "a"], "the order of the listing stays"
    job.commit()
    job = server.begin()
    assert job.select_files("c", files) == []
    changed = [("a", now - 4000, 1), ("b", now - 5000, 2), ("c", now - 5000, 1)]
    assert names(job.select_files("c", changed)) == ["a", "b", "c"], "later, of another size, new with the same time"
    job.commit()
    assert server.begin().select_files("c", changed) == []


def test_a_file_with_the_time_of_the_newest_is_neither_missed_nor_read_twice(server):
    mark = server.now - 30 * DAY
    job = server.begin()
    job.select_files("c", listing(("a", mark), ("old", mark - DAY)))
    job.commit()
    files = listing(("a", mark), ("b", mark), ("old", mark - DAY))
    job = server.begin()
    assert names(job.select_files("c", files)) == ["b"]
    job.commit()
    assert server.begin().select_files("c", files) == []


def test_a_late_file_is_read_within_the_band_alone(server):
    mark = server.now - DAY
    job = server.begin()
    job.select_files("c", listing(("a", mark)))
    job.commit()
    files = listing(("a", mark), ("late", mark - 899_999), ("later", mark - 900_000))
    assert names(server.begin().select_files("c", files)) == ["late"]
    assert names(server.begin().select_files("c", files, max_band=10)) == ["late"], "what was kept decides"


def test_a_file_of_the_future_does_not_hide_those_of_the_present(server):
    future = ("future", server.now + 400 * DAY)
    job = server.begin()
    assert names(job.select_files("c", listing(future, ("a", server.now)))) == ["future", "a"]
    job.commit()
    server.now += DAY
    job = server.begin()
    assert names(job.select_files("c", listing(future, ("a", server.now - DAY), ("b", server.now - 5000)))) == ["b"]
    job.commit()
    server.now += 500 * DAY
    assert server.begin().select_files("c", listing(future)) == []


def test_the_same_object_by_another_scheme_is_the_same_file(server):
    job = server.begin()
    job.select_files("c", [("s3a://b/k", server.now, 1)])
    job.commit()
    assert server.begin().select_files("c", [("s3://b/k", server.now, 1)]) == []


def test_contexts_are_apart_and_one_without_is_not_kept(server):
    files = listing(("a", server.now))
    job = server.begin()
    assert job.select_files("one", files) == files and job.select_files("", files) == files
    job.commit()
    job = server.begin()
    assert job.select_files("one", files) == []
    assert job.select_files("two", files) == files and job.select_files("", files) == files
    job.commit()
    kept = json.loads(server.state)["contexts"]
    assert sorted(kept) == ["one", "two"] and kept["one"]["run"] == "jr_1" and kept["two"]["run"] == "jr_2"


def test_nothing_is_kept_before_commit(server):
    files = listing(("a", server.now))
    server.begin().select_files("c", files)
    job = server.begin()
    assert job.select_files("c", files) == files
    job.commit()
    job.select_files("c", listing(("a", server.now), ("b", server.now)))
    assert names(server.begin().select_files("c", listing(("b", server.now)))) == ["b"], "read after the commit"


def test_several_commits(server):
    job = server.begin()
    job.commit()
    assert server.version == 1, "a run without input commits too"
    job.select_files("c", listing(("a", server.now)))
    job.commit()
    job.commit()
    assert server.version == 2, "nothing was read since"
    assert server.begin().select_files("c", listing(("a", server.now))) == []


def test_init_again_drops_what_was_not_committed(server):
    files = listing(("a", server.now))
    server.begin().select_files("c", files)
    job = server.begin()
    job.commit()
    assert server.begin().select_files("c", files) == files


def test_a_context_read_twice_in_a_run_reads_the_same(server):
    job = server.begin()
    one, two = listing(("a", server.now)), listing(("a", server.now), ("b", server.now))
    assert job.select_files("c", one) == one and job.select_files("c", two) == two
    job.commit()
    assert server.begin().select_files("c", two) == []


def test_a_refused_commit_is_raised_and_keeps_nothing(server):
    job = server.begin()
    job.select_files("c", listing(("a", server.now)))
    server.version += 1  # a reset
    with pytest.raises(BookmarkError, match="ConcurrentModification"):
        job.commit()
    assert server.state is None


def test_the_state_stays_small_with_a_million_files(server):
    now = server.now
    files = [("s3://bucket/prefix/part-%07d.json" % i, now - 20 * DAY + i * 1000, 100) for i in range(1_000_000)]
    job = server.begin()
    assert len(job.select_files("c", files)) == len(files)
    job.commit()
    assert len(server.state) < 20_000
    job = server.begin()
    assert names(job.select_files("c", files + listing(("new", now)))) == ["new"]


def test_many_files_of_one_moment_are_remembered_up_to_a_limit(server):
    old = server.now - DAY
    files = listing(*(("f%d" % i, old) for i in range(50)))
    job = server.begin()
    assert len(job.select_files("c", files, max_files_in_band=10)) == 50, "older than the band: all are read"
    job.commit()
    assert json.loads(server.state)["contexts"]["c"]["s3"]["remembered"] <= 10
    assert server.begin().select_files("c", files) == []


def test_what_does_not_fit_in_the_band_is_left_for_a_later_run(server):
    at = server.now
    files = listing(*(("f%02d" % i, at - 1000 + i) for i in range(25)))
    read = []
    for _ in range(3):
        job = server.begin()
        chosen = job.select_files("c", files, max_files_in_band=10)
        job.commit()
        read.append(names(chosen))
    assert read == [["f%02d" % i for i in range(10)], [], []], "the oldest, and no more until the band has passed"
    for _ in range(2):
        server.now += 1000 * 1000
        job = server.begin()
        read.append(names(job.select_files("c", files, max_files_in_band=10)))
        job.commit()
    assert sum(read, []) == names(files)


def read_in_parts(rnd, job, files, band, limit):
    """The source's files at once or in parts, each as a whole or only the oldest of what is new."""
    parts = [files] if rnd.random() < 0.5 else [files[::2], files[1::2]]
    chosen = []
    for part in parts:
        left = None
        if rnd.random() < 0.4:
            unread = job.unread("c", part)
            part = unread[: rnd.randrange(1, 5)]
            left = unread[len(part)][1] if len(part) < len(unread) else None
        chosen += job.select_files("c", part, band, limit, left=left)
    return chosen


def test_parts_of_a_context_do_not_hide_what_another_left(server):
    """A table's partitions are read one format after another, of each only some files."""
    old, new = listing(("a", server.now - 9 * DAY), ("b", server.now - 8 * DAY)), listing(("c", server.now))
    job = server.begin()
    assert job.select_files("c", old[:1], left=old[1][1]) == old[:1] and job.select_files("c", new) == new
    job.commit()
    assert server.begin().select_files("c", old + new) == old[1:]


@pytest.mark.parametrize("seed", range(200))
def test_every_file_is_read_exactly_once_by_committed_runs(seed):
    """Files arrive up to the band late, are written again, and runs do or don't commit."""
    rnd = random.Random(seed)
    server, band, limit = Server(), rnd.choice([1, 10, 900]), rnd.choice([3, 20, 50_000])
    grain = rnd.choice([1, 1000])  # times are in ms, or in whole seconds
    there, was, read = {}, set(), []
    for _ in range(rnd.randint(5, 60)):
        server.now += rnd.choice([0, 1, 1000, band * 500, band * 1000, DAY])
        for _ in range(rnd.choice([0, 1, 5, 30])):
            late = rnd.choice([0, 0, 1, rnd.randrange(band * 1000)])
            mtime = (server.now - late) // grain * grain
            if mtime <= server.now - band * 1000:
                continue
            name = "f%d" % rnd.randrange(100)
            if there.get(name, (0,))[0] >= mtime:
                continue
            there[name] = (mtime, rnd.randrange(3))
        if rnd.random() < 0.3:
            continue
        files = [(name, *rest) for name, rest in there.items()]
        rnd.shuffle(files)
        job = server.begin()
        chosen = read_in_parts(rnd, job, files, band, limit)
        assert set(chosen) <= set(files)
        if rnd.random() < 0.6:
            job.commit()
            read += chosen
            was |= set(chosen)
        assert len(read) == len(set(read)), "read twice"
    files = [(name, *rest) for name, rest in there.items()]
    for _ in range(200):  # until nothing waits for the band to pass
        server.now += 2000 * band
        job = server.begin()
        read += job.select_files("c", files, band, limit)
        job.commit()
    assert len(read) == len(set(read)), "read twice"
    assert set(files) <= set(read), "missed"


def test_pause_reads_on_and_keeps_nothing(server):
    job = server.begin()
    job.select_files("c", listing(("a", server.now)))
    job.commit()
    files = listing(("a", server.now), ("b", server.now))
    for _ in range(2):
        job = server.begin(PAUSE)
        assert job.enabled and names(job.select_files("c", files)) == ["b"]
        job.commit()
    assert server.version == 1


def test_pause_reads_what_lies_between_two_runs(server):
    times = [server.now - (9 - i) * DAY for i in range(5)]
    files = [("f%d" % i, t, 1) for i, t in enumerate(times)]
    for i in range(4):
        job = server.begin()
        job.select_files("c", files[: i + 1])
        job.jdbc_bounds("db", "t", ["id"])
        job.read_jdbc("db", [10 * i])
        job.commit()
    job = server.begin(PAUSE, "jr_1", "jr_3")
    assert names(job.select_files("c", files)) == ["f1", "f2"]
    assert job.select_files("unknown", files) == [] and names(job.select_files("", files)) == names(files)
    bounds = job.jdbc_bounds("db", "t", ["id"])
    assert (bounds.lower, bounds.upper) == ([0], [20])
    assert bounds.predicate() == "(id > 0) AND (NOT (id > 20))"
    assert job.jdbc_bounds("db", "other", ["id"]).predicate() == "1 = 0"
    version = server.version
    job.commit()
    assert server.version == version


@pytest.mark.parametrize(
    "option, range_, message",
    [
        ("on", (), "must be job-bookmark-enable"),
        (PAUSE, ("jr_1", None), "both --job-bookmark-from and --job-bookmark-to"),
        (PAUSE, (None, "jr_1"), "both --job-bookmark-from and --job-bookmark-to"),
        (ENABLE, ("jr_1", "jr_2"), "need --job-bookmark-option job-bookmark-pause"),
    ],
)
def test_options_that_say_nothing_clear_are_refused(server, option, range_, message):
    with pytest.raises(ValueError, match=message):
        server.begin(option, *range_)


def test_a_table_is_read_on_from_the_last_key(server):
    job = server.begin()
    assert job.jdbc_bounds("c", "t", ["id"]) is None
    job.read_jdbc("c", None)
    job.read_jdbc("c", [7])
    job.commit()
    job = server.begin()
    assert job.jdbc_bounds("c", "t", "ID").predicate() == "(ID > 7)"
    assert job.jdbc_bounds("c", "other", ["id"]) is None and job.jdbc_bounds("", "t", ["id"]) is None
    assert job.jdbc_bounds("c", "t", ["id"]).predicate(upper=[9]) == "(id > 7) AND (NOT (id > 9))"
    assert Bounds(["id"]).predicate() is None
    assert Bounds(["id"], "desc", [7]).predicate(upper=[3]) == "(id < 7) AND (NOT (id < 3))"


def test_other_keys_than_before_are_refused(server):
    job = server.begin()
    job.jdbc_bounds("c", "t", ["id"])
    job.read_jdbc("c", [7])
    job.commit()
    job = server.begin()
    for keys, order in ((["ts"], "asc"), (["id"], "desc"), (["id", "ts"], "asc")):
        with pytest.raises(BookmarkError, match="reset the job's bookmark"):
            job.jdbc_bounds("c", "t", keys, order)
    with pytest.raises(ValueError, match="asc or desc"):
        job.jdbc_bounds("c", "t", ["id"], "up")
    with pytest.raises(ValueError, match="jobBookmarkKeys"):
        job.jdbc_bounds("c", "t", [])


VALUES = [
    3, -1, 2.5, True, "it's ü", decimal.Decimal("12.340"), datetime.date(2024, 2, 29), datetime.datetime(2024, 1, 2, 3, 4, 5, 678901),
]


def test_the_values_of_keys_come_back_as_they_were(server):
    job = server.begin()
    keys = ["k%d" % i for i in range(len(VALUES))]
    job.jdbc_bounds("c", "t", keys)
    job.read_jdbc("c", VALUES)
    job.commit()
    got = server.begin().jdbc_bounds("c", "t", keys).lower
    assert got == VALUES and [type(v) for v in got] == [type(v) for v in VALUES]
    with pytest.raises(TypeError, match="bytes"):
        job.read_jdbc("c", [b"x"] * len(VALUES))


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_read_exactly_once_by_composite_keys(server, seed):
    """Against a database: rows come in the order of their keys, with gaps, also while others are read."""
    rnd = random.Random(seed)
    order = rnd.choice(["asc", "desc"])
    sign = 1 if order == "asc" else -1
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (a INTEGER, b TEXT, c INTEGER)")
    last, read = (0, 0, 0), []

    def arrive():
        nonlocal last
        for _ in range(rnd.randrange(6)):
            a, b, c = last
            last = rnd.choice([(a + rnd.randint(1, 9), rnd.randrange(50), 0), (a, b + rnd.randint(1, 9), rnd.randrange(50)), (a, b, c + 1)])
            db.execute("INSERT INTO t VALUES (?, ?, ?)", (sign * last[0], "%05d" % (sign * last[1] + 10_000), sign * last[2]))

    for _ in range(25):
        arrive()
        job = server.begin()
        bounds = job.jdbc_bounds("c", "t", ["a", "b", "c"], order) or Bounds(["a", "b", "c"], order)
        where = bounds.predicate() or "1 = 1"
        way = "DESC" if order == "asc" else "ASC"
        newest = db.execute("SELECT a, b, c FROM t WHERE %s ORDER BY a %s, b %s, c %s LIMIT 1" % (where, way, way, way)).fetchone()
        arrive()  # not noted, so not to be read
        rows = db.execute("SELECT a, b, c FROM t WHERE %s" % bounds.predicate(upper=newest)).fetchall() if newest else []
        job.read_jdbc("c", newest)
        if rnd.random() < 0.6:
            job.commit()
            read += rows
    bounds = server.begin().jdbc_bounds("c", "t", ["a", "b", "c"], order)
    read += db.execute("SELECT a, b, c FROM t WHERE %s" % bounds.predicate()).fetchall()
    assert sorted(read) == sorted(db.execute("SELECT a, b, c FROM t").fetchall())


def test_a_state_is_the_same_after_json():
    seen = _bookmark_files.Seen()
    seen = seen.plus([("ä", 5, 1), ("b", 9, 2)], 10, 100)
    back = _bookmark_files.Seen.from_json(json.loads(json.dumps(seen.to_json())))
    assert (back.floor, back.recent, back.newest) == (seen.floor, seen.recent, seen.newest)
    assert back.holds("ä", 5, 1) and not back.holds("ä", 5, 2)
