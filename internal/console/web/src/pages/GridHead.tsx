import type { WorkflowRun } from "../api/types";
import { duration, localTime } from "../format";
import { runTime, type Arc } from "../grid";
import { isLive } from "../api/queries";
import { runLabel, runLook } from "../state";
import { StateSquare } from "../ui/State";
import { useNow } from "../ui/Time";
import type { Spot } from "./RunGrid";

export const columnWidth = 24;
const barHeight = 48;
const laneHeight = 7;
/** Every so many columns have their time written over them. */
const timeEvery = 4;

interface HeadProps {
  runs: WorkflowRun[];
  arcs: Arc[];
  pathOf: (spot: Spot) => string | undefined;
  focus: Spot;
  lit: number;
}

/** Over the columns: when each run started, how long it took, what it came to, and what it resumed. */
export function GridHead({ runs, arcs, pathOf, focus, lit }: HeadProps) {
  const now = useNow(!runs.some(isLive));
  const times = runs.map((r) => runTime(r, now));
  const longest = Math.max(1, ...times);
  const resumed = new Set(runs.map((r) => r.PreviousRunId));
  return (
    <div className="grid-head" role="rowgroup">
     <div className="grid-columns" role="row" aria-rowindex={1}>
      <div className="grid-name grid-corner" role="columnheader">
        <span className="offscreen">Node</span>
        <span className="quiet" aria-hidden="true">
          longest {duration(longest)}
        </span>
      </div>
      {runs.map((run, i) => {
        const look = runLook(run);
        const past = resumed.has(run.WorkflowRunId);
        const label = `${runLabel(run)}${past ? ", resumed since" : ""}, ${isLive(run) ? "running for" : "took"} ${duration(times[i])}`;
        return (
          <div key={run.WorkflowRunId} className={`grid-column${lit === i ? " lit" : ""}`} role="columnheader" aria-colindex={i + 2}>
            {i % timeEvery === 0 && (
              <span className="grid-time" aria-hidden="true">
                {run.StartedOn !== undefined && localTime(run.StartedOn, now, false)}
              </span>
            )}
            <span className={`bar tone-${look.tone}`} style={{ height: Math.max(2, (times[i]! / longest) * barHeight) }} aria-hidden="true" />
            <a
              href={pathOf({ row: -1, column: i })}
              data-row={-1}
              data-column={i}
              tabIndex={focus.row === -1 && focus.column === i ? 0 : -1}
              aria-label={label}
            >
              <StateSquare look={look} past={past} />
            </a>
          </div>
        );
      })}
     </div>
      <Arcs arcs={arcs} columns={runs.length} />
    </div>
  );
}

/** Brackets under the runs: each joins a resume to the run that it came from. */
function Arcs({ arcs, columns }: { arcs: Arc[]; columns: number }) {
  const lanes = Math.max(0, ...arcs.map((a) => a.lane + 1));
  const height = lanes * laneHeight + 5;
  const x = (column: number) => column * columnWidth + columnWidth / 2;
  return (
    <svg className="grid-arcs" width={columns * columnWidth} height={height} aria-hidden="true">
      {arcs.map((a) => {
        const y = 1 + (a.lane + 1) * laneHeight;
        // Where one arc ends another may begin: they keep a little apart.
        const left = x(a.from) + 2;
        const right = x(a.to) - 2;
        return (
          <g key={`${a.from}-${a.to}`}>
            <path d={`M${right} 1V${y - 3}Q${right} ${y} ${right - 3} ${y}H${left + 3}Q${left} ${y} ${left} ${y - 3}V4`} />
            <path className="tip" d={`M${left - 3} 5L${left} 0L${left + 3} 5Z`} />
          </g>
        );
      })}
    </svg>
  );
}
