import type { NodeType, Verdict } from "../api/types";
import type { Moved } from "../state";

/** A node as a graph draws it. Objects are kept while nothing of them changes. */
export interface GraphNode {
  id: string;
  name: string;
  type: NodeType;
  /** The state of the latest attempt; of a trigger FIRED or OFF. None when nothing started. */
  state?: string;
  /** A node of a workflow's design, which has no run to be in a state of. */
  design?: boolean;
  attempts: number;
  /** It ran in an earlier run: in this one, if that is known. */
  carried?: boolean;
  carriedFrom?: string;
  /** A resume took the attempt over while it ran: it was moved here, or on from here. */
  moved?: Moved;
  accepted?: boolean;
  held?: boolean;
  /** One short line below the name: how long it took, what a trigger waits for. */
  note?: string;
  /** Why the node can't be ticked for a resume; none when it can. */
  untickable?: string;
}

export interface GraphEdge {
  from: string;
  to: string;
  label?: string;
}

export interface GraphModel {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** What a resume would do with nodes, by id. */
export type Verdicts = ReadonlyMap<string, Verdict>;
