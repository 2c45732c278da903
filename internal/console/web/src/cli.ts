// The commands that do what the page does.
import type { About } from "./api/types";

/** Quotes a word for a POSIX shell, if it needs to be. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

let endpoint: string | undefined;
let profile: string | undefined;
let region: string | undefined;

/** Says which service the commands are to talk to. */
export function commandsFor(service: { Endpoint?: string; Profile?: string; Region?: string }) {
  ({ Endpoint: endpoint, Profile: profile, Region: region } = service);
}

type Value = string | string[] | Record<string, string> | undefined;

/** aws glue OPERATION --option value…; a record becomes JSON. */
export function awsCommand(operation: string, options: Record<string, Value>): string {
  const words = ["aws", "glue", operation];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    words.push(`--${name}`);
    if (Array.isArray(value)) words.push(...value);
    else words.push(typeof value === "string" ? value : JSON.stringify(value));
  }
  if (profile) words.push("--profile", profile);
  else if (endpoint) words.push("--endpoint-url", endpoint);
  if (profile && region) words.push("--region", region);
  return words.map(quote).join(" ");
}

/** A command line of reglue that talks to what this page talks to. */
export function reglueCommand(about: About | undefined, ...words: string[]): string {
  const account = about?.Kind === "account" && about.Profile ? ["--aws-profile", about.Profile, ...(about.Region ? ["--region", about.Region] : [])] : undefined;
  const where = account ?? ["--endpoint", about?.Endpoint ?? location.origin];
  return ["reglue", ...words, ...where].map(quote).join(" ");
}
