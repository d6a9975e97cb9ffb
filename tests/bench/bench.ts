/**
 * Measures decoding: `node --expose-gc bench.ts --folder DIR --module FILE --native FILE [--mb N] [--json] [--assert]`, and
 * with `--counted`, `--scaling`, `--parsers` and `--others` what budget.ts, scaling.ts, others.ts and gzip.ts say.
 * `cargo xtask bench` builds what it needs and calls it.
 *
 * Every contestant first runs once to warm up, and that run's output is checked event by event. Then come rounds in which they
 * take turns at a piece of the input after the other, so that whatever disturbs the machine disturbs all of them; programs have
 * their turn at the end of a round. A ratio to JavaScript is the median of those of the rounds; schemas and parsers are compared by
 * the quickest time of each piece.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { checkBudget } from "./budget.ts";
import { contestants, runNative, type Contestant } from "./contestants.ts";
import { corpus, type Corpus } from "./corpus.ts";
import { compressed } from "./gzip.ts";
import { againstParsers, others, parsers, type Parsed } from "./others.ts";
import { scaling } from "./scaling.ts";

const ROUNDS = 5;
const CHUNK_BYTES = 256 * 1024;
/** Chunks of the input that one contestant converts before it is the next one's turn. */
const TURN_CHUNKS = 4;
/** How many times as fast `wasm-decode` must be. */
const PROMISED = { "js-buffer": 5, "js-atob": 13 } as const;
/** What part of the speed of `wasm-decode` the schemas must have. */
const PROMISED_OF_SCHEMAS = 0.6;
/** What part of the speed of a parser, which only parses, `native-decode-tuned` must have. */
const PROMISED_OF_PARSERS = { "simd-json-parse": 0.8 } as const;
/** How much of the input, in pieces of which size and in how many rounds, the schemas are compared with `wasm-decode` on. */
const COMPARED = { bytes: 10_000_000, pieceBytes: 64 * 1024, rounds: 30 } as const;
/** Rows that only the table has. */
const UNTRACKED: ReadonlySet<string> = new Set(["native-decode-tuned", "native-gzip-fast"]);
/** Names and order of the results; the schemas follow, as `wasm-` and the name of each, and the parsers of others. */
const NAMES = ["js-buffer", "js-atob", "wasm-serde-value", "wasm-decode", "native-decode", "wasm-copy", "wasm-ids"] as const;

interface Row {
  name: string;
  mbPerSecond: number;
  slowest: number;
  fastest: number;
  eventsPerSecond: number;
  /** How many times as fast as each in JavaScript, if they took turns. */
  times?: Record<keyof typeof PROMISED, number>;
  /** Speed of a schema or of hashing, as a part of that of `wasm-decode`. */
  ofDecode?: number;
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}

/** Has each contestant convert the whole input, by turns: how many seconds each took, and how long its output is. */
function byTurns(all: readonly Contestant[], chunks: readonly Buffer[]): { name: string; seconds: number; length: number }[] {
  const runs = all.map((contestant) => ({ name: contestant.name, run: contestant.start(), seconds: 0, length: 0 }));
  for (let at = 0; at < chunks.length; at += TURN_CHUNKS) {
    const turn = chunks.slice(at, at + TURN_CHUNKS);
    for (const one of runs) {
      // What the one before left behind. Only young garbage: a full collection throws compiled code away.
      globalThis.gc?.({ type: "minor" });
      const start = performance.now();
      for (const chunk of turn) one.length += one.run.push(chunk).length;
      one.seconds += (performance.now() - start) / 1000;
    }
  }
  return runs;
}

/**
 * Whether a line is JSON or CEF and names the request of the event. What else must be in it, the golden vectors say
 * (tests/vectors/schemas).
 */
function isDocumentOf(line: string, event: string): boolean {
  if (!line.startsWith("CEF:0|")) JSON.parse(line);
  const [, id] = /"requestId":"([0-9a-f]+)"/.exec(event) ?? [];
  return id !== undefined && line.includes(id);
}

