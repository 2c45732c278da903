// Times are epoch seconds, durations milliseconds, unless the name says otherwise.

const two = (n: number) => String(n).padStart(2, "0");

/** 820 ms, 4.2 s, 3 min 05 s, 2 h 14 min, 3 d 4 h. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return "";
  if (ms < 0) ms = 0;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  const min = Math.round(s / 60);
  if (min < 24 * 60) return `${Math.floor(min / 60)} h ${two(min % 60)} min`;
  const h = Math.round(min / 60);
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** From one time to another, in ms; to now when the second is missing. */
export function between(from: number | undefined, to: number | undefined, now: number): number | undefined {
  return from === undefined ? undefined : (to ?? now / 1000) * 1000 - from * 1000;
}

/** A local time: 14:03:22 of today, 27 Nov 14:03 of this year, else with the year. */
export function localTime(seconds: number, now = Date.now(), precise = true): string {
  const d = new Date(seconds * 1000);
  const n = new Date(now);
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (d.toDateString() === n.toDateString()) return precise ? `${clock}:${two(d.getSeconds())}` : clock;
  const day = `${d.getDate()} ${d.toLocaleString("en", { month: "short" })}`;
  return d.getFullYear() === n.getFullYear() ? `${day} ${clock}` : `${day} ${d.getFullYear()} ${clock}`;
}

/** 2026-11-28 14:03:22.104 UTC */
export function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** 5 s ago, 12 min ago, 3 h ago, 2 d ago; in 5 min for what is to come. */
export function ago(seconds: number, now: number): string {
  const ms = now - seconds * 1000;
  const abs = Math.abs(ms);
  if (abs < 1000) return "just now";
  const unit: [number, string] =
    abs < 60_000 ? [1000, "s"] : abs < 3_600_000 ? [60_000, "min"] : abs < 48 * 3_600_000 ? [3_600_000, "h"] : [86_400_000, "d"];
  const n = `${Math.floor(abs / unit[0])} ${unit[1]}`;
  return ms >= 0 ? `${n} ago` : `in ${n}`;
}

export const plural = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** The beginning of a run's id, enough to tell runs apart. */
export const shortId = (id: string) => (id.length > 16 ? `${id.slice(0, 13)}…` : id);
