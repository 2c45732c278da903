import { describe, expect, test } from "vitest";
import type { JobRun, Node, WorkflowRun } from "../api/types";
import { resumeCommand } from "./commands";
import { beyondAws, emptyDraft, incomplete, pick, request, toggle } from "./draft";
import { affected, eligible } from "./eligible";
import { join, names, split } from "./names";
import { planHere } from "./planhere";
import { fired, off, predicateLabel, runGraph, triggerNote, viewNodes } from "./view";

const job = (name: string, ...runs: Partial<JobRun>[]): Node => ({
  Type: "JOB", Name: name, UniqueId: `id-${name}`, JobDetails: { JobRuns: runs.map((r, i) => ({ Id: `jr-${name}-${i}`, Attempt: i, ...r })) },
});
const trigger = (name: string, more: object = {}): Node => ({
  Type: "TRIGGER", Name: name, UniqueId: `id-${name}`, TriggerDetails: { Trigger: { Name: name, Type: "CONDITIONAL", State: "ACTIVATED", ...more } },
});
const run = (nodes: Node[], more: Partial<WorkflowRun> = {}): WorkflowRun => ({
  Name: "nightly", WorkflowRunId: "wr-2", Status: "COMPLETED", StartedOn: 100, Graph: { Nodes: nodes }, ...more,
});
const edges = (text: string) => text.split(" ").map((e) => ({ from: `id-${e.split(">")[0]}`, to: `id-${e.split(">")[1]}` }));

describe("views of nodes", () => {
  test("the attempt that started last counts, and retries are attempts", () => {
    const [v] = viewNodes(run([job("a", { JobRunState: "SUCCEEDED", StartedOn: 120, Attempt: 1 }, { JobRunState: "FAILED", StartedOn: 110, Attempt: 0 })]));
    expect(v).toMatchObject({ state: "SUCCEEDED", failed: false, carried: false });
    expect(v!.attempts.map((a) => a.state)).toEqual(["FAILED", "SUCCEEDED"]);
  });
  test("in a resumed run, what began before the run is carried from where it ran", () => {
    const r = run([job("a", { JobRunState: "SUCCEEDED", StartedOn: 50, CompletedOn: 60 }), job("b", { JobRunState: "FAILED", StartedOn: 120 })], { PreviousRunId: "wr-1" });
    const [a, b] = viewNodes(r, undefined, new Map([["jr-a-0", "wr-0"]]));
    expect(a).toMatchObject({ carried: true, carriedFrom: "wr-0", failed: false });
    expect(b).toMatchObject({ carried: false, failed: true });
    expect(viewNodes(run([job("a", { JobRunState: "SUCCEEDED", StartedOn: 50 })]))[0]!.carried).toBe(false);
  });
  test("accepted and held nodes are told apart from succeeded and blank ones", () => {
    const r = run([job("a", { JobRunState: "SUCCEEDED", StartedOn: 50, ErrorMessage: "Accepted as SUCCEEDED by kim: rounding" }), job("b")], { PreviousRunId: "wr-1" });
    const [a, b] = viewNodes(r, { Held: ["id-b"] });
    expect(a!.accepted).toBe(true);
    expect(b!.held).toBe(true);
  });
  test("a node of which nothing changed is the very same view", () => {
    const r = run([job("a", { JobRunState: "RUNNING", StartedOn: 110 })]);
    expect(viewNodes(r)[0]).toBe(viewNodes({ ...r, Status: "RUNNING" })[0]);
  });
  test("a trigger has fired when a job run names it", () => {
    const r = run([trigger("t"), trigger("u"), trigger("v", { State: "DEACTIVATED" }), job("a", { JobRunState: "SUCCEEDED", StartedOn: 110, TriggerName: "t" })]);
    const g = runGraph(viewNodes(r), [], () => undefined);
    expect(g.nodes.map((n) => n.state)).toEqual([fired, undefined, off, "SUCCEEDED"]);
  });
  test("triggers say what they want in a word", () => {
    const t = (Logical: "AND" | "ANY", ...states: string[]) => ({ Name: "t", Predicate: { Logical, Conditions: states.map((State) => ({ State })) } }) as never;
    expect(predicateLabel(t("AND", "SUCCEEDED", "SUCCEEDED"))).toBeUndefined();
    expect(predicateLabel(t("ANY", "SUCCEEDED", "SUCCEEDED"))).toBe("any");
    expect(predicateLabel(t("ANY", "FAILED", "TIMEOUT"))).toBe("any failed/timeout");
    expect(predicateLabel(t("AND", "FAILED"))).toBe("if failed");
    expect(triggerNote({ Name: "t", Type: "SCHEDULED", Schedule: "cron(0 3 * * ? *)" })).toBe("0 3 * * ? *");
  });
});

