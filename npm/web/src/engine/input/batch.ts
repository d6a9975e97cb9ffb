/** Records one behind the other, so that the core reads many with one call. */

import type { Core, Filter } from "../../../../src/index.ts";
import type { Family } from "../../protocol.ts";
import { membersOf, rowOf, type Row } from "../index/row.ts";
import { trendRowOf } from "../index/trend-row.ts";
import { FacetMemory, UNSHOWN_FACETS } from "./facet-memory.ts";
import type { FramedRecord } from "./framers.ts";
import { familyOf } from "./unwrap.ts";

const BATCH_BYTES = 64 * 1024;
/**
 * A longer record is read by itself. The decoder takes at most 10,000 rules and header lines of an event apart; no shorter record
 * can have so many.
 */
const MOST_RECORD_BYTES = 9_000;

const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;

/** Records as they came. */
export class Batch {
  readonly #lines = new Uint8Array(BATCH_BYTES);
  #end = 0;
  #records: FramedRecord[] = [];

  get records(): readonly FramedRecord[] {
    return this.#records;
  }

  /** What the core is given: each record on one line. */
  get lines(): Uint8Array<ArrayBuffer> {
    return this.#lines.subarray(0, this.#end);
  }

  /** Takes a copy of a record; `false` if it has no room. */
  add({ bytes, offset, length }: FramedRecord): boolean {
    const start = this.#end;
    if (length > MOST_RECORD_BYTES || start + bytes.length + 1 > BATCH_BYTES) return false;
    this.#lines.set(bytes, start);
    const end = start + bytes.length;
    this.#lines[end] = LF;
    this.#end = end + 1;
    const line = this.#lines.subarray(start, end);
    const isPlain = line[0] === OPEN_OBJECT && line.indexOf(LF) === -1;
    if (!isPlain) flatten(line);
    this.#records.push({ bytes: isPlain ? line : bytes.slice(), offset, length });
    return true;
  }

  clear(): void {
    this.#end = 0;
    this.#records = [];
  }
}

/**
 * Makes a record one line. A tab is white space between tokens, as a line feed is, and no more allowed within a string. What a collector
 * put before the event becomes spaces.
 */
function flatten(line: Uint8Array): void {
  for (let at = line.indexOf(LF); at !== -1; at = line.indexOf(LF, at + 1)) line[at] = TAB;
  const start = line.indexOf(OPEN_OBJECT);
  if (start > 0) line.fill(SPACE, 0, start);
}

/**
 * Most of an event's bytes, which neither the table nor the charts need, are not written. Of facets without an effect on either the type
 * counts: the decoder takes rules apart only if all facets are texts.
 */
const FILTER: Filter = {
  drop: ["httpMessage.requestHeaders", "httpMessage.responseHeaders"],
  truncate: UNSHOWN_FACETS.map((name) => ({ member: `attackData.${name}`, max_bytes: 1 })),
};

/**
 * Reads batches in which each record is an event by itself, faster than one by one: the core checks Akamai's events and copies what the
 * table needs of them, undecoded but for the rules. Where a facet comes twice the last one is taken, also if the first is no text, which the
 * decoder would leave as it is.
 */
export class BatchReader {
  readonly #core: Core;
  readonly #facets: FacetMemory;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #decoder: { family: Family; pages: ReturnType<Core["pageDecoder"]> } | undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#facets = new FacetMemory(core);
  }

  /**
   * What the table shows of each record; `undefined` unless each is a usual event of that family. Then they are to be read one by one,
   * which says what is wrong with which.
   */
  rows({ lines, records }: Batch, family: Family): Row[] | undefined {
    try {
      const rows = this.#documents(lines, family).map((event) => this.#rowOf(event, family));
      return rows.length === records.length ? rows : undefined;
    } catch {
      // If the core stopped, the next batch begins with another instance of it.
      this.free();
      return undefined;
    }
  }

  /** Gives the decoder's memory back. */
  free(): void {
    this.#decoder?.pages.free();
    this.#decoder = undefined;
  }

  #rowOf(event: unknown, family: Family): Row {
    if (familyOf(event) !== family) throw new Error("an event of another kind");
    const members: Readonly<Record<string, unknown>> = Object(event);
    if (family !== "akamai-siem") return trendRowOf(members);
    return rowOf(members, this.#facets.summaryOf(membersOf(members["attackData"])));
  }

  #documents(lines: Uint8Array, family: Family): unknown[] {
    if (this.#decoder?.family !== family) {
      this.free();
      const pages = this.#core.pageDecoder(family === "akamai-siem" ? { schema: "raw", filter: FILTER } : { schema: { name: "decoded", events: family } });
      this.#decoder = { family, pages };
    }
    const { pages } = this.#decoder;
    const documents = pages.push(lines);
    if (documents.length === 0) return [];
    // No document has a line feed within, so that they are the items of one list.
    const last = documents.length - 1;
    for (let at = documents.indexOf(LF); at !== -1 && at < last; at = documents.indexOf(LF, at + 1)) documents[at] = COMMA;
    return JSON.parse(`[${this.#utf8.decode(documents)}]`) as unknown[];
  }
}
