// Who may see the pages, and whether everybody can.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, close, fits, open } from "./page.mjs";
import { browser, Rig } from "./rig.mjs";

let chromium;
before(async () => (chromium = await browser()));
after(() => chromium.close());

test("every page in both themes and widths: no serious fault, nothing wider than the screen", async (t) => {
  const rig = await new Rig().start();
  t.after(() => rig.close());
  const demo = rig.demo();
  const empty = await new Rig().start();
  t.after(() => empty.close());
  const broken = await rig.runOf(demo.name);
  demo.repair();
  const failed = broken.Graph.Nodes.find((n) => n.Name === "clean_flights").UniqueId;
  const { RunId } = await rig.call("ResumeWorkflowRun", { Name: demo.name, RunId: broken.WorkflowRunId, NodeIds: [failed] });
  await rig.ended(demo.name, RunId);
  const workflow = `/workflows/${demo.name}`;
  const run = `${workflow}/runs/${broken.WorkflowRunId}`;
  const pages = {
    "first steps": [empty.url, "h1, h2"],
    home: [rig.url, "h1"],
    workflows: [`${rig.url}/workflows`, `text=${demo.name}`],
    workflow: [rig.url + workflow, "h1"],
    design: [`${rig.url}${workflow}?view=graph`, "[data-node]"],
    definition: [`${rig.url}${workflow}?view=definition`, "h1"],
    triggers: [`${rig.url}${workflow}?view=triggers`, "table"],
    "run as a graph": [`${rig.url}${run}?view=graph`, "[data-node]"],
    "run as a list": [`${rig.url}${run}?view=list`, "text=clean_flights"],
    "run in time": [`${rig.url}${run}?view=timeline`, "svg"],
    node: [`${rig.url}${run}?view=list&node=clean_flights`, "[role=log]"],
    resume: [`${rig.url}${run}?resume=failed`, "text=Expected to take"],
    resumed: [`${rig.url}${workflow}/runs/${RunId}`, "h1"],
    family: [`${rig.url}${run}/family`, "text=clean_flights"],
    jobs: [`${rig.url}/jobs`, "text=clean_flights"],
    job: [`${rig.url}/jobs/clean_flights`, "h1"],
    "all triggers": [`${rig.url}/triggers`, "table"],
  };
  for (const theme of ["light", "dark"]) {
    for (const size of ["wide", "narrow"]) {
      const page = await open(chromium, rig.url, { theme, size });
      for (const [name, [url, sign]] of Object.entries(pages)) {
        await t.test(`${name}, ${theme}, ${size}`, async () => {
          await page.goto(url);
          await page.locator(sign).first().waitFor();
          await accessible(page, name);
          await fits(page, name);
        });
      }
      await close(page);
    }
  }
});

test("with signatures the page asks for a key once, and keeps no secret", async (t) => {
  const secret = "a/secret+that/nobody+should/find";
  const rig = new Rig(["--auth", "sigv4"]);
  await rig.start();
  t.after(() => rig.close());
  const [, key, own] = await rig.says(/AWS_ACCESS_KEY_ID=(\S+)[^]*AWS_SECRET_ACCESS_KEY=(\S+)/);
  const page = await open(chromium, `${rig.url}/jobs`);
  await page.getByLabel("Access key id").fill(key);
  await page.getByLabel("Secret access key").fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText(/InvalidSignature/).waitFor();
  await page.getByLabel("Secret access key").fill(own);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "There is no job yet" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "There is no job yet" }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  assert.ok(!kept.includes(own), kept);
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((c) => c.httpOnly && c.sameSite === "Strict"), JSON.stringify(cookies));
  await page.context().clearCookies();
  await page.reload();
  await page.getByLabel("Access key id").waitFor();
  await close(page);
});

test("another site can neither frame nor drive the console", async (t) => {
  const rig = await new Rig().start();
  t.after(() => rig.close());
  const answer = await fetch(rig.url + "/workflows", { headers: { Accept: "text/html" } });
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src '(self|none)'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
  for (const headers of [{ Origin: "https://example.com" }, { "Sec-Fetch-Site": "cross-site" }]) {
    const refused = await fetch(rig.url, {
      method: "POST", body: "{}", headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSGlue.ListJobs", ...headers },
    });
    assert.ok(refused.status >= 400, `${refused.status} for ${JSON.stringify(headers)}`);
  }
});
