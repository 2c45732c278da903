import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refresher } from "./refresh";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(fetch: () => Promise<number>) {
  const client = new QueryClient();
  const observer = new QueryObserver(client, { queryKey: ["run", "w", "r", "graph"], queryFn: fetch, staleTime: Infinity });
  const stop = observer.subscribe(() => {});
  return { client, observer, stop };
}

test("many changes are one refetch each pause, and the last one is never lost", async () => {
  let fetched = 0;
  const { client, observer, stop } = watched(async () => ++fetched);
  await vi.advanceTimersByTimeAsync(0);
  const refresher = new Refresher(client);
  for (let i = 0; i < 20; i++) {
    refresher.mark(["run", "w", "r"], 250);
    await vi.advanceTimersByTimeAsync(50);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(fetched).toBeGreaterThanOrEqual(4);
  expect(fetched).toBeLessThanOrEqual(6);
  expect(observer.getCurrentResult().data).toBe(fetched);
  stop();
});

test("a change while a slow answer is on its way is fetched after it, and does not cut it short", async () => {
  let begun = 0;
  let ended = 0;
  const { client, stop } = watched(async () => {
    begun++;
    await new Promise((done) => setTimeout(done, 2000));
    return ++ended;
  });
  const refresher = new Refresher(client);
  await vi.advanceTimersByTimeAsync(1000);
  refresher.mark(["run", "w", "r"], 250);
  await vi.advanceTimersByTimeAsync(900);
  expect([begun, ended]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(5000);
  expect([begun, ended]).toEqual([2, 2]);
  stop();
});
