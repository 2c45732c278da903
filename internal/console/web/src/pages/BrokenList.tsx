import { useMemo, useState } from "react";
import { useAbout, useRepairs, useRunsMade } from "../api/queries";
import type { PlannedResume, WorkflowRun } from "../api/types";
import { breakage, firstLine, type Breakage, type BrokenNode } from "../broken";
import { plural, shortId } from "../format";
import { Link, paths } from "../router";
import { look, runLook } from "../state";
import { More } from "../ui/Listing";
import { ErrorBox } from "../ui/Message";
import { RunBadge, StateSquare } from "../ui/State";
import { Time } from "../ui/Time";
import type { BrokenRun } from "./overview";

/** How many broken runs are shown at first; each costs a request for its graph. */
const shownAtFirst = 20;
/** How many nodes of a run are named. */
const namedFailed = 5;
const namedBlocked = 8;

/** Broken runs: what failed, why, what waits for it, and how to resume it. */
export function BrokenList({ items, label }: { items: BrokenRun[]; label: string }) {
  const [limit, setLimit] = useState(shownAtFirst);
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  const { listed, earlier } = useMemo(() => newestOfEach(items, whole), [items, whole]);
  const shown = listed.slice(0, limit);
  const made = useRunsMade("breakage", shown.map((b) => b.run), breakage);
  const repairs = useRepairs().data;
  if (items.length === 0) return null;
  return (
    <>
      <ul className="broken-list" aria-label={label}>
        {shown.map((b, i) => (
          <BrokenItem key={b.run.WorkflowRunId} item={b} earlier={earlier.get(b)} onEarlier={() => setWhole(new Set(whole).add(b.run.Name))} repair={repairs?.[b.run.WorkflowRunId]} breakage={made[i]?.data} error={made[i]?.error} />
        ))}
      </ul>
      <More found={listed.length} limit={limit} step={50} onLimit={setLimit} />
    </>
  );
}

/**
 * The newest run of each workflow, so that none hides the others, and all runs of those
 * that are to be seen whole. Of the others, how many earlier runs there are.
 */
export function newestOfEach(items: BrokenRun[], whole: ReadonlySet<string>) {
  const newest = new Map<string, BrokenRun>();
  const earlier = new Map<BrokenRun, number>();
  const listed = items.filter((b) => {
    const first = newest.get(b.run.Name);
    if (!first) newest.set(b.run.Name, b);
    else if (!whole.has(b.run.Name)) earlier.set(first, (earlier.get(first) ?? 0) + 1);
    return !first || whole.has(b.run.Name);
  });
  return { listed, earlier };
}

interface ItemProps {
  item: BrokenRun;
  /** How many earlier runs of the workflow are broken too, and not shown. */
  earlier?: number;
  onEarlier: () => void;
  breakage?: Breakage;
  repair?: PlannedResume;
  error: unknown;
}

function BrokenItem({ item: { run, since }, earlier, onEarlier, breakage, repair, error }: ItemProps) {
  const id = `broken-${run.WorkflowRunId}`;
  // Only attempts that have since succeeded: nothing is left to repair.
  if (breakage && breakage.failed.length === 0 && run.Status !== "ERROR") return null;
  return (
    <li className={`broken tone-${runLook(run).tone}`} aria-labelledby={id} data-run={run.WorkflowRunId}>
      <div className="broken-head">
        <h2 id={id}>
          <Link to={paths.workflow(run.Name)}>{run.Name}</Link>
        </h2>
        <p className="quiet">
          <Time at={run.StartedOn} relative /> · <Time at={run.StartedOn} />
        </p>
        <p>
          <RunBadge run={run} />
        </p>
      </div>
      <div className="broken-body">
        {run.ErrorMessage && <p className="mono error-text">{run.ErrorMessage}</p>}
        {breakage?.failed.slice(0, namedFailed).map((n) => <FailedNode key={n.id} run={run} node={n} />)}
        {breakage && breakage.failed.length > namedFailed && (
          <p>
            <Link to={paths.run(run.Name, run.WorkflowRunId)}>{plural(breakage.failed.length - namedFailed, "more failed node")}</Link>
          </p>
        )}
        {breakage && <Blocked names={breakage.blocked} run={run} />}
        {repair && <Repair repair={repair} />}
        {since && (
          <p className="quiet">
            A later run went well: <Link to={paths.run(run.Name, since.WorkflowRunId)}>{shortId(since.WorkflowRunId)}</Link>,{" "}
            <Time at={since.StartedOn} relative />
          </p>
        )}
        {earlier !== undefined && (
          <p>
            <button type="button" className="link" onClick={onEarlier}>
              and {plural(earlier, "earlier run")} that nobody resumed
            </button>
          </p>
        )}
        {breakage === undefined && (error ? <ErrorBox error={error} /> : <p className="quiet">Reading what failed…</p>)}
      </div>
      <div className="broken-actions">
        <ResumeButton run={run} />
        <Link className="button" to={paths.run(run.Name, run.WorkflowRunId)} aria-label={`Open run ${shortId(run.WorkflowRunId)} of ${run.Name}`}>
          Open run
        </Link>
      </div>
    </li>
  );
}

/** A resume that reglue starts by itself. */
function Repair({ repair }: { repair: PlannedResume }) {
  return (
    <p className="repair">
      Resumes by itself <Time at={repair.DueOn} relative />
      {repair.Error && <span className="quiet"> · put off: {repair.Error}</span>}
    </p>
  );
}

function ResumeButton({ run }: { run: WorkflowRun }) {
  const server = useAbout().data?.Kind === "server";
  if (run.Status === "STOPPING" || (run.Status === "RUNNING" && !server)) {
    return <p className="quiet">Still running: it can be resumed once it has ended.</p>;
  }
  if (run.Status === "ERROR") return <p className="quiet">It never began: start a new run.</p>;
  return (
    <Link className="button primary" to={paths.run(run.Name, run.WorkflowRunId, { resume: "failed" })} aria-label={`Resume ${run.Name} from what failed`}>
      Resume…
    </Link>
  );
}

function FailedNode({ run, node }: { run: WorkflowRun; node: BrokenNode }) {
  const [whole, setWhole] = useState(false);
  const state = look(node.state);
  const first = firstLine(node.error);
  const more = node.error.trim() !== first;
  return (
    <div className="failed-node">
      <p className="failed-name">
        <StateSquare look={state} />
        <Link to={paths.run(run.Name, run.WorkflowRunId, { node: node.id })}>{node.name}</Link>
        <span className={`tone-${state.tone} toned`}>{state.label}</span>
        {node.handledBy.length > 0 && <span className="quiet">handled: {node.handledBy.join(", ")} ran because of it</span>}
      </p>
      {first !== "" && (
        <div className="failed-error">
          <pre className={whole ? "wrap" : "clip"}>{whole ? node.error : first}</pre>
          {(more || first.length > 90) && (
            <button type="button" className="ghost small" aria-expanded={whole} onClick={() => setWhole(!whole)}>
              {whole ? "Less" : "Whole error"}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Blocked({ names, run }: { names: string[]; run: WorkflowRun }) {
  if (run.Status === "RUNNING" && names.length === 0) return null;
  if (names.length === 0) return <p className="blocks quiet">Nothing waits for it.</p>;
  return (
    <p className="blocks">
      <span className="quiet">Never started because of it: </span>
      {names.slice(0, namedBlocked).join(", ")}
      {names.length > namedBlocked && ` and ${names.length - namedBlocked} more`}
    </p>
  );
}
