import { newestOfEach } from "./pages/BrokenList";
import { describe, expect, test } from "vitest";
import type { Node, WorkflowRun } from "./api/types";
import { breakage, candidates, firstLine, goodSince } from "./broken";

const stats = (failed: number, succeeded = 3) => ({
  TotalActions: 5, TimeoutActions: 0, FailedActions: failed, StoppedActions: 0, SucceededActions: succeeded, RunningActions: 0,
});
const run = (id: string, failed: number, more: Partial<WorkflowRun> = {}): WorkflowRun => ({
  Name: "w", WorkflowRunId: id, Status: "COMPLETED", Statistics: stats(failed), ...more,
});

describe("candidates", () => {
  test("a failed run counts until a later run resumes it, and then the resume does if it failed too", () => {
    expect(candidates([run("a", 1), run("b", 0)]).map((r) => r.WorkflowRunId)).toEqual(["a"]);
    expect(candidates([run("b", 0, { PreviousRunId: "a" }), run("a", 1)])).toEqual([]);
    expect(candidates([run("b", 1, { PreviousRunId: "a" }), run("a", 1)]).map((r) => r.WorkflowRunId)).toEqual(["b"]);
  });
  test("a superseded run has nobody to repair it: the one that took it over counts", () => {
    expect(candidates([run("a", 1, { Status: "STOPPED", ErrorMessage: "Superseded by wr_b" })])).toEqual([]);
  });
  test("a run in ERROR counts though nothing failed in it", () => {
    expect(candidates([run("a", 0, { Status: "ERROR" })])).toHaveLength(1);
  });
  test("timed out, stopped and errored nodes count", () => {
    for (const member of ["TimeoutActions", "StoppedActions", "ErroredActions"]) {
      expect(candidates([run("a", 0, { Statistics: { ...stats(0), [member]: 1 } })])).toHaveLength(1);
    }
  });
});

test("a good run since is one that started later and went well", () => {
  const old = run("a", 1, { StartedOn: 10 });
  const good = run("b", 0, { StartedOn: 20 });
  expect(goodSince([good, old], old)).toBe(good);
  expect(goodSince([old, run("c", 0, { StartedOn: 5 })], old)).toBeUndefined();
  expect(goodSince([run("d", 0, { StartedOn: 20, Status: "RUNNING" }), old], old)).toBeUndefined();
});

const job = (name: string, ...states: string[]): Node => ({
  Type: "JOB", Name: name, UniqueId: name,
  JobDetails: { JobRuns: states.map((s, i) => ({ Id: `${name}${i}`, Attempt: i, StartedOn: i + 1, JobRunState: s as "FAILED", ErrorMessage: s === "FAILED" ? `${name} broke` : undefined })) },
});
const trigger = (name: string, after: Record<string, string>): Node => ({
  Type: "TRIGGER", Name: name, UniqueId: name,
  TriggerDetails: { Trigger: { Name: name, Predicate: { Conditions: Object.entries(after).map(([JobName, State]) => ({ JobName, State: State as "FAILED" })) } } },
});
const edges = (...pairs: string[]) => pairs.map((p) => ({ SourceId: p.split(">")[0]!, DestinationId: p.split(">")[1]! }));

describe("breakage", () => {
  // load → check → publish, and alert when load fails, and mourn when publish fails
  const graph = (load: string[], alert: string[]) => ({
    Nodes: [
      job("load", ...load), trigger("loaded", { load: "SUCCEEDED" }), job("check"), trigger("checked", { check: "SUCCEEDED" }), job("publish"),
      trigger("unloaded", { load: "FAILED" }), job("alert", ...alert), trigger("unpublished", { publish: "FAILED" }), job("mourn"),
    ],
    Edges: edges("load>loaded", "loaded>check", "check>checked", "checked>publish", "load>unloaded", "unloaded>alert", "publish>unpublished", "unpublished>mourn"),
  });

  test("what waits for the failed node's success is blocked, at any distance; branches for failures are not", () => {
    const b = breakage(run("a", 1, { Graph: graph(["FAILED"], []) }));
    expect(b.failed).toEqual([{ id: "load", name: "load", type: "JOB", state: "FAILED", error: "load broke", handledBy: [] }]);
    expect(b.blocked).toEqual(["check", "publish"]);
  });
  test("a branch that ran because of the failure handled it", () => {
    expect(breakage(run("a", 1, { Graph: graph(["FAILED"], ["SUCCEEDED"]) })).failed[0]!.handledBy).toEqual(["alert"]);
  });
  test("the latest attempt decides", () => {
    expect(breakage(run("a", 1, { Graph: graph(["FAILED", "SUCCEEDED"], []) })).failed).toEqual([]);
    expect(breakage(run("a", 1, { Graph: graph(["FAILED", "RUNNING"], []) })).failed).toEqual([]);
  });
});

test("the first line of an error is the first that is not empty", () => {
  expect(firstLine("\n  ValueError: bad\n at x")).toBe("ValueError: bad");
  expect(firstLine("")).toBe("");
});

test("home names the newest broken run of each workflow first, so that none hides the others", () => {
  const run = (Name: string, n: number) => ({ run: { Name, WorkflowRunId: `${Name}${n}` } as WorkflowRun });
  const items = [run("a", 3), run("a", 2), run("b", 1), run("a", 1)];
  const { listed, earlier } = newestOfEach(items, new Set());
  expect(listed).toEqual([items[0], items[2]]);
  expect(earlier).toEqual(new Map([[items[0], 2]]));
  expect(newestOfEach(items, new Set(["a"]))).toEqual({ listed: items, earlier: new Map() });
});
