import { expect, test } from "vitest";
import type { Node } from "./api/types";
import { failedCount, isFailed, isLiveState, look, nodeState, runLook } from "./state";

const states = ["STARTING", "RUNNING", "STOPPING", "STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "WAITING", "EXPIRED", "CANCELLING", "CANCELLED"];

test("each state has a word of its own and is either live, failed or succeeded", () => {
  expect(new Set(states.map((s) => look(s).label)).size).toBe(states.length);
  for (const s of states) expect([isLiveState(s), isFailed(s), s === "SUCCEEDED"].filter(Boolean), s).toHaveLength(1);
});

test("states of one colour differ in their sign or word; an unknown state is shown as it is", () => {
  expect(look("PAUSED").label).toBe("PAUSED");
  expect(look(undefined).label).toBe("Not started");
});

const job = (...runs: object[]): Node => ({ Type: "JOB", Name: "n", UniqueId: "n", JobDetails: { JobRuns: runs as never } });

test("the latest attempt is the one that started last, of equals the higher attempt", () => {
  const node = job({ Id: "a", Attempt: 0, StartedOn: 5, JobRunState: "FAILED" }, { Id: "b", Attempt: 1, StartedOn: 5, JobRunState: "SUCCEEDED" }, { Id: "c", Attempt: 0, StartedOn: 1, JobRunState: "ERROR" });
  expect(nodeState(node).jobRun?.Id).toBe("b");
  expect(nodeState(node).attempts).toBe(3);
});

test("an attempt older than a resumed run is carried; one of a run that is no resume is not", () => {
  const node = job({ Id: "a", Attempt: 0, StartedOn: 5, JobRunState: "SUCCEEDED", ErrorMessage: "Accepted as SUCCEEDED by kim: fine" });
  expect(nodeState(node, { PreviousRunId: "x", StartedOn: 9 })).toMatchObject({ carried: true, accepted: true });
  expect(nodeState(node, { StartedOn: 9 })).toMatchObject({ carried: false, accepted: false });
});

test("a COMPLETED run looks as its nodes ended", () => {
  const s = { TotalActions: 3, TimeoutActions: 0, FailedActions: 0, StoppedActions: 0, SucceededActions: 3, RunningActions: 0 };
  expect(runLook({ Status: "COMPLETED", Statistics: s })).toMatchObject({ tone: "good", label: "Succeeded" });
  expect(runLook({ Status: "COMPLETED", Statistics: { ...s, SucceededActions: 2 } }).label).toBe("Succeeded, 1 not started");
  expect(runLook({ Status: "COMPLETED", Statistics: { ...s, FailedActions: 1, TimeoutActions: 1 } })).toMatchObject({ tone: "bad", label: "2 of 3 failed" });
  expect(runLook({ Status: "COMPLETED", Statistics: { ...s, StoppedActions: 1 } })).toMatchObject({ tone: "stop", label: "1 of 3 stopped" });
  expect(runLook({ Status: "RUNNING", Statistics: s }).tone).toBe("live");
  expect(failedCount(undefined)).toBe(0);
});
