import { isOver, type NodeView } from "./view";
import type { WorkflowRun } from "../api/types";
import { neighbours, reach } from "../graph/walk";
import type { GraphEdge } from "../graph/types";

/** Why a run can't be resumed at all; none when it can. */
export function unresumable(run: WorkflowRun): string | undefined {
  return isOver(run) ? undefined : "The run is still going on: wait for its end, or stop it.";
}

/** Why a node can't be chosen for a resume; none when it can. */
export function unselectable(run: WorkflowRun, v: NodeView): string | undefined {
  if (v.node.Type === "TRIGGER") return "A trigger can't be repeated: it fires by itself when what it waits for runs again.";
  const whole = unresumable(run);
  if (whole) return whole;
  if (v.held) return undefined;
  if (v.attempts.length === 0) return "It never started in this run, so it can't be repeated: it runs by itself when what it waits for does.";
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