/** Checks the whole output of a contestant and returns its length. */
function verify(contestant: Contestant, chunks: readonly Buffer[], input: Corpus): number {
  const run = contestant.start();
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let bytes = 0;
  let event = 0;
  let rest = "";
  for (const chunk of chunks) {
    const out = run.push(chunk);
    bytes += out.length;
    if (contestant.output === "input") {
      hash.update(out);
      continue;
    }
    const lines = (rest + decoder.decode(out, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (contestant.output === "ids") {
        assert.match(line, /^[0-9a-f]{32}$/, `${contestant.name}: event ${event}`);
        event += 1;
        continue;
      }
      if (contestant.output === "documents") {
        assert.ok(isDocumentOf(line, input.expected(event)), `${contestant.name}: event ${event} became ${line}`);
        event += 1;
        continue;
      }
      // Parsed and written again, because white space, escapes and `1.0` may be kept or not.
      const found = JSON.stringify(JSON.parse(line));
      const expected = input.expected(event);
      if (found !== expected) assert.deepEqual(JSON.parse(found), JSON.parse(expected), `${contestant.name}: event ${event} differs`);
      if (found !== expected) assert.equal(found, expected, `${contestant.name}: order of members of event ${event}`);
      event += 1;
    }
  }
  if (contestant.output === "input") {
    assert.equal(hash.digest("hex"), createHash("sha256").update(input.bytes).digest("hex"), `${contestant.name}: output`);
  } else {
    assert.equal(rest, "", `${contestant.name}: the output ends inside of a line`);
    assert.equal(event, input.events, `${contestant.name}: number of events`);
  }
  return bytes;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function summary(name: string, seconds: readonly number[], input: Corpus): Row {
  const sorted = seconds.toSorted((a, b) => a - b);
  const rate = (duration: number): number => input.bytes.length / 1e6 / duration;
  return {
    name,
    mbPerSecond: rate(median(sorted)),
    slowest: rate(sorted.at(-1) ?? Number.NaN),
    fastest: rate(sorted[0] ?? Number.NaN),
    eventsPerSecond: input.events / median(sorted),
  };
}

async function measure(input: Corpus, modulePath: string, native: string): Promise<Row[]> {
  const all = await contestants(modulePath);
  const schemas = all.filter((contestant) => contestant.output === "documents").map((contestant) => contestant.name);
  const names: string[] = [...NAMES, ...schemas];
  const chunks = chunksOf(input.bytes);
  const seconds = new Map<string, number[]>(names.map((name) => [name, []]));
  const lengths = new Map<string, number>();
  for (const contestant of all) {
    process.stderr.write(`bench: ${contestant.name}: checking its output\n`);
    lengths.set(contestant.name, verify(contestant, chunks, input));
  }
  runNative(native, input.path);
  for (let round = 1; round <= ROUNDS; round += 1) {
    process.stderr.write(`bench: round ${round} of ${ROUNDS}\n`);
    for (const one of byTurns(all, chunks)) {
      seconds.get(one.name)?.push(one.seconds);
      assert.equal(one.length, lengths.get(one.name), `${one.name}: length of its output`);
    }
    const result = runNative(native, input.path);
    assert.deepEqual([result.events, result.refused], [input.events, 0], "native-decode: events and refused events");
    seconds.get("native-decode")?.push(result.seconds);
  }
  process.stderr.write("bench: schemas by turns with wasm-decode\n");
  const compared = all.filter(({ name }) => name === "wasm-decode").concat(all.filter(({ name }) => name === "wasm-ids" || schemas.includes(name)));
  const ofDecode = parts(compared, input);
  return names.map((name) => {
    const row = { ...summary(name, seconds.get(name) ?? [], input), times: timesOfJavaScript(seconds, name) };
    const part = ofDecode.get(name);
    return part === undefined ? row : { ...row, ofDecode: part };
  });
}

/** How many times as fast `name` was as each in JavaScript: the medians of the rounds' ratios. */
function timesOfJavaScript(seconds: ReadonlyMap<string, readonly number[]>, name: string): Record<keyof typeof PROMISED, number> {
  const own = seconds.get(name) ?? [];
  const times = (other: string): number => {
    const ratios = (seconds.get(other) ?? []).map((duration, round) => duration / (own[round] ?? Number.NaN));
    return median(ratios.toSorted((a, b) => a - b));
  };
  return { "js-buffer": times("js-buffer"), "js-atob": times("js-atob") };
}

/** What of the input the schemas are compared on, in pieces of whole lines. */
function pieces(input: Corpus): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < Math.min(COMPARED.bytes, input.bytes.length); ) {
    const last = input.bytes.lastIndexOf(0x0a, at + COMPARED.pieceBytes - 1);
    // A line that is longer is a piece of its own.
    const end = (last < at ? input.bytes.indexOf(0x0a, at) : last) + 1;
    all.push(input.bytes.subarray(at, end));
    at = end;
  }
  return all;
}

