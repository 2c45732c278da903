import { shortId } from "../format";
import { isLiveState, look, supersededBy } from "../state";
import { isOver, type NodeView } from "./view";
import type { WorkflowRun } from "../api/types";
import { neighbours, reach } from "../graph/walk";
import type { GraphEdge } from "../graph/types";

/** What of a run can be repeated, and what not and why. */
export interface Eligible {
  /** Why the run can't be resumed at all; none when it can. */
  run?: string;
  /** Why a node can't be chosen; none when it can. */
  node: (v: NodeView) => string | undefined;
}

/** Of a run that runs, a server of ours resumes what has ended. */
export function eligible(run: WorkflowRun, views: readonly NodeView[], edges: readonly GraphEdge[], server: boolean): Eligible {
  const whole = unresumable(run, views, server);
  const above = aboveLive(isOver(run) ? [] : views.filter((v) => isLiveState(v.state)), edges);
  return {
    run: whole,
    node(v) {
      if (v.node.Type === "TRIGGER") return "A trigger can't be repeated: it fires by itself when what it waits for runs again.";
      if (whole) return whole;
      const runs = above.get(v.id);
      if (runs === v) return `It is ${look(v.state).label.toLowerCase()}, and a resume would start it again: wait for its end, or stop it.`;
      if (runs) return `${runs.name} is ${look(runs.state).label.toLowerCase()}, and this resume would start it again: wait for its end, or stop it.`;
      if (v.held || v.attempts.length > 0) return undefined;
      return "It never started in this run, so it can't be repeated: it runs by itself when what it waits for does.";
    },
  };
}

/** Of each node that leads to what runs, and of what runs itself, one that runs. */
function aboveLive(live: readonly NodeView[], edges: readonly GraphEdge[]): Map<string, NodeView> {
  const above = new Map(live.map((v) => [v.id, v]));
  const { before } = neighbours(live.length > 0 ? edges : []);
  // A map goes on to what is added while it is gone through.
  for (const [id, v] of above) for (const b of before.get(id) ?? []) if (!above.has(b)) above.set(b, v);
  return above;
}

function unresumable(run: WorkflowRun, views: readonly NodeView[], server: boolean): string | undefined {
  const by = supersededBy(run);
  if (by) return `The run was superseded by run ${shortId(by)}, to which what ran in it was moved: resume that one.`;
  if (isOver(run)) return undefined;
  if (run.Status !== "RUNNING") return "The run is being stopped: wait for its end.";
  if (!server) return "The run is still going on: wait for its end, or stop it. AWS resumes only runs in COMPLETED.";
  if (!views.some((v) => v.failed)) return "The run is still going on and nothing in it has failed: wait for its end, or stop it.";
  return undefined;
}

/** What a choice of nodes leads to. */
export interface Affected {
  /** Those of the chosen that start at once: no other chosen node leads to them. */
  starts: Set<string>;
  /** All that lies downstream of them, chosen or not. */
  downstream: Set<string>;
}

/**
 * What repeating nodes affects, by the graph alone, to be shown before the server is
 * asked. In a circle the one that started first begins.
 */
export function affected(chosen: ReadonlySet<string>, edges: readonly GraphEdge[], began: (id: string) => number = () => 0): Affected {
  const { next } = neighbours(edges);
  const reached = new Map([...chosen].map((id) => [id, reach([id], next)]));
  const starts = new Set<string>();
  for (const id of chosen) {
    const below = [...chosen].some((other) => {
      if (other === id || !reached.get(other)?.has(id)) return false;
      return !reached.get(id)?.has(other) || began(other) < began(id);
    });
    if (!below) starts.add(id);
  }
  const downstream = reach(starts, next);
  for (const id of starts) downstream.delete(id);
  return { starts, downstream };
}
