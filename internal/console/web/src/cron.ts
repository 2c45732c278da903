// The six-field schedules of Glue triggers, as internal/cron reads them. Times are UTC.

interface Schedule {
  minutes: number[];
  hours: number[];
  months: Set<number>;
  years: number[];
  day: (year: number, month: number, day: number) => boolean;
}

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

class Bad extends Error {}

function value(text: string, min: number, max: number, names?: string[]): number {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  const n = named >= 0 ? named + min : /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(n >= min && n <= max)) throw new Bad(text);
  return n;
}

/** One part of a list: a, a-b, *, each with /step. */
function part(text: string, min: number, max: number, names?: string[]): number[] {
  const [span = "", by] = text.split("/");
  const step = by === undefined ? 1 : value(by, 1, max);
  let from = min;
  let to = max;
  if (span !== "*") {
    const [a = "", b] = span.split("-");
    from = value(a, min, max, names);
    to = b !== undefined ? value(b, min, max, names) : by !== undefined ? max : from;
  }
  const out: number[] = [];
  for (let v = from; v <= to; v += step) out.push(v);
  return out;
}

const list = (text: string, min: number, max: number, names?: string[]) =>
  [...new Set(text.split(",").flatMap((p) => part(p, min, max, names)))].sort((a, b) => a - b);

const lastDay = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** From 1, Sunday. */
const weekDay = (year: number, month: number, day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

/** The weekday nearest to a day, which never leaves the month. */
function nearest(year: number, month: number, want: number): number {
  const last = lastDay(year, month);
  if (want > last) return 0;
  const week = weekDay(year, month, want);
  if (week === 7) return want > 1 ? want - 1 : want + 2;
  if (week === 1) return want < last ? want + 1 : want - 2;
  return want;
}

function ofMonth(text: string): Schedule["day"] {
  const rules = text.split(",").map((p): Schedule["day"] => {
    if (p === "L") return (y, m, d) => d === lastDay(y, m);
    if (p.endsWith("W")) {
      const want = value(p.slice(0, -1), 1, 31);
      return (y, m, d) => d === nearest(y, m, want);
    }
    const days = new Set(part(p, 1, 31));
    return (_y, _m, d) => days.has(d);
  });
  return (y, m, d) => rules.some((rule) => rule(y, m, d));
}

function ofWeek(text: string): Schedule["day"] {
  const rules = text.split(",").map((p): Schedule["day"] => {
    if (p === "L") return (y, m, d) => weekDay(y, m, d) === 7;
    if (p.endsWith("L")) {
      const want = value(p.slice(0, -1), 1, 7, dayNames);
      return (y, m, d) => weekDay(y, m, d) === want && d + 7 > lastDay(y, m);
    }
    const days = new Set(part(p, 1, 7, dayNames));
    return (y, m, d) => days.has(weekDay(y, m, d));
  });
  return (y, m, d) => rules.some((rule) => rule(y, m, d));
}

function parse(expression: string): Schedule {
  const words = /^\s*cron\((.*)\)\s*$/.exec(expression)?.[1]?.trim().split(/\s+/);
  if (words?.length !== 6) throw new Bad(expression);
  const [minutes, hours, days, months, week, years] = words as [string, string, string, string, string, string];
  return {
    minutes: list(minutes, 0, 59),
    hours: list(hours, 0, 23),
    months: new Set(list(months, 1, 12, monthNames)),
    years: list(years, 1970, 2199),
    day: week === "?" ? ofMonth(days) : ofWeek(week),
  };
}

/** The first time after `after` (epoch ms) at which the schedule fires, in ms; undefined when never or not readable. */
export function nextTime(expression: string | undefined, after: number): number | undefined {
  let s: Schedule;
  try {
    s = parse(expression ?? "");
  } catch {
    return undefined;
  }
  const from = Math.floor(after / 60_000) * 60_000 + 60_000;
  const start = new Date(from);
  for (const year of s.years) {
    if (year < start.getUTCFullYear()) continue;
    for (let month = 1; month <= 12; month++) {
      if (!s.months.has(month) || Date.UTC(year, month, 0, 23, 59) < from) continue;
      for (let day = 1; day <= lastDay(year, month); day++) {
        if (Date.UTC(year, month - 1, day, 23, 59) < from || !s.day(year, month, day)) continue;
        for (const hour of s.hours) {
          for (const minute of s.minutes) {
            const at = Date.UTC(year, month - 1, day, hour, minute);
            if (at >= from) return at;
          }
        }
      }
    }
  }
  return undefined;
}
