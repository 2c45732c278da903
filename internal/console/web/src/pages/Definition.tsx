import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call } from "../api/client";
import type { Job, Trigger, Workflow } from "../api/types";
import { awsCommand } from "../cli";
import { CopyButton } from "../ui/Copy";
import { ErrorBox, Loading } from "../ui/Message";
import { triggersOf } from "./triggerwords";

type Fields = Record<string, unknown>;

const only = (from: object, ...leave: string[]): Fields =>
  Object.fromEntries(Object.entries(from).filter(([k]) => !leave.includes(k)));

/** BatchGetJobs takes as many names. */
const batch = 100;

async function readJobs(names: string[], signal: AbortSignal): Promise<Job[]> {
  const parts: Job[][] = [];
  for (let i = 0; i < names.length; i += batch) {
    parts.push((await call("BatchGetJobs", { JobNames: names.slice(i, i + batch) }, { signal })).Jobs ?? []);
  }
  return parts.flat();
}

/** What it takes to create the workflow again, as Glue's own requests. */
export function definitionOf(workflow: Workflow, triggers: Trigger[], jobs: Job[]) {
  return {
    Workflow: only(workflow, "Graph", "LastRun", "CreatedOn", "LastModifiedOn", "BlueprintDetails"),
    Jobs: jobs.map((j) => only(j, "CreatedOn", "LastModifiedOn", "AllocatedCapacity")),
    Triggers: triggers.map((t) => {
      const fields = only(t, "Id", "State");
      return t.Type !== "ON_DEMAND" && t.State === "ACTIVATED" ? { ...fields, StartOnCreation: true } : fields;
    }),
  };
}

/** The workflow's definition as JSON, and as the AWS CLI commands that create it. */
export function Definition({ workflow }: { workflow: Workflow }) {
  const triggers = useMemo(() => triggersOf(workflow), [workflow]);
  const names = useMemo(() => {
    const all = triggers.flatMap((t) => t.Actions ?? []).map((a) => a.JobName);
    return [...new Set(all.filter((n): n is string => n !== undefined))].sort();
  }, [triggers]);
  const jobs = useQuery({
    queryKey: ["definitions", "jobs of", names],
    queryFn: ({ signal }) => readJobs(names, signal),
  });
  if (jobs.error) return <ErrorBox error={jobs.error} doing="The definition" />;
  if (!jobs.data) return <Loading what="Loading the definition" />;
  const made = definitionOf(workflow, triggers, jobs.data);
  const missing = names.filter((n) => !jobs.data.some((j) => j.Name === n));
  const json = JSON.stringify(made, null, 2);
  const commands = [
    awsCommand("create-workflow", { "cli-input-json": made.Workflow as Record<string, string> }),
    ...made.Jobs.map((j) => awsCommand("create-job", { "cli-input-json": j as Record<string, string> })),
    ...made.Triggers.map((t) => awsCommand("create-trigger", { "cli-input-json": t as Record<string, string> })),
  ].join("\n");
  return (
    <>
      {missing.length > 0 && (
        <p className="tone-bad toned">
          {missing.length === 1 ? "A job does not exist any more" : "Jobs that do not exist any more"}: {missing.join(", ")}
        </p>
      )}
      <Text title="Definition" text={json} what="the definition" />
      <Text title="AWS CLI commands that create it" text={commands} what="the commands" />
    </>
  );
}

function Text({ title, text, what }: { title: string; text: string; what: string }) {
  return (
    <section className="section first" aria-label={title}>
      <header className="row">
        <h2>{title}</h2>
        <CopyButton text={text} what={what} />
      </header>
      <pre className="document wrap" tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}
