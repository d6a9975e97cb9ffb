/** How far streams are, while they run: from what they write down. */

import type { PipelineStore } from "../pipeline/host.ts";
import { formatDuration } from "./progress.ts";
import { thousands } from "./report-line.ts";

/** What is read of a checkpoint. */
interface Seen {
  counters?: { fetched?: unknown };
  last_event_at?: unknown;
  clock_skew_ms?: unknown;
}

interface Standing {
  /** Events at the first checkpoint that was written, and at the newest. */
  first: number;
  fetched: number;
  /** Time of the newest event by our clock, milliseconds since 1970. */
  lastEventMs: number | undefined;
}

const PREFIX = "checkpoint/";

/** Figures of the streams that run. */
export class PullProgress {
  readonly #standings = new Map<string, Standing>();
  readonly #beganMs = performance.now();
  readonly #onChange: () => void;

  /** @param onChange Called after each page. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** The same store, looked at while it is written. */
  watch(store: PipelineStore): PipelineStore {
    return {
      exact: store.exact,
      get: async (key) => {
        const value = await store.get(key);
        if (value !== undefined) this.#see(key, value, false);
        return value;
      },
      put: async (key, value, ttlSeconds) => {
        await store.put(key, value, ttlSeconds);
        this.#see(key, value, true);
      },
      delete: (key) => store.delete(key),
      list: (prefix, limit, cursor) => store.list(prefix, limit, cursor),
    };
  }

  /** Events so far, their rate, and how far behind the stream is that is furthest. */
  text(now = Date.now()): string {
    const all = [...this.#standings.values()];
    const events = all.reduce((sum, { first, fetched }) => sum + fetched - first, 0);
    const rate = events / Math.max((performance.now() - this.#beganMs) / 1000, 0.001);
    const oldest = all.reduce<number | undefined>((least, { lastEventMs: last }) => (last !== undefined && (least === undefined || last < least) ? last : least), undefined);
    const lag = oldest === undefined ? "" : `, ${formatDuration(Math.max(now - oldest, 0))} behind`;
    return `${thousands(events)} events, ${thousands(Math.round(rate))}/s${lag}`;
  }

  #see(key: string, value: string, isNew: boolean): void {
    if (!key.startsWith(PREFIX)) return;
    const stream = key.slice(PREFIX.length);
    const { checkpoint } = JSON.parse(value) as { checkpoint?: Seen };
    const fetched = numberOr(checkpoint?.counters?.fetched, 0);
    const last = checkpoint?.last_event_at;
    const lastEventMs = typeof last === "number" ? last - numberOr(checkpoint?.clock_skew_ms, 0) : undefined;
    const known = this.#standings.get(stream);
    this.#standings.set(stream, { first: known?.first ?? (isNew ? 0 : fetched), fetched, lastEventMs });
    if (isNew) this.#onChange();
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
