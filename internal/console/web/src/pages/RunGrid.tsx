import { useLayoutEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type MouseEvent, type UIEvent } from "react";
import { useRunsMade } from "../api/queries";
import type { Workflow, WorkflowRun } from "../api/types";
import { arcsOf, cellsOf, rowKey, rowsOf, slice, type Cell, type Row } from "../grid";
import { navigate, paths } from "../router";
import { isFailed } from "../state";
import { GridHead } from "./GridHead";
import { GridRow } from "./GridRow";
import { GridDetail, Legend } from "./GridDetail";

const rowHeight = 24;
/** More rows than these scroll in a box of their own, and only those in sight are drawn. */
const boxRows = 40;
/** Fewer rows need no search. */
const searchFrom = 15;

/** A place in the grid; row -1 is the head. */
export interface Spot {
  row: number;
  column: number;
}

/** Runs × nodes: the newest run left, upstream nodes on top. */
export function RunGrid({ workflow, runs }: { workflow: Workflow; runs: WorkflowRun[] }) {
  const made = useRunsMade("cells", runs, cellsOf);
  const columns = useMemo(() => made.map((m) => (m.data ? new Map(m.data.map((c) => [rowKey(c), c])) : undefined)), [made]);
  const all = useMemo(() => rowsOf(workflow.Graph, made.map((m) => m.data)), [workflow.Graph, made]);
  const arcs = useMemo(() => arcsOf(runs), [runs]);
  const [search, setSearch] = useState("");
  const [failedOnly, setFailedOnly] = useState(false);
  const rows = useMemo(() => chosenRows(all, columns, search, failedOnly), [all, columns, search, failedOnly]);
  const failing = useMemo(() => chosenRows(all, columns, "", true).length, [all, columns]);

  return (
    <section aria-label="Runs and nodes">
      <div className="row grid-tools">
        {all.length >= searchFrom && <input type="search" aria-label="Search nodes" placeholder="Search nodes" value={search} onChange={(e) => setSearch(e.target.value)} />}
        <label className="grid-check">
          <input type="checkbox" checked={failedOnly} disabled={failing === 0 && !failedOnly} onChange={(e) => setFailedOnly(e.target.checked)} />
          Only nodes that failed in these runs ({failing})
        </label>
        <Legend />
      </div>
      <Grid workflow={workflow.Name} runs={runs} rows={rows} columns={columns} arcs={arcs} />
      {rows.length === 0 && <p className="quiet">{made.some((m) => m.isPending) ? "Reading the runs…" : "No node is left by the search."}</p>}
    </section>
  );
}

function chosenRows(all: Row[], columns: (Map<string, Cell> | undefined)[], search: string, failedOnly: boolean): Row[] {
  const wanted = search.trim().toLowerCase();
  return all.filter(
    (r) =>
      (wanted === "" || r.name.toLowerCase().includes(wanted)) &&
      (!failedOnly || columns.some((c) => isFailed(c?.get(r.key)?.state))),
  );
}

interface GridProps {
  workflow: string;
  runs: WorkflowRun[];
  rows: Row[];
  columns: (Map<string, Cell> | undefined)[];
  arcs: ReturnType<typeof arcsOf>;
}

