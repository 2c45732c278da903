import { expect, test } from "vitest";
import type { WorkflowRun } from "./api/types";
import { arcsOf, cellsOf, rowsOf, slice } from "./grid";

const node = (name: string, started?: number) => ({
  Type: "JOB" as const, Name: name, UniqueId: `id-${name}`,
  JobDetails: { JobRuns: started === undefined ? [] : [{ Id: name, Attempt: 0, StartedOn: started, JobRunState: "SUCCEEDED" as const }] },
});

test("cells are in the order of the graph; what ran before a resume is carried", () => {
  const run: WorkflowRun = {
    Name: "w", WorkflowRunId: "b", PreviousRunId: "a", StartedOn: 100, Status: "COMPLETED",
    Graph: {
      Nodes: [node("last"), node("second", 101), node("first", 5), { Type: "TRIGGER", Name: "t", UniqueId: "t" }],
      Edges: [{ SourceId: "id-first", DestinationId: "t" }, { SourceId: "t", DestinationId: "id-second" }, { SourceId: "id-second", DestinationId: "id-last" }],
    },
  };
  expect(cellsOf(run).map((c) => [c.name, c.state, c.carried])).toEqual([
    ["first", "SUCCEEDED", true], ["second", "SUCCEEDED", false], ["last", undefined, false],
  ]);
});

test("nodes that left the design come last", () => {
  const cell = (name: string) => ({ id: name, name, type: "JOB" as const, carried: false, accepted: false, attempts: 0 });
  const rows = rowsOf({ Nodes: [node("a"), node("b")] }, [[cell("b"), cell("old")], undefined, [cell("older"), cell("old")]]);
  expect(rows.map((r) => [r.name, r.current])).toEqual([["a", true], ["b", true], ["old", false], ["older", false]]);
});

test("arcs join a resume to its run, each in the lowest lane where it crosses none", () => {
  const runs = [["e", "d"], ["d", "a"], ["c", "b"], ["b"], ["a"], ["x", "gone"]].map(([WorkflowRunId, PreviousRunId]) => ({ WorkflowRunId: WorkflowRunId!, PreviousRunId }));
  expect(arcsOf(runs)).toEqual([
    { from: 0, to: 1, lane: 0 },
    { from: 1, to: 4, lane: 1 },
    { from: 2, to: 3, lane: 0 },
  ]);
});

test("only what can be seen is drawn, and a little beside it", () => {
  expect(slice(0, 480, 24, 1000)).toEqual([0, 28]);
  expect(slice(2400, 480, 24, 1000)).toEqual([92, 128]);
  expect(slice(23900, 480, 24, 1000)).toEqual([987, 1000]);
  expect(slice(0, 480, 24, 3)).toEqual([0, 3]);
});
