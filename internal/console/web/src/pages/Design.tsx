import { Suspense } from "react";
import { useJob } from "../api/queries";
import type { Node, Workflow } from "../api/types";
import { awsCommand } from "../cli";
import { lazily } from "../lazily";
import { Link, paths, useParam } from "../router";
import { Command } from "../ui/Copy";
import { Empty, Loading } from "../ui/Message";
import { firesWhen, starts, triggerState } from "./triggerwords";

const WorkflowGraph = lazily(() => import("../graph/WorkflowGraph"));

/** The graph as the triggers have it now, and what the chosen node is. */
export function Design({ workflow }: { workflow: Workflow }) {
  const [selected, select] = useParam("node");
  const node = workflow.Graph?.Nodes?.find((n) => n.UniqueId === selected);
  if (!workflow.Graph?.Nodes?.length) {
    return (
      <Empty title="Nothing is in it yet">
        <p>A trigger that belongs to the workflow brings the jobs that it starts into it:</p>
        <Command>
          {awsCommand("create-trigger", { name: `${workflow.Name}-start`, "workflow-name": workflow.Name, type: "ON_DEMAND", actions: "JobName=JOB" })}
        </Command>
      </Empty>
    );
  }
  return (
    <>
      <p className="design-note" role="status">
        {node ? <NodeNote node={node} /> : <span className="quiet">The design as the triggers have it now. Choose a node to see what it is.</span>}
      </p>
      <div className="design">
        <Suspense fallback={<Loading what="Loading the graph" />}>
          <WorkflowGraph graph={workflow.Graph} selected={selected} onSelect={select} />
        </Suspense>
      </div>
    </>
  );
}

function NodeNote({ node }: { node: Node }) {
  const trigger = node.TriggerDetails?.Trigger;
  switch (node.Type) {
    case "JOB":
      return <JobNote name={node.Name} />;
    case "CRAWLER":
      return <>Crawler {node.Name}</>;
    case "TRIGGER":
      return (
        <>
          Trigger <strong>{node.Name}</strong>
          {trigger && ` fires ${firesWhen(trigger)} and starts ${starts(trigger).join(", ")}`}
          {trigger?.State && <span className="quiet"> · {triggerState(trigger)}</span>}
        </>
      );
  }
}

function JobNote({ name }: { name: string }) {
  const job = useJob(name);
  return (
    <>
      Job <Link to={paths.job(name)}>{name}</Link>{" "}
      {job.data && <code className="quiet">{job.data.Command?.ScriptLocation}</code>}
      {job.error && <span className="tone-bad toned">{job.error.message}</span>}
    </>
  );
}
