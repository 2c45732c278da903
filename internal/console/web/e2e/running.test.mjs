// What changes while somebody is about to resume: the run still runs, or a job is another.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { accessible, close, node, open, repeat } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

let chromium, rig;
before(async () => ([chromium, rig] = await Promise.all([browser(), new Rig().start()])));
after(() => Promise.all([chromium.close(), rig.close()]));

test("a run that runs is resumed: what runs is moved, the join runs once", async () => {
  const file = (name) => path.join(rig.dir, name);
  const there = (name) => `os.path.exists(${JSON.stringify(file(name))})`;
  await rig.job("long", `import os, time\nwhile not ${there("gate")}:\n    time.sleep(0.02)\n`);
  await rig.job("broken", `import os\nif not ${there("mended")}:\n    raise SystemExit("a column is missing")\n`);
  await rig.job("join", `open(${JSON.stringify(file("joined"))}, "a").write("once\\n")\n`);
  await rig.workflow("fan", ["long", "broken"], { both: { on: { long: "SUCCEEDED", broken: "SUCCEEDED" }, run: ["join"] } });
  const id = await rig.runOf("fan", { wait: false });
  const page = await open(chromium, `${rig.url}/workflows/fan/runs/${id}`);
  await node(page, "long", "running").waitFor();
  await node(page, "broken", "failed").waitFor();
  fs.writeFileSync(file("mended"), "");

  await page.getByRole("button", { name: "Resume failed (1)…" }).click();
  const dialog = page.getByRole("dialog", { name: "Resume fan" });
  await dialog.getByText("ends it now").waitFor();
  await dialog.getByRole("region", { name: "Run on, moved to the new run" }).getByText("long").waitFor();
  await node(page, "long", "runs on, moved").waitFor();
  await dialog.getByText("The same on the command line").click();
  await dialog.getByText(/reglue resume fan \S+ --failed --while-running/).waitFor();
  await node(page, "long").click();
  await dialog.getByRole("status").getByText(/long can't be chosen.*wait for its end, or stop it/).waitFor();
  await accessible(page, "the resume of a run that runs");
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click();
  await repeat(page).click();
  await page.waitForURL((url) => /\/runs\/wr_/.test(url.href) && !url.href.includes(id));
  await node(page, "broken", "succeeded").waitFor();
  await node(page, "long", "moved here").waitFor();
  const next = new URL(page.url()).pathname.split("/").at(-1);

  const old = await open(chromium, `${rig.url}/workflows/fan/runs/${id}`);
  await old.getByText(/It was superseded by wr_/).getByRole("link").waitFor();
  await node(old, "long", "moved on").waitFor();
  assert.equal(await old.getByRole("button", { name: /^Resume failed/ }).count(), 0);
  await accessible(old, "a superseded run");
  await old.goto(rig.url);
  await old.getByRole("heading", { name: "Nothing is broken" }).waitFor();

  fs.writeFileSync(file("gate"), "");
  await node(page, "join", "succeeded").waitFor();
  const ended = await rig.ended("fan", next);
  assert.equal(ended.Status, "COMPLETED");
  assert.equal(fs.readFileSync(file("joined"), "utf8"), "once\n");
  assert.equal((await rig.call("GetJobRuns", { JobName: "long" })).JobRuns.length, 1);

  await old.goto(`${rig.url}/workflows/fan/runs/${next}/family`);
  await old.getByRole("row", { name: /superseded while it ran/ }).waitFor();
  await old.getByRole("row", { name: /Succeeded long wr_/ }).waitFor();
  await old.goto(`${rig.url}/workflows/fan`);
  await old.getByRole("gridcell", { name: /^long: Succeeded, moved on to the next run/ }).waitFor();
  await old.getByRole("gridcell", { name: /^long: Succeeded, moved here/ }).waitFor();
  await close(old);
  await close(page);
});

test("a plan that does not hold any more starts nothing, says what changed, and is made anew", async () => {
  await rig.job("shaky", `import sys\nif "--day" not in sys.argv:\n    raise SystemExit("which day?")\n`);
  await rig.workflow("stale", ["shaky"]);
  const run = await rig.runOf("stale");
  const page = await open(chromium, `${rig.url}/workflows/stale/runs/${run.WorkflowRunId}?resume=failed`);
  const dialog = page.getByRole("dialog", { name: "Resume stale" });
  const button = dialog.getByRole("button", { name: "Resume: start 1 node" });
  await page.locator(".resume-panel button.primary:enabled").waitFor();
  await dialog.getByRole("region", { name: "Plan" }).waitFor();

  // Another client changes the job.
  const { Job } = await rig.call("GetJob", { JobName: "shaky" });
  await rig.call("UpdateJob", { JobName: "shaky", JobUpdate: { Role: Job.Role, Command: Job.Command, DefaultArguments: { "--day": "monday" } } });
  const go = async () => {
    await button.click();
    await repeat(page).click();
  };
  await go();
  const alert = dialog.getByRole("alert");
  await alert.getByText("Something changed, and nothing was started.").waitFor();
  await alert.getByText(/shaky/).first().waitFor();
  assert.equal((await rig.call("GetWorkflowRuns", { Name: "stale" })).Runs.length, 1);
  await go();
  await page.waitForURL((url) => /\/runs\/wr_/.test(url.href) && !url.href.includes(run.WorkflowRunId));
  await node(page, "shaky", "succeeded").waitFor();
  await close(page);
});
