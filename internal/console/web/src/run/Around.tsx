import { shortId } from "../format";
import { Id } from "../ui/Copy";
import { StateBadge } from "../ui/State";
import type { RunData } from "./useRunData";
import { predicateLabel, triggerNote, type NodeView } from "./view";

/** What leads to a node and what it leads to, through its triggers. */
export function Around({ data, view, onSelect }: { data: RunData; view: NodeView; onSelect: (id: string) => void }) {
  const before = data.edges.filter((e) => e.to === view.id).map((e) => e.from);
  const after = data.edges.filter((e) => e.from === view.id).map((e) => e.to);
  const predecessors = view.latest?.jobRun?.PredecessorRuns ?? [];
  return (
    <>
      <Neighbours title={view.node.Type === "TRIGGER" ? "It waits for" : "Started by"} ids={before} data={data} onSelect={onSelect} through="from" />
      {predecessors.length > 0 && (
        <section>
          <h3>Job runs before it</h3>
          <ul>
            {predecessors.map((p) => (
              <li key={p.RunId} className="row">
                {p.JobName} {p.RunId && <Id id={p.RunId} short={shortId(p.RunId)} what="the job run's id" />}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Neighbours title={view.node.Type === "TRIGGER" ? "It starts" : "Watched by"} ids={after} data={data} onSelect={onSelect} through="to" />
    </>
  );
}

function Neighbours({ title, ids, data, onSelect, through }: { title: string; ids: string[]; data: RunData; onSelect: (id: string) => void; through: "from" | "to" }) {
  const beyond = (id: string) => data.edges.filter((e) => (through === "from" ? e.to === id : e.from === id)).map((e) => (through === "from" ? e.from : e.to));
  if (ids.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {ids.map((id) => {
          const v = data.byId.get(id);
          if (!v) return null;
          const trigger = v.node.TriggerDetails?.Trigger;
          return (
            <li key={id}>
              <NodeLink v={v} onSelect={onSelect} />
              {trigger && <span className="quiet"> {predicateLabel(trigger) ?? triggerNote(trigger)}</span>}
              {trigger && (
                <ul>
                  {beyond(id).slice(0, 30).map((b) => {
                    const o = data.byId.get(b);
                    return o && <li key={b}><NodeLink v={o} onSelect={onSelect} /></li>;
                  })}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function NodeLink({ v, onSelect }: { v: NodeView; onSelect: (id: string) => void }) {
  return (
    <span className="node-link">
      {v.node.Type !== "TRIGGER" && <StateBadge state={v.state} carried={v.carried} />}
      <button type="button" className="link" onClick={() => onSelect(v.id)}>
        {v.name}
      </button>
    </span>
  );
}
