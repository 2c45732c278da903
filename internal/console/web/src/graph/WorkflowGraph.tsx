import type { Graph, WorkflowRun } from "../api/types";

export interface WorkflowGraphProps {
  graph: Graph;
  /** The run whose states are shown; without it the graph is a design. */
  run?: Pick<WorkflowRun, "PreviousRunId" | "StartedOn" | "Status">;
  selected?: string;
  onSelect?: (uniqueId: string | undefined) => void;
}

export default function WorkflowGraph({ graph }: WorkflowGraphProps) {
  return <p>{graph.Nodes?.length ?? 0} nodes</p>;
}
