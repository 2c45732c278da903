// The grid of a workflow: a row a node, a column a run, the newest left.
import type { NodeType, Workflow, WorkflowRun } from "./api/types";
import { inOrder, nodeState, type Moved } from "./state";

export interface Cell {
  id: string;
  name: string;
  type: NodeType;
  state?: string;
  carried: boolean;
  moved?: Moved;
  accepted: boolean;
  attempts: number;
  startedOn?: number;
  completedOn?: number;
  error?: string;
}

export const rowKey = (n: { type: NodeType; name: string }) => `${n.type} ${n.name}`;

/** The cells of a run with its graph, upstream first. */
export function cellsOf(run: WorkflowRun): Cell[] {
  return inOrder(run.Graph).map((n) => {
    const s = nodeState(n, run);
    return {
      id: n.UniqueId,
      name: n.Name,
      type: n.Type,
      state: s.state,
      carried: s.carried,
      moved: s.moved,
      accepted: s.accepted,
      attempts: s.attempts,
      startedOn: s.startedOn,
      completedOn: s.completedOn,
      error: s.error?.slice(0, 300),
    };
  });
}

export interface Row {
  key: string;
  name: string;
  type: NodeType;
  /** The node is in the workflow's design as it is now. */
  current: boolean;
}

/** The rows: the design's nodes in their order, then those that only older runs have. */
export function rowsOf(design: Workflow["Graph"], columns: (Cell[] | undefined)[]): Row[] {
  const rows: Row[] = [];
  const seen = new Set<string>();
  const add = (n: { type: NodeType; name: string }, current: boolean) => {
    const key = rowKey(n);
    if (seen.has(key)) return;
    seen.add(key);
    rows.push({ key, name: n.name, type: n.type, current });
  };
  for (const n of inOrder(design)) add({ type: n.Type, name: n.Name }, true);
  for (const cells of columns) for (const c of cells ?? []) add(c, false);
  return rows;
}

export interface Arc {
  /** The column of the resume, and of the run that it resumes. */
  from: number;
  to: number;
  /** Arcs that would cross lie in lanes of their own, 0 lowest. */
  lane: number;
}

/** The arcs from resumes to the runs they came from, for columns newest first. */
export function arcsOf(runs: Pick<WorkflowRun, "WorkflowRunId" | "PreviousRunId">[]): Arc[] {
  const column = new Map(runs.map((r, i) => [r.WorkflowRunId, i]));
  const arcs = runs.flatMap((r, from) => {
    const to = r.PreviousRunId === undefined ? undefined : column.get(r.PreviousRunId);
    return to === undefined || to <= from ? [] : [{ from, to, lane: 0 }];
  });
  arcs.sort((a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from);
  // Arcs may share a column where one ends and the next begins, but no more.
  const placed: Arc[] = [];
  for (const arc of arcs) {
    while (placed.some((p) => p.lane === arc.lane && p.from < arc.to && arc.from < p.to)) arc.lane++;
    placed.push(arc);
  }
  return placed.sort((a, b) => a.from - b.from || a.to - b.to);
}

/** How long a run took, in ms; up to now while it lives. */
export function runTime(run: Pick<WorkflowRun, "StartedOn" | "CompletedOn">, now: number): number {
  if (run.StartedOn === undefined) return 0;
  return Math.max(0, (run.CompletedOn === undefined ? now : run.CompletedOn * 1000) - run.StartedOn * 1000);
}

/** The rows to draw of a list that is scrolled: the first and the one after the last. */
export function slice(scrolled: number, height: number, rowHeight: number, count: number, spare = 8): [number, number] {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - spare);
  return [Math.min(first, count), Math.min(count, Math.ceil((scrolled + height) / rowHeight) + spare)];
}

