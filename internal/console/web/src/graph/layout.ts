import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api";
import type { NodeType } from "../api/types";
import type { GraphModel } from "./types";
import type { Place } from "./walk";

/** The room that each kind of node takes; edges meet it at half its height. */
export const sizes: Record<NodeType, { width: number; height: number }> = {
  JOB: { width: 200, height: 46 },
  CRAWLER: { width: 200, height: 46 },
  TRIGGER: { width: 34, height: 58 },
};

export interface Line {
  from: string;
  to: string;
  points: Place[];
  label?: { text: string; x: number; y: number };
}

export interface Layout {
  places: Map<string, Place>;
  lines: Line[];
  width: number;
  height: number;
}

/** What a layout depends on: two graphs with the same shape lie the same. */
export function shapeOf(graph: GraphModel): string {
  const nodes = graph.nodes.map((n) => n.type[0] + n.id).join();
  return nodes + ";" + graph.edges.map((e) => `${e.from}>${e.to}:${e.label ?? ""}`).join();
}

/**
 * From this many nodes on, a layout that is good enough is better than a good one: the
 * order of the model makes elk's time explode where a layer is wide.
 */
const many = 300;

const careful = {
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.thoroughness": "7",
};
const fast = {
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.thoroughness": "1",
};

/** The graph as elk takes it. */
export function elkGraph(graph: GraphModel): ElkNode {
  const count = graph.nodes.length;
  const known = new Set(graph.nodes.map((n) => n.id));
  return {
    id: "graph",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.edgeRouting": "POLYLINE",
      "elk.spacing.nodeNode": "14",
      "elk.spacing.componentComponent": "40",
      "elk.spacing.edgeNode": "12",
      "elk.spacing.edgeEdge": "8",
      "elk.layered.spacing.nodeNodeBetweenLayers": "40",
      "elk.layered.spacing.edgeNodeBetweenLayers": "14",
      ...(count > many ? fast : careful),
    },
    children: graph.nodes.map((n) => ({ id: n.id, ...sizes[n.type] })),
    edges: graph.edges
      .filter((e) => known.has(e.from) && known.has(e.to))
      .map((e, i) => ({
        id: `e${i}`,
        sources: [e.from],
        targets: [e.to],
        labels: e.label ? [{ text: e.label, width: 8 + 6 * e.label.length, height: 16 }] : [],
      })),
  };
}

/** elk's answer as the graph draws it. */
export function readLayout(root: ElkNode): Layout {
  const places = new Map<string, Place>();
  for (const n of root.children ?? []) places.set(n.id, { x: n.x ?? 0, y: n.y ?? 0 });
  return { places, lines: (root.edges ?? []).map(readLine), width: root.width ?? 0, height: root.height ?? 0 };
}

function readLine(edge: ElkExtendedEdge): Line {
  const points = (edge.sections ?? []).flatMap((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint]);
  const label = edge.labels?.[0];
  return {
    from: edge.sources[0] ?? "",
    to: edge.targets[0] ?? "",
    points,
    label: label?.text ? { text: label.text, x: label.x ?? 0, y: label.y ?? 0 } : undefined,
  };
}

/** A curve through points that leaves and enters each of them levelly. */
export function curve(points: readonly Place[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let d = `M${round(first.x)} ${round(first.y)}`;
  let before = first;
  for (const p of rest) {
    const half = (before.x + p.x) / 2;
    d += Math.abs(p.y - before.y) < 1
      ? `H${round(p.x)}`
      : `C${round(half)} ${round(before.y)} ${round(half)} ${round(p.y)} ${round(p.x)} ${round(p.y)}`;
    before = p;
  }
  return d;
}

/** The head of an arrow at the end of a line. */
export function arrowHead(points: readonly Place[]): string {
  const end = points.at(-1);
  if (!end) return "";
  return `M${round(end.x)} ${round(end.y)}l-7 -3.5v7z`;
}

const round = (n: number) => Math.round(n * 10) / 10;
