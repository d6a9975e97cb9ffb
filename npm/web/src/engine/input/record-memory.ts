/** The events of records that hold many, so that such a record is taken apart once, and not again for each of them. */

import type { EventBytes } from "./record.ts";

/** Records of so many bytes together are kept, and the last one whatever its length. */
const MOST_BYTES = 64 * 2 ** 20;

/** Gives an event of a record. */
export type PartReader = (part: number) => EventBytes;

export class RecordMemory {
  /** The one that was asked for last comes last. */
  readonly #records = new Map<string, { read: PartReader; bytes: number }>();
  #bytes = 0;

  /** What was kept of the record of an input that begins there. */
  find(input: number, offset: number): PartReader | undefined {
    const key = keyOf(input, offset);
    const found = this.#records.get(key);
    if (found === undefined) return undefined;
    this.#records.delete(key);
    this.#records.set(key, found);
    return found.read;
  }

  /** Keeps a record of so many bytes; what was not asked for the longest time is given up for it. */
  keep(input: number, offset: number, bytes: number, read: PartReader): void {
    const key = keyOf(input, offset);
    if (this.#records.has(key)) return;
    for (const [oldest, { bytes: freed }] of this.#records) {
      if (this.#bytes + bytes <= MOST_BYTES) break;
      this.#records.delete(oldest);
      this.#bytes -= freed;
    }
    this.#records.set(key, { read, bytes });
    this.#bytes += bytes;
  }
}

function keyOf(input: number, offset: number): string {
  return `${input}:${offset}`;
}
