import { useMemo, useState } from "react";
import type { Verdicts } from "../graph/types";
import { duration, plural } from "../format";
import { look, movedWords } from "../state";
import { StateBadge } from "../ui/State";
import { useNow } from "../ui/Time";
import { groupBy } from "./group";
import { took, type NodeView } from "./view";

export interface NodeListProps {
  views: NodeView[];
  selected?: string;
  onSelect: (id: string) => void;
  ticked: ReadonlySet<string>;
  onTick?: (id: string) => void;
  untickable: (v: NodeView) => string | undefined;
  verdicts?: Verdicts;
  /** A few words on why a node stands where it stands. */
  reasonOf: (id: string) => string | undefined;
}

const shownAtFirst = 100;

/** The jobs and crawlers of a run by state: what went wrong comes first. */
export function NodeList(props: NodeListProps) {
  const [query, setQuery] = useState("");
  const groups = useMemo(() => grouped(props.views, query), [props.views, query]);
  return (
    <div className="node-list">
      <input type="search" placeholder="Find a node" aria-label="Find a node" value={query} onChange={(e) => setQuery(e.target.value)} />
      {groups.length === 0 && <p className="quiet">No node is called so.</p>}
      {groups.map((g) => (
        <Group key={g.title} {...props} title={g.title} members={g.members} />
      ))}
    </div>
  );
}

const order = ["Failed", "Running", "Moved on", "Accepted", "Held back", "Not started", "Succeeded", "Carried over"] as const;

function groupOf(v: NodeView): (typeof order)[number] {
  if (v.accepted) return "Accepted";
  if (v.held) return "Held back";
  if (v.failed) return "Failed";
  if (!v.state) return "Not started";
  if (v.carried) return "Carried over";
  if (v.moved === "on") return "Moved on";
  return look(v.state).tone === "good" ? "Succeeded" : "Running";
}

function grouped(views: NodeView[], query: string) {
  const want = query.trim().toLowerCase();
  const members = views.filter((v) => v.node.Type !== "TRIGGER" && v.name.toLowerCase().includes(want));
  const by = groupBy(members, groupOf);
  return order.flatMap((title) => (by.has(title) ? [{ title, members: by.get(title)! }] : []));
}

function Group({ title, members, ...props }: NodeListProps & { title: string; members: NodeView[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? members : members.slice(0, shownAtFirst);
  return (
    <section aria-label={title}>
      <h2>
        {title} <span className="quiet">{members.length.toLocaleString("en")}</span>
      </h2>
      <ul>
        {shown.map((v) => (
          <Row key={v.id} v={v} {...props} />
        ))}
      </ul>
      {shown.length < members.length && (
        <button type="button" className="small" onClick={() => setAll(true)}>
          Show {(members.length - shown.length).toLocaleString("en")} more
        </button>
      )}
    </section>
  );
}

const verdictWords: Record<string, string> = {
  start: "▶ starts at once", downstream: "○ may follow", blocked: "✕ can't run", accept: "✓ accepted", held: "‖ held back", carry: "= carried over",
  moved: "→ runs on, moved",
};

function Row({ v, selected, onSelect, ticked, onTick, untickable, verdicts, reasonOf }: NodeListProps & { v: NodeView }) {
  const now = useNow(v.latest?.ended !== undefined || !v.latest);
  const why = untickable(v);
  const verdict = verdicts?.get(v.id);
  const span = took(v.latest, now);
  return (
    <li className={`node-row${v.id === selected ? " selected" : ""}${verdict ? ` verdict-${verdict}` : ""}`}>
      {onTick && (
        <input
          type="checkbox" checked={ticked.has(v.id)} disabled={why !== undefined} title={why ?? `Repeat ${v.name} in a resume`}
          aria-label={why ? `${v.name} can't be repeated: ${why}` : `Repeat ${v.name}`} onChange={() => onTick(v.id)}
        />
      )}
      <StateBadge state={v.state} carried={v.carried} />
      <button type="button" className="link node-name" aria-pressed={v.id === selected} onClick={() => onSelect(v.id)}>
        {v.name}
      </button>
      <span className="quiet num">
        {verdict ? verdictWords[verdict] : [v.moved && movedWords[v.moved], v.attempts.length > 1 && plural(v.attempts.length, "attempt"), span > 0 && duration(span)].filter(Boolean).join(" · ")}
      </span>
      <span className="node-line" title={v.latest?.error}>
        {v.latest?.error ?? (v.state ? "" : reasonOf(v.id))}
      </span>
    </li>
  );
}
