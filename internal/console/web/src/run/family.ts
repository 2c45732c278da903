import type { Family, FamilyRun, WorkflowRun } from "../api/types";
import { shortId } from "../format";
import type { GraphModel } from "../graph/types";
import { edgesOf, runGraph, viewNodes } from "./view";

/** A state of a family as the API names it; what never started has none. */
export const wireState = (state: string | undefined) => (state === "-" ? undefined : state || undefined);

interface Outcome {
  status?: string;
  total?: number;
  succeeded?: number;
  failed?: number;
  stopped?: number;
  running?: number;
  neverStarted?: number;
  supersededBy?: string;
}

/** What a run came to, in words. */
export function outcome(r: Pick<FamilyRun, "outcome">): string {
  const o = (r.outcome ?? {}) as Outcome;
  const parts: string[] = [];
  const say = (n: number | undefined, what: string) => n && parts.push(`${n} ${what}`);
  if (o.status === "ERROR") return "could not start";
  if (o.status === "RUNNING" || o.status === "STOPPING") {
    say(o.running, "running");
    say(o.failed, "failed");
    parts.push(`${(o.succeeded ?? 0) + (o.failed ?? 0) + (o.stopped ?? 0)} of ${o.total ?? "?"} done`);
  } else {
    if (o.supersededBy) parts.push("superseded while it ran");
    else if (o.status === "STOPPED") parts.push("stopped");
    say(o.failed, "failed");
    say(o.stopped, o.status === "STOPPED" ? "of its nodes stopped" : "stopped");
    if (parts.length === 0) say(o.succeeded, "succeeded");
    say(o.neverStarted, "never started");
  }
  return parts.join(", ") || "nothing to do";
}

/** The graph of the newest run, each node with where its result came about. */
export function familyGraph(family: Family, head: WorkflowRun): GraphModel {
  const graph = runGraph(viewNodes(head), edgesOf(head.Graph), () => undefined);
  const by = new Map(family.nodes.map((n) => [n.id, n]));
  return {
    edges: graph.edges,
    nodes: graph.nodes.map((node) => {
      const n = by.get(node.id);
      const run = n?.runId ?? n?.before;
      if (!n || !run) return node;
      return {
        ...node, attempts: n.attempts?.length ?? 0, accepted: n.accepted, carried: run !== family.head, carriedFrom: run === family.head ? undefined : run,
        note: run === family.head ? "newest run" : `of ${shortId(run)}`,
      };
    }),
  };
}
