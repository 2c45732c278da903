import { useMemo } from "react";
import { useAbout, useFamily, useReasons, useResumeRecord, useRun } from "../api/queries";
import type { Family, NodeReason, ResumeRecord, WorkflowRun } from "../api/types";
import { inOrder } from "../state";
import type { Bar, Span } from "./gantt";
import { names, type Names } from "./names";
import { edgesOf, millis, viewNodes, type NodeView } from "./view";

/** All that the run's page shows, as far as it is there. */
export interface RunData {
  run: WorkflowRun;
  views: NodeView[];
  byId: ReadonlyMap<string, NodeView>;
  edges: ReturnType<typeof edgesOf>;
  names: Names;
  record?: ResumeRecord;
  reasons: ReadonlyMap<string, NodeReason>;
  family?: Family;
}

/** What a run's page shows. Reasons are many and long: they are read where they are shown. */
export function useRunData(workflow: string, runId: string, withReasons: boolean) {
  const about = useAbout().data;
  const query = useRun(workflow, runId);
  const run = query.data?.WorkflowRunId === runId ? query.data : undefined;
  const server = about?.Kind === "server";
  const record = useResumeRecord(workflow, runId, server && Boolean(run?.PreviousRunId)).data;
  const reasons = useReasons(workflow, runId, withReasons && run !== undefined).data;
  const family = useFamily(workflow, runId).data;

  const ranIn = useMemo(() => family && jobRunsOf(family), [family]);
  const views = useMemo(() => (run ? viewNodes(run, record, ranIn) : []), [run, record, ranIn]);
  const edges = useMemo(() => edgesOf(run?.Graph), [run?.Graph]);
  const named = useMemo(() => names(views), [views]);
  const data = useMemo<RunData | undefined>(
    () =>
      run && {
        run, views, edges, names: named, record, family,
        byId: new Map(views.map((v) => [v.id, v])),
        reasons: new Map((reasons ?? []).map((r) => [r.UniqueId, r])),
      },
    [run, views, edges, named, record, family, reasons],
  );
  return { data, error: query.error, about };
}

/** The run in which each job run of a family ran. */
function jobRunsOf(family: Family): Map<string, string> {
  const all = family.nodes.flatMap((n) => n.attempts ?? []);
  return new Map(all.flatMap((a) => (a.jobRunId && a.runId ? [[a.jobRunId, a.runId] as const] : [])));
}

const time = (text: string | undefined) => (text ? Date.parse(text) : undefined);

/** The bars and runs of a family. */
export function familyBars(family: Family): { bars: Bar[]; runs: Span[] } {
  const runs = family.runs.flatMap((r) => {
    const began = time(r.startedOn);
    return began === undefined ? [] : [{ id: r.runId, began, ended: time(r.completedOn) }];
  });
  const bars = family.nodes.flatMap((n) =>
    (n.attempts ?? []).flatMap((a) => {
      const began = time(a.startedOn);
      if (began === undefined) return [];
      const bar: Bar = {
        node: n.id, run: a.runId ?? a.before ?? "", state: a.state, began, ended: time(a.completedOn),
        retry: a.retry ?? 0, jobRunId: a.jobRunId, error: a.error,
      };
      return [bar];
    }),
  );
  return { bars, runs };
}

/** The bars of one run alone, where no family is known: with what it carries. */
export function runBars(data: RunData): { bars: Bar[]; runs: Span[] } {
  const { run } = data;
  const bars = data.views.flatMap((v) =>
    v.attempts.flatMap((a) => {
      if (a.began === undefined) return [];
      const bar: Bar = {
        node: v.id, run: v.carried ? (v.carriedFrom ?? run.PreviousRunId ?? "") : run.WorkflowRunId, state: a.state, began: a.began, ended: a.ended,
        retry: a.jobRun?.Attempt ?? 0, jobRunId: a.jobRun?.Id, error: a.error,
      };
      return [bar];
    }),
  );
  const own: Span = { id: run.WorkflowRunId, began: millis(run.StartedOn) ?? 0, ended: millis(run.CompletedOn) };
  const earlier = bars
    .filter((b) => b.began < own.began)
    .map((b) => ({ id: run.PreviousRunId ?? "", began: b.began, ended: b.ended }));
  return { bars, runs: [...earlier, own] };
}

/** The rows of a timeline: the nodes that ran, upstream before downstream. */
export function ganttRows(data: Pick<RunData, "run">, bars: readonly Bar[]) {
  const ran = new Set(bars.map((b) => b.node));
  return inOrder(data.run.Graph).filter((n) => ran.has(n.UniqueId)).map((n) => ({ id: n.UniqueId, name: n.Name }));
}
