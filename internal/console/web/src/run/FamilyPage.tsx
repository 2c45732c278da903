import "./run.css";
import { Suspense, useEffect, useMemo } from "react";
import { useFamily, useRun } from "../api/queries";
import type { Family, FamilyNode, FamilyRun, WorkflowRun } from "../api/types";
import { duration, plural, shortId } from "../format";
import { GraphView } from "../graph/lazy";
import { Link, paths, useParam } from "../router";
import { look } from "../state";
import { ErrorBox, Loading } from "../ui/Message";
import { StateBadge } from "../ui/State";
import { Time } from "../ui/Time";
import { familyGraph, outcome, wireState } from "./family";
import { Gantt } from "./Gantt";
import { groupBy } from "./group";
import { familyBars } from "./useRunData";

const views = [
  { key: "list", name: "List" },
  { key: "graph", name: "Graph" },
  { key: "timeline", name: "Timeline" },
];

/** A run and all its resumes as one: which attempt supplied each node's present result. */
export default function FamilyPage({ workflow, runId }: { workflow: string; runId: string }) {
  const query = useFamily(workflow, runId);
  const family = query.data;
  const head = useRun(workflow, family?.head ?? runId).data;
  const [wanted, setView] = useParam("view");
  const view = wanted ?? "list";
  useEffect(() => {
    document.title = `${workflow} · family · reglue`;
  }, [workflow]);
  if (!family) return query.error ? <ErrorBox error={query.error} doing={`The family of run ${shortId(runId)}`} /> : <Loading what="Loading the family" />;
  return (
    <div className="family-page">
      <Head family={family} />
      <Runs family={family} here={runId} />
      <div className="segments section" role="group" aria-label="View">
        {views.map((v) => (
          <button key={v.key} type="button" aria-pressed={v.key === view} onClick={() => setView(v.key)}>
            {v.name}
          </button>
        ))}
      </div>
      {view === "list" && <Nodes family={family} />}
      {view === "graph" && head?.WorkflowRunId === family.head && <Graph family={family} head={head} />}
      {view === "timeline" && <Timeline family={family} />}
    </div>
  );
}

function Head({ family }: { family: Family }) {
  const { totals } = family;
  const resumes = family.runs.length - 1;
  return (
    <header className="page-head">
      <div>
        <p className="crumbs">
          <Link to={paths.workflows()}>Workflows</Link> / <Link to={paths.workflow(family.workflow)}>{family.workflow}</Link> / family
        </p>
        <h1>
          {family.workflow}: {resumes === 0 ? "a run, never resumed" : `a run and ${plural(resumes, "resume")}, as one`}
        </h1>
        <p>
          {totals.completedOn ? "From the first start to the last end" : "From the first start until now"} <strong>{duration(totals.wallSeconds * 1000)}</strong>
          {totals.idleSeconds > 0 && `, of which ${duration(totals.idleSeconds * 1000)} between the runs`}. {plural(totals.attempts, "attempt")} took{" "}
          {duration(totals.seconds * 1000)} in all.
        </p>
        {totals.savedStarts > 0 && (
          <p>
            Resuming instead of running everything again saved <strong>{plural(totals.savedStarts, "start")}</strong> and{" "}
            <strong>{duration(totals.savedSeconds * 1000)}</strong> of work.
          </p>
        )}
        {family.lost && family.lost.length > 0 && (
          <p className="quiet">
            {family.lost.map(shortId).join(", ")} {family.lost.length === 1 ? "is" : "are"} past retention: what ran there is known as far as a kept run carries it.
          </p>
        )}
      </div>
      <div className="actions">
        <Link className="button primary" to={paths.run(family.workflow, family.head)}>
          Open the newest run
        </Link>
      </div>
    </header>
  );
}

