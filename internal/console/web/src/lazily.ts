import { lazy, type ComponentType } from "react";
import { reach } from "./api/client";

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

const pause = 1000;
const reloaded = "reglue:reloaded";
/** A page that was loaded anew for this is not loaded anew again so soon. */
const reloadAgain = 30_000;

const earlyAfter = 1500;

const early: (() => Promise<unknown>)[] = [];

/**
 * React.lazy for a server that may be away for a while: it goes on trying. If the
 * server is there and the part is not, it is another version: the page is loaded anew.
 */
export function lazily<Props>(load: Load<Props>, options: { early?: boolean } = {}) {
  if (options.early) early.push(load);
  return lazy(async () => {
    for (;;) {
      try {
        return await load();
      } catch (error) {
        if (await isThere()) reload(error);
        await new Promise((done) => setTimeout(done, pause));
      }
    }
  });
}

async function isThere(): Promise<boolean> {
  try {
    return (await reach("/console/about", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

function reload(error: unknown) {
  const last = Number(sessionStorage.getItem(reloaded) ?? 0);
  if (Date.now() - last < reloadAgain) throw error;
  sessionStorage.setItem(reloaded, String(Date.now()));
  location.reload();
}

/** Fetches the parts that were marked as early, once the page at hand has had its time. */
export function fetchEarly() {
  const idle = window.requestIdleCallback ?? ((f: () => void) => f());
  setTimeout(() => idle(() => early.forEach((load) => void load().catch(() => {}))), earlyAfter);
}
