import { describe, expect, test } from "vitest";
import { collapseTriggers } from "./collapse";
import { spoken } from "./GraphNode";
import { arrowHead, curve, elkGraph, shapeOf } from "./layout";
import type { GraphModel, GraphNode } from "./types";
import { neighbours, reach, step } from "./walk";

const node = (id: string, type: GraphNode["type"] = "JOB", more: Partial<GraphNode> = {}): GraphNode => ({ id, name: id, type, attempts: 0, ...more });
const edges = (text: string) => text.split(" ").map((e) => ({ from: e.split(">")[0]!, to: e.split(">")[1]! }));
const graph = (nodes: GraphNode[], lines: string): GraphModel => ({ nodes, edges: edges(lines) });

test("a node is said as it is seen, and nothing twice", () => {
  const a = node("a", "JOB", { state: "FAILED", note: "3 s", attempts: 2 });
  expect(spoken(a)).toBe("job a, failed · 3 s, 2 attempts");
  expect(spoken(a, "start")).toBe("job a, starts at once in the resume, failed, 2 attempts");
  expect(spoken(node("b"))).toBe("job b, not started");
  expect(spoken(node("b", "JOB", { design: true }))).toBe("job b");
  expect(spoken(node("t", "TRIGGER", { state: "FIRED", note: "on demand" }))).toBe("trigger t, on demand, fired");
  expect(spoken(node("c", "JOB", { state: "RUNNING", attempts: 1, moved: "here" }))).toBe("job c, running · moved here, 1 attempt");
  expect(spoken(node("d", "JOB", { state: "SUCCEEDED", attempts: 1, carried: true, carriedFrom: "wr_1" }))).toBe("job d, carried from wr_1, succeeded, 1 attempt");
});

describe("collapsing triggers", () => {
  test("a conditional trigger becomes labelled edges, one that starts the run stays", () => {
    const g = graph([node("s", "TRIGGER"), node("a"), node("b"), node("t", "TRIGGER"), node("c")], "s>a s>b a>t b>t t>c");
    const c = collapseTriggers(g, (id) => (id === "t" ? "any" : undefined));
    expect(c.nodes.map((n) => n.id)).toEqual(["s", "a", "b", "c"]);
    expect(c.edges).toEqual([
      { from: "s", to: "a" }, { from: "s", to: "b" },
      { from: "a", to: "c", label: "any" }, { from: "b", to: "c", label: "any" },
    ]);
  });
  test("two triggers between the same nodes become one edge with both labels", () => {
    const g = graph([node("a"), node("t", "TRIGGER"), node("u", "TRIGGER"), node("b")], "a>t t>b a>u u>b");
    expect(collapseTriggers(g, (id) => (id === "t" ? "if failed" : "if stopped")).edges).toEqual([{ from: "a", to: "b", label: "if failed · if stopped" }]);
  });
  test("a wide join stays a trigger, since its edges would hide the graph", () => {
    const many = Array.from({ length: 9 }, (_, i) => i);
    const g = graph([...many.map((i) => node(`a${i}`)), node("t", "TRIGGER"), ...many.map((i) => node(`b${i}`))],
      [...many.map((i) => `a${i}>t`), ...many.map((i) => `t>b${i}`)].join(" "));
    expect(collapseTriggers(g, () => undefined).nodes).toHaveLength(19);
  });
});

describe("layout", () => {
  test("a change of state leaves the shape as it is, a new edge does not", () => {
    const before = graph([node("a"), node("b")], "a>b");
    const ran = graph([node("a", "JOB", { state: "FAILED", attempts: 2 }), node("b")], "a>b");
    expect(shapeOf(ran)).toBe(shapeOf(before));
    expect(shapeOf(graph([node("a"), node("b")], "a>b b>a"))).not.toBe(shapeOf(before));
  });
  test("edges to nodes that are not there are left out", () => {
    expect(elkGraph(graph([node("a")], "a>gone")).edges).toEqual([]);
  });
  test("a curve leaves and enters its points levelly and ends in a head", () => {
    const points = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 30, y: 20 }];
    expect(curve(points)).toBe("M0 0H10C20 0 20 20 30 20");
    expect(arrowHead(points)).toBe("M30 20l-7 -3.5v7z");
    expect(curve([])).toBe("");
  });
});

describe("walking", () => {
  const near = neighbours(edges("a>b a>c b>d c>d"));
  const at = new Map([["a", { x: 0, y: 50 }], ["b", { x: 100, y: 0 }], ["c", { x: 100, y: 60 }], ["d", { x: 200, y: 0 }]]);
  test("arrows go along edges to the nearest, and up and down in a column", () => {
    expect(step("a", "ArrowRight", at, near)).toBe("c");
    expect(step("c", "ArrowUp", at, near)).toBe("b");
    expect(step("b", "ArrowDown", at, near)).toBe("c");
    expect(step("d", "ArrowLeft", at, near)).toBe("b");
    expect(step("d", "ArrowRight", at, near)).toBeUndefined();
  });
  test("what can be reached is found in circles too", () => {
    expect([...reach(["a"], neighbours(edges("a>b b>a b>c")).next)].sort()).toEqual(["a", "b", "c"]);
    expect([...reach(["d"], near.next)]).toEqual([]);
  });
});