function Runs({ family, here }: { family: Family; here: string }) {
  return (
    <section aria-label="Runs">
      <div className="table-box">
        <table>
          <thead>
            <tr>
              <th>Run</th>
              <th>Started</th>
              <th>Came to</th>
              <th>What the resume did</th>
              <th className="num">Ran</th>
              <th className="num">Carried</th>
            </tr>
          </thead>
          <tbody>
            {family.runs.map((r) => (
              <tr key={r.runId} aria-current={r.runId === here ? "true" : undefined}>
                <td style={{ paddingInlineStart: 16 + r.depth * 20 }}>
                  {r.depth > 0 && <span aria-hidden="true">└ </span>}
                  <Link to={paths.run(family.workflow, r.runId)}>{shortId(r.runId)}</Link> {r.head && <span className="quiet">newest</span>}
                </td>
                <td>
                  <Time at={r.startedOn ? Date.parse(r.startedOn) / 1000 : undefined} />
                </td>
                <td>{outcome(r)}</td>
                <td>{did(r)}</td>
                <td className="num">
                  {r.attempts} · {duration(r.seconds * 1000)}
                </td>
                <td className="num">{r.carried > 0 ? `${r.carried} · ${duration(r.savedSeconds * 1000)}` : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function did(r: FamilyRun): string {
  const parts: string[] = [];
  const say = (what: string, list?: string[]) => list?.length && parts.push(`${what} ${list.slice(0, 4).join(", ")}${list.length > 4 ? ` and ${list.length - 4} more` : ""}`);
  say("repeated", r.repeated);
  say("accepted", r.accepted);
  say("held back", r.held);
  say("set", r.set);
  return parts.join("; ") || (r.previousRunId ? "nothing yet" : "the first run");
}

/** The nodes, by the run in which their present result came about. */
function Nodes({ family }: { family: Family }) {
  const aside = family.nodes.filter((n) => n.aside);
  return (
    <>
      <div className="table-box">
        <table>
          <thead>
            <tr>
              <th>Now</th>
              <th>Node</th>
              <th>Its result is of</th>
              <th className="num">Attempt</th>
              <th className="num">Took</th>
              <th>Error, or why it did not run</th>
            </tr>
          </thead>
          <tbody>
            {family.nodes.map((n) => (
              <NodeRow key={n.id} n={n} family={family} />
            ))}
          </tbody>
        </table>
      </div>
      {aside.length > 0 && (
        <section className="section">
          <h2>Done later in another branch</h2>
          <p className="quiet">The newest run does not descend from it.</p>
          <ul>
            {aside.map((n) => (
              <li key={n.id} className="row">
                <StateBadge state={wireState(n.aside?.state)} /> {n.name} in {n.aside?.runId && <Link to={paths.run(family.workflow, n.aside.runId)}>{shortId(n.aside.runId)}</Link>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function NodeRow({ n, family }: { n: FamilyNode; family: Family }) {
  const of = (n.attempts ?? []).findIndex((a) => a.jobRunId === n.jobRunId && a.startedOn === n.startedOn) + 1;
  const run = n.runId ?? n.before;
  return (
    <tr>
      <td>{n.accepted ? <span className="badge tone-wait">✓ accepted</span> : <StateBadge state={wireState(n.state)} carried={Boolean(run) && run !== family.head} />}</td>
      <td>
        <Link to={paths.run(family.workflow, run ?? family.head, { node: n.name })}>{n.name}</Link>
      </td>
      <td>
        {!run ? "–" : n.runId ? <Link to={paths.run(family.workflow, run)}>{run === family.head ? "the newest run" : shortId(run)}</Link> : `${shortId(run)} or before`}
      </td>
      <td className="num">{of > 0 ? `${of} of ${n.attempts?.length}` : "–"}</td>
      <td className="num">{n.seconds ? duration(n.seconds * 1000) : "–"}</td>
      <td className="family-error" title={n.error}>
        {look(wireState(n.state)).tone === "good" && !n.accepted ? "" : (n.error ?? n.reason ?? "")}
      </td>
    </tr>
  );
}

function Graph({ family, head }: { family: Family; head: WorkflowRun }) {
  const [node, setNode] = useParam("node");
  const model = useMemo(() => familyGraph(family, head), [family, head]);
  const chosen = family.nodes.find((n) => n.id === node || n.name === node);
  return (
    <>
      <div className="family-graph">
        <Suspense fallback={<Loading what="Loading the graph" />}>
          <GraphView model={model} label="Graph of the family" triggers={false} selected={chosen?.id} onSelect={(id) => setNode(family.nodes.find((n) => n.id === id)?.name)} />
        </Suspense>
      </div>
      {chosen && (
        <div className="table-box section">
          <table>
            <tbody>
              <NodeRow n={chosen} family={family} />
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Timeline({ family }: { family: Family }) {
  const [node, setNode] = useParam("node");
  const { bars, runs } = useMemo(() => familyBars(family), [family]);
  const rows = useMemo(() => {
    const by = groupBy(bars, (b) => b.node);
    return family.nodes.filter((n) => by.has(n.id)).map((n) => ({ id: n.id, name: n.name }));
  }, [family, bars]);
  const selected = family.nodes.find((n) => n.name === node)?.id;
  return <Gantt rows={rows} bars={bars} runs={runs} selected={selected} onSelect={(id) => setNode(family.nodes.find((n) => n.id === id)?.name)} />;
}
