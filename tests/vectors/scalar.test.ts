/**
 * The two builds of the core against each other: with SIMD, as nearly all run it, and without.
 *
 * `EDGESIEM_FUZZ_SECONDS=600 node --test tests/vectors/scalar.test.ts` goes on for ten minutes and says how many lines it compared.
 * Each run begins elsewhere; `EDGESIEM_FUZZ_SEED` repeats one. Lines are those of the vectors, of the emulator and of the corpus that
 * is compared with serde_json and base64 (crates/decode/tests/differential.rs), with bytes changed and pieces moved, so that they
 * begin at every place of a block.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EventStream } from "../emulator/events.ts";
import * as simd from "../../npm/pkg/edgesiem_wasm.js";
import { json, text } from "./files.ts";

type Core = typeof simd;

// Another address, so that it has variables of its own: wasm-bindgen keeps one instance in them.
const scalar = (await import("../../npm/pkg/edgesiem_wasm.js?scalar" as string)) as Core;
const file = (folder: string): Buffer => readFileSync(new URL(`../../npm/${folder}/edgesiem_wasm_bg.wasm`, import.meta.url));
simd.initSync({ module: file("pkg") });
scalar.initSync({ module: file("pkg-scalar") });

/** Bytes that mean something to one of the steps. */
const SPECIAL = Buffer.from('"\\%;:,{}[]= \t\r\0\x1f\x7f\x80\xc3\xa9\xff/+-_AZaz09', "latin1");
const LINES_A_PAGE = 40;
const PAGES = 25;
const LONGEST_LINE = 20_000;

/** Numbers of 32 bits: xorshift, seeded. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 1;
  }
  below(end: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % end;
  }
}

function lines(): Record<"akamai-siem" | "trend-micro-cas", Buffer[]> {
  const stream = new EventStream({ seed: 7, firstEventAtMs: 1_790_000_000_000, intervalMs: 7, configIds: ["14227"] });
  const generated = Array.from({ length: 100 }, (_, event) => {
    const room = Buffer.alloc(64 * 1024);
    return room.subarray(0, stream.copy(event, room, 0)).toString();
  });
  const corpus = text("../../crates/decode/tests/corpus/events.ndjson").trim().split("\n");
  const vectors = json<{ line: string }[]>("decode/decoded.json").map(({ line }) => line);
  const rows = json<{ line: string }[]>("schemas/trend-micro.json").map(({ line }) => line);
  const bytes = (texts: string[]): Buffer[] => texts.filter((line) => !line.includes("\n")).map((line) => Buffer.from(line));
  return { "akamai-siem": bytes([...generated, ...corpus, ...vectors]), "trend-micro-cas": bytes(rows) };
}

/** A line with up to three changes: a byte, a piece that is gone, doubled, or somebody else's. */
function changed(random: Random, all: readonly Buffer[]): Buffer {
  const pick = (): Buffer => all[random.below(all.length)] ?? Buffer.alloc(0);
  let line = Buffer.from(pick());
  for (let changes = random.below(4); changes > 0 && line.length > 0; changes -= 1) {
    const at = random.below(line.length);
    const end = Math.min(at + 1 + random.below(random.below(4) === 0 ? 400 : 40), line.length);
    const other = pick();
    const from = random.below(Math.max(other.length, 1));
    const middle = [
      () => Buffer.from([SPECIAL[random.below(SPECIAL.length)] ?? 0]),
      () => Buffer.from([random.below(256)]),
      () => Buffer.alloc(0),
      () => Buffer.concat([line.subarray(at, end), line.subarray(at, end)]),
      () => other.subarray(from, from + (end - at)),
    ][random.below(5)]?.();
    const next = random.below(2) === 0 ? at + 1 : end;
    line = Buffer.concat([line.subarray(0, at), middle ?? Buffer.alloc(0), line.subarray(next)]).subarray(0, LONGEST_LINE);
  }
  return Buffer.from(line.map((byte) => (byte === 0x0a ? 0x20 : byte)));
}

/** Everything that a core makes of a page, which comes in chunks that end at `ends`. */
function everything(core: Core, schema: string, page: Buffer, ends: readonly number[]): { documents: Buffer; rest: string } {
  using decoder = new core.PageDecoder(undefined, schema as never);
  const pieces: Buffer[] = [];
  const rejected: unknown[] = [];
  let at = 0;
  for (const end of [...ends, page.length]) {
    pieces.push(Buffer.from(decoder.push(page.subarray(at, end))));
    rejected.push(...decoder.rejected);
    at = end;
  }
  const { decoded, ...end } = decoder.finish();
  pieces.push(Buffer.from(decoded));
  rejected.push(...decoder.rejected);
  return { documents: Buffer.concat(pieces), rest: JSON.stringify([decoder.counts, end, rejected]) };
}

test("with and without SIMD all schemas make the same of the same lines", (t) => {
  const seconds = Number(process.env["EDGESIEM_FUZZ_SECONDS"] ?? 0);
  const seed = Number(process.env["EDGESIEM_FUZZ_SEED"] ?? (seconds > 0 ? Date.now() % 2 ** 31 : 20261123));
  const random = new Random(seed);
  const end = performance.now() + seconds * 1000;
  const kinds = Object.entries(lines()).map(([events, all]) => ({ all, schemas: simd.schemaNames(events as never) as string[] }));
  let compared = 0;
  let rejected = 0;
  let accepted = 0;
  for (let page = 0; seconds > 0 ? performance.now() < end : page < PAGES; page += 1) {
    for (const { all, schemas } of kinds) {
      const made = Array.from({ length: LINES_A_PAGE }, () => changed(random, all));
      const body = Buffer.concat(made.flatMap((line) => [line, Buffer.from("\n")]));
      const ends = Array.from({ length: random.below(5) }, () => random.below(body.length)).toSorted((a, b) => a - b);
      for (const schema of schemas) {
        const [one, other] = [simd, scalar].map((core) => everything(core, schema, body, ends));
        const isSame = one !== undefined && other !== undefined && one.documents.equals(other.documents) && one.rest === other.rest;
        assert.ok(isSame, `${schema} differs, EDGESIEM_FUZZ_SEED=${seed}, page ${page}:\n${JSON.stringify(body.toString("latin1"))}`);
        const [counts] = JSON.parse(one?.rest ?? "[]") as [{ events: number; rejected: number }];
        accepted += counts.events;
        rejected += counts.rejected;
      }
      compared += made.length;
    }
  }
  // Pages of which nothing can be read, or nothing is ever refused, would compare little.
  assert.ok(accepted > rejected / 4 && rejected > accepted / 50, `${accepted} accepted, ${rejected} refused`);
  t.diagnostic(`${compared} lines in every schema, ${accepted} documents and ${rejected} refusals equal; EDGESIEM_FUZZ_SEED=${seed}`);
});
