import { describe, expect, test } from "vitest";
import type { Plan, PlanNode } from "../api/types";
import { outcome, wireState } from "./family";
import { busy, gapWidth, idleText, makeAxis } from "./gantt";
import { find, LogBuffer, marks, mostLines, nextMatch, ofStream, plain, windowOf, type LogLine } from "./logbuffer";
import { behind, changes, counts, ends, groups, reason, risky } from "./planview";

describe("the timeline", () => {
  const hour = 3600_000;
  const run = { id: "a", began: 0, ended: 60_000 };
  const resume = { id: "b", began: 3 * hour, ended: 3 * hour + 30_000 };
  test("what ran is to scale, hours between are cut short and named", () => {
    const axis = makeAxis([run, resume], 4 * hour, 664);
    const [first, gap, second] = axis.stretches;
    expect(first).toMatchObject({ x: 0, width: 400, idle: false });
    expect(gap).toMatchObject({ width: gapWidth, idle: true });
    expect(idleText(gap!)).toBe("3 h idle");
    expect(second).toMatchObject({ x: 464, width: 200 });
    expect(axis.x(30_000)).toBe(200);
    expect(axis.x(3 * hour + 15_000)).toBe(564);
  });
  test("short pauses are drawn as they were", () => {
    expect(makeAxis([run, { id: "b", began: 61_000, ended: 120_000 }], 0, 600).stretches).toHaveLength(1);
  });
  test("a run that goes on ends now, and runs at the same time are one stretch", () => {
    expect(busy([{ id: "a", began: 0 }, { id: "b", began: 10, ended: 20 }], 50)).toEqual([{ from: 0, to: 50 }]);
  });
  test("an instant has a place", () => {
    const axis = makeAxis([{ id: "a", began: 5, ended: 5 }], 5, 100);
    expect(axis.x(5)).toBe(0);
    expect(axis.ticks.every((t) => Number.isFinite(t.x))).toBe(true);
  });
});

const line = (Text: string, Stream: LogLine["Stream"] = "stdout"): LogLine => ({ Time: 0, Stream, Text });

describe("the log", () => {
  test("escapes of a terminal go, of what was written over the last stays", () => {
    expect(plain("\x1b[31mred\x1b[0m")).toBe("red");
    expect(plain("10%\r50%\r100%")).toBe("100%");
    expect(plain("windows\r")).toBe("windows");
  });
  test("is searched whatever the case, around the end", () => {
    const lines = [line("Error one"), line("ok"), line("an ERROR")];
    const found = find(lines, "error");
    expect(found).toEqual([0, 2]);
    expect(nextMatch(found, 0, true)).toBe(2);
    expect(nextMatch(found, 2, true)).toBe(0);
    expect(nextMatch(found, 0, false)).toBe(2);
    expect(nextMatch([], 0, true)).toBe(-1);
    expect(marks("an ERROR", "error")).toEqual([{ text: "an ", hit: false }, { text: "ERROR", hit: true }]);
  });
  test("is filtered by stream, and says whether there are errors", () => {
    const b = new LogBuffer();
    b.add([line("a")]);
    expect(b.errors).toBe(false);
    b.add([line("b", "stderr")]);
    expect(b.errors).toBe(true);
    expect(ofStream(b.lines, "stderr").map((l) => l.Text)).toEqual(["b"]);
    expect(ofStream(b.lines, "both")).toBe(b.lines);
  });
  test("is bounded, and counts what it leaves out", () => {
    const b = new LogBuffer();
    b.add(Array.from({ length: mostLines + 10 }, (_, i) => line(String(i))));
    expect([b.lines.length, b.dropped, b.lines[0]!.Text]).toEqual([mostLines, 10, "10"]);
  });
  test("only what is in view is drawn", () => {
    expect(windowOf(18_000, 360, 18, 100_000, 10)).toEqual({ from: 990, to: 1030 });
    expect(windowOf(0, 360, 18, 5)).toEqual({ from: 0, to: 5 });
  });
});

