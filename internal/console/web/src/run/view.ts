import type { Crawl, JobRun, Node, ResumeRecord, Trigger, WorkflowRun } from "../api/types";
import type { GraphEdge, GraphModel, GraphNode } from "../graph/types";
import { isFailed, isLiveState, nodeState, supersededBy, type Moved } from "../state";
import { duration } from "../format";

/** One attempt of a node: a job run, or a crawl. Times are in milliseconds. */
export interface Attempt {
  state?: string;
  began?: number;
  ended?: number;
  error?: string;
  jobRun?: JobRun;
  crawl?: Crawl;
}

/** A job, crawler or trigger of a run as the pages show it. */
export interface NodeView {
  node: Node;
  id: string;
  name: string;
  /** The state of the latest attempt; none when nothing started. */
  state?: string;
  /** Oldest first. */
  attempts: Attempt[];
  latest?: Attempt;
  /** Set when its latest attempt ran in an earlier run. */
  carried: boolean;
  /** The run that it ran in, if that is known. */
  carriedFrom?: string;
  moved?: Moved;
  accepted: boolean;
  held: boolean;
  /** Whether `resume --failed` repeats it. */
  failed: boolean;
}

// The beginning of the ErrorMessage of an attempt that a resume took as SUCCEEDED.
const acceptedMessage = "Accepted as SUCCEEDED by ";

export const isOver = (run: Pick<WorkflowRun, "Status">) =>
  run.Status === "COMPLETED" || run.Status === "STOPPED" || run.Status === "ERROR";

// A node whose Node is the very same object keeps its view.
const kept = new WeakMap<Node, { run: string; by?: string; held: boolean; from?: string; view: NodeView }>();

/** The nodes of a run. `ranIn` gives the run of a job run, where a family is known. */
export function viewNodes(run: WorkflowRun, record?: ResumeRecord, ranIn?: ReadonlyMap<string, string>): NodeView[] {
  const held = new Set(record?.Held);
  const by = supersededBy(run);
  return (run.Graph?.Nodes ?? []).map((node) => {
    const isHeld = held.has(node.UniqueId);
    const had = kept.get(node);
    const from = ranIn?.get(nodeState(node).jobRun?.Id ?? "");
    if (had?.run === run.WorkflowRunId && had.by === by && had.held === isHeld && had.from === from) return had.view;
    const view = viewNode(run, node, isHeld, from);
    kept.set(node, { run: run.WorkflowRunId, by, held: isHeld, from, view });
    return view;
  });
}

function viewNode(run: WorkflowRun, node: Node, held: boolean, from: string | undefined): NodeView {
  const { state, carried, moved, error } = nodeState(node, run);
  const attempts = [
    ...(node.JobDetails?.JobRuns ?? []).map(ofJobRun),
    ...(node.CrawlerDetails?.Crawls ?? []).map(ofCrawl),
  ].sort(byStart);
  const latest = attempts.at(-1);
  return {
    node, id: node.UniqueId, name: node.Name, state, attempts, latest, carried, moved,
    carriedFrom: carried ? (from ?? latest?.jobRun?.Arguments?.["--WORKFLOW_RUN_ID"]) : undefined,
    accepted: carried && state === "SUCCEEDED" && (error ?? "").startsWith(acceptedMessage),
    held: held && !latest,
    failed: isFailed(state),
  };
}

function ofJobRun(jobRun: JobRun): Attempt {
  return {
    state: jobRun.JobRunState, began: millis(jobRun.StartedOn), ended: millis(jobRun.CompletedOn),
    error: jobRun.ErrorMessage, jobRun,
  };
}

function ofCrawl(crawl: Crawl): Attempt {
  return {
    state: crawl.State, began: millis(crawl.StartedOn), ended: millis(crawl.CompletedOn),
    error: crawl.ErrorMessage, crawl,
  };
}

function byStart(a: Attempt, b: Attempt): number {
  const [from, to] = [a.began ?? Number.MAX_VALUE, b.began ?? Number.MAX_VALUE];
  return from - to || (a.jobRun?.Attempt ?? 0) - (b.jobRun?.Attempt ?? 0);
}

export const millis = (seconds?: number) => (seconds ? seconds * 1000 : undefined);

