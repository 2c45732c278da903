import type { RunOverride } from "../api/types";
import { awsCommand } from "../cli";
import { plural, shortId } from "../format";
import { Link, paths } from "../router";
import { CommandButton, Id } from "../ui/Copy";
import { Time } from "../ui/Time";
import type { RunData } from "./useRunData";

/** The run's properties, statistics, and what it keeps of its resume. */
export function Properties({ data }: { data: RunData }) {
  const { run, record } = data;
  const properties = Object.entries(run.WorkflowRunProperties ?? {}).sort();
  return (
    <div className="properties">
      <section>
        <h2>Run properties</h2>
        {properties.length === 0 && <p className="quiet">It has none.</p>}
        <dl className="facts">
          {properties.map(([k, v]) => (
            <Pair key={k} name={k} value={v} note={record?.Properties?.[k] !== undefined ? "set by the resume" : undefined} />
          ))}
        </dl>
        <CommandButton command={awsCommand("get-workflow-run-properties", { name: run.Name, "run-id": run.WorkflowRunId })} />
      </section>
      <Statistics data={data} />
      {record?.At && <Record data={data} />}
      {record?.Repair && (
        <section>
          <h2>Automatic repair</h2>
          <p>
            {record.Repair.State.toLowerCase()}
            {record.Repair.DueOn && <> · due <Time at={record.Repair.DueOn} relative /></>}
            {record.Repair.NewRunId && <> · as <Link to={paths.run(run.Name, record.Repair.NewRunId)}>{shortId(record.Repair.NewRunId)}</Link></>}
          </p>
          {record.Repair.Error && <p className="error-text">{record.Repair.Error}</p>}
        </section>
      )}
    </div>
  );
}

function Statistics({ data }: { data: RunData }) {
  const s = data.run.Statistics;
  if (!s) return null;
  const rows: [string, number | undefined][] = [
    ["Total", s.TotalActions], ["Succeeded", s.SucceededActions], ["Failed", s.FailedActions], ["Timed out", s.TimeoutActions],
    ["Stopped", s.StoppedActions], ["Errored", s.ErroredActions], ["Running", s.RunningActions], ["Waiting", s.WaitingActions],
  ];
  return (
    <section>
      <h2>Statistics</h2>
      <dl className="facts">
        {rows.map(([k, v]) => (
          <Pair key={k} name={k} value={String(v ?? 0)} />
        ))}
      </dl>
      <p className="quiet">Over the whole graph: what was carried counts as it ended.</p>
    </section>
  );
}

function Record({ data }: { data: RunData }) {
  const { record, byId, run } = data;
  const name = (id: string) => byId.get(id)?.name ?? id;
  if (!record) return null;
  return (
    <section>
      <h2>The resume</h2>
      <dl className="facts">
        <dt>From</dt>
        <dd>{run.PreviousRunId && <Link to={paths.run(run.Name, run.PreviousRunId)}>{shortId(run.PreviousRunId)}</Link>}</dd>
        <dt>By</dt>
        <dd>
          {record.By ?? "an unnamed caller"}, <Time at={record.At} />
        </dd>
        {record.Accepted?.map((a) => (
          <Pair key={a.NodeId} name={`Accepted ${name(a.NodeId)}`} value={a.Because} note={`by ${a.By ?? "an unnamed caller"}; it ended ${a.State}`} />
        ))}
        {record.Held && record.Held.length > 0 && <Pair name="Held back" value={record.Held.map(name).join(", ")} />}
        {Object.entries(record.Overrides ?? {}).map(([job, o]) => (
          <Pair key={job} name={job} value={overrideText(o)} />
        ))}
        {record.Before?.map((b, i) => (
          <Pair key={i} name={`Before ${b.Node}`} value={b.Command} />
        ))}
        {record.Moved && <Pair name="Triggers" value="as the workflow had them when it was resumed" note="moved" />}
        {record.AnyEnd && <Pair name="The run before" value="was STOPPED or in ERROR" />}
        {record.Pinned ? <Pair name="Files" value={`${plural(record.Pinned, "file")} as the plan saw them`} /> : null}
        <dt>Run</dt>
        <dd>
          <Id id={run.WorkflowRunId} short={shortId(run.WorkflowRunId)} />
        </dd>
      </dl>
    </section>
  );
}

function overrideText(o: RunOverride): string {
  const parts = Object.entries(o.arguments ?? {}).map(([k, v]) => `${k}=${v}`);
  if (o.timeout !== undefined) parts.push(`timeout ${plural(o.timeout, "minute")}`);
  if (o.retries !== undefined) parts.push(`retries ${o.retries}`);
  return parts.join(", ");
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