describe("what a resume may choose", () => {
  const r = run([trigger("t"), job("a", { JobRunState: "FAILED", StartedOn: 110 }), job("b")]);
  const [t, a, b] = viewNodes(r);
  test("attempted nodes, whatever they came to", () => {
    const can = eligible(r, [t!, a!, b!], [], true);
    expect(can.node(a!)).toBeUndefined();
    expect(can.node(t!)).toMatch(/trigger can't be repeated/);
    expect(can.node(b!)).toMatch(/never started/);
    expect(can.node(viewNodes(r, { Held: ["id-b"] })[2]!)).toBeUndefined();
  });
  test("of a run that runs, what has ended and leads to nothing that runs", () => {
    const live = run([job("a", { JobRunState: "FAILED", StartedOn: 110 }), job("up", { JobRunState: "SUCCEEDED", StartedOn: 110 }), job("long", { JobRunState: "RUNNING", StartedOn: 120 })], { Status: "RUNNING" });
    const views = viewNodes(live);
    const of = (server: boolean, r = live) => { const can = eligible(r, views, edges("up>t t>long"), server); return views.map(can.node); };
    expect(of(true)).toEqual([undefined, expect.stringMatching(/^long is running, and this resume would start it again/), expect.stringMatching(/^It is running/)]);
    expect(of(false)[0]).toMatch(/AWS resumes only/);
    expect(of(true, { ...live, Status: "STOPPING" })[0]).toMatch(/being stopped/);
    expect(of(true, { ...live, Status: "STOPPED", ErrorMessage: "Superseded by wr_22" })[0]).toMatch(/superseded by run wr_22.*resume that one/);
    expect(eligible(live, views.slice(1), [], true).run).toMatch(/nothing in it has failed/);
  });
  test("what was moved is neither carried nor lost", () => {
    const node = job("long", { JobRunState: "SUCCEEDED", StartedOn: 50, CompletedOn: 120 });
    expect(viewNodes(run([node], { PreviousRunId: "wr-1" }))[0]).toMatchObject({ carried: false, moved: "here" });
    const old = run([node], { WorkflowRunId: "wr-1", Status: "STOPPED", StartedOn: 40, CompletedOn: 100, ErrorMessage: "Superseded by wr_2" });
    expect(viewNodes(old)[0]).toMatchObject({ moved: "on" });
  });
  test("a node below another chosen one is no start, and all below is affected", () => {
    const lines = edges("a>t t>b b>u u>c x>u");
    const got = affected(new Set(["id-a", "id-b"]), lines);
    expect([...got.starts]).toEqual(["id-a"]);
    expect([...got.downstream].sort()).toEqual(["id-b", "id-c", "id-t", "id-u"]);
  });
  test("in a circle the one that began first starts", () => {
    const got = affected(new Set(["id-a", "id-b"]), edges("a>b b>a"), (id) => (id === "id-b" ? 1 : 2));
    expect([...got.starts]).toEqual(["id-b"]);
  });
  test("without a server's plan the graph gives one", () => {
    const plan = planHere("nightly", "wr-2", viewNodes(r), edges("a>t t>b"), new Set(["id-a"]));
    expect(plan.nodes.map((n) => n.verdict)).toEqual(["downstream", "start", "downstream"]);
    expect(plan).toMatchObject({ starts: ["id-a"], counts: { start: 1, downstream: 1 } });
  });
});

describe("the draft of a resume", () => {
  test("what is empty is left out of the request", () => {
    expect(request("w", "r", emptyDraft)).toEqual({ Name: "w", RunId: "r" });
    const d = {
      ...emptyDraft, nodes: ["n"], select: { Failed: true, Changed: false }, accept: ["m"], because: " ticket 812 ", current: true, anyEnd: true,
      properties: [["day", "1"], ["", "x"]] as [string, string][],
      overrides: { load: { args: [["--size", "5"]] as [string, string][], timeout: "30", retries: "" }, other: { args: [], timeout: "", retries: "" } },
    };
    expect(request("w", "r", d)).toEqual({
      Name: "w", RunId: "r", NodeIds: ["n"], Select: { Failed: true }, Accept: ["m"], Because: "ticket 812", Properties: { day: "1" },
      Overrides: { load: { arguments: { "--size": "5" }, timeout: 30 } }, Definition: "current", AnyEnd: true,
    });
  });
  test("says what is missing", () => {
    expect(incomplete(emptyDraft)).toMatch(/Tick what to repeat/);
    expect(incomplete({ ...emptyDraft, accept: ["a"] })).toMatch(/Say why/);
    expect(incomplete({ ...emptyDraft, nodes: ["a"], overrides: { j: { args: [["size", "1"]], timeout: "", retries: "" } } })).toMatch(/begins with --/);
    expect(incomplete({ ...emptyDraft, nodes: ["a"], overrides: { j: { args: [], timeout: "soon", retries: "" } } })).toMatch(/minutes/);
    expect(incomplete({ ...emptyDraft, nodes: ["a"] })).toBeUndefined();
  });
  test("a node is repeated, accepted or held back, one of these", () => {
    const d = toggle({ ...emptyDraft, nodes: ["a"] }, "accept", "a");
    expect(d).toMatchObject({ nodes: [], accept: ["a"] });
    expect(toggle(d, "accept", "a").accept).toEqual([]);
  });
  test("what a selector found is taken away by naming the rest", () => {
    const d = { ...emptyDraft, select: { Failed: true } };
    expect(pick(d, "a", new Set(["a", "b"]))).toMatchObject({ select: {}, nodes: ["b"] });
    expect(pick(d, "c", new Set(["a", "b"]))).toMatchObject({ select: { Failed: true }, nodes: ["c"] });
  });
  test("says when AWS's own operation can't do it", () => {
    expect(beyondAws({ ...emptyDraft, nodes: ["a"], select: { Failed: true } })).toBe(false);
    expect(beyondAws({ ...emptyDraft, nodes: ["a"], except: ["b"] })).toBe(true);
    expect(beyondAws({ ...emptyDraft, nodes: ["a"], whileRunning: true })).toBe(true);
    expect(beyondAws({ ...emptyDraft, nodes: ["a"], overrides: { j: { args: [], timeout: "5", retries: "" } } })).toBe(true);
  });
  test("has a command line", () => {
    const d = { ...emptyDraft, select: { Failed: true }, accept: ["id-a"], because: "it's fine", until: ["id-b"], overrides: { load: { args: [["--x", "a b"]] as [string, string][], timeout: "5", retries: "2" } } };
    const about = { Kind: "server", Endpoint: "http://127.0.0.1:4780" } as never;
    expect(resumeCommand(about, "nightly", "wr_1", d, (id) => id.slice(3))).toBe(
      "reglue resume nightly wr_1 --failed --accept a --because 'it'\\''s fine' --until b --arg 'load:--x=a b' --timeout load=5 --retries load=2 --endpoint http://127.0.0.1:4780",
    );
    expect(resumeCommand(about, "nightly", "wr_1", { ...emptyDraft, select: { Failed: true }, current: true, whileRunning: true }, (id) => id)).toMatch(/--failed --while-running --endpoint/);
    expect(resumeCommand({ Kind: "account", Profile: "prod" } as never, "n", "wr_1", { ...emptyDraft, nodes: ["id-a"] }, (id) => id.slice(3))).toBe(
      "reglue resume n wr_1 --node a --aws-profile prod",
    );
  });
});

describe("names in links", () => {
  test("a name that two nodes have gives way to the id", () => {
    const n = names(viewNodes(run([trigger("a"), { ...job("a"), UniqueId: "id-job-a" }, job("b")])));
    expect(n.of("id-b")).toBe("b");
    expect(n.of("id-job-a")).toBe("id-job-a");
    expect(n.find("b")).toBe("id-b");
    expect(n.find("id-b")).toBe("id-b");
    expect(n.find("gone")).toBeUndefined();
  });
  test("lists of names go there and back", () => {
    expect(split(join(["a b", "c,d", "50%"]))).toEqual(["a b", "c,d", "50%"]);
    expect(join([])).toBeUndefined();
  });
});