/** How long an attempt ran, or has been running. */
export function took(a: Attempt | undefined, now: number): number {
  if (!a?.began) return 0;
  if (a.ended) return a.ended - a.began;
  return isLiveState(a.state) ? Math.max(0, now - a.began) : 0;
}

export function edgesOf(graph: WorkflowRun["Graph"]): GraphEdge[] {
  return (graph?.Edges ?? []).map((e) => ({ from: e.SourceId, to: e.DestinationId }));
}

/** The states of triggers in a graph. */
export const fired = "FIRED";
export const off = "OFF";

/** The graph of a run. Its nodes are kept where nothing of them changed. */
export function runGraph(views: readonly NodeView[], edges: GraphEdge[], untickable: (v: NodeView) => string | undefined): GraphModel {
  // What a trigger started names it; a crawl does not, so that any counts.
  const started = new Set(views.flatMap((v) => v.attempts.map((a) => a.jobRun?.TriggerName ?? "")));
  const crawled = new Set(views.filter((v) => v.attempts.some((a) => a.crawl)).map((v) => v.name));
  const has = (t: Trigger | undefined) => t && (started.has(t.Name) || t.Actions?.some((a) => a.CrawlerName && crawled.has(a.CrawlerName)));
  return {
    edges,
    nodes: views.map((v) => {
      const trigger = v.node.TriggerDetails?.Trigger;
      return graphNode(v, trigger ? (has(trigger) ? fired : isOff(trigger) ? off : undefined) : v.state, untickable(v));
    }),
  };
}

const isOff = (t: Trigger | undefined) => t?.Type === "CONDITIONAL" && t.State !== "ACTIVATED";

const drawn = new WeakMap<NodeView, GraphNode>();

function graphNode(v: NodeView, state: string | undefined, untickable: string | undefined): GraphNode {
  const had = drawn.get(v);
  if (had && had.state === state && had.untickable === untickable) return had;
  const made: GraphNode = {
    id: v.id, name: v.name, type: v.node.Type, state, untickable,
    attempts: v.attempts.length, carried: v.carried, carriedFrom: v.carriedFrom, moved: v.moved, accepted: v.accepted, held: v.held,
    note: v.node.Type === "TRIGGER" ? triggerNote(v.node.TriggerDetails?.Trigger) : noteOf(v),
  };
  drawn.set(v, made);
  return made;
}

function noteOf(v: NodeView): string | undefined {
  if (v.held) return "held back";
  if (v.accepted) return "accepted";
  return v.latest?.ended ? duration(took(v.latest, 0)) : undefined;
}

/** What a trigger waits for, in a word or two. */
export function triggerNote(trigger?: Trigger): string {
  switch (trigger?.Type) {
    case "SCHEDULED":
      return trigger.Schedule?.replace(/^cron\((.*)\)$/, "$1") ?? "schedule";
    case "ON_DEMAND":
      return "on demand";
    case "EVENT":
      return "event";
    default:
      return predicateLabel(trigger) ?? ((trigger?.Predicate?.Conditions?.length ?? 0) > 1 ? "all" : "");
  }
}

/** What a trigger wants other than the success of all; none when it wants just that. */
export function predicateLabel(trigger?: Trigger): string | undefined {
  const conditions = trigger?.Predicate?.Conditions ?? [];
  const states = new Set(conditions.map((c) => (c.State ?? c.CrawlState ?? "SUCCEEDED").toLowerCase()));
  const any = trigger?.Predicate?.Logical === "ANY" && conditions.length > 1;
  const words = [...states].join("/");
  if (words === "succeeded" || words === "") return any ? "any" : undefined;
  return `${any ? "any" : "if"} ${words}`;
}

/** The graph of a workflow's design. */
export function designGraph(graph: WorkflowRun["Graph"]): GraphModel {
  return {
    edges: edgesOf(graph),
    nodes: (graph?.Nodes ?? []).map((n) => ({
      id: n.UniqueId, name: n.Name, type: n.Type, attempts: 0, design: true,
      state: isOff(n.TriggerDetails?.Trigger) ? off : undefined,
      note: n.Type === "TRIGGER" ? triggerNote(n.TriggerDetails?.Trigger) : undefined,
    })),
  };
}
