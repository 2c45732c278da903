// Home over many workflows.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { accessible, close, open } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

let chromium, rig;
before(async () => ([chromium, rig] = await Promise.all([browser(), new Rig().start()])));
after(() => Promise.all([chromium.close(), rig.close()]));

test("of many workflows home names the broken ones, newest first, and notices the next", async () => {
  await rig.job("good", "print('fine')\n", { ExecutionProperty: { MaxConcurrentRuns: 50 } });
  const script = await rig.job("bad", "raise SystemExit('the disk is full')\n", { ExecutionProperty: { MaxConcurrentRuns: 50 } });
  const count = 120;
  for (let i = 0; i < count; i++) await rig.workflow(`w${i}`, [i % 40 === 7 ? "bad" : "good"]);
  for (const i of [3, 7, 47]) await rig.runOf(`w${i}`);
  const page = await open(chromium, rig.url);
  await page.getByRole("heading", { name: "2 workflows are broken" }).waitFor();
  await page.getByText(`${count} workflows looked at`).waitFor();
  const items = page.getByRole("list", { name: "Broken runs, newest first" }).getByRole("listitem");
  await items.filter({ hasText: "the disk is full" }).nth(1).waitFor();
  assert.deepEqual(await items.getByRole("heading").allInnerTexts(), ["w47", "w7"]);
  await accessible(page, "home");

  const { RunId } = await rig.call("StartWorkflowRun", { Name: "w87" });
  await page.getByRole("heading", { name: "3 workflows are broken" }).waitFor();
  await items.first().getByRole("link", { name: "Resume w87 from what failed" }).waitFor();
  await rig.ended("w87", RunId);
  fs.writeFileSync(script, "print('repaired')\n");
  for (const i of [7, 47, 87]) {
    const { Runs } = await rig.call("GetWorkflowRuns", { Name: `w${i}`, IncludeGraph: true });
    const NodeIds = Runs[0].Graph.Nodes.filter((n) => n.Type === "JOB").map((n) => n.UniqueId);
    await rig.call("ResumeWorkflowRun", { Name: `w${i}`, RunId: Runs[0].WorkflowRunId, NodeIds });
  }
  await page.getByRole("heading", { name: "Nothing is broken" }).waitFor();
  await close(page);
});
