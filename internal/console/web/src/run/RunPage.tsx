import "./run.css";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { GraphView, loadGraph } from "../graph/lazy";
import type { Verdicts } from "../graph/types";
import type { Selectors } from "../api/types";
import { navigate, paths, useParam } from "../router";
import { ErrorBox, Loading } from "../ui/Message";
import { emptyDraft, pick, type ResumeDraft } from "./draft";
import { eligible } from "./eligible";
import { counts } from "./planview";
import { Gantt } from "./Gantt";
import { join, split } from "./names";
import { NodeList } from "./NodeList";
import { NodePanel } from "./NodePanel";
import { Properties } from "./Properties";
import { ResumePanel } from "./ResumePanel";
import { Broken, Resumed, RunHead } from "./RunHead";
import { useResume } from "./useResume";
import { familyBars, ganttRows, runBars, useRunData, type RunData } from "./useRunData";
import { isOver, runGraph, type NodeView } from "./view";

const narrowScreen = 720;
// The graph's code and the run are fetched at the same time.
if (!matchMedia(`(max-width: ${narrowScreen}px)`).matches) loadGraph().catch(() => {});

const views = [
  { key: "graph", name: "Graph" },
  { key: "list", name: "List" },
  { key: "timeline", name: "Timeline" },
  { key: "properties", name: "Properties" },
];

/** Beyond this many nodes, and on narrow screens, the list is shown first. */
const mostDrawn = 2000;

export default function RunPage({ workflow, runId }: { workflow: string; runId: string }) {
  const [node] = useParam("node");
  const [view] = useParam("view");
  const narrow = useNarrow(narrowScreen);
  const { data, error, about } = useRunData(workflow, runId, node !== undefined || view === "list" || narrow);
  if (!data) return error ? <ErrorBox error={error} doing={`Run ${runId} of ${workflow}`} /> : <Loading what="Loading the run" />;
  return <Run data={data} about={about} lost={error} />;
}

function Run({ data, about, lost }: { data: RunData; about: ReturnType<typeof useRunData>["about"]; lost: unknown }) {
  const { run } = data;
  const [node, setNode] = useParam("node");
  const [wantedView, setView] = useParam("view");
  const [notice, setNotice] = useState<string>();
  const [takeFocus, setTakeFocus] = useState(false);
  const server = about?.Kind === "server";
  const can = useMemo(() => eligible(run, data.views, data.edges, server), [run, data.views, data.edges, server]);
  const form = useDraft(data, can.run === undefined);
  const resume = useResume(data, about, form.draft, form.open);
  const selected = data.names.find(node);
  const narrow = useNarrow(narrowScreen);
  // Where the panel covers the nodes, ticking goes on until it is asked for.
  const covered = useNarrow(1000);
  const [sheet, setSheet] = useState(true);
  const drawn = data.views.length <= mostDrawn;
  const usual = narrow || !drawn ? "list" : "graph";
  const view = views.find((v) => v.key === wantedView)?.key ?? usual;

  useEffect(() => {
    document.title = `${run.Name} · run · reglue`;
  }, [run.Name]);

  const { run: cannot, node: untickable } = can;
  const select = useCallback((id: string | undefined) => setNode(id === undefined ? undefined : data.names.of(id)), [setNode, data.names]);

  const chosen = resume.selected;
  const tick = useCallback(
    (id: string) => {
      const v = data.byId.get(id);
      const why = v && untickable(v);
      setNotice(why ? `${v.name} can't be chosen. ${why}` : undefined);
      if (!v || why) return;
      setTakeFocus(false);
      if (covered && !form.open) setSheet(false);
      form.change((d) => pick(d, id, chosen));
    },
    [data.byId, untickable, form.change, form.open, chosen, covered],
  );
  const start: ResumeDraft = { ...emptyDraft, anyEnd: isOver(run) && run.Status !== "COMPLETED" && server };
  const opener = useRef<HTMLElement>(null);
  const begin = (draft: ResumeDraft) => {
    opener.current = document.activeElement as HTMLElement | null;
    setNotice(undefined);
    setTakeFocus(true);
    setSheet(true);
    select(undefined);
    // Where it lights up what the resume affects.
    if (view !== "list" && view !== "graph") setView(undefined);
    form.begin(draft);
  };
  const close = () => {
    form.close();
    setNotice(undefined);
    // The button is disabled until the page is drawn without the panel.
    requestAnimationFrame(() => opener.current?.focus());
  };
  const closePanel = (id: string | undefined) => {
    const within = document.activeElement?.closest(".panel");
    select(id);
    if (within && id === undefined) document.querySelector<HTMLElement>(".graph, .node-row.selected .node-name")?.focus();
  };
  // While a resume is made up, a click on a node chooses it.
  const click = (id: string | undefined) => (form.open ? id && tick(id) : select(id));
  const panel = selected && !form.open ? data.byId.get(selected) : undefined;

  return (
    <div className={panel || form.open ? "run-page with-panel" : "run-page"}>
      <div className="run-left">
        <RunHead data={data} about={about} cannotResume={cannot} resuming={form.open}
          onResumeFailed={() => begin({ ...start, select: { Failed: true } })} onResume={() => begin(start)}
          onResumeHeld={() => begin({ ...start, select: { Held: true } })} />
        {lost !== null && lost !== undefined && <ErrorBox error={lost} doing="The page may be out of date" />}
        <Resumed data={data} />
        <Broken data={data} onSelect={(id) => (form.open ? tick(id) : select(id))} />
        <div className="segments" role="group" aria-label="View">
          {views.map((v) => (
            <button key={v.key} type="button" aria-pressed={v.key === view} onClick={() => setView(v.key)}>
              {v.name}
            </button>
          ))}
        </div>
        <div className={`run-main view-${view}`}>
          {view === "graph" && (
            <RunGraph data={data} selected={form.open ? undefined : selected} onSelect={click} ticked={chosen} verdicts={resume.verdicts}
              onTick={cannot ? undefined : tick} untickable={untickable} />
          )}
          {view === "list" && (
            <>
              {!drawn && !wantedView && (
                <p className="quiet">{data.views.length.toLocaleString("en")} nodes: a list reads better than a graph. The graph is there too.</p>
              )}
              <NodeList views={data.views} selected={selected} onSelect={click} ticked={chosen} onTick={cannot ? undefined : tick}
                untickable={untickable} verdicts={resume.verdicts} reasonOf={(id) => data.reasons.get(id)?.Sentence} />
            </>
          )}
          {view === "timeline" && <RunTimeline data={data} selected={selected} onSelect={click} />}
          {view === "properties" && <Properties data={data} />}
        </div>
      </div>
      {form.open && (sheet || !covered) && (
        <ResumePanel data={data} about={about} draft={form.draft} onDraft={form.set} resume={resume} notice={notice} takeFocus={takeFocus} onClose={close}
          onChoose={covered ? () => setSheet(false) : undefined} linkTo={(id) => paths.run(run.Name, run.WorkflowRunId, { node: data.names.of(id) })} />
      )}
      {form.open && covered && !sheet && (
        <div className="resume-bar" role="group" aria-label="Resume">
          <p role="status">
            {notice ?? `${chosen.size} chosen`}
            {!notice && resume.plan && <span className="quiet"> · {counts(resume.plan)}</span>}
          </p>
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="button" className="primary" onClick={() => (setTakeFocus(true), setSheet(true))}>
            Plan the resume
          </button>
        </div>
      )}
      {panel && (
        <NodePanel key={panel.id} data={data} about={about} view={panel} onSelect={closePanel} cannotRepeat={untickable(panel)}
          onRepeat={untickable(panel) ? undefined : () => begin({ ...start, nodes: [panel.id] })} />
      )}
    </div>
  );
}

