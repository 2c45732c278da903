import { Fragment, lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { useJob, useJobRuns, useTriggers } from "../api/queries";
import type { Job as JobShape, JobRun } from "../api/types";
import { firstLine } from "../broken";
import { awsCommand } from "../cli";
import { shortId } from "../format";
import { Link, paths } from "../router";
import { isLiveState } from "../state";
import { CommandButton, CopyButton, Id } from "../ui/Copy";
import { ErrorBox, Loading } from "../ui/Message";
import { StateBadge } from "../ui/State";
import { Time, Took } from "../ui/Time";
import { useTitle } from "../ui/useTitle";

const LogView = lazy(() => import("../run/LogView").then((m) => ({ default: m.LogView })));

const firstRuns = 50;

export default function Job({ name }: { name: string }) {
  useTitle(name);
  const job = useJob(name);
  const [newest, setNewest] = useState(firstRuns);
  const runs = useJobRuns(name, newest);
  return (
    <>
      <header className="page-head">
        <div>
          <p className="crumbs">
            <Link to={paths.jobs()}>Jobs</Link>
          </p>
          <h1>{name}</h1>
          {job.data?.Description && <p className="quiet">{job.data.Description}</p>}
        </div>
        <div className="actions">
          <CommandButton command={awsCommand("get-job-runs", { "job-name": name })} />
        </div>
      </header>
      {job.error ? <ErrorBox error={job.error} doing={`Job ${name}`} /> : job.data ? <Facts job={job.data} /> : <Loading />}
      <section className="section" aria-labelledby="job-runs">
        <h2 id="job-runs">Runs</h2>
        {runs.error && <ErrorBox error={runs.error} doing="The runs" />}
        {runs.data?.runs.length === 0 && <p className="quiet">It never ran.</p>}
        {runs.data && runs.data.runs.length > 0 && <Runs job={name} runs={runs.data.runs} />}
        {runs.data?.more && (
          <p className="more">
            <button type="button" disabled={runs.isFetching} onClick={() => setNewest(newest + firstRuns)}>
              Show {firstRuns} older runs
            </button>
          </p>
        )}
      </section>
    </>
  );
}

function Facts({ job }: { job: JobShape }) {
  const facts: [string, ReactNode][] = [
    ["Kind", job.Command?.Name],
    ["Script", job.Command?.ScriptLocation && <Id id={job.Command.ScriptLocation} what="the script's location" />],
    ["Python", job.Command?.PythonVersion],
    ["Retries", job.MaxRetries],
    ["Timeout", job.Timeout === undefined ? undefined : `${job.Timeout} min`],
    ["Runs at once", job.ExecutionProperty?.MaxConcurrentRuns],
    ["Capacity", job.WorkerType ? `${job.NumberOfWorkers} × ${job.WorkerType}` : job.MaxCapacity],
    ["Changed", job.LastModifiedOn === undefined ? undefined : <Time at={job.LastModifiedOn} />],
    ["Started by", <StartedBy key="by" job={job.Name} />],
  ];
  const args = Object.entries({ ...job.DefaultArguments, ...job.NonOverridableArguments });
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value === undefined || value === "" ? null : (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {args.length > 0 && (
        <section className="section" aria-labelledby="job-args">
          <header className="row">
            <h2 id="job-args">Default arguments</h2>
            <CopyButton text={JSON.stringify(Object.fromEntries(args))} what="the arguments as JSON" />
          </header>
          <dl className="facts mono">
            {args.map(([k, v]) => (
              <div key={k} className="fact">
                <dt>{k}</dt>
                <dd>{v}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}

/** The workflows whose triggers start a job. */
function StartedBy({ job }: { job: string }) {
  const triggers = useTriggers().data;
  const by = useMemo(() => (triggers ?? []).filter((t) => t.Actions?.some((a) => a.JobName === job)), [triggers, job]);
  if (!triggers) return <span className="quiet">…</span>;
  if (by.length === 0) return <span className="quiet">no trigger</span>;
  return (
    <>
      {by.map((t, i) => (
        <span key={t.Name}>
          {i > 0 && ", "}
          {t.Name}
          {t.WorkflowName && (
            <>
              {" "}
              of <Link to={paths.workflow(t.WorkflowName)}>{t.WorkflowName}</Link>
            </>
          )}
        </span>
      ))}
    </>
  );
}

function Runs({ job, runs }: { job: string; runs: JobRun[] }) {
  const [open, setOpen] = useState<string>();
  return (
    <div className="table-box">
      <table className="compact listing">
        <thead>
          <tr>
            <th scope="col">Started</th>
            <th scope="col">State</th>
            <th scope="col" className="num">
              Took
            </th>
            <th scope="col">Attempt</th>
            <th scope="col">Trigger</th>
            <th scope="col">Error</th>
            <th scope="col">Id</th>
            <th scope="col">
              <span className="offscreen">Log</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((r) => (
            <Fragment key={r.Id}>
              <tr>
                <th scope="row" className="num left">
                  <Time at={r.StartedOn} />
                </th>
                <td>
                  <StateBadge state={r.JobRunState} />
                </td>
                <td className="num">
                  <Took from={r.StartedOn} to={r.CompletedOn} live={isLiveState(r.JobRunState)} />
                </td>
                <td>{r.Attempt > 0 ? `retry ${r.Attempt}` : <span className="quiet">first</span>}</td>
                <td>{r.TriggerName}</td>
                <td className="wraps">{r.ErrorMessage && <code title={r.ErrorMessage}>{firstLine(r.ErrorMessage)}</code>}</td>
                <td>
                  <Id id={r.Id} short={shortId(r.Id)} what="the job run's id" />
                </td>
                <td>
                  <button type="button" className="small" aria-expanded={open === r.Id} aria-label={`Log of ${shortId(r.Id)}`} onClick={() => setOpen(open === r.Id ? undefined : r.Id)}>
                    Log
                  </button>
                </td>
              </tr>
              {open === r.Id && (
                <tr>
                  <td colSpan={8}>
                    <Suspense fallback={<Loading what="Loading the log" />}>
                      <LogView jobRunId={r.Id} node={job} />
                    </Suspense>
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
