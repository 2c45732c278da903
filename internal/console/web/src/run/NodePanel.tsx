import type { ReactNode } from "react";
import type { About } from "../api/types";
import { awsCommand } from "../cli";
import { duration, shortId } from "../format";
import { Link, paths, useParam } from "../router";
import { isLiveState, movedWords } from "../state";
import { CommandButton, Id } from "../ui/Copy";
import { StateBadge } from "../ui/State";
import { Time, useNow } from "../ui/Time";
import { Around } from "./Around";
import { LogView } from "./LogView";
import { StopJobRun } from "./StopJobRun";
import { shortIds } from "./time";
import type { RunData } from "./useRunData";
import { isOver, took, type Attempt, type NodeView } from "./view";

interface Props {
  data: RunData;
  about: About | undefined;
  view: NodeView;
  onSelect: (id: string | undefined) => void;
  /** Starts a resume with this node; none when it can't be repeated, and then why. */
  onRepeat?: () => void;
  cannotRepeat?: string;
}

const kinds = { JOB: "Job", CRAWLER: "Crawler", TRIGGER: "Trigger" };

/** Everything about one node of a run. */
export function NodePanel({ data, about, view, onSelect, onRepeat, cannotRepeat }: Props) {
  const { run } = data;
  const attempts = useAttempts(data, view);
  const [tab, setTab] = useParam("tab");
  const [chosen, setChosen] = useParam("attempt");
  const attempt = attempts.find((a) => a.id !== undefined && a.id === chosen) ?? attempts.at(-1);
  const reason = data.reasons.get(view.id);
  const tabs: [string, string, ReactNode][] = [];
  if (view.node.Type === "JOB" && attempt?.id) tabs.push(["log", "Log", <LogView key={attempt.id} jobRunId={attempt.id} node={view.name} />]);
  tabs.push(["attempts", `Attempts ${attempts.length}`, <Attempts key="a" attempts={attempts} run={run.WorkflowRunId} chosen={attempt} onChoose={setChosen} workflow={run.Name} />]);
  if (view.node.Type === "JOB") tabs.push(["arguments", "Arguments", <Arguments key="r" attempt={attempt?.attempt} data={data} job={view.name} />]);
  tabs.push(["edges", "Around it", <Around key="e" data={data} view={view} onSelect={onSelect} />]);
  if (view.node.Type === "TRIGGER") tabs.splice(0, 1);
  const open = tabs.find((t) => t[0] === tab) ?? tabs[0]!;

  return (
    <aside className="panel node-panel" aria-label={`${kinds[view.node.Type]} ${view.name}`} onKeyDown={(e) => e.key === "Escape" && onSelect(undefined)}>
      <header className="panel-head">
        <div>
          <p className="crumbs">{kinds[view.node.Type]}</p>
          <h2>
            {view.node.Type === "JOB" ? <Link to={paths.job(view.name)}>{view.name}</Link> : view.name}
          </h2>
        </div>
        <button type="button" className="ghost" aria-label="Close" onClick={() => onSelect(undefined)}>
          ✕
        </button>
      </header>
      {attempt?.attempt.error && (
        <p className={`error-line${view.accepted ? " accepted" : ""}`} role="note">
          {attempt.attempt.error}
        </p>
      )}
      <div className="row">
        {view.node.Type !== "TRIGGER" && <StateBadge state={view.state} carried={view.carried} />}
        {attempt && <AttemptTook attempt={attempt.attempt} />}
        {view.moved && <span className="quiet">{movedWords[view.moved]}</span>}
        {view.carried && !view.carriedFrom && <span className="quiet">carried from an earlier run</span>}
        {view.carriedFrom && (
          <span className="quiet">
            carried from <Link to={paths.run(run.Name, view.carriedFrom, { node: data.names.of(view.id) })}>{shortId(view.carriedFrom)}</Link>
          </span>
        )}
      </div>
      {reason && <Why sentence={reason.Sentence} chain={reason.Chain} />}
      <div className="row">
        {view.node.Type !== "TRIGGER" && (
          <button type="button" className="small" disabled={!onRepeat} title={cannotRepeat ?? "Repeat it in a resume"} onClick={onRepeat}>
            Repeat…
          </button>
        )}
        {attempt?.attempt.jobRun && isLiveState(attempt.attempt.state) && <StopJobRun job={view.name} id={attempt.attempt.jobRun.Id} account={about?.Kind === "account"} />}
        {attempt?.id && (
          <span className="row end">
            <Id id={attempt.id} short={shortId(attempt.id)} what="the job run's id" />
            <CommandButton command={awsCommand("get-job-run", { "job-name": view.name, "run-id": attempt.id })} />
          </span>
        )}
      </div>
      {cannotRepeat && isOver(run) && <p className="quiet">{cannotRepeat}</p>}
      <div className="node-tabs" role="tablist" aria-label="About the node" onKeyDown={(e) => arrowTabs(e.key, tabs.map((t) => t[0]), open[0], setTab, e.currentTarget)}>
        {tabs.map(([key, name]) => (
          <button key={key} type="button" role="tab" id={`tab-${key}`} aria-selected={key === open[0]} aria-controls="tab-body" tabIndex={key === open[0] ? 0 : -1} onClick={() => setTab(key)}>
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-body" aria-labelledby={`tab-${open[0]}`} className="panel-body">
        {open[2]}
      </div>
    </aside>
  );
}

function arrowTabs(key: string, keys: string[], at: string, set: (k: string) => void, list: HTMLElement) {
  const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (!by) return;
  const next = keys[(keys.indexOf(at) + by + keys.length) % keys.length]!;
  set(next);
  list.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
}

interface Listed {
  id?: string;
  runId?: string;
  retry: number;
  trigger?: string;
  attempt: Attempt;
}

/** The attempts at a node in the whole family, oldest first; without one, those that the run shows. */
function useAttempts(data: RunData, view: NodeView): Listed[] {
  const own: Listed[] = view.attempts.map((attempt) => ({
    id: attempt.jobRun?.Id, retry: attempt.jobRun?.Attempt ?? 0, trigger: attempt.jobRun?.TriggerName, attempt,
    runId: view.carried ? view.carriedFrom : data.run.WorkflowRunId,
  }));
  const known = new Map(own.map((a) => [a.id, a]));
  const family = data.family?.nodes.find((n) => n.id === view.id)?.attempts;
  if (!family?.length || view.node.Type !== "JOB") return own;
  const before: Listed[] = [];
  for (const a of family) {
    const mine = known.get(a.jobRunId);
    if (mine) mine.runId = a.runId ?? mine.runId;
    // What came after the run that the page shows is not a part of it.
    const early = a.startedOn && Date.parse(a.startedOn) < (data.run.StartedOn ?? 0) * 1000;
    if (mine || !early) continue;
    const began = Date.parse(a.startedOn!);
    before.push({
      id: a.jobRunId, runId: a.runId ?? a.before, retry: a.retry ?? 0, trigger: a.trigger,
      attempt: { state: a.state, began, ended: a.completedOn ? Date.parse(a.completedOn) : undefined, error: a.error },
    });
  }
  // An older one is listed first, but the latest that the run has counts.
  return own.length ? [...before, ...own] : [];
}

function AttemptTook({ attempt }: { attempt: Attempt }) {
  const now = useNow(attempt.ended !== undefined);
  const span = took(attempt, now);
  return (
    <span className="quiet num">
      {attempt.began && <Time at={attempt.began / 1000} precise />} {span > 0 && `· ${duration(span)}`}
    </span>
  );
}

function Why({ sentence, chain }: { sentence: string; chain?: string[] }) {
  return (
    <div className="why">
      <p>{shortIds(sentence)}</p>
      {chain && chain.length > 0 && (
        <details>
          <summary>{chain.length === 1 ? "Because" : `Because, ${chain.length} steps back`}</summary>
          <ol>
            {chain.map((c, i) => (
              <li key={i}>{shortIds(c)}</li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

function Attempts({ attempts, run, chosen, onChoose, workflow }: {
  attempts: Listed[]; run: string; chosen?: Listed; onChoose: (id: string | undefined) => void; workflow: string;
}) {
  if (attempts.length === 0) return <p className="quiet">It never started.</p>;
  return (
    <ol className="attempts">
      {attempts.map((a, i) => (
        <li key={a.id ?? i} className={a === chosen ? "chosen" : undefined}>
          <div className="row">
            <button type="button" className="link" disabled={!a.id} aria-pressed={a === chosen} onClick={() => onChoose(a.id)}>
              Attempt {i + 1}
            </button>
            <StateBadge state={a.attempt.state} />
            <AttemptTook attempt={a.attempt} />
          </div>
          <p className="quiet">
            {a.runId === run ? "in this run" : a.runId ? <>in <Link to={paths.run(workflow, a.runId)}>{shortId(a.runId)}</Link></> : "in an earlier run"}
            {a.retry > 0 && ` · retry ${a.retry}`}
            {a.trigger && ` · by trigger ${a.trigger}`}
          </p>
          {a.attempt.error && <p className="error-text">{a.attempt.error}</p>}
        </li>
      ))}
    </ol>
  );
}

function Arguments({ attempt, data, job }: { attempt?: Attempt; data: RunData; job: string }) {
  const jr = attempt?.jobRun;
  const override = data.record?.Overrides?.[job];
  const args = Object.entries(jr?.Arguments ?? {}).sort();
  return (
    <>
      {args.length === 0 ? (
        <p className="quiet">
          {jr ? "Its run was given no arguments beyond the job's own." : "What this attempt was given is shown in its own run."}
        </p>
      ) : (
        <dl className="facts">
          {args.map(([k, v]) => (
            <Pair key={k} name={k} value={v} note={override?.arguments?.[k] !== undefined ? "set by the resume" : undefined} />
          ))}
        </dl>
      )}
      {jr && (
        <dl className="facts section">
          {jr.Timeout !== undefined && <Pair name="Timeout" value={`${jr.Timeout} min`} note={override?.timeout ? "set by the resume" : undefined} />}
          {jr.WorkerType && <Pair name="Workers" value={`${jr.NumberOfWorkers ?? "?"} × ${jr.WorkerType}`} />}
          {jr.MaxCapacity !== undefined && <Pair name="Capacity" value={`${jr.MaxCapacity} DPU`} />}
          {jr.GlueVersion && <Pair name="Glue version" value={jr.GlueVersion} />}
          {jr.LogGroupName && <Pair name="Log group" value={jr.LogGroupName} />}
          {jr.StateDetail && <Pair name="State" value={jr.StateDetail} />}
        </dl>
      )}
    </>
  );
}

function Pair({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code> {note && <span className="quiet">{note}</span>}
      </dd>
    </>
  );
}
