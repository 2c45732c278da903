import type { About } from "../api/types";
import { reglueCommand } from "../cli";
import type { ResumeDraft } from "./draft";

/** The command line of a resume. `nameOf` gives a node's name where it names no other one. */
export function resumeCommand(about: About | undefined, workflow: string, run: string, d: ResumeDraft, nameOf: (id: string) => string): string {
  const words = ["resume", workflow, run];
  const each = (flag: string, values: readonly string[]) => values.forEach((v) => words.push(flag, v));
  if (d.select.Failed) words.push("--failed");
  each("--node", d.nodes.map(nameOf));
  if (d.select.Changed) words.push("--changed");
  if (d.select.Missing) words.push("--missing");
  if (d.select.Recommended) words.push("--recommended");
  if (d.select.Held) words.push("--held");
  each("--accept", d.accept.map(nameOf));
  if (d.accept.length > 0) words.push("--because", d.because || "…");
  each("--until", d.until.map(nameOf));
  each("--except", d.except.map(nameOf));
  for (const [k, v] of d.properties) if (k) words.push("--property", `${k}=${v}`);
  for (const [job, o] of Object.entries(d.overrides)) {
    for (const [k, v] of o.args) if (k) words.push("--arg", `${job}:${k}=${v}`);
    if (o.timeout) words.push("--timeout", `${job}=${o.timeout}`);
    if (o.retries) words.push("--retries", `${job}=${o.retries}`);
  }
  if (d.current && !d.whileRunning) words.push("--definition", "current");
  if (d.anyEnd) words.push("--from-stopped");
  if (d.again) words.push("--again");
  if (d.whileRunning) words.push("--while-running");
  return reglueCommand(about, ...words);
}
