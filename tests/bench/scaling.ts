/**
 * Whether cost grows with the input and no faster: `cargo xtask bench --scaling`. Two tables, of pages of more and more events
 * (WebAssembly) and of events that are larger and larger (native: the benchmark's module takes lines of up to 1 MiB), each with
 * the cost of a byte against the cheapest row before it.
 */

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "./contestants.ts";
import type { Corpus } from "./corpus.ts";

const EVENTS = [1_000, 10_000, 100_000, 600_000] as const;
const LINE_BYTES = [1_000, 10_000, 100_000, 1_000_000, 5_000_000] as const;
const SCHEMAS = ["decoded", "ecs", "ocsf", "otel", "cef"] as const;
/**
 * How many times as much as in the cheapest smaller row a byte may cost. Caches end somewhere, and a busy machine is slower by
 * half; what is quadratic costs five to ten times as much in the next row.
 */
const MOST_GROWTH = 3;
/** Small inputs are measured over and over until this much was converted. */
const LEAST_BYTES = 50_000_000;
const PIECE_BYTES = 256 * 1024;

interface Row {
  contestant: string;
  what: string;
  nsPerByte: number;
  /** Against the cheapest row before it. */
  growth: number;
}

/**
 * Prints both tables on stdout.
 *
 * @param native - the example `schema-throughput`
 * @param folder - where intermediate files may lie
 * @returns the rows that grow faster than their input, in words
 *
 * @example
 * const faster = scaling(await contestants(modulePath), corpus("target/bench", 25), native, "target/bench");
 * process.exitCode = faster.length === 0 ? 0 : 1;
 */
export function scaling(all: readonly Contestant[], input: Corpus, native: string, folder: string): string[] {
  const rows = SCHEMAS.flatMap((schema) => {
    const name = schema === "decoded" ? "wasm-decode" : `wasm-${schema}`;
    const contestant = all.find((one) => one.name === name);
    if (contestant === undefined) throw new Error(`the benchmark's module has no ${name}`);
    return [
      ...grown(name, EVENTS.map((count) => [`${count} events`, ofEvents(contestant, input, count)])),
      ...grown(`native-${schema}`, LINE_BYTES.map((bytes) => [`lines of ${bytes} bytes`, ofLines(native, schema, bytes, folder)])),
    ];
  });
  for (const { contestant, what, nsPerByte, growth } of rows) {
    console.log(`${contestant.padEnd(18)}${what.padEnd(26)}${nsPerByte.toFixed(2).padStart(8)} ns/byte${growth.toFixed(2).padStart(8)} x`);
  }
  return rows
    .filter(({ growth }) => growth > MOST_GROWTH)
    .map(({ contestant, what, growth }) => `${contestant}, ${what}: a byte costs ${growth.toFixed(2)} times what it costs in less`);
}

function grown(contestant: string, steps: readonly (readonly [string, number])[]): Row[] {
  let cheapest = Infinity;
  return steps.map(([what, nsPerByte]) => {
    const growth = cheapest === Infinity ? 1 : nsPerByte / cheapest;
    cheapest = Math.min(cheapest, nsPerByte);
    return { contestant, what, nsPerByte, growth };
  });
}

/**
 * The cost of a byte at the end of a stream of `count` events, which is the corpus as often as it takes. Of each piece the
 * quickest time in the last half of the stream counts: what grows has grown by then, and a busy machine leaves some alone.
 */
function ofEvents(contestant: Contestant, input: Corpus, count: number): number {
  const most = Math.min(count, input.events);
  let end = 0;
  for (let event = 0; event < most; event += 1) end = input.bytes.indexOf(0x0a, end) + 1;
  const pieces: Buffer[] = [];
  for (let at = 0; at < end; at += PIECE_BYTES) pieces.push(input.bytes.subarray(at, Math.min(end, at + PIECE_BYTES)));
  const times = Math.ceil(count / most);
  const best = pieces.map(() => Infinity);
  for (let done = 0; done < LEAST_BYTES; done += end * times) {
    const run = contestant.start();
    for (let time = 0; time < times; time += 1) {
      for (const [number, piece] of pieces.entries()) {
        const start = performance.now();
        run.convert?.(piece);
        if (time >= Math.floor(times / 2)) best[number] = Math.min(best[number] ?? Infinity, performance.now() - start);
      }
    }
  }
  return (best.reduce((sum, time) => sum + time, 0) * 1e6) / end;
}

/** The cost of a byte in events with long lists of headers and of rules. */
function ofLines(native: string, schema: string, bytes: number, folder: string): number {
  const line = longEvent(bytes);
  const path = join(folder, "long-lines.ndjson");
  writeFileSync(path, Buffer.concat(Array.from({ length: Math.ceil(LEAST_BYTES / line.length) }, () => line)));
  const result = JSON.parse(execFileSync(native, [path, schema], { encoding: "utf8" })) as { mb_per_s: number; refused: number };
  rmSync(path);
  if (result.refused > 0) throw new Error(`${schema} refuses lines of ${bytes} bytes`);
  return 1000 / result.mb_per_s;
}

/** One event of about so many bytes: half of them headers, a third rules, the rest query. Below the limit of items for each. */
function longEvent(bytes: number): Buffer {
  const many = (text: string, separator: string, part: number): string => {
    const most = Math.min(4_000, Math.ceil((bytes * part) / (text.length + separator.length)));
    const longer = text.padEnd(Math.max(text.length, Math.floor((bytes * part) / most) - separator.length), "A");
    return Array.from({ length: most }, () => longer).join(separator);
  };
  const headers = many("X-Trace%3a%20session%3dabc%22", "%0d%0a", 0.5);
  const data = many("VmVjdG9yIFNjb3JlOiAyNiwg", "%3b", 0.3);
  const event = {
    attackData: { clientIP: "192.0.2.1", configId: "14227", rules: "OTUwMDAy", ruleData: data },
    httpMessage: { host: "www.example.com", path: "/", query: many("q=%27%20or%20", "&", 0.15), requestHeaders: headers, start: "1790000000" },
    type: "akamai_siem",
  };
  return Buffer.from(`${JSON.stringify(event)}\n`);
}
