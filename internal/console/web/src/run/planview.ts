import type { Plan, PlanNode, Verdict } from "../api/types";
import { duration } from "../format";
import { shortIds } from "./time";

/** How a resume's plan is told: its verdicts, in this order. */
export const verdicts: { verdict: Verdict; title: string; sign: string; help: string }[] = [
  { verdict: "start", title: "Start at once", sign: "▶", help: "No other chosen node leads to them." },
  { verdict: "downstream", title: "Follow, if their trigger fires", sign: "○", help: "They lie downstream of what starts and run again, or for the first time." },
  { verdict: "blocked", title: "Can't run", sign: "✕", help: "No trigger can start them any more." },
  { verdict: "moved", title: "Run on, moved to the new run", sign: "→", help: "They are not touched: they go on, and what waits for them waits in the new run." },
  { verdict: "accept", title: "Accepted as succeeded", sign: "✓", help: "Not repeated; what waits for them goes on." },
  { verdict: "held", title: "Held back", sign: "‖", help: "For a later resume." },
  { verdict: "carry", title: "Carried over, not repeated", sign: "=", help: "With their results of earlier runs." },
  { verdict: "blank", title: "Left as they are", sign: "·", help: "They never started, and nothing that runs leads to them." },
];

export interface PlanGroup {
  verdict: Verdict;
  title: string;
  sign: string;
  help: string;
  /** Jobs and crawlers. */
  nodes: PlanNode[];
  triggers: PlanNode[];
}

export function groups(plan: Plan): PlanGroup[] {
  return verdicts
    .map((v) => {
      const of = plan.nodes.filter((n) => n.verdict === v.verdict);
      return { ...v, nodes: of.filter((n) => n.type !== "TRIGGER"), triggers: of.filter((n) => n.type === "TRIGGER") };
    })
    .filter((g) => g.nodes.length + g.triggers.length > 0);
}

const said = [
  "starts again at once: it was selected, and ", "starts again at once: ", "starts again ",
  "starts at once: it was selected, ", "starts at once: ", "starts ", "is carried: ", "is left blank: ",
  "is left as it was: ", "is moved: ", "is accepted as SUCCEEDED: ", "is held back: ",
];

/** A node's reason without what its group and its name say already. */
export function reason(n: PlanNode): string {
  let text = n.reason;
  for (const prefix of ["trigger ", n.name + " ", ...said]) if (text.startsWith(prefix)) text = text.slice(prefix.length);
  if (n.type !== "TRIGGER" && (n.verdict === "start" || n.verdict === "downstream" || n.verdict === "blocked")) {
    text = text.replace(/ \((?:it wants|arguments of)[^()]*\)/g, "");
  }
  return shortIds(text);
}

/** So many reasons are told behind one. */
const mostBehind = 5;

/** The reasons behind a node's own, first the nearest. */
export function behind(plan: Plan, n: PlanNode): string[] {
  const seen = new Set([n]);
  for (let at = plan.nodes[n.behind]; at && !seen.has(at) && seen.size <= mostBehind; at = plan.nodes[at.behind]) seen.add(at);
  return [...seen].slice(1).map((b) => b.reason);
}

/** The counts in one line: "2 start, 3 may follow, 8 carried". */
export function counts(plan: Plan): string {
  const words: [Verdict, string][] = [
    ["start", "start"], ["downstream", "may follow"], ["blocked", "can't run"], ["accept", "accepted"],
    ["held", "held back"], ["moved", "run on"], ["carry", "carried"],
  ];
  return words.filter(([v]) => plan.counts[v]).map(([v, w]) => `${plan.counts[v]} ${w}`).join(", ") || "nothing runs";
}

/** What a plan expects of time; none when no duration is known. */
export function expectation(plan: Plan): { takes: string; saves?: string; path: string; unknown: number } | undefined {
  const t = plan.times;
  if (!(t.expectedMs > 0)) return undefined;
  return {
    takes: duration(t.expectedMs), saves: t.savedMs > 0 ? duration(t.savedMs) : undefined,
    path: ends(t.criticalPath).join(" → "), unknown: t.unknown ?? 0,
  };
}

/** A long list with its middle left out. */
export function ends(list: readonly string[]): string[] {
  const each = 3;
  if (list.length <= 2 * each) return [...list];
  return [...list.slice(0, each), `${list.length - 2 * each} more`, ...list.slice(-each)];
}

/** Jobs that may write twice: declared or seen to write, and not marked as safe. */
export const risky = (plan: Plan): PlanNode[] =>
  plan.nodes.filter((n) => n.risk && !n.risk.safe && (n.risk.outputs?.length ?? 0) + (n.risk.written?.length ?? 0) > 0);

/** What changed in the plan from one to another, node by node. */
export function changes(before: Plan, after: Plan): string[] {
  const had = new Map(before.nodes.map((n) => [n.id, n]));
  const title = (v: Verdict) => verdicts.find((x) => x.verdict === v)?.title.toLowerCase() ?? v;
  const out: string[] = [];
  for (const n of after.nodes) {
    const was = had.get(n.id);
    if (n.type === "TRIGGER") continue;
    if (!was) out.push(`${n.name} is new: ${title(n.verdict)}`);
    else if (was.verdict !== n.verdict) out.push(`${n.name}: was “${title(was.verdict)}”, now “${title(n.verdict)}”`);
  }
  return out;
}
