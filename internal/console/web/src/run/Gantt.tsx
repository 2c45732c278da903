import { memo, useEffect, useMemo, useRef, useState } from "react";
import { duration, localTime, plural, shortId, utc } from "../format";
import { look } from "../state";
import { useNow } from "../ui/Time";
import { idleText, makeAxis, type Axis, type Bar, type Span } from "./gantt";
import { groupBy } from "./group";
import { windowOf } from "./logbuffer";

const rowHeight = 24;
const barHeight = 14;
const headHeight = 40;

export interface GanttProps {
  rows: { id: string; name: string }[];
  bars: Bar[];
  /** The runs of the family. */
  runs: Span[];
  /** The run that the page is about; others are named in the head. */
  selected?: string;
  onSelect: (node: string) => void;
}

/** The attempts of a run and its resumes over time; long pauses between runs are cut short. */
export function Gantt({ rows, bars, runs, selected, onSelect }: GanttProps) {
  const live = runs.some((r) => r.ended === undefined);
  const now = useNow(!live);
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, width: 900 });
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const measure = () => setView({ top: el.scrollTop, height: el.clientHeight, width: el.querySelector(".gantt-plot")?.clientWidth ?? 600 });
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    return () => observer.disconnect();
  }, []);
  const width = Math.max(200, view.width - 16);
  const axis = useMemo(() => makeAxis(runs, now, width), [runs, now, width]);
  const byNode = useMemo(() => groupBy(bars, (b) => b.node), [bars]);
  const shown = windowOf(view.top, view.height, rowHeight, rows.length);
  const height = rows.length * rowHeight;

  if (bars.length === 0) return <p className="quiet">Nothing has started yet.</p>;
  return (
    <div className="gantt" ref={box} onScroll={(e) => setView((v) => ({ ...v, top: (e.target as HTMLElement).scrollTop }))} tabIndex={0} role="region" aria-label="Timeline of attempts">
      <div className="gantt-head">
        <div className="gantt-names" />
        <div className="gantt-plot">
          <Head axis={axis} runs={runs} />
        </div>
      </div>
      <div className="gantt-body" style={{ height }}>
        <ul className="gantt-names" style={{ transform: `translateY(${shown.from * rowHeight}px)` }}>
          {rows.slice(shown.from, shown.to).map((r) => (
            <li key={r.id}>
              <button type="button" className="ghost" aria-pressed={r.id === selected} title={r.name} aria-label={spoken(r.name, byNode.get(r.id) ?? [], now)} onClick={() => onSelect(r.id)}>
                {r.name}
              </button>
            </li>
          ))}
        </ul>
        <div className="gantt-plot">
          <svg width={width} height={height} aria-hidden="true">
            <Ground axis={axis} height={height} />
            {rows.slice(shown.from, shown.to).map((r, i) => (
              <Row key={r.id} y={(shown.from + i) * rowHeight} bars={byNode.get(r.id) ?? none} axis={axis} width={width} now={now} selected={r.id === selected} onSelect={onSelect} />
            ))}
            {live && <line className="gantt-now" x1={axis.x(now)} x2={axis.x(now)} y1={0} y2={height} />}
          </svg>
        </div>
      </div>
    </div>
  );
}

const none: Bar[] = [];

const took = (b: Bar, now: number) => (b.ended ?? now) - b.began;

function spoken(name: string, bars: Bar[], now: number): string {
  const each = bars.map((b) => `${look(b.state).label.toLowerCase()} ${b.ended ? "after" : "for"} ${duration(took(b, now))}`);
  return [name, plural(bars.length, "attempt"), ...each].join(", ");
}

/** What ran in a stretch: the run, or which of its resumes. */
function title(runs: Span[], from: number, to: number): string {
  const sorted = [...runs].sort((a, b) => a.began - b.began);
  const numbers = sorted.flatMap((r, i) => (r.began >= from && r.began <= to ? [i] : []));
  const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const name = (i: number) => (i === 0 ? `Run ${shortId(sorted[0]!.id)}` : `Resume ${i}`);
  if (first === last) return name(first);
  if (first > 0) return `Resumes ${first} to ${last}`;
  return `${name(0)} and ${last === 1 ? "resume 1" : `resumes 1 to ${last}`}`;
}

function Head({ axis, runs }: { axis: Axis; runs: Span[] }) {
  return (
    <svg width={axis.width} height={headHeight} aria-hidden="true">
      {axis.stretches.filter((s) => !s.idle).map((s) => {
        const text = title(runs, s.from, s.to);
        const long = `${text} · ${localTime(s.from / 1000)}`;
        return (
          <text key={s.from} className="gantt-run" x={s.x + 2} y={12}>
            <title>{`${text}: ${utc(s.from / 1000)}`}</title>
            {s.width > 6.2 * long.length ? long : s.width > 6.2 * text.length ? text : ""}
          </text>
        );
      })}
      {axis.ticks.map((t, i) => (
        <g key={i}>
          <line className="gantt-tick" x1={t.x} x2={t.x} y1={30} y2={headHeight} />
          <text className="gantt-time" x={t.x + 3} y={35}>
            {t.text}
          </text>
        </g>
      ))}
      {axis.stretches.map((s) => s.idle && (
        <text key={s.from} className="gantt-idle-text" x={s.x + s.width / 2} y={12} textAnchor="middle">
          {idleText(s)}
        </text>
      ))}
    </svg>
  );
}

const Ground = memo(function Ground({ axis, height }: { axis: Axis; height: number }) {
  return (
    <>
      <defs>
        <pattern id="gantt-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line className="gantt-hatch" x1="0" y1="0" x2="0" y2="6" />
        </pattern>
      </defs>
      {axis.ticks.map((t, i) => (
        <line key={i} className="gantt-tick" x1={t.x} x2={t.x} y1={0} y2={height} />
      ))}
      {axis.stretches.map((s) => s.idle && <rect key={s.from} className="gantt-idle" x={s.x + 2} width={s.width - 4} y={0} height={height} />)}
    </>
  );
});

interface RowProps {
  y: number;
  bars: Bar[];
  axis: Axis;
  width: number;
  now: number;
  selected: boolean;
  onSelect: (node: string) => void;
}

function Row({ y, bars, axis, width, now, selected, onSelect }: RowProps) {
  return (
    <g>
      {selected && <rect className="gantt-selected" x={0} width={width} y={y} height={rowHeight} />}
      <line className="gantt-row" x1={0} x2={width} y1={y + rowHeight} y2={y + rowHeight} />
      {bars.map((b, i) => {
        const x = axis.x(b.began);
        const w = Math.max(3, axis.x(b.ended ?? now) - x);
        const state = look(b.state);
        const text = `${state.label}, ${duration(took(b, now))}${b.retry ? `, retry ${b.retry}` : ""} · run ${shortId(b.run)} · ${localTime(b.began / 1000)}${b.error ? `\n${b.error}` : ""}`;
        return (
          <g key={i} className={`gantt-bar tone-${state.tone}`} onClick={() => onSelect(b.node)}>
            <title>{text}</title>
            <rect x={x} y={y + (rowHeight - barHeight) / 2} width={w} height={barHeight} rx={2} />
            {w > 18 && <path transform={`translate(${x + 3} ${y + (rowHeight - 12) / 2})`} d={state.glyph} />}
            {w > 46 && (
              <text x={x + 18} y={y + 16}>
                {b.retry ? `retry ${b.retry}` : w > 70 ? duration(took(b, now)) : ""}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}
