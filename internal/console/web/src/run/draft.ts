import type { ResumeRequest, RunOverride, Selectors } from "../api/types";

/** Settings of a job that a form holds as they were typed. */
export interface OverrideDraft {
  args: [string, string][];
  timeout: string;
  retries: string;
}

/** A resume as the form holds it, nodes by id. */
export interface ResumeDraft {
  nodes: string[];
  select: Selectors;
  accept: string[];
  because: string;
  until: string[];
  except: string[];
  properties: [string, string][];
  overrides: Record<string, OverrideDraft>;
  current: boolean;
  anyEnd: boolean;
  again: boolean;
  /** The run is RUNNING: what runs in it is moved to the new run. */
  whileRunning: boolean;
}

export const emptyDraft: ResumeDraft = {
  nodes: [], select: {}, accept: [], because: "", until: [], except: [],
  properties: [], overrides: {}, current: false, anyEnd: false, again: false, whileRunning: false,
};

/** Whether there is anything to ask a plan for. */
export const isEmpty = (d: ResumeDraft) =>
  d.nodes.length + d.accept.length === 0 && !Object.values(d.select).some(Boolean);

/** What still has to be filled in; none when a plan can be asked for. */
export function incomplete(d: ResumeDraft): string | undefined {
  if (isEmpty(d)) return "Tick what to repeat, or choose one of the selectors.";
  if (d.accept.length > 0 && !d.because.trim()) return "Say why the accepted nodes count as succeeded: it is kept with the run.";
  for (const [job, o] of Object.entries(d.overrides)) {
    const bad = o.args.find(([k]) => k !== "" && !/^--./.test(k));
    if (bad) return `“${bad[0]}” is no argument of ${job}: its key begins with --, as in --key.`;
    if (o.timeout && !isCount(o.timeout)) return `The timeout of ${job} must be a whole number of minutes.`;
    if (o.retries && !isCount(o.retries)) return `The retries of ${job} must be a whole number.`;
  }
  return undefined;
}

const isCount = (text: string) => /^\d{1,6}$/.test(text.trim());

/** The request that a draft means. What is empty is left out, so that equal drafts are equal requests. */
export function request(workflow: string, run: string, d: ResumeDraft): ResumeRequest {
  const r: ResumeRequest = { Name: workflow, RunId: run };
  if (d.nodes.length) r.NodeIds = [...d.nodes];
  const select = Object.fromEntries(Object.entries(d.select).filter(([, on]) => on));
  if (Object.keys(select).length) r.Select = select;
  if (d.accept.length) {
    r.Accept = [...d.accept];
    r.Because = d.because.trim();
  }
  if (d.until.length) r.Until = [...d.until];
  if (d.except.length) r.Except = [...d.except];
  const properties = pairs(d.properties);
  if (properties) r.Properties = properties;
  const overrides: Record<string, RunOverride> = {};
  for (const [job, o] of Object.entries(d.overrides)) {
    const over = override(o);
    if (Object.keys(over).length) overrides[job] = over;
  }
  if (Object.keys(overrides).length) r.Overrides = overrides;
  if (d.current && !d.whileRunning) r.Definition = "current";
  if (d.anyEnd) r.AnyEnd = true;
  if (d.again) r.AnyResume = true;
  if (d.whileRunning) r.WhileRunning = true;
  return r;
}

function override(o: OverrideDraft): RunOverride {
  const out: RunOverride = {};
  const args = pairs(o.args);
  if (args) out.arguments = args;
  if (o.timeout) out.timeout = Number(o.timeout);
  if (o.retries) out.retries = Number(o.retries);
  return out;
}

function pairs(list: readonly [string, string][]): Record<string, string> | undefined {
  const given = list.filter(([k]) => k !== "");
  return given.length ? Object.fromEntries(given) : undefined;
}

/** The draft with a node ticked, or not any more. */
export function toggle(d: ResumeDraft, list: "nodes" | "accept" | "until" | "except", id: string): ResumeDraft {
  const has = d[list].includes(id);
  const next = { ...d, [list]: has ? d[list].filter((x) => x !== id) : [...d[list], id] };
  if (has) return next;
  // A node is repeated, accepted or left out: one of these.
  for (const other of ["nodes", "accept", "except"] as const) {
    if (other !== list && list !== "until") next[other] = next[other].filter((x) => x !== id);
  }
  return next;
}

/**
 * The draft with a node chosen, or not any more, in the graph. A node that a selector
 * found is taken away by naming the others instead.
 */
export function pick(d: ResumeDraft, id: string, selected: ReadonlySet<string>): ResumeDraft {
  if (d.nodes.includes(id) || !selected.has(id)) return toggle(d, "nodes", id);
  return { ...d, select: {}, nodes: [...selected].filter((x) => x !== id) };
}

/** Whether a draft asks for more than AWS's own operation does. */
export const beyondAws = (d: ResumeDraft) =>
  d.accept.length + d.until.length + d.except.length > 0 || Boolean(request("", "", d).Properties ?? request("", "", d).Overrides) || d.current || d.anyEnd || d.again || d.whileRunning;
