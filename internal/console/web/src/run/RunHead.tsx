import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { About } from "../api/types";
import { awsCommand } from "../cli";
import { plural, shortId } from "../format";
import { reach, neighbours } from "../graph/walk";
import { Link, paths } from "../router";
import { look, runLook, supersededBy, type Moved } from "../state";
import { CommandButton, Id } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { ErrorBox } from "../ui/Message";
import { Glyph, RunBadge, StateSquare } from "../ui/State";
import { Time, Took } from "../ui/Time";
import { useChange } from "../ui/change";
import type { RunData } from "./useRunData";
import { isOver, type NodeView } from "./view";

interface Props {
  data: RunData;
  about: About | undefined;
  cannotResume?: string;
  resuming: boolean;
  onResumeFailed: () => void;
  onResumeHeld: () => void;
  onResume: () => void;
}

/** What the run is, what it came to, and what can be done with it. */
export function RunHead({ data, about, cannotResume, resuming, onResumeFailed, onResumeHeld, onResume }: Props) {
  const { run } = data;
  const failed = data.views.filter((v) => v.failed).length;
  const held = data.views.filter((v) => v.held).length;
  const over = isOver(run);
  const resumable = run.Status === "COMPLETED" || about?.Kind !== "account";
  const by = supersededBy(run);
  const whileRunning = !over && cannotResume === undefined;
  return (
    <header className="page-head run-head">
      <div>
        <p className="crumbs">
          <Link to={paths.workflows()}>Workflows</Link> / <Link to={paths.workflow(run.Name)}>{run.Name}</Link> / run
        </p>
        <h1>
          {run.Name} <RunBadge run={run} />
        </h1>
        <p className="run-facts">
          <Id id={run.WorkflowRunId} short={shortId(run.WorkflowRunId)} what="the run's id" />
          <span>
            started <Time at={run.StartedOn} /> <span className="quiet">·</span> {over ? "took" : "for"} <Took from={run.StartedOn} to={run.CompletedOn} live={!over} />
          </span>
          {run.PreviousRunId && (
            <span>
              resumed from <Link to={paths.run(run.Name, run.PreviousRunId)}>{shortId(run.PreviousRunId)}</Link>
            </span>
          )}
          {data.record?.Moved && <span title="It does not go on the triggers that the run before had">on the triggers of when it was resumed</span>}
          {(data.family?.runs.length ?? 0) > 1 && <Link to={paths.family(run.Name, run.WorkflowRunId)}>Family of {data.family!.runs.length} runs</Link>}
        </p>
        <Counts data={data} />
        {run.ErrorMessage && !by && <p className="error-line">{run.ErrorMessage}</p>}
      </div>
      <div className="actions">
        {(over || whileRunning) && failed > 0 && resumable && !by && (
          <button type="button" className="primary" disabled={resuming} onClick={onResumeFailed}>
            Resume failed ({failed}){whileRunning && "…"}
          </button>
        )}
        {over && held > 0 && !by && (
          <button type="button" disabled={resuming} onClick={onResumeHeld}>
            Resume held back ({held})
          </button>
        )}
        {(over || whileRunning) && resumable && (
          <button type="button" disabled={cannotResume !== undefined || resuming} title={cannotResume} onClick={onResume}>
            Resume…
          </button>
        )}
        {over && !resumable && <span className="quiet">AWS resumes only runs in COMPLETED.</span>}
        {run.Status === "RUNNING" && failed > 0 && about?.Kind === "account" && <span className="quiet">AWS resumes a run only once it has ended.</span>}
        {!over && <StopRun run={run} about={about} />}
        <CommandButton command={awsCommand("get-workflow-run", { name: run.Name, "run-id": run.WorkflowRunId, "include-graph": [] })} />
      </div>
    </header>
  );
}

/** How many nodes are in which state. */
function Counts({ data }: { data: RunData }) {
  const counted = useMemo(() => {
    const by = new Map<string, { state: string | undefined; carried: boolean; moved?: Moved; n: number }>();
    for (const v of data.views) {
      if (v.node.Type === "TRIGGER") continue;
      const key = `${v.state} ${v.carried} ${v.moved}`;
      const had = by.get(key);
      if (had) had.n++;
      else by.set(key, { state: v.state, carried: v.carried, moved: v.moved, n: 1 });
    }
    const tones = ["bad", "stop", "live", "wait", "none", "good"];
    return [...by.values()].sort((a, b) => tones.indexOf(look(a.state).tone) - tones.indexOf(look(b.state).tone) || Number(a.carried) - Number(b.carried));
  }, [data.views]);
  return (
    <ul className="counts" aria-label="Nodes by state">
      {counted.map((c) => (
        <li key={`${c.state} ${c.carried} ${c.moved}`}>
          <StateSquare look={look(c.state)} carried={c.carried} /> <strong>{c.n}</strong> {look(c.state).label.toLowerCase()}
          {c.carried && ", carried"}
          {c.moved && { here: ", moved here", on: ", moved on" }[c.moved]}
        </li>
      ))}
    </ul>
  );
}

