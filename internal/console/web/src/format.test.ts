import { expect, test } from "vitest";
import { ago, duration, utc } from "./format";
import { awsCommand, commandsFor, quote } from "./cli";
import { match, paths } from "./router";

test.each([[0, "0 ms"], [820, "820 ms"], [4200, "4.2 s"], [59_960, "1 min 00 s"], [185_000, "3 min 05 s"], [8_040_000, "2 h 14 min"], [273_600_000, "3 d 4 h"]])("%i ms is %s", (ms, want) => {
  expect(duration(ms)).toBe(want);
});

test("how long ago", () => {
  expect(ago(100, 100_500)).toBe("just now");
  expect(ago(100, 145_000)).toBe("45 s ago");
  expect(ago(7300, 100_000)).toBe("in 2 h");
  expect(utc(1_795_897_950.971)).toBe("2026-11-28 20:32:30.971 UTC");
});

test("commands are quoted for a shell and name the endpoint", () => {
  expect(quote("it's")).toBe(`'it'\\''s'`);
  commandsFor({ Endpoint: "http://127.0.0.1:4780" });
  expect(awsCommand("start-workflow-run", { name: "a b", "run-properties": { day: "1" } })).toBe(
    `aws glue start-workflow-run --name 'a b' --run-properties '{"day":"1"}' --endpoint-url http://127.0.0.1:4780`,
  );
  commandsFor({ Profile: "prod", Region: "eu-central-1" });
  expect(awsCommand("list-workflows", {})).toBe("aws glue list-workflows --profile prod --region eu-central-1");
});

test.each(["plain", "a/b 50% off?", "%2F", "ü#&"])("a workflow named %s has a path that leads back to it", (name) => {
  const path = new URL(paths.run(name, "wr_1", { node: "n/1" }), "http://x").pathname;
  expect(match("/workflows/:name/runs/:id", path)).toEqual({ name, id: "wr_1" });
});