/**
 * The speed of each contestant, as a part of that of the first, at converting alone: in the Worker documents never leave the
 * module, and what JavaScript pays for a copy depends on its length only. They take turns piece by piece, and of each piece the
 * quickest time counts: pieces are short enough to be left alone now and then on a machine that has other things to do, also where
 * they take longest.
 */
function parts(some: readonly Contestant[], input: Corpus): Map<string, number> {
  const bodies = pieces(input);
  const runs = some.map((contestant) => ({ name: contestant.name, run: contestant.start(), best: bodies.map(() => Infinity) }));
  for (let round = 0; round < COMPARED.rounds; round += 1) {
    for (const [piece, body] of bodies.entries()) {
      // Another one begins each time: what was converted before has filled the caches with the piece.
      for (let turn = 0; turn < runs.length; turn += 1) {
        const one = runs[(turn + round + piece) % runs.length];
        if (one === undefined) continue;
        const { run, best } = one;
        const start = performance.now();
        const length = run.convert?.(body) ?? 0;
        best[piece] = Math.min(best[piece] ?? Infinity, performance.now() - start);
        assert.ok(length > 0, "nothing was converted");
      }
    }
  }
  const total = (best: readonly number[]): number => best.reduce((sum, time) => sum + time, 0);
  const first = total(runs[0]?.best ?? []);
  return new Map(runs.map(({ name, best }) => [name, first / total(best)]));
}