/** Tells when the run has been resumed already. */
export function Resumed({ data }: { data: RunData }) {
  const { run, family } = data;
  const next = family?.runs.filter((r) => r.previousRunId === run.WorkflowRunId).at(-1);
  const by = supersededBy(run);
  if (by) {
    return (
      <p className="notice">
        It was superseded by <Link to={paths.run(run.Name, by)}>{shortId(by)}</Link>, which resumed it while it ran: what ran then was moved there and goes on.
      </p>
    );
  }
  if (!next) return null;
  const head = family!.head;
  return (
    <p className="notice">
      It was resumed as <Link to={paths.run(run.Name, next.runId)}>{shortId(next.runId)}</Link>
      {head !== next.runId && (
        <>
          ; the newest run of the family is <Link to={paths.run(run.Name, head)}>{shortId(head)}</Link>
        </>
      )}
      .
    </p>
  );
}

const mostTold = 3;

/** What broke, and what that holds up. */
export function Broken({ data, onSelect }: { data: RunData; onSelect: (id: string) => void }) {
  const failed = data.views.filter((v) => v.failed);
  const next = useMemo(() => neighbours(data.edges).next, [data.edges]);
  if (failed.length === 0) return null;
  return (
    <section className="run-broken" aria-label="What broke">
      <ul>
        {failed.slice(0, mostTold).map((v) => (
          <li key={v.id}>
            <span className="run-broken-state">
              <Glyph look={look(v.state)} />
              {look(v.state).label}
            </span>
            <button type="button" className="link run-broken-name" onClick={() => onSelect(v.id)}>
              {v.name}
            </button>
            <span className="run-broken-error">{v.latest?.error ?? "It left no error."}</span>
            <Blocks v={v} data={data} next={next} />
          </li>
        ))}
      </ul>
      {failed.length > mostTold && <p className="quiet">and {plural(failed.length - mostTold, "more node")} that did not succeed, see the list</p>}
    </section>
  );
}

function Blocks({ v, data, next }: { v: NodeView; data: RunData; next: ReadonlyMap<string, string[]> }) {
  const blocked = useMemo(() => {
    const ids = [...reach([v.id], next)];
    return ids.flatMap((id) => {
      const o = data.byId.get(id);
      return o && o.node.Type !== "TRIGGER" && !o.state ? [o.name] : [];
    });
  }, [v.id, next, data.byId]);
  if (blocked.length === 0) return null;
  const shown = blocked.slice(0, 4);
  return (
    <span className="run-broken-blocks">
      blocks {shown.join(", ")}
      {blocked.length > shown.length && ` and ${blocked.length - shown.length} more`}
    </span>
  );
}

function StopRun({ run, about }: { run: RunData["run"]; about: About | undefined }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const change = useChange();
  const client = useQueryClient();
  const command = awsCommand("stop-workflow-run", { name: run.Name, "run-id": run.WorkflowRunId });
  const stop = async () => {
    setAsking(false);
    setError(undefined);
    try {
      await change("StopWorkflowRun", { Name: run.Name, RunId: run.WorkflowRunId }, `Stop run ${shortId(run.WorkflowRunId)} of ${run.Name}`, command);
      void client.invalidateQueries({ queryKey: ["run", run.Name, run.WorkflowRunId] });
    } catch (e) {
      setError(e);
    }
  };
  return (
    <>
      <button type="button" className="danger" disabled={run.Status === "STOPPING"} onClick={() => (about?.Kind === "account" ? void stop() : setAsking(true))}>
        {run.Status === "STOPPING" ? "Stopping…" : "Stop run"}
      </button>
      {error !== undefined && <ErrorBox error={error} doing="Not stopped" />}
      {asking && (
        <Dialog title={`Stop this run of ${run.Name}?`} onClose={() => setAsking(false)}>
          <p>{runLook(run).label}. Jobs that run get TERM and then KILL; what has not started never will. AWS does not resume a stopped run.</p>
          <footer>
            <CommandButton command={command} />
            <button type="button" onClick={() => setAsking(false)}>
              Cancel
            </button>
            <button type="button" className="danger" onClick={() => void stop()}>
              Stop the run
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
