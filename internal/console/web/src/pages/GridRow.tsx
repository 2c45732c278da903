import { memo } from "react";
import type { WorkflowRun } from "../api/types";
import { localTime } from "../format";
import type { Cell, Row } from "../grid";
import { look, movedWords, type Look } from "../state";
import { StateSquare } from "../ui/State";
import type { Spot } from "./RunGrid";

interface RowProps {
  row: Row;
  index: number;
  runs: WorkflowRun[];
  columns: (Map<string, Cell> | undefined)[];
  pathOf: (spot: Spot) => string | undefined;
  /** The column that has the focus, if it is in this row. */
  focus: number | undefined;
}

/** One node over all runs. */
export const GridRow = memo(
  function GridRow({ row, index, runs, columns, pathOf, focus }: RowProps) {
    return (
      <div className={`grid-row${row.current ? "" : " former"}`} role="row" aria-rowindex={index + 2}>
        <div className="grid-name" role="rowheader" title={row.current ? row.name : `${row.name}: not in the design any more`}>
          {row.type === "CRAWLER" && <span className="quiet">crawler </span>}
          {row.name}
        </div>
        {runs.map((run, i) => {
          const cell = columns[i]?.get(row.key);
          return (
            <div key={run.WorkflowRunId} className="grid-cell" role="gridcell" aria-colindex={i + 2}>
              <a
                href={pathOf({ row: index, column: i })}
                data-row={index}
                data-column={i}
                tabIndex={focus === i ? 0 : -1}
                aria-label={cell ? cellLabel(cell) : `${row.name}: not in this run`}
              >
                {cell && <StateSquare look={cellLook(cell)} carried={cell.carried} past={cell.moved === "on"} />}
              </a>
            </div>
          );
        })}
      </div>
    );
  },
  (a, b) => a.row === b.row && a.index === b.index && a.runs === b.runs && a.columns === b.columns && a.focus === b.focus,
);

export const cellLook = (cell: Cell): Look => (cell.accepted ? { ...look(cell.state), label: "Accepted as succeeded", tone: "wait" } : look(cell.state));

/** A cell in words. */
export function cellLabel(cell: Cell): string {
  const parts = [`${cell.name}: ${cellLook(cell).label}`];
  if (cell.moved) parts.push(movedWords[cell.moved]);
  if (cell.carried) parts.push("carried from an earlier run");
  if (cell.startedOn !== undefined) parts.push(localTime(cell.startedOn));
  if (cell.attempts > 1) parts.push(`${cell.attempts} attempts`);
  return parts.join(", ");
}
