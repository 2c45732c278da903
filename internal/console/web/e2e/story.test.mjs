// The demo's workflow breaks, is understood, repaired and resumed, from the page alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, node, open, repeat } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

let chromium;
before(async () => (chromium = await browser()));
after(() => chromium.close());

async function story(t) {
  const rig = await new Rig().start();
  t.after(() => rig.close());
  return { rig, demo: rig.demo() };
}

/** checks that the newest run carried what it should and repaired the rest. */
async function whole(rig, demo) {
  const { Runs } = await rig.call("GetWorkflowRuns", { Name: demo.name, IncludeGraph: true });
  assert.equal(Runs.length, 2);
  assert.equal(Runs[0].PreviousRunId, Runs[1].WorkflowRunId);
  const jobs = Runs[0].Graph.Nodes.filter((n) => n.Type === "JOB");
  const own = jobs.filter((n) => n.JobDetails?.JobRuns?.some((r) => r.StartedOn >= Runs[0].StartedOn)).map((n) => n.Name);
  assert.deepEqual(own.sort(), ["clean_flights", "join_flights_weather", "report"]);
  const state = Object.fromEntries(jobs.map((n) => [n.Name, n.JobDetails?.JobRuns?.at(-1)?.JobRunState]));
  assert.equal(state.report, "SUCCEEDED");
  assert.equal(state.ingest_weather, "SUCCEEDED");
  assert.equal(state.quarantine_flights, undefined);
}

test("a broken run is found, understood and resumed with three clicks", async (t) => {
  const { rig, demo } = await story(t);
  const page = await open(chromium, rig.url);
  await page.getByRole("link", { name: "Workflows", exact: true }).click();
  await page.getByRole("link", { name: demo.name }).first().click();
  await page.getByRole("button", { name: "Start a run…" }).click();
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/workflows\/storm-week\/runs\/wr_/);
  const broken = page.url();

  await node(page, "clean_flights", "failed").waitFor();
  await node(page, "quarantine_flights", "succeeded").waitFor();
  await node(page, "clean_flights").click();
  const panel = page.getByRole("complementary", { name: "Job clean_flights" });
  await panel.getByRole("note").getByText(/line 4711/).waitFor();
  await panel.getByRole("log").getByText("Traceback").waitFor();
  await node(page, "report").click();
  await page.getByRole("complementary", { name: "Job report" }).getByText(/never|not start|can't start/i).first().waitFor();

  await page.getByRole("link", { name: "Broken now" }).click();
  const item = page.getByRole("list", { name: "Broken runs, newest first" }).getByRole("listitem").first();
  await item.getByRole("link", { name: "clean_flights" }).waitFor();
  await item.getByText(/line 4711/).waitFor();
  await item.getByText("join_flights_weather").waitFor();
  demo.repair();

  await item.getByRole("link", { name: "Resume storm-week from what failed" }).click(); // 1
  const dialog = page.getByRole("dialog", { name: "Resume storm-week" });
  await dialog.getByRole("region", { name: "Plan" }).waitFor();
  await node(page, "join_flights_weather", "may follow in the resume").waitFor();
  await node(page, "ingest_weather", "carried over in the resume").waitFor();
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click(); // 2
  await repeat(page).click(); // 3
  await page.waitForURL((url) => /\/runs\/wr_/.test(url.href) && !url.href.startsWith(broken));
  await node(page, "ingest_weather", "carried").waitFor();
  await node(page, "report", "succeeded").waitFor();
  await whole(rig, demo);

  await page.getByRole("link", { name: "Family of 2 runs" }).click();
  await page.getByText("clean_flights").first().waitFor();
  await page.getByRole("link", { name: "Broken now" }).click();
  await page.getByRole("heading", { name: "Nothing is broken" }).waitFor();
  await close(page);
});

