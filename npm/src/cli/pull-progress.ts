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

/** Events that the source no longer had, as far as is known. Milliseconds since 1970. */
export interface SeenGap {
  /** Time of the last event before it, if it is known. */
  fromMs: number | undefined;
  /** From when on events were asked for again. */
  toMs: number | undefined;
}

const PREFIX = "checkpoint/";
/** A gap's key goes on with its stream and number. */
const GAP_PREFIX = "gap/";

/** Figures of the streams that run. */
export class PullProgress {
  readonly #standings = new Map<string, Standing>();
  /** Of a run that goes on: the first and the last one. */
  readonly #gaps = new Map<string, [first: SeenGap, last: SeenGap]>();
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

  /** The first and the last gap of a stream since it was last asked; they may be one. `undefined` if there was none. */
  takeGaps(stream: string): readonly [first: SeenGap, last: SeenGap] | undefined {
    const gaps = this.#gaps.get(stream);
    this.#gaps.delete(stream);
    return gaps;
  }

  #seeGap(stream: string, value: string): void {
    const { last_event_at: last, resumed_from: resumed } = JSON.parse(value) as Record<string, unknown>;
    const gap = { fromMs: typeof last === "number" ? last : undefined, toMs: typeof resumed === "number" ? resumed : undefined };
    this.#gaps.set(stream, [this.#gaps.get(stream)?.[0] ?? gap, gap]);
  }

  #see(key: string, value: string, isNew: boolean): void {
    if (isNew && key.startsWith(GAP_PREFIX)) this.#seeGap(key.split("/")[1] ?? "", value);
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
