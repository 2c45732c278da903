/** A span in milliseconds as people read it; empty for none. */
export function duration(ms: number): string {
  const s = ms / 1000;
  if (!(s > 0)) return "";
  if (s < 9.95) return `${s.toFixed(1)}s`;
  if (s < 59.5) return `${Math.round(s)}s`;
  const minutes = Math.floor(s / 60);
  if (s < 3600) return `${minutes}m${two(Math.floor(s) % 60)}s`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)}h${two(minutes % 60)}m`;
  return `${Math.floor(s / 86400)}d`;
}

/** A span as a gap is named: "3 h", "2 days". */
export function roughly(ms: number): string {
  const s = ms / 1000;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

const two = (n: number) => String(n).padStart(2, "0");

/** wr_, jr_ and wnode_ ids, cut as the command line cuts them. */
export function short(id: string): string {
  return id.replace(/^((?:wr|jr|wnode)_[0-9a-f]{8})[0-9a-f]{20,}$/, "$1");
}

/** A text with the ids of runs in it cut. */
export function shortIds(text: string): string {
  return text.replace(/\b((?:wr|jr)_[0-9a-f]{8})[0-9a-f]{20,}\b/g, "$1");
}
