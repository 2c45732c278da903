import type { Plan, PlanNode } from "../api/types";
import type { GraphEdge } from "../graph/types";
import { affected } from "./eligible";
import { took, type NodeView } from "./view";

/**
 * A plan worked out from the graph alone, where the service makes none: what AWS says
 * a resume does. Triggers' conditions are left to AWS.
 */
export function planHere(workflow: string, run: string, views: readonly NodeView[], edges: readonly GraphEdge[], chosen: ReadonlySet<string>): Plan {
  const byId = new Map(views.map((v) => [v.id, v]));
  const { starts, downstream } = affected(chosen, edges, (id) => byId.get(id)?.latest?.began ?? 0);
  const plan: Plan = {
    workflow, runId: run, starts: [...starts], counts: {}, nodes: [],
    times: { expectedMs: 0, fullMs: 0, savedMs: 0, criticalPath: [] },
  };
  for (const v of views) {
    const n = planNode(v, starts, downstream);
    n.selected = chosen.has(v.id);
    plan.nodes.push(n);
    if (n.type !== "TRIGGER") plan.counts[n.verdict] = (plan.counts[n.verdict] ?? 0) + 1;
  }
  return plan;
}

function planNode(v: NodeView, starts: ReadonlySet<string>, downstream: ReadonlySet<string>): PlanNode {
  const base = { id: v.id, name: v.name, type: v.node.Type, behind: -1 };
  const last = v.latest?.state === "SUCCEEDED" ? took(v.latest, 0) : 0;
  const expected = last > 0 ? { expectedMs: last, samples: 1 } : {};
  if (starts.has(v.id)) return { ...base, ...expected, verdict: "start", reason: "it was chosen" };
  if (downstream.has(v.id)) return { ...base, ...expected, verdict: "downstream", reason: "it lies downstream of what starts" };
  if (v.attempts.length > 0) return { ...base, verdict: "carry", reason: "nothing that starts leads to it" };
  if (v.node.Type === "TRIGGER") return { ...base, verdict: "carry", reason: "nothing that starts leads to it" };
  return { ...base, verdict: "blank", reason: "it never started, and nothing that starts leads to it" };
}
