/** Counts events that arrive, each by its number in the stream, and checks what they say. */

import type { Delivered } from "./delivery.ts";
import type { EventStream } from "./events.ts";

/** How the documents are written. Of `other` ones only the number is looked at. */
export type DocumentSchema = "decoded" | "raw" | "other";

export interface TallyOptions {
  events: EventStream;
  schema: DocumentSchema;
  /** Checks the whole content of every n-th event of the stream; every event is parsed and counted. */
  verifyEvery?: number;
  /** Events that exist; those past it are counted as out of range. */
  available?: () => number;
}

export interface Mismatch {
  event: number;
  /** Path of the first member that differs. */
  at: string;
  expected: unknown;
  actual: unknown;
}

const REMEMBERED_MISMATCHES = 20;

export class Tally {
  readonly counters = { events: 0, unique: 0, duplicates: 0, outOfRange: 0, unnumbered: 0, verified: 0, mismatches: 0 };
  readonly mismatches: Mismatch[] = [];
  readonly #options: TallyOptions;
  #seen = new Uint8Array(1024);

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** The number of the event that a document is about. */
  numberOf(document: Delivered): number | undefined {
    const { events } = this.#options;
    const { value } = document;
    const id = (value as { httpMessage?: { requestId?: unknown } } | null)?.httpMessage?.requestId;
    if (typeof id === "string") return events.numberOf(id);
    return events.numberIn(typeof value === "string" ? value : document.bytes().toString("latin1"));
  }

  count(document: Delivered, number: number | undefined): void {
    const { counters } = this;
    counters.events += 1;
    if (number === undefined) {
      counters.unnumbered += 1;
      return;
    }
    if (number >= (this.#options.available?.() ?? Infinity)) {
      counters.outOfRange += 1;
      return;
    }
    if (this.#mark(number)) counters.unique += 1;
    else counters.duplicates += 1;
    if (number % (this.#options.verifyEvery ?? 1) === 0) this.#verify(document, number);
  }

  /** Whether the event with this number has arrived. */
  has(number: number): boolean {
    return ((this.#seen[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0;
  }

  /** The first of the events from `start` to before `end` that have not arrived. */
  missing(start: number, end: number, most = 20): number[] {
    const out: number[] = [];
    for (let number = start; number < end && out.length < most; number += 1) if (!this.has(number)) out.push(number);
    return out;
  }

  /** True if it is the first time. */
  #mark(number: number): boolean {
    const byte = number >>> 3;
    if (byte >= this.#seen.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#seen.length * 2));
      grown.set(this.#seen);
      this.#seen = grown;
    }
    if (this.has(number)) return false;
    this.#seen[byte] = (this.#seen[byte] ?? 0) | (1 << (number & 7));
    return true;
  }

  #verify(document: Delivered, number: number): void {
    const mismatch = this.#mismatch(document, number);
    this.counters.verified += 1;
    if (mismatch === undefined) return;
    this.counters.mismatches += 1;
    if (this.mismatches.length < REMEMBERED_MISMATCHES) this.mismatches.push({ event: number, ...mismatch });
  }

  #mismatch({ value, bytes, timeSeconds }: Delivered, number: number): Omit<Mismatch, "event"> | undefined {
    const { events, schema } = this.#options;
    if (timeSeconds !== undefined && Math.abs(timeSeconds - events.startSeconds(number)) > 0.000_5) {
      return { at: "time of the envelope", expected: events.startSeconds(number), actual: timeSeconds };
    }
    if (schema === "raw") {
      const expected = events.line(number);
      return bytes().equals(expected) ? undefined : { at: "bytes", expected: expected.toString("utf8"), actual: bytes().toString("utf8") };
    }
    if (schema === "other" || JSON.stringify(value) === events.expectedText(number)) return undefined;
    const expected = JSON.parse(events.expectedText(number)) as Json;
    return difference(expected, value as Json, "") ?? orderDifference(expected, value as Json);
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The first member that differs, the order of members aside. */
function difference(expected: Json | undefined, actual: Json | undefined, at: string): Omit<Mismatch, "event"> | undefined {
  if (typeof expected !== "object" || typeof actual !== "object" || expected === null || actual === null) {
    return expected === actual ? undefined : { at, expected, actual };
  }
  if (Array.isArray(expected) !== Array.isArray(actual)) return { at, expected, actual };
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = difference((expected as Record<string, Json>)[key], (actual as Record<string, Json>)[key], `${at}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Decoding keeps the order of the members that Akamai wrote; within a decoded rule it has no meaning. */
function orderDifference(expected: Json, actual: Json): Omit<Mismatch, "event"> | undefined {
  for (const name of ["", "attackData", "httpMessage"]) {
    const keys = (json: Json): string[] => Object.keys((name === "" ? json : (json as Record<string, Json>)[name]) ?? {});
    if (keys(expected).join() !== keys(actual).join()) return { at: `/${name} (order of members)`, expected: keys(expected), actual: keys(actual) };
  }
  return undefined;
}
