import { useSyncExternalStore } from "react";
import { ago, between, duration, localTime, utc } from "../format";

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(f: () => void) {
  listeners.add(f);
  timer ??= setInterval(() => {
    now = Date.now();
    listeners.forEach((l) => l());
  }, 1000);
  return () => {
    listeners.delete(f);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time in ms; the component is drawn again each second, or only now with `still`. */
export function useNow(still = false): number {
  return useSyncExternalStore(still ? noTicks : subscribe, () => (still || !timer ? fresh() : now));
}

const noTicks = () => () => {};

/** The same value within a second, as useSyncExternalStore wants it. */
function fresh() {
  const at = Date.now();
  if (at - now >= 1000) now = at;
  return now;
}

/** A local time; UTC and how long ago on hover. */
export function Time({ at, relative, precise }: { at: number | undefined; relative?: boolean; precise?: boolean }) {
  const now = useNow(!relative);
  if (at === undefined) return <span className="quiet">–</span>;
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={`${utc(at)} (${ago(at, now)})`}>
      {relative ? ago(at, now) : localTime(at, now, precise)}
    </time>
  );
}

/** How long something took, or has been running. */
export function Took({ from, to, live }: { from: number | undefined; to: number | undefined; live?: boolean }) {
  const now = useNow(!live);
  if (from === undefined || (to === undefined && !live)) return <span className="quiet">–</span>;
  return <span className="num">{duration(between(from, to, now))}</span>;
}
