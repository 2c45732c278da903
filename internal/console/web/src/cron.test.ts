import { expect, test } from "vitest";
import { nextTime } from "./cron";

const after = Date.UTC(2026, 10, 28, 20, 30, 15); // a Saturday

test.each([
  ["cron(30 2 * * ? *)", "2026-11-29T02:30"],
  ["cron(0/15 * * * ? *)", "2026-11-28T20:45"],
  ["cron(31 20 * * ? *)", "2026-11-28T20:31"],
  ["cron(30 20 * * ? *)", "2026-11-29T20:30"],
  ["cron(0 8 ? * MON-FRI *)", "2026-11-30T08:00"],
  ["cron(0 0 L * ? *)", "2026-11-30T00:00"],
  ["cron(0 0 ? * 6L *)", "2026-12-25T00:00"],
  ["cron(0 9 1W * ? *)", "2026-12-01T09:00"],
  ["cron(0 9 28W NOV ? *)", "2027-11-29T09:00"],
  ["cron(0 0 29 2 ? *)", "2028-02-29T00:00"],
  ["cron(0 0 ? JAN,JUL SUN,L 2027)", "2027-01-02T00:00"],
])("%s fires next at %s", (schedule, want) => {
  expect(new Date(nextTime(schedule, after)!).toISOString().slice(0, 16)).toBe(want);
});

test.each(["cron(0 0 1 1 ? 2020)", "cron(61 * * * ? *)", "rate(5 minutes)", "", undefined])("%s never fires", (schedule) => {
  expect(nextTime(schedule, after)).toBeUndefined();
});
