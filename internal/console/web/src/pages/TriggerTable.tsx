import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Trigger } from "../api/types";
import { awsCommand } from "../cli";
import { navigate, Link, paths } from "../router";
import { useChange } from "../ui/change";
import { CommandButton } from "../ui/Copy";
import { ErrorBox } from "../ui/Message";
import { NextStart, NoSchedules } from "./NextStart";
import { firesWhen, isActive, starts, triggerState } from "./triggerwords";

const types = { SCHEDULED: "Schedule", CONDITIONAL: "Condition", ON_DEMAND: "On demand", EVENT: "Event" };

/** Triggers with what they do, and the buttons that start and stop them. */
export function TriggerTable({ triggers, withWorkflow }: { triggers: Trigger[]; withWorkflow?: boolean }) {
  return (
    <div className="table-box">
      <table className="listing">
        <thead>
          <tr>
            <th scope="col">Trigger</th>
            {withWorkflow && <th scope="col">Workflow</th>}
            <th scope="col">Fires</th>
            <th scope="col">Starts</th>
            <th scope="col">State</th>
            <th scope="col">
              <span className="offscreen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {triggers.map((t) => (
            <TriggerRow key={t.Name} trigger={t} withWorkflow={withWorkflow} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const namedStarts = 6;

function TriggerRow({ trigger: t, withWorkflow }: { trigger: Trigger; withWorkflow?: boolean }) {
  const jobs = starts(t);
  return (
    <tr>
      <th scope="row">
        {t.Name}
        {t.Description && <div className="quiet description">{t.Description}</div>}
      </th>
      {withWorkflow && (
        <td>{t.WorkflowName ? <Link to={paths.workflow(t.WorkflowName, { view: "triggers" })}>{t.WorkflowName}</Link> : <span className="quiet">none</span>}</td>
      )}
      <td className="wraps">
        <span className="quiet">{t.Type && types[t.Type]}: </span>
        {t.Type === "SCHEDULED" ? <code>{firesWhen(t)}</code> : firesWhen(t)}
        {t.Type === "SCHEDULED" && isActive(t) && (
          <div className="description">
            next <NextStart schedules={[t]} /> <NoSchedules />
          </div>
        )}
      </td>
      <td className="wraps">
        {jobs.slice(0, namedStarts).join(", ")}
        {jobs.length > namedStarts && ` and ${jobs.length - namedStarts} more`}
      </td>
      <td>
        {t.Type === "ON_DEMAND" ? <span className="quiet">Ready</span> : isActive(t) ? "Active" : <span className="badge tone-wait">{triggerState(t)}</span>}
      </td>
      <td>
        <TriggerActions trigger={t} />
      </td>
    </tr>
  );
}

function TriggerActions({ trigger: t }: { trigger: Trigger }) {
  const change = useChange();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [started, setStarted] = useState(false);
  const onDemand = t.Type === "ON_DEMAND";
  const stop = isActive(t) && !onDemand;
  const op = stop ? "StopTrigger" : "StartTrigger";
  const word = onDemand ? "Start now" : stop ? "Deactivate" : "Activate";
  const command = awsCommand(stop ? "stop-trigger" : "start-trigger", { name: t.Name });

  const act = async () => {
    setBusy(true);
    setError(undefined);
    setStarted(false);
    try {
      const done = await change(op, { Name: t.Name }, `${onDemand ? "Start" : word} trigger ${t.Name}`, command);
      if (done) {
        await client.invalidateQueries({ queryKey: ["definitions"] });
        setStarted(onDemand);
        if (onDemand && t.WorkflowName) {
          await client.invalidateQueries({ queryKey: ["runs", t.WorkflowName] });
          navigate(paths.workflow(t.WorkflowName));
        }
      }
    } catch (e) {
      setError(e);
    }
    setBusy(false);
  };
  return (
    <>
      <div className="row trigger-actions">
        <CommandButton command={command} />
        <button type="button" className="small" disabled={busy} onClick={act} aria-label={`${word} ${t.Name}`}>
          {word}
        </button>
      </div>
      {started && (
        <p className="quiet" role="status">
          Started {starts(t).map((job, i) => <span key={job}>{i > 0 && ", "}<Link to={paths.job(job)}>{job}</Link></span>)}
        </p>
      )}
      {error !== undefined && <ErrorBox error={error} />}
    </>
  );
}
