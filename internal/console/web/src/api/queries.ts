// What the pages read. Every key begins with the word by which events refresh it:
// "run" (one run), "runs" (a workflow's runs), "definitions", "jobruns".
import { keepPreviousData, QueryClient, useQueries, useQuery } from "@tanstack/react-query";
import { about, call, callAll, ApiError } from "./client";
import { pollInterval, useConnection } from "./events";
import type { Workflow, WorkflowRun } from "./types";

export function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when something is old.
        staleTime: 30_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        // A lost connection heals by itself; an answer of the service does not change.
        retry: (count, error) => !(error instanceof ApiError) && count < 1,
        retryDelay: 500,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** The refetchInterval of queries whose changes the server would tell. */
export function usePolling(every = pollInterval): number | false {
  const connection = useConnection();
  return connection === "live" || connection === "connecting" ? false : every;
}

export function useAbout() {
  return useQuery({ queryKey: ["about"], queryFn: ({ signal }) => about(signal), staleTime: Infinity, retry: false, refetchInterval: (q) => (q.state.status === "error" ? 2000 : false) });
}

/** BatchGetWorkflows takes as many names. */
const batch = 25;

/** Each page of names is looked up while the next one is read. */
async function allWorkflows(signal: AbortSignal): Promise<Workflow[]> {
  const parts: Promise<Workflow[]>[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call("ListWorkflows", { MaxResults: batch, NextToken }, { signal });
    const Names = page.Workflows ?? [];
    if (Names.length > 0) {
      const part = call("BatchGetWorkflows", { Names }, { signal }).then((o) => o.Workflows ?? []);
      part.catch(() => {}); // it is awaited below, unless a page fails first
      parts.push(part);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return (await Promise.all(parts)).flat().sort((a, b) => a.Name.localeCompare(b.Name));
}

/** All workflows, without graphs, by name. */
export function useWorkflows() {
  const polling = usePolling();
  return useQuery({ queryKey: ["definitions", "workflows"], queryFn: ({ signal }) => allWorkflows(signal), refetchInterval: polling });
}

/** One workflow with its design graph. */
export function useWorkflow(name: string) {
  const polling = usePolling(30_000);
  return useQuery({
    queryKey: ["definitions", "workflow", name],
    queryFn: async ({ signal }) => (await call("GetWorkflow", { Name: name, IncludeGraph: true }, { signal })).Workflow!,
    refetchInterval: polling,
  });
}

function runsQuery(name: string, newest: number, polling: number | false) {
  return {
    queryKey: ["runs", name, newest],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const out = await call("GetWorkflowRuns", { Name: name, MaxResults: newest }, { signal });
      return { runs: out.Runs ?? [], more: out.NextToken !== undefined };
    },
    refetchInterval: polling,
    placeholderData: keepPreviousData,
  };
}

/** The newest runs of a workflow, without graphs, newest first. */
export function useRuns(name: string, newest = 100) {
  return useQuery(runsQuery(name, newest, usePolling()));
}

export interface Answer<T> {
  data: T | undefined;
  isPending: boolean;
  error: Error | null;
}

/** What pages need of many queries; equal answers stay the same objects. */
const answersOf = <T>(results: Answer<T>[]): Answer<T>[] => results.map(({ data, isPending, error }) => ({ data, isPending, error }));

/** How many of a workflow's newest runs the lists look at. */
export const recentRuns = 50;

/** The newest runs of many workflows; the answers are in the order of the names. */
export function useRunsOf(names: string[], newest = recentRuns) {
  const polling = usePolling(60_000);
  return useQueries({ queries: names.map((name) => runsQuery(name, newest, polling)), combine: answersOf });
}

export const isLive = (run: WorkflowRun | undefined) => run?.Status === "RUNNING" || run?.Status === "STOPPING";

async function oneRun(name: string, id: string, signal: AbortSignal): Promise<WorkflowRun> {
  return (await call("GetWorkflowRun", { Name: name, RunId: id, IncludeGraph: true }, { signal })).Run!;
}

/** One run with its graph. */
export function useRun(name: string, id: string) {
  const polling = usePolling(2000);
  return useQuery({
    queryKey: ["run", name, id, "graph"],
    queryFn: ({ signal }) => oneRun(name, id, signal),
    refetchInterval: (q) => (polling && isLive(q.state.data) ? polling : false),
    placeholderData: keepPreviousData,
  });
}

/** Something small made of each of some runs' graphs, so that the graphs need not be kept. */
export function useRunsMade<T>(what: string, runs: WorkflowRun[], make: (run: WorkflowRun) => T) {
  const polling = usePolling();
  return useQueries({
    queries: runs.map((run) => ({
      queryKey: ["run", run.Name, run.WorkflowRunId, what],
      queryFn: async ({ signal }: { signal: AbortSignal }) => make(await oneRun(run.Name, run.WorkflowRunId, signal)),
      staleTime: isLive(run) ? 0 : Infinity,
      refetchInterval: polling && isLive(run) ? polling : (false as const),
    })),
    combine: answersOf,
  });
}

/** Why each node of a run ran or did not. */
export function useReasons(name: string, id: string, enabled = true) {
  return useQuery({
    queryKey: ["run", name, id, "reasons"],
    queryFn: async ({ signal }) => (await call("ExplainWorkflowRun", { Name: name, RunId: id }, { signal })).Nodes ?? [],
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** A run and all its resumes as one. */
export function useFamily(name: string, id: string) {
  const polling = usePolling();
  return useQuery({
    queryKey: ["runs", name, "family", id],
    queryFn: ({ signal }) => call("GetWorkflowRunFamily", { Name: name, RunId: id }, { signal }),
    refetchInterval: polling,
  });
}

/** What a run keeps of its resume: who, overrides, accepted and held nodes. */
export function useResumeRecord(name: string, id: string, enabled = true) {
  return useQuery({
    queryKey: ["run", name, id, "resume"],
    queryFn: ({ signal }) => call("GetWorkflowRunResume", { Name: name, RunId: id }, { signal }),
    enabled,
  });
}

/** Automatic repairs to come, by the id of the run; a real account has none. */
export function useRepairs() {
  const server = useAbout().data?.Kind === "server";
  const polling = usePolling();
  return useQuery({
    queryKey: ["repairs"],
    queryFn: async ({ signal }) => {
      const out = await call("ListAutomaticRepairs", { Pending: true }, { signal });
      return Object.fromEntries((out.Repairs ?? []).map((r) => [r.RunId, r]));
    },
    enabled: server,
    refetchInterval: polling,
  });
}

export function useTriggers() {
  const polling = usePolling(15_000);
  return useQuery({
    queryKey: ["definitions", "triggers"],
    queryFn: ({ signal }) => callAll("GetTriggers", { MaxResults: 200 }, (o) => o.Triggers, { signal }),
    refetchInterval: polling,
  });
}

export function useJobs() {
  const polling = usePolling(30_000);
  return useQuery({
    queryKey: ["definitions", "jobs"],
    queryFn: ({ signal }) => callAll("GetJobs", { MaxResults: 1000 }, (o) => o.Jobs, { signal }),
    refetchInterval: polling,
  });
}

export function useJob(name: string) {
  return useQuery({
    queryKey: ["definitions", "job", name],
    queryFn: async ({ signal }) => (await call("GetJob", { JobName: name }, { signal })).Job!,
  });
}

function jobRunsQuery(job: string, newest: number, polling: number | false) {
  return {
    queryKey: ["jobruns", job, newest],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const out = await call("GetJobRuns", { JobName: job, MaxResults: newest }, { signal });
      return { runs: out.JobRuns ?? [], more: out.NextToken !== undefined };
    },
    refetchInterval: polling,
    placeholderData: keepPreviousData,
  };
}

/** The newest runs of a job, newest first. */
export function useJobRuns(job: string, newest = 50) {
  return useQuery(jobRunsQuery(job, newest, usePolling()));
}

/** The newest runs of many jobs; the answers are in the order of the names. */
export function useJobRunsOf(jobs: string[], newest: number) {
  const polling = usePolling(30_000);
  return useQueries({ queries: jobs.map((job) => jobRunsQuery(job, newest, polling)), combine: answersOf });
}
