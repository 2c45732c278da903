import type { GraphEdge, GraphModel } from "./types";

/** More edges than this in place of one trigger read worse than the trigger. */
const mostEdges = 40;

/**
 * The graph with its conditional triggers drawn as edges. A trigger that nothing
 * leads to, or that would become too many edges, stays. `labelOf` gives an edge's
 * label, from the id of the trigger that it stands for.
 */
export function collapseTriggers(graph: GraphModel, labelOf: (triggerId: string) => string | undefined): GraphModel {
  const into = new Map<string, string[]>();
  const out = new Map<string, string[]>();
  for (const e of graph.edges) {
    push(into, e.to, e.from);
    push(out, e.from, e.to);
  }
  const gone = new Set<string>();
  const edges: GraphEdge[] = [];
  for (const n of graph.nodes) {
    if (n.type !== "TRIGGER") continue;
    const from = into.get(n.id) ?? [];
    const to = out.get(n.id) ?? [];
    if (from.length === 0 || to.length === 0 || from.length * to.length > mostEdges) continue;
    gone.add(n.id);
    const label = labelOf(n.id);
    for (const a of from) for (const b of to) edges.push({ from: a, to: b, label });
  }
  const kept = graph.edges.filter((e) => !gone.has(e.from) && !gone.has(e.to));
  return { nodes: graph.nodes.filter((n) => !gone.has(n.id)), edges: [...kept, ...oncePerPair(edges)] };
}

function oncePerPair(edges: GraphEdge[]): GraphEdge[] {
  const byPair = new Map<string, GraphEdge>();
  for (const e of edges) {
    const key = e.from + " " + e.to;
    const had = byPair.get(key);
    if (!had) byPair.set(key, e);
    else if (e.label && e.label !== had.label) {
      byPair.set(key, { ...had, label: had.label ? `${had.label} · ${e.label}` : e.label });
    }
  }
  return [...byPair.values()];
}

function push(map: Map<string, string[]>, key: string, value: string) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
