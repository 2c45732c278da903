import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, call } from "../api/client";
import type { About, Choice, Plan, Verdict } from "../api/types";
import { awsCommand } from "../cli";
import { shortId } from "../format";
import type { Verdicts } from "../graph/types";
import { navigate, paths } from "../router";
import { useChange } from "../ui/change";
import { incomplete, isEmpty, request, type ResumeDraft } from "./draft";
import { affected } from "./eligible";
import { planHere } from "./planhere";
import { changes } from "./planview";
import type { RunData } from "./useRunData";

export interface Resume {
  /** What is still missing before a plan can be asked for. */
  missing?: string;
  plan?: Plan;
  choices: Choice[];
  /** The plan is worked out by this page, since no server makes one. */
  local: boolean;
  planning: boolean;
  planError?: unknown;
  /** What the run would do with each node. */
  verdicts?: Verdicts;
  /** The nodes that are repeated by choice: ticked, or found by a selector. */
  selected: ReadonlySet<string>;
  /** What changed in the plan that was to be carried out. */
  stale?: { why: string; changes: string[] };
  executing: boolean;
  executeError?: unknown;
  execute: (fixed?: boolean) => Promise<void>;
  awsCommand?: string;
}

interface Answer {
  plan: Plan;
  choices: Choice[];
  local: boolean;
}

/** The plan of a draft, and how to carry it out. */
export function useResume(data: RunData | undefined, about: About | undefined, draft: ResumeDraft, open: boolean): Resume {
  const client = useQueryClient();
  const change = useChange();
  const settled = useSettled(draft, 200);
  const run = data?.run;
  const missing = incomplete(draft);
  const wanted = useMemo(() => (run && !incomplete(settled) ? request(run.Name, run.WorkflowRunId, settled) : undefined), [run, settled]);

  const query = useQuery({
    queryKey: ["run", run?.Name, run?.WorkflowRunId, "plan", wanted],
    queryFn: async ({ signal }): Promise<Answer> => {
      const here = () => ({ plan: planHere(run!.Name, run!.WorkflowRunId, data!.views, data!.edges, chosen(data!, settled)), choices: [], local: true });
      try {
        const out = await call("PlanWorkflowRunResume", wanted!, { signal });
        return { plan: out.Plan, choices: out.Choices ?? [], local: false };
      } catch (error) {
        if (error instanceof ApiError && error.code === "UnknownOperationException") return here();
        throw error;
      }
    },
    enabled: open && wanted !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
  });
  // The last plan stays while something is missing or refused: it holds the very
  // fields in which that is put right.
  const last = useRef<Answer>(undefined);
  if (query.data) last.current = query.data;
  const answer = isEmpty(draft) ? undefined : (query.data ?? last.current);
  const fresh = !missing && !query.isError && !query.isPlaceholderData && settled === draft;
  const verdicts = useVerdicts(data, draft, open, fresh ? answer?.plan : undefined);

  const selected = useMemo(() => {
    const ids = new Set(draft.nodes);
    if (fresh) for (const n of answer?.plan.nodes ?? []) if (n.selected) ids.add(n.id);
    return ids;
  }, [draft.nodes, fresh, answer]);

  const [stale, setStale] = useState<Resume["stale"]>();
  const [executing, setExecuting] = useState(false);
  const [executeError, setExecuteError] = useState<unknown>();
  const [token, setToken] = useState(newToken);
  useEffect(() => {
    setStale(undefined);
    setExecuteError(undefined);
    setToken(newToken());
  }, [draft]);

  const starts = answer?.plan.starts ?? [];
  const command = run && awsCommand("resume-workflow-run", { name: run.Name, "run-id": run.WorkflowRunId, "node-ids": starts });
  const execute = async (fixed = true) => {
    if (!run || !answer || !wanted) return;
    setExecuting(true);
    setExecuteError(undefined);
    setStale(undefined);
    try {
      const what = `Resume run ${shortId(run.WorkflowRunId)} of ${run.Name}`;
      const out = answer.local
        ? await change("ResumeWorkflowRun", { Name: run.Name, RunId: run.WorkflowRunId, NodeIds: [...chosen(data, settled)] }, what, command)
        : await change(
            "ExecuteWorkflowRunResume",
            { ...wanted, PlanToken: fixed ? answer.plan.token : undefined, ExpectHead: answer.plan.head, ClientToken: token, By: by(about) },
            what, command,
          );
      if (!out) return;
      void client.invalidateQueries({ queryKey: ["runs", run.Name] });
      navigate(paths.run(run.Name, out.RunId));
      window.scrollTo(0, 0);
    } catch (error) {
      setToken(newToken());
      if (error instanceof ApiError && error.code === "ConcurrentModificationException") {
        void client.invalidateQueries({ queryKey: ["run", run.Name, run.WorkflowRunId] });
        const next = await query.refetch();
        setStale({ why: error.message, changes: next.data ? changes(answer.plan, next.data.plan) : [] });
      } else setExecuteError(error);
    } finally {
      setExecuting(false);
    }
  };

  return {
    missing, verdicts, selected, stale, executing, executeError, execute,
    plan: answer?.plan, choices: answer?.choices ?? [], local: answer?.local ?? false,
    planning: !missing && (query.isFetching || (!fresh && !query.isError)), planError: missing ? undefined : (query.error ?? undefined),
    awsCommand: command,
  };
}

const by = (about: About | undefined) => (about?.AccessKey ? `${about.AccessKey} in the console` : "the console");

// A token for repeats of a request, for which chance is enough.
const newToken = () => `console-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;

/** The nodes that a draft repeats where the page itself has to know. */
function chosen(data: RunData | undefined, draft: ResumeDraft): Set<string> {
  const ids = new Set(draft.nodes);
  if (draft.select.Failed) for (const v of data?.views ?? []) if (v.failed) ids.add(v.id);
  return ids;
}

/** What is lit up: the plan's verdicts, and until it is there those that follow from the graph. */
function useVerdicts(data: RunData | undefined, draft: ResumeDraft, open: boolean, plan: Plan | undefined): Verdicts | undefined {
  return useMemo(() => {
    if (!data || !open) return undefined;
    if (plan) return new Map(plan.nodes.map((n) => [n.id, n.verdict]));
    const ids = chosen(data, draft);
    if (ids.size === 0) return undefined;
    const { starts, downstream } = affected(ids, data.edges, (id) => data.byId.get(id)?.latest?.began ?? 0);
    const verdict = (id: string, ran: boolean): Verdict => (starts.has(id) ? "start" : downstream.has(id) ? "downstream" : ran ? "carry" : "blank");
    return new Map(data.views.map((v) => [v.id, verdict(v.id, v.attempts.length > 0 || v.node.Type === "TRIGGER")]));
  }, [data, draft, open, plan]);
}

/** A value once it has not changed for a while. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return useDeferredValue(settled);
}
