// What changes while a page is open.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { close, node, open } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

let chromium;
before(async () => (chromium = await browser()));
after(() => chromium.close());

/** A job that says one line, waits for a file, and says another. */
const waiting = (file) => `
import os, sys, time
print("before the gate", flush=True)
while not os.path.exists(${JSON.stringify(file)}):
    time.sleep(0.02)
print("behind the gate", flush=True)
print("and a complaint", file=sys.stderr, flush=True)
`;

async function gated(t) {
  const rig = await new Rig().start();
  t.after(() => rig.close());
  const gate = path.join(rig.dir, "gate");
  await rig.job("slow", waiting(gate));
  await rig.job("next", "print('done')\n");
  await rig.workflow("gated", ["slow"], { then: { on: { slow: "SUCCEEDED" }, run: ["next"] } });
  const id = await rig.runOf("gated", { wait: false });
  return { rig, id, url: `${rig.url}/workflows/gated/runs/${id}`, release: () => fs.writeFileSync(gate, "") };
}

test("a log is followed while the job writes it, searched and downloaded", async (t) => {
  const { url, release } = await gated(t);
  const page = await open(chromium, url);
  await node(page, "slow", "running").click();
  const panel = page.getByRole("complementary", { name: "Job slow" });
  const log = panel.getByRole("log");
  await log.getByText("before the gate").waitFor();
  assert.equal(await log.getByText("behind the gate").count(), 0);
  await panel.getByText("· live").waitFor();
  release();
  await log.getByText("behind the gate").waitFor();
  await panel.getByText("· complete").waitFor();
  await node(page, "next", "succeeded").waitFor();
  await panel.getByLabel("Stream").selectOption("stderr");
  await log.getByText("and a complaint").waitFor();
  assert.equal(await log.getByText("behind the gate").count(), 0);
  await panel.getByLabel("Stream").selectOption("both");
  await panel.getByLabel("Search the log").fill("gate");
  await panel.getByRole("status").getByText("2", { exact: true }).waitFor();
  const loading = page.waitForEvent("download");
  await panel.getByRole("link", { name: "Download" }).click();
  const text = fs.readFileSync(await (await loading).path(), "utf8");
  assert.match(text, /before the gate[^]*behind the gate/);
  await close(page);
});

test("a run is stopped", async (t) => {
  const { rig, id, url } = await gated(t);
  const page = await open(chromium, url);
  await node(page, "slow", "running").waitFor();
  await page.getByRole("button", { name: "Stop run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop the run" }).click();
  await node(page, "slow", "stopped").waitFor();
  const run = await rig.ended("gated", id);
  assert.equal(run.Status, "STOPPED");
  await close(page);
});

test("a server that dies under an open page is missed and found again", async (t) => {
  const { rig, url, release } = await gated(t);
  const page = await open(chromium, url);
  await node(page, "slow", "running").waitFor();
  const connection = page.getByTestId("connection");
  await connection.getByText("Live").waitFor();
  await rig.kill();
  await connection.getByText("Connection lost").waitFor();
  await rig.start();
  release();
  await connection.getByText("Live").waitFor();
  await node(page, "next", "succeeded").waitFor();
  await close(page);
});

test("a graph of 1,000 nodes is laid out, draws what is in view and pans", async (t) => {
  const rig = await new Rig(["--quota", "jobs=3000"]).start();
  t.after(() => rig.close());
  const layers = 20;
  const width = 50;
  const name = (layer, i) => `l${layer}n${i}`;
  await rig.job("l0n0", "raise SystemExit('the first of many')\n");
  const { Job } = await rig.call("GetJob", { JobName: "l0n0" });
  const rest = Array.from({ length: layers * width - 1 }, (_, i) => name(Math.floor((i + 1) / width), (i + 1) % width));
  for (const Name of rest) await rig.call("CreateJob", { Name, Role: Job.Role, Command: { ...Job.Command, ScriptLocation: Job.Command.ScriptLocation } });
  await rig.call("CreateWorkflow", { Name: "wide" });
  await rig.call("CreateTrigger", { Name: "go", WorkflowName: "wide", Type: "ON_DEMAND", Actions: [{ JobName: "l0n0" }] });
  for (let i = 0; i < layers * width - 1; i += 10) {
    const at = i === 0 ? "l0n0" : name(Math.floor(i / 10 / width), (i / 10) % width);
    await rig.call("CreateTrigger", {
      Name: `t${i}`, WorkflowName: "wide", Type: "CONDITIONAL", StartOnCreation: true,
      Predicate: { Conditions: [{ LogicalOperator: "EQUALS", JobName: at, State: "SUCCEEDED" }] },
      Actions: rest.slice(i, i + 10).map((JobName) => ({ JobName })),
    });
  }
  const run = await rig.runOf("wide");
  assert.equal(run.Graph.Nodes.filter((n) => n.Type === "JOB").length, layers * width);
  const page = await open(chromium, `${rig.url}/workflows/wide/runs/${run.WorkflowRunId}?view=graph`);
  await node(page, "l0n0", "failed").waitFor();
  const drawn = await page.locator("[data-node]").count();
  assert.ok(drawn > 0 && drawn < 400, `${drawn} nodes are drawn`);
  const canvas = page.locator(".react-flow__viewport");
  const before = await canvas.getAttribute("style");
  await page.mouse.move(500, 600);
  await page.mouse.down();
  await page.mouse.move(300, 500, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction((was) => document.querySelector(".react-flow__viewport").getAttribute("style") !== was, before);
  await page.getByRole("button", { name: "List" }).click();
  await page.getByRole("region", { name: "Not started" }).getByText("999").first().waitFor();
  await close(page);
});
