import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { isLive, usePolling, useRunsOf } from "../api/queries";
import { useTouched } from "../api/events";
import type { Workflow, WorkflowRun } from "../api/types";
import { candidates, goodSince, isGood } from "../broken";

export interface BrokenRun {
  run: WorkflowRun;
  /** A later run of the workflow that went well. */
  since?: WorkflowRun;
}

export interface Overview {
  /** Newest first. */
  broken: BrokenRun[];
  live: WorkflowRun[];
  /** The newest good run of each workflow, newest first. */
  good: WorkflowRun[];
  /** How many workflows were looked at, and how many answers are still to come. */
  looked: number;
  waiting: number;
  /** Whether also the runs before the last good one were looked at. */
  all: boolean;
  error?: unknown;
}

const newestFirst = (a: WorkflowRun, b: WorkflowRun) => (b.StartedOn ?? 0) - (a.StartedOn ?? 0);

/** So many workflows are looked at whole; of more, at first only those that may be broken. */
export const wholeUpTo = 100;

/**
 * The state of all workflows, without any graph: the statistics tell which runs need
 * one. A workflow whose last run went well is not broken now, and one that never ran
 * costs nothing; so of many workflows only the others are asked for their runs, until
 * `earlier` asks for what failed before the last good run.
 */
export function useOverview(workflows: Workflow[] | undefined, earlier: boolean): Overview {
  useLastRunsRefresh(workflows);
  const touched = useTouched();
  const all = earlier || (workflows?.length ?? 0) <= wholeUpTo;
  const names = useMemo(
    () => (workflows ?? []).filter((w) => touched.has(w.Name) || (w.LastRun && (all || !isGood(w.LastRun)))).map((w) => w.Name),
    [workflows, touched, all],
  );
  const answers = useRunsOf(names);
  return useMemo(() => {
    const out: Overview = { broken: [], live: [], good: [], looked: workflows ? workflows.length - names.length : 0, waiting: 0, all };
    const asked = new Set(names);
    for (const w of workflows ?? []) if (w.LastRun && !asked.has(w.Name)) out.good.push(w.LastRun);
    for (const { data, isPending, error } of answers) {
      if (isPending) out.waiting++;
      if (error && !data) out.error ??= error;
      if (!data) continue;
      out.looked++;
      for (const run of candidates(data.runs)) out.broken.push({ run, since: goodSince(data.runs, run) });
      out.live.push(...data.runs.filter(isLive));
      const good = data.runs.find(isGood);
      if (good) out.good.push(good);
    }
    out.broken.sort((a, b) => newestFirst(a.run, b.run));
    out.live.sort(newestFirst);
    out.good.sort(newestFirst);
    return out;
  }, [workflows, names, answers, all]);
}

const mark = (w: Workflow) => JSON.stringify([w.LastRun?.WorkflowRunId, w.LastRun?.Status, w.LastRun?.Statistics]);

/**
 * Without a stream of changes the workflows are asked for, and only the runs of
 * those whose last run changed.
 */
function useLastRunsRefresh(workflows: Workflow[] | undefined) {
  const client = useQueryClient();
  const polling = usePolling() !== false;
  const seen = useRef(new Map<string, string>());
  useEffect(() => {
    for (const w of workflows ?? []) {
      const now = mark(w);
      const before = seen.current.get(w.Name);
      seen.current.set(w.Name, now);
      if (polling && before !== undefined && before !== now) void client.invalidateQueries({ queryKey: ["runs", w.Name] });
    }
  }, [client, polling, workflows]);
}
