// Triggers in words, shared by the pages that list them.
import type { Trigger, TriggerState, Workflow } from "../api/types";

/** What makes a trigger fire. */
export function firesWhen(t: Trigger): string {
  switch (t.Type) {
    case "SCHEDULED":
      return t.Schedule ?? "on a schedule";
    case "ON_DEMAND":
      return t.WorkflowName ? "when a run is started" : "when it is started";
    case "EVENT":
      return `on ${t.EventBatchingCondition?.BatchSize ?? 1} events`;
  }
  const conditions = (t.Predicate?.Conditions ?? []).map((c) => `${c.JobName ?? c.CrawlerName} ${c.State ?? c.CrawlState}`);
  return `when ${conditions.join(t.Predicate?.Logical === "ANY" ? " or " : " and ")}`;
}

/** What it starts. */
export const starts = (t: Trigger): string[] => (t.Actions ?? []).map((a) => a.JobName ?? a.CrawlerName ?? "?");

const words: Record<TriggerState, string> = {
  CREATING: "Being created",
  CREATED: "Not active",
  ACTIVATING: "Being activated",
  ACTIVATED: "Active",
  DEACTIVATING: "Being deactivated",
  DEACTIVATED: "Not active",
  DELETING: "Being deleted",
  UPDATING: "Being updated",
};

export const triggerState = (t: Trigger): string => (t.State ? words[t.State] : "");
export const isActive = (t: Trigger) => t.State === "ACTIVATED" || t.State === "ACTIVATING";

/** The triggers of a workflow with its graph, those that start it first. */
export function triggersOf(workflow: Workflow): Trigger[] {
  const waits = (t: Trigger) => t.Type === "CONDITIONAL";
  const own = (workflow.Graph?.Nodes ?? []).map((n) => n.TriggerDetails?.Trigger).filter((t) => t !== undefined);
  return own.sort((a, b) => Number(waits(a)) - Number(waits(b)));
}
