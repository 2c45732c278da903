import { useDeferredValue, useMemo, useState } from "react";
import { isLive, useRunsOf, useTriggers, useWorkflows, type Answer } from "../api/queries";
import { useTouched } from "../api/events";
import type { Trigger, Workflow, WorkflowRun } from "../api/types";
import { Link, paths, useParam } from "../router";
import { runLabel, runLook } from "../state";
import { ListingHead, More } from "../ui/Listing";
import { Loading, PageError } from "../ui/Message";
import { RunBadge, StateSquare } from "../ui/State";
import { Time } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import FirstSteps from "./FirstSteps";
import { NextStart, NoSchedules } from "./NextStart";
import { isActive } from "./triggerwords";

const pageOf = 50;
const stripOf = 16;

/** All workflows, with their last runs. */
export default function Workflows() {
  useTitle("Workflows");
  const workflows = useWorkflows();
  const triggers = useTriggers();
  const [search = "", setSearch] = useParam("q");
  const [limit, setLimit] = useState(pageOf);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = useMemo(
    () => (workflows.data ?? []).filter((w) => w.Name.toLowerCase().includes(wanted) || w.Description?.toLowerCase().includes(wanted)),
    [workflows.data, wanted],
  );
  const shown = useMemo(() => found.slice(0, limit), [found, limit]);
  const touched = useTouched();
  const ran = useMemo(() => shown.filter((w) => w.LastRun || touched.has(w.Name)).map((w) => w.Name), [shown, touched]);
  const answers = useRunsOf(ran);
  const runs = useMemo(() => new Map(ran.map((name, i) => [name, answers[i]])), [ran, answers]);
  const schedules = useMemo(() => Map.groupBy((triggers.data ?? []).filter((t) => t.Type === "SCHEDULED" && isActive(t)), (t) => t.WorkflowName), [triggers.data]);

  if (!workflows.data) return workflows.error ? <PageError error={workflows.error} title="Workflows" /> : <Loading what="Loading workflows" />;
  if (workflows.data.length === 0) return <FirstSteps />;
  return (
    <>
      <ListingHead title="Workflows" what="workflow" found={found.length} all={workflows.data.length} search={search} onSearch={setSearch} placeholder="Search by name" />
      {found.length === 0 ? (
        <p className="quiet">No workflow has “{search}” in its name or description.</p>
      ) : (
        <div className="table-box">
          <table className="workflows">
            <thead>
              <tr>
                <th scope="col">Workflow</th>
                <th scope="col">Last runs, newest left</th>
                <th scope="col">Last run</th>
                <th scope="col">Running</th>
                <th scope="col">Next by schedule</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((w) => (
                <WorkflowRow key={w.Name} workflow={w} answer={runs.get(w.Name)} schedules={schedules.get(w.Name)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {schedules.size > 0 && (
        <p className="more">
          <NoSchedules />
        </p>
      )}
      <More found={found.length} limit={limit} step={pageOf} onLimit={setLimit} />
    </>
  );
}

interface RowProps {
  workflow: Workflow;
  answer: Answer<{ runs: WorkflowRun[] }> | undefined;
  schedules: Trigger[] | undefined;
}

function WorkflowRow({ workflow: w, answer, schedules }: RowProps) {
  const runs = answer?.data?.runs;
  const last = runs?.[0] ?? w.LastRun;
  const live = (runs ?? (w.LastRun ? [w.LastRun] : [])).filter(isLive).length;
  return (
    <tr>
      <th scope="row">
        <Link to={paths.workflow(w.Name)}>{w.Name}</Link>
        {w.Description && <div className="quiet description">{w.Description}</div>}
      </th>
      <td>
        {last ? <Strip runs={runs ?? [last]} /> : <span className="quiet">Never ran</span>}
        {answer?.error && <span className="quiet"> {answer.error.message}</span>}
      </td>
      <td>
        {last && (
          <Link className="last-run" to={paths.run(w.Name, last.WorkflowRunId)}>
            <RunBadge run={last} />
            <Time at={last.StartedOn} relative />
          </Link>
        )}
      </td>
      <td>{live > 0 ? `${live} now` : <span className="quiet">–</span>}</td>
      <td>
        <NextStart schedules={schedules} />
      </td>
    </tr>
  );
}

function Strip({ runs }: { runs: WorkflowRun[] }) {
  const resumed = new Set(runs.map((r) => r.PreviousRunId));
  return (
    <span className="strip">
      {runs.slice(0, stripOf).map((r) => {
        const look = runLook(r);
        const past = resumed.has(r.WorkflowRunId);
        const label = `${runLabel(r)}${past ? ", resumed since" : ""}`;
        return (
          <Link key={r.WorkflowRunId} to={paths.run(r.Name, r.WorkflowRunId)} aria-label={label} title={label}>
            <StateSquare look={look} past={past} />
          </Link>
        );
      })}
    </span>
  );
}
