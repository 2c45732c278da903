import type { About } from "../api/types";
import type { ResumeDraft } from "./draft";

/** A word fit for a shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
}

const line = (words: readonly string[]) => words.map(quote).join(" ");

/** Where commands go: the same place as this page. */
function aws(about: About | undefined): string[] {
  const words: string[] = [];
  if (about?.Kind === "account") {
    if (about.Profile) words.push("--profile", about.Profile);
    if (about.Region) words.push("--region", about.Region);
  } else {
    words.push("--endpoint-url", about?.Endpoint ?? location.origin);
  }
  return words;
}

function reglue(about: About | undefined): string[] {
  if (about?.Kind === "account") return about.Profile ? ["--aws-profile", about.Profile] : [];
  return ["--endpoint", about?.Endpoint ?? location.origin];
}

/** The AWS CLI's command for an operation of Glue. */
export function awsCommand(about: About | undefined, command: string, args: Record<string, string | string[]>): string {
  const words = ["aws", "glue", command];
  for (const [name, value] of Object.entries(args)) words.push(`--${name}`, ...[value].flat());
  return line([...words, ...aws(about)]);
}

export function reglueCommand(about: About | undefined, ...words: string[]): string {
  return line(["reglue", ...words, ...reglue(about)]);
}

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
  if (d.current) words.push("--definition", "current");
  if (d.anyEnd) words.push("--from-stopped");
  if (d.again) words.push("--again");
  return reglueCommand(about, ...words);
}
