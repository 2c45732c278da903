import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Refresher } from "./refresh";

/**
 * How the page learns of changes. live: the server tells. polling: it can't, so the
 * page asks now and then. lost: the server is away; the page keeps trying.
 */
export type Connection = "connecting" | "live" | "polling" | "lost";

let connection: Connection = "connecting";
const listeners = new Set<() => void>();

function become(next: Connection) {
  if (next === connection) return;
  connection = next;
  listeners.forEach((f) => f());
}

function subscribe(f: () => void) {
  listeners.add(f);
  return () => listeners.delete(f);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}

let touched: ReadonlySet<string> = new Set();

/**
 * The workflows of which a run changed since the page was opened: what the list of
 * workflows says of their last run is old.
 */
export function useTouched(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, () => touched);
}

function touch(workflow: string) {
  if (touched.has(workflow)) return;
  touched = new Set(touched).add(workflow);
  listeners.forEach((f) => f());
}

/** For refetchInterval: how often to ask when the server does not tell, in ms. */
export const pollInterval = 5000;

/** The pauses between refetches of what changed, in ms. */
const runPause = 250;
const listPause = 1000;
const jobsPause = 3000;
const retryPause = 5000;

/** Follows the server's changes until the returned function is called. */
export function follow(client: QueryClient, hasEvents: boolean): () => void {
  const refresh = new Refresher(client);
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let server: string | undefined;
  let stopped = false;

  // Without a stream, whether requests get through says how the connection is.
  const unsubscribe = client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || connection === "live") return;
    if (event.action.type === "error") {
      if ((event.action.error as Error | null)?.name === "ConnectionError") become("lost");
    } else if (event.action.type === "success" && !event.action.manual && !source && connection === "lost") {
      become("polling");
    }
  });

  const open = () => {
    if (stopped || source || document.hidden) return;
    source = new EventSource("/console/events");
    source.addEventListener("hello", (e) => {
      const id = (JSON.parse(e.data) as { Server?: string }).Server;
      // What happened while the stream was down is not told again.
      if (server !== undefined || connection === "lost" || connection === "polling") void client.invalidateQueries();
      server = id ?? "";
      become("live");
    });
    source.addEventListener("run", (e) => {
      const { Workflow, RunId } = JSON.parse(e.data) as { Workflow: string; RunId: string };
      touch(Workflow);
      refresh.mark(["run", Workflow, RunId], runPause);
      refresh.mark(["runs", Workflow], listPause);
      refresh.mark(["jobruns"], jobsPause);
      refresh.mark(["repairs"], listPause);
    });
    source.addEventListener("definitions", () => refresh.mark(["definitions"], listPause));
    source.addEventListener("lost", () => void client.invalidateQueries());
    source.onerror = () => {
      if (source?.readyState === EventSource.CONNECTING) return become("lost"); // the browser tries again
      source?.close();
      source = undefined;
      // An answer that is no stream: the session may be over.
      if (connection !== "polling") become("lost");
      void client.invalidateQueries({ queryKey: ["about"] });
      retry = setTimeout(open, retryPause);
    };
  };

  // A browser has few connections to a server: a page that nobody sees gives its own up.
  const seen = () => {
    if (!document.hidden) return open();
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };

  if (hasEvents) {
    document.addEventListener("visibilitychange", seen);
    open();
  } else become("polling");

  return () => {
    stopped = true;
    document.removeEventListener("visibilitychange", seen);
    unsubscribe();
    clearTimeout(retry);
    source?.close();
    become("connecting");
  };
}
