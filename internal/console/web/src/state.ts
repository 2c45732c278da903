// How states look: a colour (tone), a glyph and a word. No state is told by its
// colour alone.
import type { Crawl, CrawlState, Graph, JobRun, JobRunState, Node, RunStatus, Statistics, Time, WorkflowRun } from "./api/types";
import { localTime } from "./format";

/** A tone is a set of colours in styles/tokens.css: --TONE, --TONE-soft, --on-TONE. */
export type Tone = "good" | "bad" | "live" | "wait" | "stop" | "none";

export interface Look {
  label: string;
  /** One letter or sign, for text. */
  letter: string;
  /** The same as an SVG path in a box of 12 × 12, to be stroked. */
  glyph: string;
  tone: Tone;
}

const check = "M3 6.4 5.2 8.6 9.2 3.6";
const cross = "M3.4 3.4 8.6 8.6M8.6 3.4 3.4 8.6";
const bang = "M6 2.6V6.8M6 9.2V9.4";
const clock = "M6 3V6H8.4";
const square = "M4 4H8V8H4Z";
const play = "M4.6 3.2 8.8 6 4.6 8.8Z";
const dots = "M3 6H3.1M6 6H6.1M9 6H9.1";
const dash = "M3.5 6H8.5";

type State = JobRunState | CrawlState;

const looks: Record<State, Look> = {
  SUCCEEDED: { label: "Succeeded", letter: "✓", glyph: check, tone: "good" },
  FAILED: { label: "Failed", letter: "✕", glyph: cross, tone: "bad" },
  TIMEOUT: { label: "Timed out", letter: "T", glyph: clock, tone: "bad" },
  ERROR: { label: "Error", letter: "!", glyph: bang, tone: "bad" },
  EXPIRED: { label: "Expired", letter: "E", glyph: clock, tone: "bad" },
  STOPPED: { label: "Stopped", letter: "■", glyph: square, tone: "stop" },
  CANCELLED: { label: "Cancelled", letter: "■", glyph: square, tone: "stop" },
  STARTING: { label: "Starting", letter: "▸", glyph: play, tone: "live" },
  RUNNING: { label: "Running", letter: "▸", glyph: play, tone: "live" },
  STOPPING: { label: "Stopping", letter: "■", glyph: square, tone: "live" },
  CANCELLING: { label: "Cancelling", letter: "■", glyph: square, tone: "live" },
  WAITING: { label: "Waiting for room", letter: "…", glyph: dots, tone: "wait" },
};

const superseded: Look = { label: "Superseded", letter: "»", glyph: "M3 3.4 5.6 6 3 8.6M6.4 3.4 9 6 6.4 8.6", tone: "none" };
const never: Look = { label: "Not started", letter: "–", glyph: dash, tone: "none" };

/** How the state of a job run or crawl looks; undefined is a node that nothing started. */
export function look(state: string | undefined): Look {
  if (state === undefined) return never;
  return looks[state as State] ?? { label: state, letter: "?", glyph: dash, tone: "none" };
}

export const looksOf = (...states: State[]): Look[] => states.map((s) => looks[s]);

const failedStates = new Set<string>(["FAILED", "TIMEOUT", "ERROR", "EXPIRED", "STOPPED", "CANCELLED"]);
const liveStates = new Set<string>(["STARTING", "RUNNING", "STOPPING", "WAITING", "CANCELLING"]);

/** Whether a resume would repeat a node whose latest attempt is in this state. */
export const isFailed = (state: string | undefined) => state !== undefined && failedStates.has(state);
export const isLiveState = (state: string | undefined) => state !== undefined && liveStates.has(state);

const supersededMessage = "Superseded by ";

/** The run that took over what ran in this one, when it was resumed while it ran. */
export function supersededBy(run: Pick<WorkflowRun, "ErrorMessage"> | undefined): string | undefined {
  const id = run?.ErrorMessage?.startsWith(supersededMessage) ? run.ErrorMessage.slice(supersededMessage.length) : "";
  return id.startsWith("wr_") ? id : undefined;
}

/** A resume took the attempt over while it ran: it was moved here, or on from here. */
export type Moved = "here" | "on";

export const movedWords: Record<Moved, string> = { here: "moved here from the run before", on: "moved on to the next run" };

/** So begins the error of an attempt that did not succeed and that a resume took as SUCCEEDED. */
const acceptedMessage = "Accepted as SUCCEEDED by ";

/** The latest attempt at a node of a run. */
export interface NodeState {
  state?: JobRunState | CrawlState;
  startedOn?: Time;
  completedOn?: Time;
  error?: string;
  jobRun?: JobRun;
  crawl?: Crawl;
  /** How many attempts the run shows. */
  attempts: number;
  /** The attempt ran in an earlier run of the family. */
  carried: boolean;
  moved?: Moved;
  /** The attempt did not succeed; a resume took it as SUCCEEDED. */
  accepted: boolean;
}

