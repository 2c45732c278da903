import { lazily } from "../lazily";

/** Fetches the code of graphs, which is large beside that of the pages. */
export const loadGraph = () => import("./GraphView").then((m) => ({ default: m.GraphView }));

export const GraphView = lazily(loadGraph);