const node = (name: string, verdict: PlanNode["verdict"], more: Partial<PlanNode> = {}): PlanNode => ({ id: name, name, type: "JOB", verdict, reason: "", behind: -1, ...more });
const plan = (nodes: PlanNode[]): Plan => ({
  workflow: "w", runId: "r", starts: [], nodes, counts: { start: 1, carry: 2 }, times: { expectedMs: 0, fullMs: 0, savedMs: 0, criticalPath: [] },
});

describe("the plan", () => {
  test("is told by verdict, what starts first", () => {
    const g = groups(plan([node("c", "carry"), node("t", "downstream", { type: "TRIGGER" }), node("a", "start")]));
    expect(g.map((x) => [x.verdict, x.nodes.length, x.triggers.length])).toEqual([["start", 1, 0], ["downstream", 0, 1], ["carry", 1, 0]]);
    expect(counts(plan([]))).toBe("1 start, 2 carried");
  });
  test("a reason does not say again what its group says", () => {
    const run = "wr_" + "ab".repeat(32);
    expect(reason(node("a", "start", { reason: `a starts again at once: it was selected, and its latest attempt FAILED in run ${run}` }))).toBe(
      "its latest attempt FAILED in run wr_ababababab…",
    );
    expect(reason(node("b", "downstream", { reason: "b starts if trigger t fires (it wants a SUCCEEDED)" }))).toBe("if trigger t fires");
  });
  test("jobs that may write twice are those not marked as safe that are known to write", () => {
    const of = (name: string, safe: boolean, outputs?: string[]) => node(name, "start", { risk: { safe, outputs } });
    expect(risky(plan([of("a", false, ["s3://x"]), of("b", true, ["s3://x"]), of("c", false)])).map((n) => n.name)).toEqual(["a"]);
  });
  test("the reasons behind one are followed to a first cause, in a circle once, and not for ever", () => {
    const of = (...next: number[]) => plan(next.map((b, i) => node(`n${i}`, "carry", { reason: `r${i}`, behind: b })));
    const told = (p: Plan) => behind(p, p.nodes[0]!);
    expect(told(of(2, -1, 1))).toEqual(["r2", "r1"]);
    expect(told(of(1, 0))).toEqual(["r1"]);
    expect(told(of(-1))).toEqual([]);
    expect(told(of(1, 2, 3, 4, 5, 6, 7, -1))).toEqual(["r1", "r2", "r3", "r4", "r5"]);
  });
  test("a newer plan says what became of nodes", () => {
    expect(changes(plan([node("a", "start"), node("b", "carry")]), plan([node("a", "carry"), node("b", "carry"), node("n", "start")]))).toEqual([
      "a: was “start at once”, now “carried over, not repeated”", "n is new: start at once",
    ]);
  });
  test("a long path keeps its ends", () => {
    expect(ends(["a", "b"])).toEqual(["a", "b"]);
    expect(ends([..."abcdefgh"])).toEqual(["a", "b", "c", "2 more", "f", "g", "h"]);
  });
});

describe("a family", () => {
  test("a run's outcome is said by what went wrong", () => {
    expect(outcome({ outcome: { status: "COMPLETED", total: 5, succeeded: 5 } })).toBe("5 succeeded");
    expect(outcome({ outcome: { status: "COMPLETED", total: 5, succeeded: 2, failed: 1, neverStarted: 2 } })).toBe("1 failed, 2 never started");
    expect(outcome({ outcome: { status: "RUNNING", total: 5, succeeded: 2, running: 1 } })).toBe("1 running, 2 of 5 done");
    expect(outcome({ outcome: { status: "ERROR" } })).toBe("could not start");
  });
  test("what never started has no state", () => {
    expect([wireState("-"), wireState(""), wireState("FAILED")]).toEqual([undefined, undefined, "FAILED"]);
  });
});