function table(rows: readonly Row[], parsed: readonly Parsed[], input: Corpus): string {
  const rate = (name: string): number => rows.find((row) => row.name === name)?.mbPerSecond ?? Number.NaN;
  const line = (...cells: string[]): string => cells.map((cell, k) => (k === 0 ? cell.padEnd(24) : cell.padStart(16))).join("");
  const size = (input.bytes.length / 1e6).toFixed(1);
  return [
    `${input.events} events, ${size} MB (10^6 bytes), ${ROUNDS} rounds, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    "",
    line("median", "MB/s", "slowest", "fastest", "events/s", "x js-buffer", "x js-atob", "of wasm-decode"),
    ...rows.map((row) =>
      line(
        row.name,
        row.mbPerSecond.toFixed(0),
        row.slowest.toFixed(0),
        row.fastest.toFixed(0),
        row.eventsPerSecond.toFixed(0),
        (row.times?.["js-buffer"] ?? row.mbPerSecond / rate("js-buffer")).toFixed(2),
        (row.times?.["js-atob"] ?? row.mbPerSecond / rate("js-atob")).toFixed(2),
        row.ofDecode?.toFixed(2) ?? "",
      ),
    ),
    "",
    "MB/s are of the input. Rows of js- and wasm- take bytes and give bytes; every event of each decoder among them was compared with",
    "what its generator meant, and of every schema's it was checked that it is about that event. Native rows count their events.",
    "Ratios to JavaScript are medians of those of the rounds. The last column, about conversion alone without copies for JavaScript,",
    "and the ratios to parsers below come from the quickest times of pieces; parsers build a value and drop it.",
    `wasm-decode has ${(rate("wasm-decode") / rate("wasm-copy")).toFixed(2)} of the speed of wasm-copy`,
    ...againstParsers(parsed).map(({ parser, part }) => `native-decode-tuned has ${part.toFixed(2)} of the speed of ${parser}`),
  ].join("\n");
}

/** Ratios that fall short of what is promised, in words. */
function shortfalls(rows: readonly Row[], parsed: readonly Parsed[]): string[] {
  const decode = rows.find((row) => row.name === "wasm-decode");
  const promises: [what: string, ratio: number, least: number][] = [
    ...(["js-buffer", "js-atob"] as const).map((name): [string, number, number] => [
      `wasm-decode as fast as ${name}`,
      decode?.times?.[name] ?? Number.NaN,
      PROMISED[name],
    ]),
    ...rows
      .filter((row) => row.ofDecode !== undefined && row.name !== "wasm-ids")
      .map((row): [string, number, number] => [`${row.name} as fast as wasm-decode at converting`, row.ofDecode ?? Number.NaN, PROMISED_OF_SCHEMAS]),
    ...Object.entries(PROMISED_OF_PARSERS).map(([name, least]): [string, number, number] => [
      `native-decode-tuned as fast as ${name}`,
      againstParsers(parsed).find(({ parser }) => parser === name)?.part ?? Number.NaN,
      least,
    ]),
  ];
  return promises.flatMap(([what, ratio, least]) =>
    ratio >= least ? [] : [`${what}: ${ratio.toFixed(2)} times, and it must be at least ${least}`],
  );
}

const { values: options } = parseArgs({
  options: {
    folder: { type: "string" },
    module: { type: "string" },
    native: { type: "string" },
    mb: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
    assert: { type: "boolean", default: false },
    // The example `schema-passes`, as the budget wants it compiled.
    counted: { type: "string" },
    "write-budget": { type: "boolean", default: false },
    // The example `schema-throughput`.
    scaling: { type: "string" },
    // The program of tests/bench/parsers.
    parsers: { type: "string" },
    others: { type: "boolean", default: false },
  },
});
const { folder, module, native } = options;
if (folder === undefined || module === undefined || native === undefined) {
  throw new Error("use `cargo xtask bench`, which names --folder, --module and --native");
}
const input = corpus(folder, Number(options.mb));
const short: string[] = [];
if (options.assert || options["write-budget"]) {
  short.push(...checkBudget(options.counted, input, folder, options["write-budget"]));
}
if (options.scaling !== undefined) {
  short.push(...scaling(await contestants(module), input, options.scaling, folder));
} else if (options.others) {
  if (options.parsers === undefined) throw new Error("--others needs --parsers");
  others(parsers(options.parsers, input), module, input, folder);
  for (const line of await compressed(input)) console.log(line);
} else if (!options["write-budget"]) {
  const parsed = options.parsers === undefined ? [] : parsers(options.parsers, input);
  const rows = [...(await measure(input, module, native)), ...parsed.map(({ name, rounds }) => summary(name, rounds, input))];
  if (options.json) {
    const round = (value: number, digits: number): number => Number(value.toFixed(digits));
    const tracked = rows.filter((row) => !UNTRACKED.has(row.name));
    console.log(
      JSON.stringify(
        tracked.map((row) => ({ name: row.name, mb_per_s: round(row.mbPerSecond, 1), events_per_s: round(row.eventsPerSecond, 0) })),
      ),
    );
  } else {
    console.log(table(rows, parsed, input));
  }
  if (options.assert) short.push(...shortfalls(rows, parsed));
}
for (const text of short) process.stderr.write(`bench: ${text}\n`);
process.exitCode = short.length === 0 ? 0 : 1;
