import type { WorkflowRun } from "../api/types";
import { Link, paths } from "../router";
import { RunBadge } from "../ui/State";
import { Time, Took } from "../ui/Time";

const shown = 10;

export function RunningNow({ runs }: { runs: WorkflowRun[] }) {
  if (runs.length === 0) return null;
  return (
    <section className="section" aria-labelledby="running-now">
      <h2 id="running-now">Running now</h2>
      <RunTable runs={runs} live />
    </section>
  );
}

/** The newest good run of each workflow. */
export function GoodRuns({ runs }: { runs: WorkflowRun[] }) {
  if (runs.length === 0) return null;
  return (
    <section className="section" aria-labelledby="good-runs">
      <h2 id="good-runs">Last good runs</h2>
      <RunTable runs={runs} />
    </section>
  );
}

function RunTable({ runs, live }: { runs: WorkflowRun[]; live?: boolean }) {
  return (
    <div className="table-box">
      <table className="compact">
        <thead>
          <tr>
            <th scope="col">Workflow</th>
            <th scope="col">Run</th>
            <th scope="col">Outcome</th>
            <th scope="col" className="num">
              Nodes
            </th>
            <th scope="col" className="num">
              {live ? "Running for" : "Took"}
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.slice(0, shown).map((r) => (
            <tr key={r.WorkflowRunId}>
              <th scope="row">
                <Link to={paths.workflow(r.Name)}>{r.Name}</Link>
              </th>
              <td>
                <Link to={paths.run(r.Name, r.WorkflowRunId)}>
                  <Time at={r.StartedOn} relative />
                </Link>
              </td>
              <td>
                <RunBadge run={r} />
              </td>
              <td className="num">
                {r.Statistics?.SucceededActions ?? 0} / {r.Statistics?.TotalActions ?? 0}
              </td>
              <td className="num">
                <Took from={r.StartedOn} to={r.CompletedOn} live={live} />
              </td>
            </tr>
          ))}
        </tbody>
        {runs.length > shown && (
          <tfoot>
            <tr>
              <td colSpan={5}>
                <Link to={paths.workflows()}>
                  All workflows <span className="quiet">({runs.length - shown} more)</span>
                </Link>
              </td>
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}