interface GraphProps {
  data: RunData;
  selected?: string;
  onSelect: (id: string | undefined) => void;
  ticked: ReadonlySet<string>;
  onTick?: (id: string) => void;
  verdicts?: Verdicts;
  untickable: (v: NodeView) => string | undefined;
}

function RunGraph({ data, untickable, ...rest }: GraphProps) {
  const model = useMemo(() => runGraph(data.views, data.edges, untickable), [data.views, data.edges, untickable]);
  return (
    <Suspense fallback={<Loading what="Loading the graph" />}>
      <GraphView model={model} label="Graph of the run" triggers={false} {...rest} />
    </Suspense>
  );
}

function RunTimeline({ data, selected, onSelect }: { data: RunData; selected?: string; onSelect: (id: string) => void }) {
  const { bars, runs } = useMemo(() => (data.family ? familyBars(data.family) : runBars(data)), [data]);
  const rows = useMemo(() => ganttRows(data, bars), [data, bars]);
  return <Gantt rows={rows} bars={bars} runs={runs} selected={selected} onSelect={onSelect} />;
}

const selectors = ["Failed", "Recommended", "Changed", "Missing", "Held"] as const;

/** The selectors as the address has them: "failed,changed", and "plan" for none. */
const modeOf = (select: Selectors) => selectors.filter((s) => select[s]).join(",").toLowerCase() || "plan";

const selectOf = (mode = ""): Selectors => Object.fromEntries(selectors.filter((s) => mode.split(",").includes(s.toLowerCase())).map((s) => [s, true]));

/** The draft of a resume, kept in the address as far as a link should carry it. */
function useDraft(data: RunData, possible: boolean) {
  const [mode, setMode] = useParam("resume");
  const [ticks, setTicks] = useParam("tick");
  const [typed, setDraft] = useState<ResumeDraft>(() => ({
    ...emptyDraft,
    nodes: split(ticks).flatMap((word) => data.names.find(word) ?? []),
    select: selectOf(mode),
    anyEnd: data.run.Status === "STOPPED" || data.run.Status === "ERROR",
  }));
  const [open, setOpen] = useState(mode !== undefined || ticks !== undefined);
  const whileRunning = data.run.Status === "RUNNING";
  const draft = useMemo(() => ({ ...typed, whileRunning }), [typed, whileRunning]);
  const show = open && possible;
  useEffect(() => {
    if (!show) return;
    setMode(modeOf(draft.select));
    setTicks(join(draft.nodes.map(data.names.of)));
  }, [show, draft.nodes, draft.select, data.names, setMode, setTicks]);
  const change = useCallback((f: (d: ResumeDraft) => ResumeDraft) => {
    setOpen(true);
    setDraft(f);
  }, []);
  const begin = useCallback((d: ResumeDraft) => change(() => d), [change]);
  const close = useCallback(() => {
    setOpen(false);
    setDraft(emptyDraft);
    const params = new URLSearchParams(location.search);
    if (!params.has("resume") && !params.has("tick")) return;
    params.delete("resume");
    params.delete("tick");
    navigate(location.pathname + (params.size ? `?${params}` : ""), { replace: true });
  }, []);
  return { draft, open: show, set: setDraft, change, begin, close };
}

/** Whether the screen is at most so many pixels wide. */
function useNarrow(width: number): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(`(max-width: ${width}px)`).matches);
  useEffect(() => {
    const query = matchMedia(`(max-width: ${width}px)`);
    const on = () => setNarrow(query.matches);
    query.addEventListener("change", on);
    return () => query.removeEventListener("change", on);
  }, [width]);
  return narrow;
}

