import type { QueryClient, QueryKey } from "@tanstack/react-query";

/**
 * Refetches what changed, however fast changes come: a key that is being fetched
 * waits until that has ended, so that a stream of changes neither starves a slow
 * answer nor loses the last one.
 */
export class Refresher {
  private dirty = new Map<string, { key: QueryKey; due: number }>();
  private last = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private client: QueryClient,
    private now: () => number = Date.now,
  ) {}

  /** Marks all queries below a key; each is refetched at most once in `pause` ms. */
  mark(key: QueryKey, pause: number) {
    const id = JSON.stringify(key);
    if (this.dirty.has(id)) return;
    this.dirty.set(id, { key, due: Math.max(this.now(), (this.last.get(id) ?? 0) + pause) });
    this.schedule();
  }

  private schedule() {
    if (this.timer || this.dirty.size === 0) return;
    const next = Math.min(...[...this.dirty.values()].map((d) => d.due));
    this.timer = setTimeout(() => this.flush(), Math.max(20, next - this.now()));
  }

  private flush() {
    this.timer = undefined;
    const now = this.now();
    for (const [id, { key, due }] of this.dirty) {
      if (due > now) continue;
      if (this.client.isFetching({ queryKey: key }) > 0) {
        this.dirty.set(id, { key, due: now + 50 });
        continue;
      }
      this.dirty.delete(id);
      this.last.set(id, now);
      void this.client.invalidateQueries({ queryKey: key });
    }
    if (this.last.size > 5000) this.last.clear();
    this.schedule();
  }
}
