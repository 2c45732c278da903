import type { Node as FlowNode, NodeProps, NodeTypes } from "@xyflow/react";
import { createContext, Fragment, memo, useContext, useRef } from "react";
import type { Verdict } from "../api/types";
import { plural, shortId } from "../format";
import { look, movedWords, type Look } from "../state";
import { Glyph } from "../ui/State";
import { sizes, type Layout } from "./layout";
import type { GraphModel, GraphNode, Verdicts } from "./types";

export interface NodeActions {
  select: (id: string) => void;
  tick?: (id: string) => void;
}

export const GraphNodes = createContext<NodeActions>({ select: () => {} });

interface Marks {
  selected?: string;
  ticked?: ReadonlySet<string>;
  verdicts?: Verdicts;
}

interface Data extends Record<string, unknown> {
  node: GraphNode;
  selected: boolean;
  ticked: boolean;
  verdict?: Verdict;
}

type Drawn = FlowNode<Data>;

/** The nodes as the canvas takes them; those of which nothing changed are the same objects. */
export function useFlowNodes(model: GraphModel, laid: Layout, marks: Marks): Drawn[] {
  const before = useRef<{ laid?: Layout; nodes: Map<string, Drawn> }>({ nodes: new Map() });
  const had = before.current.laid === laid ? before.current.nodes : new Map<string, Drawn>();
  const nodes = new Map<string, Drawn>();
  for (const node of model.nodes) {
    const position = laid.places.get(node.id);
    if (!position) continue;
    const data: Data = {
      node, selected: node.id === marks.selected, ticked: marks.ticked?.has(node.id) ?? false, verdict: marks.verdicts?.get(node.id),
    };
    const old = had.get(node.id);
    nodes.set(node.id, old && same(old.data, data) ? old : { id: node.id, type: "node", position, data, ...sizes[node.type] });
  }
  before.current = { laid, nodes };
  return [...nodes.values()];
}

const same = (a: Data, b: Data) =>
  a.node === b.node && a.selected === b.selected && a.ticked === b.ticked && a.verdict === b.verdict;

const verdictWords: Record<Verdict, string> = {
  start: "▶ starts at once", downstream: "○ may follow", blocked: "✕ can't run", accept: "✓ accepted",
  held: "‖ held back", moved: "→ runs on, moved", carry: "= carried over", blank: "· left as it is",
};

const kinds = { JOB: "job", CRAWLER: "crawler", TRIGGER: "trigger" };

const triggerLooks: Record<string, Look> = {
  FIRED: { ...look("SUCCEEDED"), label: "fired" },
  OFF: { ...look("STOPPED"), label: "not activated", tone: "none" },
};

function lookOf(n: GraphNode): Look {
  if (n.type === "TRIGGER") return triggerLooks[n.state ?? ""] ?? { ...look(undefined), label: "not fired" };
  return n.design ? { ...look(undefined), label: n.type === "JOB" ? "Job" : "Crawler" } : look(n.state);
}

/** The line below the name. */
const noteOf = (n: GraphNode, verdict?: Verdict) => (verdict ? verdictWords[verdict] : stateNote(n, lookOf(n)));

/**
 * What a screen reader says of a node: "job clean_orders, failed · 3 s, 2 attempts". It
 * begins with what is to be seen, in that order, and says nothing twice.
 */
export function spoken(n: GraphNode, verdict?: Verdict): string {
  const parts = [`${kinds[n.type]} ${n.name}`];
  if (n.design && n.type !== "TRIGGER") return parts[0]!;
  const say = (words: string | undefined) => words && !parts.slice(1).some((p) => p.includes(words)) && parts.push(words);
  const note = noteOf(n, verdict).toLowerCase();
  say(verdict ? `${note.slice(2)} in the resume` : note);
  if (n.type !== "TRIGGER" || n.state) say(n.held ? "held back" : n.accepted ? "accepted as succeeded" : lookOf(n).label.toLowerCase());
  if (n.type !== "TRIGGER" && n.attempts > 0) say(plural(n.attempts, "attempt"));
  if (n.moved && !note.includes("moved")) say(movedWords[n.moved]);
  if (n.carried) say(`carried from ${n.carriedFrom ? shortId(n.carriedFrom) : "an earlier run"}`);
  return parts.join(", ");
}

const Shape = memo(function Shape({ data }: NodeProps<Drawn>) {
  const { node, selected, ticked, verdict } = data;
  const { select, tick } = useContext(GraphNodes);
  const state = lookOf(node);
  const tone = node.accepted ? "wait" : state.tone;
  const classes = [
    "gnode", kinds[node.type], `tone-${tone}`, node.carried && "carried", node.held && "held", selected && "selected",
    ticked && "ticked", verdict && `verdict-${verdict}`,
  ];
  const tickable = tick && node.type !== "TRIGGER";
  return (
    <div className={classes.filter(Boolean).join(" ")}>
      <div className="gnode-face" aria-hidden="true">
        <span className="gnode-state">
          <Glyph look={state} size={14} />
        </span>
        <span className="gnode-text">
          <span className="gnode-name">{breakable(node.name)}</span>
          <span className="gnode-note">{noteOf(node, verdict)}</span>
        </span>
        {node.attempts > 1 && (
          <span className="gnode-attempts" title={plural(node.attempts, "attempt")}>
            ×{node.attempts}
          </span>
        )}
      </div>
      {/* Over the face, so that what is said need not hold every word that is seen. */}
      <div
        className="gnode-hit"
        role="button"
        tabIndex={-1}
        data-node={node.id}
        aria-label={spoken(node, verdict)}
        aria-pressed={selected}
        title={node.name}
        onClick={() => select(node.id)}
      />
      {tickable && (
        <input
          type="checkbox"
          className="gnode-tick"
          tabIndex={-1}
          checked={ticked}
          disabled={node.untickable !== undefined}
          title={node.untickable ?? `Repeat ${node.name} in a resume`}
          aria-label={node.untickable ? `${node.name} can't be repeated: ${node.untickable}` : `Repeat ${node.name}`}
          onChange={() => tick(node.id)}
        />
      )}
    </div>
  );
});

/** A name that may be broken where a word of it ends. */
function breakable(name: string) {
  return name.split(/(?<=[_.-])/).map((part, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function stateNote(n: GraphNode, state: Look): string {
  if (n.type === "TRIGGER") return n.note ?? "";
  if (n.held || n.accepted) return n.note ?? "";
  if (n.carried) return `${n.state === "SUCCEEDED" ? "Carried" : `${state.label}, carried`}${n.carriedFrom ? ` from ${shortId(n.carriedFrom)}` : ""}`;
  const moved = n.moved && { here: "moved here", on: "moved on" }[n.moved];
  return [state.label, n.note, moved].filter(Boolean).join(" · ");
}

export const nodeTypes: NodeTypes = { node: Shape };