test("nodes are chosen on the graph, and those that can't be say why", async (t) => {
  const { rig, demo } = await story(t);
  const run = await rig.runOf(demo.name);
  demo.repair();
  const page = await open(chromium, `${rig.url}/workflows/${demo.name}/runs/${run.WorkflowRunId}`);
  await page.getByRole("button", { name: "Resume…" }).click();
  const dialog = page.getByRole("dialog", { name: "Resume storm-week" });
  await node(page, "report").click();
  await dialog.getByRole("status").getByText(/report can't be chosen/).waitFor();
  await node(page, "clean_flights").click();
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click();
  await repeat(page).click();
  await page.waitForURL((url) => !url.href.includes(run.WorkflowRunId));
  await node(page, "report", "succeeded").waitFor();
  await whole(rig, demo);
  await close(page);
});

test("the same by keyboard alone", async (t) => {
  const { rig, demo } = await story(t);
  const page = await open(chromium, rig.url);
  await page.getByRole("heading", { name: "Nothing is broken" }).waitFor();
  /** tab goes on until the element has the focus, then presses a key. */
  const tab = async (locator, key) => {
    await locator.waitFor();
    for (let i = 0; i < 120; i++) {
      if (await locator.evaluate((e) => e === document.activeElement)) return key && page.keyboard.press(key);
      await page.keyboard.press("Tab");
    }
    throw new Error(`the focus never came to ${locator}`);
  };
  await tab(page.getByRole("link", { name: "Workflows", exact: true }), "Enter");
  await tab(page.getByRole("link", { name: demo.name }).first(), "Enter");
  await tab(page.getByRole("button", { name: "Start a run…" }), "Enter");
  await tab(page.getByRole("button", { name: "Start the run" }), "Enter");
  await node(page, "clean_flights", "failed").waitFor();
  await node(page, "quarantine_flights", "succeeded").waitFor();
  const broken = page.url();
  demo.repair();

  // Into the graph, which begins with what failed; Enter opens it, Space ticks it.
  await tab(node(page, "clean_flights"), "Enter");
  await page.getByRole("complementary", { name: "Job clean_flights" }).getByText(/line 4711/).first().waitFor();
  await node(page, "clean_flights").focus();
  await page.keyboard.press("Space");
  const dialog = page.getByRole("dialog", { name: "Resume storm-week" });
  await tab(dialog.getByRole("button", { name: "Resume: start 1 node" }), "Enter");
  await repeat(page).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => /\/runs\/wr_/.test(url.href) && url.pathname !== new URL(broken).pathname);
  await node(page, "report", "succeeded").waitFor();
  await whole(rig, demo);
  await close(page);
});

test("an argument is typed by hand: what is half-typed keeps its field", async (t) => {
  const { rig, demo } = await story(t);
  const run = await rig.runOf(demo.name);
  const page = await open(chromium, `${rig.url}/workflows/${demo.name}/runs/${run.WorkflowRunId}?resume=failed`);
  const dialog = page.getByRole("dialog", { name: "Resume storm-week" });
  await dialog.getByText("clean_flights", { exact: true }).first().click();
  await dialog.getByRole("button", { name: "Add an argument" }).click();
  const key = dialog.getByPlaceholder("--key");
  await key.pressSequentially("--");
  await dialog.getByText(/is no argument of clean_flights/).first().waitFor();
  assert.ok(await dialog.getByRole("button", { name: /^Resume: start/ }).isDisabled());
  await key.pressSequentially("note");
  await key.press("Tab");
  await page.keyboard.type("by hand");
  demo.repair();
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click();
  await page.getByRole("alertdialog").press("Escape");
  await dialog.getByRole("button", { name: "Resume: start 1 node" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: /Repeat (it|them)/ }).click();
  await page.waitForURL((url) => !url.href.includes(run.WorkflowRunId));
  await node(page, "report", "succeeded").waitFor();
  const { Runs } = await rig.call("GetWorkflowRuns", { Name: demo.name, IncludeGraph: true });
  const job = Runs[0].Graph.Nodes.find((n) => n.Name === "clean_flights").JobDetails.JobRuns[0];
  assert.equal(job.Arguments["--note"], "by hand");
  await close(page);
});