const latestOf = <T extends { StartedOn?: Time; Attempt?: number }>(all: T[]): T | undefined =>
  all.reduce<T | undefined>((best, next) => {
    if (!best) return next;
    const a = best.StartedOn ?? 0;
    const b = next.StartedOn ?? 0;
    return b > a || (b === a && (next.Attempt ?? 0) > (best.Attempt ?? 0)) ? next : best;
  }, undefined);

type RunTimes = Pick<WorkflowRun, "PreviousRunId" | "StartedOn" | "CompletedOn" | "ErrorMessage">;

/** What became of a job or crawler in a run. */
export function nodeState(node: Node, run?: RunTimes): NodeState {
  const jobs = node.JobDetails?.JobRuns ?? [];
  const crawls = node.CrawlerDetails?.Crawls ?? [];
  const jobRun = latestOf(jobs);
  const crawl = jobRun ? undefined : latestOf(crawls);
  const latest = jobRun ?? crawl;
  const state = jobRun?.JobRunState ?? crawl?.State;
  // Only a resumed run shows attempts that are older than itself.
  const older = !!run?.PreviousRunId && latest?.StartedOn !== undefined && latest.StartedOn < (run.StartedOn ?? 0);
  const outlived = (time: Time | undefined) => isLiveState(state) || (latest?.CompletedOn ?? 0) > (time ?? 0);
  const carried = older && !outlived(run.StartedOn);
  const movedOn = supersededBy(run) !== undefined && latest !== undefined && outlived(run?.CompletedOn);
  return {
    state,
    carried,
    moved: movedOn ? "on" : older && !carried ? "here" : undefined,
    jobRun,
    crawl,
    accepted: state === "SUCCEEDED" && carried && !!latest?.ErrorMessage?.startsWith(acceptedMessage),
    startedOn: latest?.StartedOn,
    completedOn: latest?.CompletedOn,
    error: latest?.ErrorMessage,
    attempts: jobs.length + crawls.length,
  };
}

/** How many jobs and crawlers of a run did not succeed, by its statistics. */
export function failedCount(s: Statistics | undefined): number {
  if (!s) return 0;
  return s.FailedActions + s.TimeoutActions + s.StoppedActions + (s.ErroredActions ?? 0);
}

/**
 * How a run as a whole looks. COMPLETED says only that nothing runs any more, so
 * what came of its nodes decides.
 */
export function runLook(run: { Status: RunStatus; Statistics?: Statistics; ErrorMessage?: string }): Look {
  if (supersededBy(run)) return superseded;
  const s = run.Statistics;
  const bad = failedCount(s);
  const stopped = s?.StoppedActions ?? 0;
  const words = bad === stopped ? `${stopped} of ${s?.TotalActions} stopped` : `${bad - stopped} of ${s?.TotalActions} failed`;
  switch (run.Status) {
    case "RUNNING":
      return bad ? { ...looks.RUNNING, label: `Running, ${words}`, tone: "bad" } : looks.RUNNING;
    case "STOPPING":
      return looks.STOPPING;
    case "STOPPED":
      return looks.STOPPED;
    case "ERROR":
      return looks.ERROR;
  }
  if (bad) return { ...(bad === stopped ? looks.STOPPED : looks.FAILED), label: words };
  if (s && s.SucceededActions < s.TotalActions) {
    return { ...looks.SUCCEEDED, label: `Succeeded, ${s.TotalActions - s.SucceededActions} not started` };
  }
  return looks.SUCCEEDED;
}

/** A run in words, for labels: what it is, when it started, what it came to. */
export function runLabel(run: Pick<WorkflowRun, "PreviousRunId" | "StartedOn" | "Status" | "Statistics" | "ErrorMessage">): string {
  const when = run.StartedOn === undefined ? "" : ` of ${localTime(run.StartedOn)}`;
  return `${run.PreviousRunId ? "Resume" : "Run"}${when}: ${runLook(run).label}`;
}

/** The jobs and crawlers of a graph, upstream before downstream; cycles come last. */
export function inOrder(graph: Graph | undefined): Node[] {
  const nodes = graph?.Nodes ?? [];
  const index = new Map(nodes.map((n, i) => [n.UniqueId, i]));
  const next: number[][] = nodes.map(() => []);
  const waits = nodes.map(() => 0);
  for (const edge of graph?.Edges ?? []) {
    const from = index.get(edge.SourceId);
    const to = index.get(edge.DestinationId);
    if (from === undefined || to === undefined) continue;
    next[from]!.push(to);
    waits[to]!++;
  }
  const order: number[] = [];
  nodes.forEach((_, i) => waits[i] === 0 && order.push(i));
  for (let at = 0; at < order.length; at++) {
    for (const to of next[order[at]!]!) if (--waits[to]! === 0) order.push(to);
  }
  const done = new Set(order);
  nodes.forEach((_, i) => !done.has(i) && order.push(i));
  return order.map((i) => nodes[i]!).filter((n) => n.Type !== "TRIGGER");
}
