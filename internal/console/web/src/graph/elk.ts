import ELK from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { elkGraph, readLayout, shapeOf, type Layout } from "./layout";
import type { GraphModel } from "./types";

// Made at once, so that its worker starts while the data is on its way.
const elk = new ELK({ workerFactory: () => new Worker(workerUrl) });

// Layouts of the graphs that were looked at last, by shape.
const kept = new Map<string, Promise<Layout>>();
const mostKept = 20;

/** Lays a graph out, away from the page's own thread. The same shape is laid out once. */
export function layout(graph: GraphModel, shape = shapeOf(graph)): Promise<Layout> {
  const known = kept.get(shape);
  if (known) return known;
  const made = elk.layout(elkGraph(graph)).then(readLayout);
  kept.set(shape, made);
  made.catch(() => kept.delete(shape));
  if (kept.size > mostKept) kept.delete(kept.keys().next().value ?? "");
  return made;
}
