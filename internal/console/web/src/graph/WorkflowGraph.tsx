import { useMemo } from "react";
import type { Graph, WorkflowRun } from "../api/types";
import { designGraph, edgesOf, runGraph, viewNodes } from "../run/view";
import { GraphView } from "./GraphView";

export interface WorkflowGraphProps {
  graph: Graph;
  /** The run whose states are shown; without it the graph is a design. */
  run?: Pick<WorkflowRun, "PreviousRunId" | "StartedOn" | "Status" | "WorkflowRunId" | "Name">;
  selected?: string;
  onSelect?: (uniqueId: string | undefined) => void;
}

/** A workflow's design, or a run, to be looked at. */
export default function WorkflowGraph({ graph, run, selected, onSelect }: WorkflowGraphProps) {
  const model = useMemo(
    () => (run ? runGraph(viewNodes({ ...run, Graph: graph }), edgesOf(graph), () => undefined) : designGraph(graph)),
    [graph, run],
  );
  return <GraphView model={model} label={run ? "Graph of the run" : "Graph of the workflow"} triggers={!run} selected={selected} onSelect={onSelect ?? (() => {})} />;
}
