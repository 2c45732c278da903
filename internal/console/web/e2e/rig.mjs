// A real server on a folder of its own, real jobs, a real browser.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");

/** The program under test: REGLUE, or one built from this tree. */
export function program() {
  if (process.env.REGLUE) return process.env.REGLUE;
  const binary = path.join(os.tmpdir(), `reglue-e2e-${process.pid}`, "reglue");
  if (!fs.existsSync(binary)) {
    execFileSync("go", ["build", "-o", binary, "./cmd/reglue"], { cwd: repository, stdio: "inherit" });
    process.once("exit", () => fs.rmSync(path.dirname(binary), { recursive: true, force: true }));
  }
  return binary;
}

export class Rig {
  constructor(args = []) {
    this.args = args;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), "reglue-console-"));
    this.data = path.join(this.dir, "data");
    this.log = "";
  }

  /** start serves the folder; a later start takes the port of the one before. */
  async start() {
    const known = fs.existsSync(path.join(this.data, "endpoint.json"));
    const args = ["serve", "--data", this.data, ...(known ? [] : ["--listen", "127.0.0.1:0"]), ...this.args];
    this.server = spawn(program(), args, { stdio: ["ignore", "pipe", "pipe"] });
    this.gone = new Promise((resolve) => this.server.once("exit", resolve));
    this.server.stderr.on("data", (b) => (this.log += b));
    const lines = readline.createInterface({ input: this.server.stdout });
    const from = this.log.length;
    lines.on("line", (line) => {
      this.log += line + "\n";
      this.heard?.();
    });
    [, this.url] = await this.says(/^reglue serves the Glue API at (\S+)/m, from);
    return this;
  }

  /** says waits for something that the server writes. */
  says(what, from = 0) {
    return new Promise((resolve, reject) => {
      this.heard = () => {
        const said = this.log.slice(from).match(what);
        if (said) resolve(said);
      };
      this.heard();
      this.gone.then(() => reject(new Error("the server ended:\n" + this.log)));
    });
  }

  async kill(signal = "SIGKILL") {
    this.server.kill(signal);
    await this.gone;
  }

  async close() {
    if (this.server?.exitCode === null && this.server.signalCode === null) await this.kill("SIGTERM");
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** call carries out one operation, as any client would. */
  async call(operation, input = {}) {
    const answer = await fetch(this.url + "/", {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSGlue." + operation },
      body: JSON.stringify(input),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${operation}: ${body.__type}: ${body.Message ?? body.message}`);
    return body;
  }

  /** job makes a python shell job of a script's text. */
  async job(name, source, more = {}) {
    const script = path.join(this.dir, name + ".py");
    fs.writeFileSync(script, source);
    await this.call("CreateJob", {
      Name: name,
      Role: "local",
      Command: { Name: "pythonshell", PythonVersion: "3.9", ScriptLocation: "file://" + script },
      ...more,
    });
    return script;
  }

  /** workflow makes a workflow that starts with some jobs, and its conditional triggers. */
  async workflow(name, first, triggers = {}) {
    await this.call("CreateWorkflow", { Name: name });
    await this.call("CreateTrigger", { Name: name + "-start", WorkflowName: name, Type: "ON_DEMAND", Actions: first.map((JobName) => ({ JobName })) });
    for (const [trigger, { on, logical, run }] of Object.entries(triggers)) {
      const Conditions = Object.entries(on).map(([JobName, State]) => ({ LogicalOperator: "EQUALS", JobName, State }));
      await this.call("CreateTrigger", {
        Name: trigger,
        WorkflowName: name,
        Type: "CONDITIONAL",
        StartOnCreation: true,
        Predicate: { Conditions, ...(Conditions.length > 1 ? { Logical: logical ?? "AND" } : {}) },
        Actions: run.map((JobName) => ({ JobName })),
      });
    }
  }

  /** runOf starts a run and, unless told otherwise, waits for its end. */
  async runOf(name, { wait = true } = {}) {
    const { RunId } = await this.call("StartWorkflowRun", { Name: name });
    return wait ? this.ended(name, RunId) : RunId;
  }

  /** ended waits for the end of a run: it looks again with each event of the server. */
  async ended(name, runId) {
    const changes = await fetch(this.url + "/console/events", { signal: AbortSignal.timeout(60_000) });
    for await (const _ of changes.body) {
      const { Run } = await this.call("GetWorkflowRun", { Name: name, RunId: runId, IncludeGraph: true });
      if (Run.Status !== "RUNNING" && Run.Status !== "STOPPING") return Run;
    }
    throw new Error(`the server ended before run ${runId} of ${name} did:\n${this.log}`);
  }

  /** demo lays the demo's workflow out, its bad row included, and applies its template. */
  demo() {
    const dir = path.join(this.dir, "demo");
    const source = path.join(repository, "internal/demo");
    fs.cpSync(path.join(source, "pipeline"), dir, { recursive: true });
    fs.cpSync(path.join(source, "data"), path.join(dir, "input"), { recursive: true });
    const template = path.join(dir, "pipeline.yaml");
    fs.writeFileSync(template, fs.readFileSync(template, "utf8").replace('"@FOLDER@"', JSON.stringify(dir)));
    const flights = path.join(dir, "input/flights.csv");
    const rows = fs.readFileSync(flights, "utf8").split("\n");
    const good = rows[4710];
    const values = good.split(",");
    values[rows[0].split(",").indexOf("dep_delay")] = "N/A?";
    rows[4710] = values.join(",");
    fs.writeFileSync(flights, rows.join("\n"));
    execFileSync(program(), ["apply", template, "--data", this.data], { stdio: "pipe" });
    return {
      name: "storm-week",
      repair() {
        rows[4710] = good;
        fs.writeFileSync(flights, rows.join("\n"));
      },
    };
  }
}

/** browser starts Debian's chromium, which must not look for hosts of its own. */
export function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}
