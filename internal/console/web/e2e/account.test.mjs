// The same pages over an account, here another server: reglue console --endpoint.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import readline from "node:readline";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { close, node, open, repeat } from "./page.mjs";
import { browser, program, Rig } from "./rig.mjs";

let chromium, rig, pages, url;
before(async () => {
  [chromium, rig] = await Promise.all([browser(), new Rig().start()]);
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "eu-central-1" };
  pages = spawn(program(), ["console", "--endpoint", rig.url, "--no-open"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(readline.createInterface({ input: pages.stdout }), "line");
  url = line.match(/http:\S+/)[0];
});
after(async () => {
  pages?.kill();
  await Promise.all([chromium?.close(), rig?.close()]);
});

test("a change of an account is asked for first, and a run is resumed", async () => {
  const demo = rig.demo();
  const page = await open(chromium, url);
  await page.getByRole("link", { name: "Workflows", exact: true }).click();
  await page.getByRole("link", { name: demo.name }).first().click();
  await page.getByRole("button", { name: "Start a run…" }).click();
  await page.getByRole("button", { name: "Start the run" }).click();
  const ask = page.getByRole("dialog", { name: "Change the AWS account?" });
  await ask.getByText(/Start a run of storm-week/).waitFor();
  await ask.getByRole("button", { name: "Cancel" }).click();
  await ask.waitFor({ state: "detached" });
  assert.equal((await rig.call("GetWorkflowRuns", { Name: demo.name })).Runs?.length ?? 0, 0);
  await page.getByRole("button", { name: "Start the run" }).click();
  await ask.getByRole("button", { name: "Yes, change it" }).click();
  await page.waitForURL(/\/runs\/wr_/);
  const broken = page.url();

  await node(page, "clean_flights", "failed").waitFor();
  await page.getByRole("button", { name: /^Resume failed/ }).waitFor();
  await node(page, "clean_flights").click();
  const panel = page.getByRole("complementary", { name: "Job clean_flights" });
  await panel.getByRole("note").getByText(/line 4711/).waitFor();
  await panel.getByText(/reglue logs jr_/).waitFor();
  demo.repair();
  await page.getByRole("button", { name: /^Resume failed/ }).click();
  const dialog = page.getByRole("dialog", { name: "Resume storm-week" });
  await node(page, "join_flights_weather", "may follow in the resume").waitFor();
  assert.equal(await dialog.getByText("Options").count(), 0);
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click();
  await repeat(page).click();
  await ask.getByText(/aws glue resume-workflow-run/).waitFor();
  await ask.getByRole("button", { name: "Yes, change it" }).click();
  await page.waitForURL((at) => /\/runs\/wr_/.test(at.href) && at.pathname !== new URL(broken).pathname);
  await node(page, "ingest_weather", "carried").waitFor();
  await node(page, "report", "succeeded").waitFor();
  await close(page);
});

test("what goes on is not resumed in an account, and says why", async () => {
  await rig.job("bad", "raise SystemExit(1)\n");
  await rig.job("long", "import time\ntime.sleep(600)\n");
  await rig.workflow("half", ["bad", "long"]);
  const id = await rig.runOf("half", { wait: false });
  const page = await open(chromium, `${url}workflows/half/runs/${id}`);
  await node(page, "bad", "failed").waitFor();
  await page.getByText("AWS resumes a run only once it has ended.").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Resume/ }).count(), 0);
  await close(page);
});
