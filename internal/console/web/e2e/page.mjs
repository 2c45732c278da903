// What the tests do with a page, in a user's words.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Every step may take this long on a busy machine, in ms. */
export const patience = 30_000;

export const sizes = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };

/** open gives a page of its own that fails the test on an error in it. */
export async function open(browser, url, { size = "wide", theme = "light", ...more } = {}) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource|net::ERR/.test(m.text())) page.faults.push(m.text());
  });
  await page.goto(url);
  return page;
}

export async function close(page) {
  assert.deepEqual(page.faults, [], "errors in the page");
  await page.context().close();
}

/** node is a node of the graph, by what a screen reader says of it. */
export const node = (page, name, words = "") => page.locator(`[data-node][aria-label^="job ${name},"]${words ? `[aria-label*="${words}"]` : ""}`);

/** repeat is the answer to whether jobs that are not marked as safe are to be repeated. */
export const repeat = (page) => page.getByRole("alertdialog").getByRole("button", { name: /^Repeat (it|them)$/ });

/** accessible fails on what axe-core calls serious or critical. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const told = grave.map((v) => `${v.id} (${v.impact}): ${v.help}\n  ${v.nodes.slice(0, 4).map((n) => n.html.slice(0, 160)).join("\n  ")}`);
  assert.deepEqual(told, [], what);
}

/** fits fails when the page is wider than the screen. */
export async function fits(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${what}: the page is ${over} px wider than the screen`);
}
