import type { WorkflowRun } from "../api/types";
import { isLive } from "../api/queries";
import { firstLine } from "../broken";
import type { Cell, Row } from "../grid";
import { isLiveState, look, looksOf, movedWords } from "../state";
import { RunBadge, StateBadge, StateSquare } from "../ui/State";
import { Time, Took } from "../ui/Time";
import { cellLook } from "./GridRow";

/** What the chosen square stands for. */
export function GridDetail({ run, row, cell }: { run?: WorkflowRun; row?: Row; cell?: Cell }) {
  if (!run) return null;
  return (
    <div className="grid-detail" data-testid="grid-detail">
      {row ? (
        <>
          <strong>{row.name}</strong>
          {cell ? <CellDetail cell={cell} /> : <span className="quiet">not in this run</span>}
        </>
      ) : (
        <>
          <strong>{run.PreviousRunId ? "Resume" : "Run"}</strong>
          <RunBadge run={run} />
          <Took from={run.StartedOn} to={run.CompletedOn} live={isLive(run)} />
        </>
      )}
      <span className="quiet">
        {row ? "in the run of" : "started"} <Time at={run.StartedOn} />
      </span>
      {cell?.error && <code className="clip">{firstLine(cell.error)}</code>}
    </div>
  );
}

function CellDetail({ cell }: { cell: Cell }) {
  return (
    <>
      {cell.accepted ? <span className="badge tone-wait">{cellLook(cell).label}</span> : <StateBadge state={cell.state} carried={cell.carried} />}
      {cell.carried && !cell.accepted && <span>carried from an earlier run</span>}
      {cell.moved && <span>{movedWords[cell.moved]}</span>}
      {cell.startedOn !== undefined && <Took from={cell.startedOn} to={cell.completedOn} live={isLiveState(cell.state)} />}
      {cell.attempts > 1 && <span>{cell.attempts} attempts</span>}
    </>
  );
}

/** What the squares mean. */
export function Legend() {
  const states = looksOf("SUCCEEDED", "FAILED", "RUNNING", "STOPPED");
  return (
    <ul className="legend" aria-label="Legend">
      {states.map((l) => (
        <li key={l.label}>
          <StateSquare look={l} /> {l.label}
        </li>
      ))}
      <li>
        <StateSquare look={look("SUCCEEDED")} carried /> Carried
      </li>
      <li>
        <StateSquare look={look(undefined)} /> Not started
      </li>
      <li>
        <svg className="grid-arcs" width="20" height="12" aria-hidden="true">
          <path d="M17 1V7Q17 10 14 10H6Q3 10 3 7V4" />
          <path className="tip" d="M0 5L3 0L6 5Z" />
        </svg>{" "}
        Resumed
      </li>
    </ul>
  );
}
