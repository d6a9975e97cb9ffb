/** What the emulator serves, hostile events among it, and what must be found where it was delivered. */

import assert from "node:assert/strict";
import { plainEvent, type PlainEvent } from "../emulator/plain.ts";
import { expectedOf, renderLine } from "../emulator/render.ts";
import type { FacetName } from "../emulator/encoding.ts";
import type { SiemEmulator } from "../emulator/siem.ts";
import type { Json } from "../e2e/rig.ts";

/** A long line, but one that the stream's limits allow. */
export const LONG_BYTES = 1_500_000;

/** Values as `decoded` keeps them; the generator of plain events knows texts only. */
const untyped = (values: unknown): Record<string, string> => values as Record<string, string>;

export const HOSTILE: readonly [name: string, change: (plain: PlainEvent) => PlainEvent][] = [
  ["rule data that is no text", (plain) => ({ ...plain, ...binaryRules() })],
  ["IPv6", (plain) => ({ ...plain, attack: { ...plain.attack, clientIP: "2001:db8:85a3::8a2e:370:7334" } })],
  ["facets that are empty", (plain) => ({ ...plain, ...emptyRules() })],
  ["no rules at all", (plain) => ({ ...plain, ruleCount: 1, facets: new Map() })],
  [
    "members that nobody knows",
    (plain) => ({
      ...plain,
      attack: { ...plain.attack, futureScore: "17", ...untyped({ futureList: [{ a: [1, 2.5, null, true] }] }) },
      others: { ...plain.others, futureData: { "a.b": "dotted", "sp ace": "\u2028\u0000\u{1f525}" } },
      order: [...plain.order, "futureData"],
    }),
  ],
  [
    "numbers as numbers",
    (plain) => ({
      ...plain,
      http: { ...plain.http, ...untyped({ bytes: 266, port: 443, status: 403 }) },
      others: { ...plain.others, botData: untyped({ botScore: 50, responseSegment: 2 }) },
    }),
  ],
];

function facets(values: (name: FacetName) => Buffer[]): PlainEvent["facets"] {
  const names = ["ruleActions", "ruleData", "ruleMessages", "ruleSelectors", "ruleTags", "ruleVersions", "rules"] as const;
  return new Map(names.map((name) => [name, { items: values(name).map((bytes) => ({ bytes })), trailing: false, unpadded: false }]));
}

function binaryRules(): Pick<PlainEvent, "ruleCount" | "facets"> {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  return { ruleCount: 2, facets: facets((name) => (name === "ruleData" ? [all, Buffer.from([0xff])] : [Buffer.from("950002"), Buffer.from("")])) };
}

function emptyRules(): Pick<PlainEvent, "ruleCount" | "facets"> {
  return { ruleCount: 2, facets: facets(() => [Buffer.alloc(0), Buffer.alloc(0)]) };
}

/** The events of an emulator: the first of them hostile, the next one long, all others as ever. */
export class Ledger {
  readonly #siem: SiemEmulator;
  readonly #hostile = new Map<number, { line: Buffer; text: string }>();

  constructor(siem: SiemEmulator, changes = HOSTILE.map(([, change]) => change)) {
    this.#siem = siem;
    const { events } = siem;
    const { seed, configIds } = events.options;
    changes.forEach((change, number) => {
      const template = { seed, template: 100_000 + number, fewerRules: 0, padding: 16, configIds };
      const start = (fraction: boolean): string => (fraction ? events.startSeconds(number).toFixed(3) : String(Math.floor(events.startSeconds(number))));
      const plain = change(plainEvent(template, { requestId: events.requestId(number), start }));
      this.#hostile.set(number, { line: Buffer.from(renderLine(plain)), text: JSON.stringify(expectedOf(plain).document) });
    });
    const edits = [...this.#hostile].map(([event, { line }]) => ({ event, replaceBase64: line.toString("base64") }));
    siem.faults.add({ times: 1_000_000, edits });
  }

  /** Makes the event after the hostile ones a long one, and returns its number. */
  lengthen(bytes = LONG_BYTES): number {
    const number = this.#hostile.size;
    this.#siem.events.lengthen(number, bytes, "query");
    return number;
  }

  get size(): number {
    return this.#siem.available;
  }

  line(number: number): Buffer {
    return this.#hostile.get(number)?.line ?? this.#siem.events.line(number);
  }

  /** The document in the schema `decoded`, as the emulator knows it from what it encoded. */
  document(number: number): Json {
    return JSON.parse(this.#hostile.get(number)?.text ?? this.#siem.events.expectedText(number)) as Json;
  }

  /** The number of the event that a document in any schema is about, by its request id. */
  numberIn(text: string): number {
    const number = this.#siem.events.numberIn(text);
    assert.ok(number !== undefined, `no event of the stream: ${text.slice(0, 200)}`);
    return number;
  }

  /** Each event exactly once, apart from those in `without`. */
  assertNumbers(numbers: readonly number[], without: readonly number[] = []): void {
    const expected = Array.from({ length: this.size }, (_, number) => number).filter((number) => !without.includes(number));
    assert.deepEqual([...numbers].sort((a, b) => a - b), expected);
  }

  /** Each event exactly once, apart from those in `without`, as a `decoded` document of the same content. */
  assertDocuments(documents: readonly Json[], without: readonly number[] = []): void {
    const numbers = documents.map((document) => this.numberIn(JSON.stringify(document["httpMessage"])));
    this.assertNumbers(numbers, without);
    documents.forEach((document, k) => assert.deepEqual(document, this.document(numbers[k]!)));
  }

  /** Each event exactly once, apart from those in `without`, as the line that Akamai sent. */
  assertLines(lines: readonly Buffer[], without: readonly number[] = []): void {
    const numbers = lines.map((line) => this.numberIn(line.toString("latin1")));
    this.assertNumbers(numbers, without);
    lines.forEach((line, k) => assert.ok(line.equals(this.line(numbers[k]!)), `event ${numbers[k]} has changed`));
  }
}

/** The lines of a text that ends in a line feed. */
export function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(10, start);
    assert.notEqual(end, -1, "the last line has no end");
    lines.push(text.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
