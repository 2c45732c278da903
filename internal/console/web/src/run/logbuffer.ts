export interface LogLine {
  Time: number;
  Stream: "stdout" | "stderr";
  Text: string;
}

export type StreamFilter = "both" | "stdout" | "stderr";

/** More lines than this are dropped from the beginning: the download has them all. */
export const mostLines = 500_000;

/** The lines of a log, as many as come. */
export class LogBuffer {
  lines: LogLine[] = [];
  dropped = 0;
  /** Whether anything came on stderr. */
  errors = false;
  /** Counts changes, for those who watch. */
  version = 0;

  add(more: readonly LogLine[]) {
    for (const line of more) {
      this.lines.push({ ...line, Text: plain(line.Text) });
      this.errors ||= line.Stream === "stderr";
    }
    if (this.lines.length > mostLines) {
      const over = this.lines.length - mostLines;
      this.dropped += over;
      this.lines = this.lines.slice(over);
    }
    this.version++;
  }
}

// eslint-disable-next-line no-control-regex
const escapes = /\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07/g;

/** A line without what steers a terminal; of what was written over, the last. */
export function plain(text: string): string {
  const bare = text.includes("\x1b") ? text.replace(escapes, "") : text;
  const trimmed = bare.endsWith("\r") ? bare.slice(0, -1) : bare;
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

/** The lines of a stream; all of them are the very same list. */
export function ofStream(lines: LogLine[], stream: StreamFilter): LogLine[] {
  return stream === "both" ? lines : lines.filter((l) => l.Stream === stream);
}

/** The indexes of lines that hold a text, whatever its case. */
export function find(lines: readonly LogLine[], text: string): number[] {
  if (!text) return [];
  const want = text.toLowerCase();
  const out: number[] = [];
  for (const [i, l] of lines.entries()) if (l.Text.toLowerCase().includes(want)) out.push(i);
  return out;
}

/** A text cut where it matches, to mark the matches. */
export function marks(text: string, query: string): { text: string; hit: boolean }[] {
  if (!query) return [{ text, hit: false }];
  const low = text.toLowerCase();
  const want = query.toLowerCase();
  const out: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let at = low.indexOf(want); at >= 0; at = low.indexOf(want, from)) {
    if (at > from) out.push({ text: text.slice(from, at), hit: false });
    out.push({ text: text.slice(at, at + want.length), hit: true });
    from = at + want.length;
  }
  if (from < text.length) out.push({ text: text.slice(from), hit: false });
  return out;
}

/** The match to go to next, from one on, around the end. */
export function nextMatch(found: readonly number[], at: number, forward: boolean): number {
  if (found.length === 0) return -1;
  if (forward) return found.find((i) => i > at) ?? found[0]!;
  return found.findLast((i) => i < at) ?? found.at(-1)!;
}

/** Which lines of a window are drawn. */
export function windowOf(top: number, height: number, line: number, count: number, spare = 20): { from: number; to: number } {
  const from = Math.max(0, Math.floor(top / line) - spare);
  return { from, to: Math.min(count, Math.ceil((top + height) / line) + spare) };
}
