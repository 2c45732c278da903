/** A span in milliseconds as a gap is named: "3 h", "2 days". */
export function roughly(ms: number): string {
  const s = ms / 1000;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

/** A text with the ids of runs in it cut. */
export function shortIds(text: string): string {
  return text.replace(/\b((?:wr|jr)_[0-9a-f]{8,10})[0-9a-f]{20,}\b/g, "$1…");
}
