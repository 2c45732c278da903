# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The marker `documented` and docs/awsglue.md, which is made of it.

    @documented("DynamicFrame.map", "differs", "why")

says that a passing test shows how the call behaves: works, differs or missing.
`pytest --docs=write` writes the page, `--docs=check` fails when it is not current.
"""

import difflib
import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.normpath(os.path.join(HERE, "..", "..", "..", "..", "docs", "awsglue.md"))
STATES = ("works", "differs", "missing")

HEAD = """# The awsglue package

What scripts can import as `awsglue`, beside AWS Glue's own. This page is written by the package's tests: a call
works or differs when a test shows it; of the calls that the AWS Glue documentation lists, those without a test are
missing.

    go test ./internal/awsglue                                   # runs the tests and checks this page
    python -m pytest internal/awsglue/python/tests --docs=write  # writes it, with the Python of the Spark runtime
"""

documented = pytest.mark.documented


def calls():
    with open(os.path.join(HERE, "documented_calls.txt")) as f:
        lines = [line.strip() for line in f]
    return [line for line in lines if line and not line.startswith("#")]


def pytest_addoption(parser):
    parser.addoption("--docs", choices=("check", "write"), help="check or write docs/awsglue.md after all tests")


def pytest_configure(config):
    config.addinivalue_line("markers", "documented(call, state, note=''): the test shows how a documented call behaves")
    config.pluginmanager.register(_Page(config), "awsglue-docs")


class _Page:
    def __init__(self, config):
        self.want = config.getoption("--docs")
        self.marks = {}
        self.passed = set()

    def pytest_collection_modifyitems(self, items):
        known = set(calls())
        for item in items:
            for mark in item.iter_markers("documented"):
                call, state, note = (list(mark.args) + [""])[:3]
                if call not in known or state not in STATES:
                    raise pytest.UsageError("%s: documented(%r, %r): see documented_calls.txt" % (item.nodeid, call, state))
                self.marks.setdefault(item.nodeid, []).append((call, state, note))

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self, session, exitstatus):
        if not self.want or exitstatus != 0:
            return
        page = self.page()
        if self.want == "write":
            with open(PAGE, "w") as f:
                f.write(page)
            return
        have = ""
        if os.path.exists(PAGE):
            with open(PAGE) as f:
                have = f.read()
        if have != page:
            print("\ndocs/awsglue.md is not current; pytest --docs=write writes it:")
            print("\n".join(difflib.unified_diff(have.splitlines(), page.splitlines(), "committed", "tests", lineterm="", n=0)))
            session.exitstatus = 1

    def page(self):
        shown = {}
        for nodeid in sorted(self.passed):
            for call, state, note in self.marks.get(nodeid, []):
                shown.setdefault(call, []).append((state, note))
        lines, count, group = [], dict.fromkeys(STATES, 0), None
        for call in calls():
            owner, _, name = call.rpartition(".")
            if owner != group:
                group = owner
                lines += ["", "## " + owner, "", "| call | | |", "| --- | --- | --- |"]
            state, notes = _sum(shown.get(call))
            count[state] += 1
            lines.append("| `%s` | %s | %s |" % (name, state, notes))
        totals = "%(works)d work, %(differs)d differ, %(missing)d are missing" % count
        return HEAD + "\nOf %d calls, %s.\n" % (sum(count.values()), totals) + "\n".join(lines) + "\n"


def _sum(shown):
    """The state of a call is the worst that a test shows."""
    if not shown:
        return "missing", ""
    state = max((s for s, _ in shown), key=STATES.index)
    return state, "; ".join(sorted({n for _, n in shown if n})).replace("|", "\\|")
