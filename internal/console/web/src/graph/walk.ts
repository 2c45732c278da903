import type { GraphEdge } from "./types";

/** The neighbours of nodes, in both directions. */
export interface Neighbours {
  next: ReadonlyMap<string, string[]>;
  before: ReadonlyMap<string, string[]>;
}

export function neighbours(edges: readonly GraphEdge[]): Neighbours {
  const next = new Map<string, string[]>();
  const before = new Map<string, string[]>();
  const push = (map: Map<string, string[]>, key: string, value: string) => {
    const list = map.get(key);
    if (list) list.push(value);
    else map.set(key, [value]);
  };
  for (const e of edges) {
    push(next, e.from, e.to);
    push(before, e.to, e.from);
  }
  return { next, before };
}

/** All that can be reached from nodes by one step or more. */
export function reach(from: Iterable<string>, next: ReadonlyMap<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const todo = [...from];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    for (const to of next.get(id) ?? []) {
      if (!seen.has(to)) {
        seen.add(to);
        todo.push(to);
      }
    }
  }
  return seen;
}

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export interface Place {
  x: number;
  y: number;
}

/**
 * Where an arrow key leads: left and right along edges, to the neighbour that lies
 * nearest; up and down to the nearest node of about the same column.
 */
export function step(from: string, key: Arrow, at: ReadonlyMap<string, Place>, near: Neighbours): string | undefined {
  const here = at.get(from);
  if (!here) return undefined;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const along = (key === "ArrowRight" ? near.next : near.before).get(from) ?? [];
    return nearest(along, here, at);
  }
  const sign = key === "ArrowDown" ? 1 : -1;
  let best: string | undefined;
  let least = Infinity;
  for (const [id, p] of at) {
    const dy = (p.y - here.y) * sign;
    if (id === from || dy <= 0) continue;
    const cost = dy + Math.abs(p.x - here.x) * 4; // the column counts most
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}

function nearest(ids: readonly string[], here: Place, at: ReadonlyMap<string, Place>): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const id of ids) {
    const p = at.get(id);
    if (!p) continue;
    const cost = Math.abs(p.y - here.y) + Math.abs(p.x - here.x) / 4;
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}
