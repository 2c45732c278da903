import { roughly } from "./time";

/** An attempt as a bar. Times are in milliseconds. */
export interface Bar {
  node: string;
  run: string;
  state?: string;
  began: number;
  /** None while it goes on. */
  ended?: number;
  retry: number;
  jobRunId?: string;
  error?: string;
}

/** A span of a run of the family. */
export interface Span {
  id: string;
  began: number;
  ended?: number;
}

/** A stretch of time drawn to scale, or an idle one cut short. */
export interface Stretch {
  from: number;
  to: number;
  x: number;
  width: number;
  idle: boolean;
}

export interface Axis {
  stretches: Stretch[];
  width: number;
  /** The place of a moment. */
  x(time: number): number;
  ticks: { x: number; text: string }[];
}

/** Gaps shorter than this are drawn to scale. */
const leastGap = 3_000;
/** ... and so are those that are short beside what ran. */
const leastShare = 0.1;
export const gapWidth = 64;

/** The stretches in which something ran, in order. */
export function busy(spans: readonly Span[], now: number): { from: number; to: number }[] {
  const sorted = spans.map((s) => ({ from: s.began, to: Math.max(s.ended ?? now, s.began) })).sort((a, b) => a.from - b.from);
  const out: { from: number; to: number }[] = [];
  for (const s of sorted) {
    const last = out.at(-1);
    if (last && s.from <= last.to) last.to = Math.max(last.to, s.to);
    else out.push({ ...s });
  }
  return out;
}

/** An axis over spans: what ran is to scale, long gaps between are cut short. */
export function makeAxis(spans: readonly Span[], now: number, width: number): Axis {
  const runs = busy(spans, now);
  const worked = runs.reduce((sum, r) => sum + r.to - r.from, 0);
  const cut = Math.max(leastGap, worked * leastShare);
  const parts: { from: number; to: number; idle: boolean }[] = [];
  for (const r of runs) {
    const last = parts.at(-1);
    if (last && r.from - last.to < cut) {
      last.to = r.to;
      continue;
    }
    if (last) parts.push({ from: last.to, to: r.from, idle: true });
    parts.push({ ...r, idle: false });
  }
  const gaps = parts.filter((p) => p.idle).length;
  const scaled = parts.reduce((sum, p) => sum + (p.idle ? 0 : p.to - p.from), 0);
  const room = Math.max(1, width - gaps * gapWidth);
  let x = 0;
  const stretches = parts.map((p) => {
    const w = p.idle ? gapWidth : scaled > 0 ? ((p.to - p.from) / scaled) * room : room;
    const s = { ...p, x, width: w };
    x += w;
    return s;
  });
  return { stretches, width, x: (time) => place(stretches, time), ticks: ticks(stretches) };
}

function place(stretches: readonly Stretch[], time: number): number {
  const s = stretches.find((p) => time <= p.to) ?? stretches.at(-1);
  if (!s) return 0;
  const share = s.to > s.from ? (time - s.from) / (s.to - s.from) : 0;
  return s.x + Math.min(1, Math.max(0, share)) * s.width;
}

const steps = [
  100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 2 * 60e3, 5 * 60e3, 10 * 60e3, 15 * 60e3, 30 * 60e3,
  3600e3, 2 * 3600e3, 3 * 3600e3, 6 * 3600e3, 12 * 3600e3, 86400e3,
];
const tickWidth = 90;
const labelWidth = 30;

/** Marks of time: since the beginning of each stretch. */
function ticks(stretches: readonly Stretch[]): { x: number; text: string }[] {
  const out: { x: number; text: string }[] = [];
  for (const s of stretches) {
    if (s.idle) continue;
    const span = s.to - s.from;
    const step = steps.find((st) => (st / Math.max(1, span)) * s.width >= tickWidth) ?? span + 1;
    for (let at = 0; at <= span; at += step) {
      const into = span ? (at / span) * s.width : 0;
      const text = at === 0 || s.width - into < labelWidth ? "" : "+" + offset(at);
      out.push({ x: s.x + into, text });
    }
  }
  return out;
}

function offset(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  if (ms < 60e3) return `${ms / 1000}s`;
  if (ms < 3600e3) return `${ms / 60e3}m`;
  return `${ms / 3600e3}h`;
}

/** What an idle stretch is marked with. */
export const idleText = (s: Stretch) => `${roughly(s.to - s.from)} idle`;
