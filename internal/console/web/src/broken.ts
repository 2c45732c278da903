// Which runs are broken, what failed in them and what never started because of it.
import type { Condition, Graph, JobRunState, Node, NodeType, Trigger, WorkflowRun } from "./api/types";
import { failedCount, isFailed, nodeState, supersededBy } from "./state";

/** The runs of a workflow that did not go well and that no later run resumes, newest first as given. */
export function candidates(runs: WorkflowRun[]): WorkflowRun[] {
  const resumed = new Set(runs.map((r) => r.PreviousRunId));
  return runs.filter((r) => !supersededBy(r) && !resumed.has(r.WorkflowRunId) && (r.Status === "ERROR" || failedCount(r.Statistics) > 0));
}

/** Whether a run has ended without a failure. */
export function isGood(run: WorkflowRun): boolean {
  return run.Status === "COMPLETED" && failedCount(run.Statistics) === 0 && (run.Statistics?.SucceededActions ?? 0) > 0;
}

/** The newest run that went well and is not older than `run`. Runs are newest first. */
export function goodSince(runs: WorkflowRun[], run: WorkflowRun): WorkflowRun | undefined {
  return runs.find((r) => isGood(r) && (r.StartedOn ?? 0) > (run.StartedOn ?? 0));
}

export interface BrokenNode {
  id: string;
  name: string;
  type: NodeType;
  state: string;
  /** The attempt's whole error message. */
  error: string;
  /** Nodes that ran because it failed. */
  handledBy: string[];
}

export interface Breakage {
  failed: BrokenNode[];
  /** The names of nodes that never started because of what failed. */
  blocked: string[];
}

interface Index {
  nodes: Map<string, Node>;
  next: Map<string, string[]>;
}

function index(graph: Graph): Index {
  const next = new Map<string, string[]>();
  for (const e of graph.Edges ?? []) {
    const list = next.get(e.SourceId);
    if (list) list.push(e.DestinationId);
    else next.set(e.SourceId, [e.DestinationId]);
  }
  return { nodes: new Map((graph.Nodes ?? []).map((n) => [n.UniqueId, n])), next };
}

const conditionOn = (trigger: Trigger | undefined, node: Node): Condition | undefined =>
  trigger?.Predicate?.Conditions?.find((c) => (node.Type === "CRAWLER" ? c.CrawlerName : c.JobName) === node.Name);

const conditionState = (c: Condition | undefined) => c?.State ?? c?.CrawlState;

/** What broke in a run with its graph. */
export function breakage(run: WorkflowRun): Breakage {
  const graph = run.Graph ?? {};
  const { nodes, next } = index(graph);
  const states = new Map((graph.Nodes ?? []).map((n) => [n.UniqueId, nodeState(n, run)]));
  const failed = (graph.Nodes ?? []).filter((n) => n.Type !== "TRIGGER" && isFailed(states.get(n.UniqueId)!.state));

  /** The triggers right after a node that wait for it to end in a state. */
  const triggersOn = (node: Node, matches: (state: JobRunState | string | undefined) => boolean) =>
    (next.get(node.UniqueId) ?? [])
      .map((id) => nodes.get(id))
      .filter((t): t is Node => t?.Type === "TRIGGER" && matches(conditionState(conditionOn(t.TriggerDetails?.Trigger, node))));
  const startedBy = (trigger: Node) =>
    (next.get(trigger.UniqueId) ?? []).map((id) => nodes.get(id)).filter((n): n is Node => n !== undefined && n.Type !== "TRIGGER");

  // Along the way of success alone: a branch for failures does not wait for this.
  const blocked = new Map<string, string>();
  const seen = new Set(failed.map((n) => n.UniqueId));
  const queue = [...failed];
  for (let at = 0; at < queue.length; at++) {
    for (const trigger of triggersOn(queue[at]!, (s) => s === undefined || s === "SUCCEEDED")) {
      for (const node of startedBy(trigger)) {
        if (seen.has(node.UniqueId)) continue;
        seen.add(node.UniqueId);
        if (states.get(node.UniqueId)!.attempts > 0) continue;
        blocked.set(node.UniqueId, node.Name);
        queue.push(node);
      }
    }
  }

  return {
    failed: failed.map((n) => {
      const s = states.get(n.UniqueId)!;
      const ran = triggersOn(n, (state) => state === s.state)
        .flatMap(startedBy)
        .filter((d) => states.get(d.UniqueId)!.attempts > 0);
      return {
        id: n.UniqueId,
        name: n.Name,
        type: n.Type,
        state: s.state!,
        error: s.error ?? "",
        handledBy: [...new Set(ran.map((d) => d.Name))],
      };
    }),
    blocked: [...blocked.values()],
  };
}

/** The first line of an error that says something. */
export function firstLine(error: string): string {
  return error.split("\n").find((l) => l.trim() !== "")?.trim() ?? "";
}
