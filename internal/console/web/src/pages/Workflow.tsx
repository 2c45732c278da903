import { useState } from "react";
import { useRuns, useWorkflow } from "../api/queries";
import type { Workflow as WorkflowShape, WorkflowRun } from "../api/types";
import { candidates } from "../broken";
import { awsCommand } from "../cli";
import { Link, paths, useParam } from "../router";
import { Command, CommandButton } from "../ui/Copy";
import { Empty, ErrorBox, Loading, PageError } from "../ui/Message";
import { RunBadge } from "../ui/State";
import { Time } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { Definition } from "./Definition";
import { Design } from "./Design";
import { RunGrid } from "./RunGrid";
import { StartDialog } from "./StartDialog";
import { TriggerTable } from "./TriggerTable";
import { isActive, triggersOf } from "./triggerwords";
import { NextStart, NoSchedules } from "./NextStart";

const views = { runs: "Runs", graph: "Design", triggers: "Triggers", definition: "Definition" } as const;
type View = keyof typeof views;

export default function Workflow({ name }: { name: string }) {
  useTitle(name);
  const workflow = useWorkflow(name);
  const [view = "runs"] = useParam("view");
  if (!workflow.data) return workflow.error ? <PageError error={workflow.error} title={name} /> : <Loading what={`Loading ${name}`} />;
  return (
    <>
      <Head workflow={workflow.data} />
      <nav className="tabs" aria-label="Views of the workflow">
        {Object.entries(views).map(([key, label]) => (
          <Link key={key} to={paths.workflow(name, { view: key === "runs" ? undefined : key })} aria-current={view === key ? "page" : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <Chosen view={view as View} workflow={workflow.data} />
    </>
  );
}

function Chosen({ view, workflow }: { view: View; workflow: WorkflowShape }) {
  switch (view) {
    case "graph":
      return <Design workflow={workflow} />;
    case "triggers":
      return <Triggers workflow={workflow} />;
    case "definition":
      return <Definition workflow={workflow} />;
    default:
      return <Runs workflow={workflow} />;
  }
}

function Head({ workflow }: { workflow: WorkflowShape }) {
  const [starting, setStarting] = useState(false);
  const runs = useRuns(workflow.Name, 30).data?.runs;
  const last = runs?.[0] ?? workflow.LastRun;
  const resumable = resumableLast(runs);
  const schedules = triggersOf(workflow).filter((t) => t.Type === "SCHEDULED" && isActive(t));
  return (
    <header className="page-head">
      <div>
        <p className="crumbs">
          <Link to={paths.workflows()}>Workflows</Link>
        </p>
        <h1>{workflow.Name}</h1>
        {workflow.Description && <p className="quiet">{workflow.Description}</p>}
        <p className="row head-facts">
          {last && (
            <Link className="last-run" to={paths.run(workflow.Name, last.WorkflowRunId)}>
              <RunBadge run={last} />
              <Time at={last.StartedOn} relative />
            </Link>
          )}
          {schedules.length > 0 && (
            <span>
              <span className="quiet">Next by schedule </span>
              <NextStart schedules={schedules} /> <NoSchedules />
            </span>
          )}
        </p>
      </div>
      <div className="actions">
        <CommandButton command={awsCommand("start-workflow-run", { name: workflow.Name })} />
        {resumable && (
          <Link className="button primary" to={paths.run(resumable.Name, resumable.WorkflowRunId, { resume: "failed" })}>
            Resume the last run…
          </Link>
        )}
        <button type="button" className={resumable ? undefined : "primary"} onClick={() => setStarting(true)}>
          Start a run…
        </button>
      </div>
      {starting && <StartDialog workflow={workflow} onClose={() => setStarting(false)} />}
    </header>
  );
}

/** The newest run, when it is broken and can be resumed. */
function resumableLast(runs: WorkflowRun[] | undefined): WorkflowRun | undefined {
  const last = runs?.[0];
  if (!last || (last.Status !== "COMPLETED" && last.Status !== "STOPPED")) return undefined;
  return candidates(runs)[0] === last ? last : undefined;
}

const firstRuns = 30;

function Runs({ workflow }: { workflow: WorkflowShape }) {
  const [newest, setNewest] = useState(firstRuns);
  const runs = useRuns(workflow.Name, newest);
  if (!runs.data) return runs.error ? <ErrorBox error={runs.error} doing="The runs" /> : <Loading what="Loading runs" />;
  if (runs.data.runs.length === 0) {
    return (
      <Empty title="It never ran">
        <p>Start a run with the button above, or with the AWS CLI:</p>
        <Command>{awsCommand("start-workflow-run", { name: workflow.Name })}</Command>
      </Empty>
    );
  }
  return (
    <>
      {runs.error && <ErrorBox error={runs.error} doing="The runs" />}
      <RunGrid workflow={workflow} runs={runs.data.runs} />
      {runs.data.more && (
        <p className="more">
          <button type="button" disabled={runs.isFetching} onClick={() => setNewest(newest + firstRuns)}>
            {runs.isPlaceholderData ? "Loading older runs…" : `Show ${firstRuns} older runs`}
          </button>
        </p>
      )}
    </>
  );
}

function Triggers({ workflow }: { workflow: WorkflowShape }) {
  const triggers = triggersOf(workflow);
  if (triggers.length === 0) {
    return (
      <Empty title="It has no triggers">
        <p>The first one starts the run:</p>
        <Command>
          {awsCommand("create-trigger", { name: `${workflow.Name}-start`, "workflow-name": workflow.Name, type: "ON_DEMAND", actions: "JobName=JOB" })}
        </Command>
      </Empty>
    );
  }
  return <TriggerTable triggers={triggers} />;
}
