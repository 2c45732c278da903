import { ReactFlow, ReactFlowProvider, useReactFlow, useStore, type Viewport } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./graph.css";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useParam } from "../router";
import { Loading, Problem } from "../ui/Message";
import { collapseTriggers } from "./collapse";
import { Edges } from "./Edges";
import { layout } from "./elk";
import { GraphNodes, nodeTypes, useFlowNodes } from "./GraphNode";
import { shapeOf, sizes, type Layout } from "./layout";
import { MiniMap } from "./MiniMap";
import type { GraphModel, Verdicts } from "./types";
import { neighbours, step, type Arrow } from "./walk";

export interface GraphViewProps {
  model: GraphModel;
  /** What the graph is, for screen readers. */
  label: string;
  selected?: string;
  onSelect: (id: string | undefined) => void;
  /** Nodes ticked for a resume; without it there is nothing to tick. */
  ticked?: ReadonlySet<string>;
  onTick?: (id: string) => void;
  /** What a resume would do, lit up in the graph. */
  verdicts?: Verdicts;
  /** Whether triggers are drawn as nodes of their own until the user says otherwise. */
  triggers: boolean;
}

/** A workflow as a graph from left to right. */
export function GraphView(props: GraphViewProps) {
  const [wanted, setWanted] = useParam("triggers");
  const triggers = wanted === undefined ? props.triggers : wanted === "show";
  const shown = useShown(props.model, triggers);
  const { laid, failed } = useLayout(shown);
  const hasTriggers = props.model.nodes.some((n) => n.type === "TRIGGER");
  return (
    <div className="graph-box">
      <div className="graph-tools">
        {hasTriggers && (
          <label className="graph-toggle">
            <input type="checkbox" checked={triggers} onChange={(e) => setWanted(e.target.checked === props.triggers ? undefined : e.target.checked ? "show" : "hide")} />
            Triggers
          </label>
        )}
      </div>
      {failed && <Problem title="The graph can't be laid out">{failed} The list shows the same nodes.</Problem>}
      {!laid && !failed && <Loading what={`Laying out ${shown.nodes.length.toLocaleString("en")} nodes`} />}
      {laid && (
        <ReactFlowProvider>
          <Canvas {...props} model={shown} laid={laid} key={String(triggers)} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

/** The model as it is drawn: with its triggers, or with edges in their place. */
function useShown(model: GraphModel, triggers: boolean): GraphModel {
  const collapsed = useMemo(() => {
    if (triggers) return undefined;
    const notes = new Map(model.nodes.map((n) => [n.id, n.note]));
    return collapseTriggers({ nodes: model.nodes, edges: model.edges }, (id) => {
      const note = notes.get(id);
      return note === "all" ? undefined : note || undefined;
    });
  }, [model, triggers]);
  return collapsed ?? model;
}

function useLayout(model: GraphModel): { laid?: Layout; failed?: string } {
  const shape = shapeOf(model);
  const [state, setState] = useState<{ shape: string; laid?: Layout; failed?: string }>();
  useEffect(() => {
    let over = false;
    layout(model, shape).then(
      (laid) => !over && setState({ shape, laid }),
      (error: unknown) => !over && setState({ shape, failed: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      over = true;
    };
    // The shape stands for the model.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape]);
  return state?.shape === shape ? state : {};
}

const arrows = new Set<string>(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);
/** At a lower zoom only names are drawn, and larger; at a still lower one only states. */
const midZoom = 0.62;
const farZoom = 0.28;
/** A graph that does not fit at this zoom begins where it matters. */
const leastZoom = 0.34;

function Canvas({ model, laid, label, selected, onSelect, ticked, onTick, verdicts }: GraphViewProps & { laid: Layout }) {
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string>();
  const [inside, setInside] = useState(false);
  const near = useMemo(() => neighbours(model.edges), [model.edges]);
  const nodes = useFlowNodes(model, laid, { selected, ticked, verdicts });
  const level = useStore((s) => (s.transform[2] < farZoom ? " far" : s.transform[2] < midZoom ? " mid" : ""));
  const start = active ?? selected ?? matters(model);
  const actions = useActions(onSelect, onTick);
  const [view, touched] = useView(box, laid, start);

  const show = useCallback(
    (id: string) => {
      const at = laid.places.get(id);
      const node = model.nodes.find((n) => n.id === id);
      const rect = box.current?.getBoundingClientRect();
      if (!at || !node || !rect) return;
      const size = sizes[node.type];
      const from = flow.flowToScreenPosition(at);
      const to = flow.flowToScreenPosition({ x: at.x + size.width, y: at.y + size.height });
      const visible = from.x > rect.left && from.y > rect.top && to.x < rect.right && to.y < rect.bottom;
      if (!visible) void flow.setCenter(at.x + size.width / 2, at.y + size.height / 2, { zoom: Math.max(flow.getZoom(), 0.7) });
    },
    [flow, laid, model.nodes],
  );

  const focus = useCallback(
    (id: string) => {
      setActive(id);
      show(id);
      focusWhenDrawn(box.current, id);
    },
    [show],
  );

  // A selection from elsewhere comes into view.
  useEffect(() => {
    if (selected) show(selected);
  }, [selected, show]);

  const places = useMemo(() => middles(model, laid), [model, laid]);
  const onKeyDown = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).dataset.node;
    if (!id || event.altKey || event.ctrlKey || event.metaKey) return;
    if (arrows.has(event.key)) {
      const to = step(id, event.key as Arrow, places, near);
      if (to) focus(to);
    } else if (event.key === "Enter") {
      onSelect(id);
    } else if (event.key === " ") {
      if (onTick && !model.nodes.find((n) => n.id === id)?.untickable) onTick(id);
      else onSelect(id);
    } else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      className={`graph${level}${ticked?.size ? " ticking" : ""}${verdicts ? " planning" : ""}`}
      role="group"
      aria-label={`${label}. Arrow keys go along its edges, Enter opens a node${onTick ? ", Space ticks it for a resume" : ""}.`}
      tabIndex={inside ? -1 : 0}
      onFocus={(e) => {
        setInside(true);
        if (e.target === box.current && start) focus(start);
        else if ((e.target as HTMLElement).dataset.node) setActive((e.target as HTMLElement).dataset.node);
      }}
      onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && setInside(false)}
      onKeyDown={onKeyDown}
    >
      <GraphNodes.Provider value={actions}>
        {view && <ReactFlow
          nodes={nodes}
          edges={noEdges}
          nodeTypes={nodeTypes}
          defaultViewport={view}
          // Not onMoveStart: that comes with every click too.
          onMove={(event) => {
            if (event) touched.current = true;
          }}
          onPaneClick={() => onSelect(undefined)}
          minZoom={0.04}
          maxZoom={1.6}
          onlyRenderVisibleElements
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          selectNodesOnDrag={false}
          zoomOnDoubleClick={false}
          disableKeyboardA11y
          attributionPosition="bottom-center"
          autoPanOnNodeFocus={false}
        >
          <Edges laid={laid} selected={selected} verdicts={verdicts} />
          <MiniMap model={model} laid={laid} />
        </ReactFlow>}
      </GraphNodes.Provider>
      <div className="graph-zoom">
        <button type="button" className="small" aria-label="Zoom in" onClick={() => void flow.zoomIn()}>
          +
        </button>
        <button type="button" className="small" aria-label="Zoom out" onClick={() => void flow.zoomOut()}>
          −
        </button>
        <button type="button" className="small" onClick={() => box.current && void flow.setViewport(whole(laid, box.current))}>
          Fit
        </button>
      </div>
    </div>
  );
}

/**
 * What the graph shows at first, and whether the user has moved it since; until then
 * it follows the size of its place.
 */
function useView(box: RefObject<HTMLDivElement | null>, laid: Layout, start: string | undefined) {
  const flow = useReactFlow();
  const [view, setView] = useState<Viewport>();
  const touched = useRef(false);
  const from = useRef(start);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const best = () => {
      const fit = whole(laid, el);
      const at = from.current && laid.places.get(from.current);
      return fit.zoom >= leastZoom || !at ? fit : around(at, laid, el);
    };
    setView(best());
    let size = "";
    const observer = new ResizeObserver(() => {
      const now = `${el.clientWidth} ${el.clientHeight}`;
      if (size && size !== now && !touched.current) void flow.setViewport(best());
      size = now;
    });
    observer.observe(el);
    return () => observer.disconnect();
  }, [box, flow, laid]);
  return [view, touched] as const;
}

const margin = 24;

/** The view of all of the graph. */
function whole(laid: Layout, el: HTMLElement): Viewport {
  const zoom = Math.min((el.clientWidth - 2 * margin) / laid.width, (el.clientHeight - 2 * margin) / laid.height, 1);
  return { zoom, x: (el.clientWidth - laid.width * zoom) / 2, y: (el.clientHeight - laid.height * zoom) / 2 };
}

/** The view of what lies around a node, with no more empty space than there must be. */
function around(at: { x: number; y: number }, laid: Layout, el: HTMLElement, zoom = 0.75): Viewport {
  const within = (room: number, size: number, middle: number) => {
    if (size * zoom <= room) return (room - size * zoom) / 2;
    return Math.min(margin, Math.max(room - size * zoom - margin, room / 2 - middle * zoom));
  };
  return {
    zoom,
    x: within(el.clientWidth, laid.width, at.x + sizes.JOB.width / 2),
    y: within(el.clientHeight, laid.height, at.y + sizes.JOB.height / 2),
  };
}

const noEdges: never[] = [];

/** The same object for as long as the graph lives, so that nodes are not drawn again. */
function useActions(onSelect: (id: string) => void, onTick?: (id: string) => void) {
  const latest = useRef({ onSelect, onTick });
  useEffect(() => {
    latest.current = { onSelect, onTick };
  });
  const canTick = onTick !== undefined;
  return useMemo(
    () => ({
      select: (id: string) => latest.current.onSelect(id),
      tick: canTick ? (id: string) => latest.current.onTick?.(id) : undefined,
    }),
    [canTick],
  );
}

/** The node that a look at the graph should begin with. */
function matters(model: GraphModel): string | undefined {
  const by = (states: string[]) => model.nodes.find((n) => n.state !== undefined && states.includes(n.state));
  return (by(["FAILED", "TIMEOUT", "ERROR", "EXPIRED", "STOPPED"]) ?? by(["RUNNING", "STARTING"]) ?? model.nodes[0])?.id;
}

function middles(model: GraphModel, laid: Layout): Map<string, { x: number; y: number }> {
  const out = new Map<string, { x: number; y: number }>();
  for (const n of model.nodes) {
    const at = laid.places.get(n.id);
    if (at) out.set(n.id, { x: at.x + sizes[n.type].width / 2, y: at.y + sizes[n.type].height / 2 });
  }
  return out;
}

/** Puts the focus on a node, which is drawn only once it is in view. */
function focusWhenDrawn(box: HTMLElement | null, id: string, tries = 20) {
  const node = box?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`);
  if (node) node.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusWhenDrawn(box, id, tries - 1));
}

