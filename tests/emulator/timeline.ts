/** When which event was stored. The API orders by this time, not by the time of the event. */

interface Segment {
  first: number;
  count: number;
  fromMs: number;
  toMs: number;
}

export class Timeline {
  readonly #segments: Segment[] = [];
  #available = 0;

  /** Events stored so far. */
  get available(): number {
    return this.#available;
  }

  /** Stores `count` events, spread evenly from `fromMs` up to `toMs`. Times never go back. */
  append(count: number, fromMs: number, toMs: number): void {
    if (count <= 0) return;
    const last = this.#segments.at(-1)?.toMs ?? 0;
    const from = Math.max(last, fromMs);
    this.#segments.push({ first: this.#available, count, fromMs: from, toMs: Math.max(from, toMs) });
    this.#available += count;
  }

  /** The first event that was stored at `ms` or later. */
  firstSince(ms: number): number {
    for (const { first, count, fromMs, toMs } of this.#segments) {
      if (ms <= fromMs) return first;
      if (ms <= toMs) return first + Math.min(count, Math.ceil(((ms - fromMs) * count) / (toMs - fromMs)));
    }
    return this.#available;
  }
}