function Grid({ workflow, runs, rows, columns, arcs }: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const [scrolled, setScrolled] = useState(0);
  const [focus, setFocus] = useState<Spot>({ row: -1, column: 0 });
  const [hover, setHover] = useState<Spot>();
  const boxed = rows.length > boxRows;
  const [first, end] = boxed ? slice(scrolled, boxRows * rowHeight, rowHeight, rows.length) : [0, rows.length];
  // Rows and runs may have become fewer since.
  const at = { row: Math.min(focus.row, rows.length - 1), column: Math.min(focus.column, runs.length - 1) };
  const shown = hover ?? at;

  useLayoutEffect(() => {
    if (moved.current) find(box.current!, at)?.focus();
    moved.current = false;
  });

  const pathOf = (spot: Spot) => {
    const run = runs[spot.column];
    const row = rows[spot.row];
    return run && paths.run(workflow, run.WorkflowRunId, { node: row && columns[spot.column]?.get(row.key)?.id });
  };
  const go = (spot: Spot) => {
    const next = {
      row: Math.max(-1, Math.min(rows.length - 1, spot.row)),
      column: Math.max(0, Math.min(runs.length - 1, spot.column)),
    };
    setFocus(next);
    const element = box.current!;
    if (boxed && next.row >= 0) {
      const top = next.row * rowHeight;
      const seen = element.clientHeight - headHeight(element) - rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top > element.scrollTop + seen) element.scrollTop = top - seen;
      setScrolled(element.scrollTop);
    }
    moved.current = true;
  };
  const keys = (e: KeyboardEvent) => {
    const step = moves[e.key];
    if (!step || e.altKey || e.metaKey) return;
    e.preventDefault();
    go(step(at, e.ctrlKey, { row: rows.length - 1, column: runs.length - 1 }));
  };
  const click = (e: MouseEvent) => {
    const spot = spotOf(e.target);
    const path = spot && pathOf(spot);
    if (!path || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey) return;
    e.preventDefault();
    navigate(path);
  };
  return (
    <>
      <div
        ref={box}
        className={`grid-box${boxed ? " boxed" : ""}`}
        role="grid"
        aria-label="Runs by node, the newest run first"
        aria-rowcount={rows.length + 1}
        aria-colcount={runs.length + 1}
        onKeyDown={keys}
        onClick={click}
        onFocus={(e: FocusEvent) => spotOf(e.target) && setFocus(spotOf(e.target)!)}
        onMouseOver={(e) => setHover(spotOf(e.target))}
        onMouseLeave={() => setHover(undefined)}
        onScroll={(e: UIEvent) => setScrolled(e.currentTarget.scrollTop)}
      >
        <GridHead runs={runs} arcs={arcs} pathOf={pathOf} focus={at} lit={shown.column} />
        {first > 0 && <div role="presentation" style={{ height: first * rowHeight }} />}
        {rows.slice(first, end).map((row, i) => (
          <GridRow key={row.key} row={row} index={first + i} runs={runs} columns={columns} pathOf={pathOf} focus={at.row === first + i ? at.column : undefined} />
        ))}
        {end < rows.length && <div role="presentation" style={{ height: (rows.length - end) * rowHeight }} />}
      </div>
      <GridDetail run={runs[shown.column]} row={rows[shown.row]} cell={rows[shown.row] && columns[shown.column]?.get(rows[shown.row]!.key)} />
    </>
  );
}

const headHeight = (box: HTMLElement) => box.querySelector<HTMLElement>(".grid-head")?.offsetHeight ?? 0;
const find = (box: HTMLElement, s: Spot) => box.querySelector<HTMLElement>(`[data-row="${s.row}"][data-column="${s.column}"]`);

function spotOf(target: EventTarget): Spot | undefined {
  const cell = (target as HTMLElement).closest<HTMLElement>("[data-row]");
  return cell ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : undefined;
}

type Move = (at: Spot, far: boolean, last: Spot) => Spot;

const moves: Record<string, Move> = {
  ArrowUp: (s) => ({ ...s, row: s.row - 1 }),
  ArrowDown: (s) => ({ ...s, row: s.row + 1 }),
  ArrowLeft: (s) => ({ ...s, column: s.column - 1 }),
  ArrowRight: (s) => ({ ...s, column: s.column + 1 }),
  PageUp: (s) => ({ ...s, row: s.row - 20 }),
  PageDown: (s) => ({ ...s, row: s.row + 20 }),
  Home: (s, far) => ({ row: far ? -1 : s.row, column: 0 }),
  End: (s, far, last) => ({ row: far ? last.row : s.row, column: last.column }),
};
