// Takes the README's pictures of the console: node e2e/screenshots.mjs FOLDER
import fs from "node:fs";
import path from "node:path";
import { node, open } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

const folder = path.resolve(process.argv[2] ?? "../../../docs/console");
fs.mkdirSync(folder, { recursive: true });
const chromium = await browser();
const rig = await new Rig().start();
try {
  const demo = rig.demo();
  const good = fs.readFileSync(path.join(rig.dir, "demo/input/flights.csv"), "utf8");
  // A history: whole runs, broken ones, and resumes that made them whole.
  demo.repair();
  for (let i = 0; i < 4; i++) await rig.runOf(demo.name);
  const spoil = () => fs.writeFileSync(path.join(rig.dir, "demo/input/flights.csv"), good);
  for (let i = 0; i < 2; i++) {
    spoil();
    const run = await rig.runOf(demo.name);
    demo.repair();
    const NodeIds = run.Graph.Nodes.filter((n) => n.Name === "clean_flights").map((n) => n.UniqueId);
    const { RunId } = await rig.call("ResumeWorkflowRun", { Name: demo.name, RunId: run.WorkflowRunId, NodeIds });
    await rig.ended(demo.name, RunId);
    await rig.runOf(demo.name);
  }
  spoil();
  const run = await rig.runOf(demo.name);
  const at = `${rig.url}/workflows/${demo.name}/runs/${run.WorkflowRunId}`;
  const pictures = {
    "broken-now": [rig.url, (page) => page.getByText(/line 4711/).first().waitFor()],
    workflow: [`${rig.url}/workflows/${demo.name}`, (page) => page.getByText("clean_flights").first().waitFor()],
    run: [`${at}?node=clean_flights`, async (page) => {
      await page.getByRole("log").getByText("Traceback").waitFor();
      await node(page, "clean_flights").waitFor();
    }],
    resume: [`${at}?resume=failed`, async (page) => {
      await page.getByRole("region", { name: "Plan" }).waitFor();
      await node(page, "report", "in the resume").waitFor();
    }],
  };
  for (const [name, [url, ready]] of Object.entries(pictures)) {
    const page = await open(chromium, url, { size: "wide" });
    await ready(page);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await page.context().close();
  }
} finally {
  await rig.close();
  await chromium.close();
}
