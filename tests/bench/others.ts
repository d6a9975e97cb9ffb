/**
 * Other tools on the same file: `cargo xtask bench --others`. Each is a program that reads the file and writes documents; a
 * second and a peak of memory are those of the whole program, its start included. What a program writes is checked as far as
 * it does the same work.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Corpus } from "./corpus.ts";

/** How often the parsers take turns. */
const ROUNDS = 9;
const HERE = join(import.meta.dirname, "others");

/** Whether a program decodes all that `decoded` has decoded, or only the rules. */
type Work = "all" | "rules";

interface Program {
  name: string;
  work: Work;
  /** The program that must be there; without it the row is left out, and stderr says so. */
  needs: string;
  command: readonly string[];
}

interface Measured {
  status: number;
  seconds: number;
  peak_bytes: number;
}

/** A parser, or the decoder or the sinks' gzip beside it, in memory. */
export interface Parsed {
  name: string;
  /** Of each round. */
  rounds: readonly number[];
  /** The sum of the quickest times of each piece of the file: what comes of it on a machine that has nothing else to do. */
  seconds: number;
}

interface Printed extends Parsed {
  bytes: number;
  events: number;
}

/**
 * Runs the parsers of others, and the decoder compiled for this very machine as they are.
 *
 * @param program - the program of tests/bench/parsers
 * @throws if one of them refuses an event
 *
 * @example
 * for (const { name, seconds } of parsers("target/parsers/release/edgesiem-bench-parsers", input)) console.log(name, seconds);
 */
export function parsers(program: string, input: Corpus): Parsed[] {
  const text = execFileSync(program, [input.path, String(ROUNDS)], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const row = JSON.parse(line) as Printed;
      assert.deepEqual([row.events, row.bytes], [input.events, input.bytes.length], `${row.name}: events and bytes`);
      return row;
    });
}

/**
 * Prints a table of parsers in memory and one of whole programs.
 *
 * @param parsed - what {@link parsers} gave
 * @param module - what wasm-bindgen made of the benchmark
 * @param folder - where intermediate files may lie; a file as large as the documents is written there and removed
 * @throws if a program that does all the work writes anything but the documents that are expected
 *
 * @example
 * const input = corpus("target/bench", 25);
 * others(parsers("target/parsers/release/edgesiem-bench-parsers", input), "target/bench/pkg/edgesiem_wasm.js", input, "target/bench");
 */
export function others(parsed: readonly Parsed[], module: string, input: Corpus, folder: string): void {
  for (const { name, seconds } of parsed) {
    console.log(line(name, "in memory", input.bytes.length / 1e6 / seconds, input.events / seconds, undefined));
  }
  for (const { parser, part } of againstParsers(parsed)) console.log(`native-decode-tuned has ${part.toFixed(2)} of the speed of ${parser}`);
  const output = join(folder, "others.ndjson");
  for (const { name, work, needs, command } of programs(input.path, module)) {
    if (!isThere(needs) || !isThere("python3")) {
      process.stderr.write(`bench: ${name} was left out: there is no ${isThere(needs) ? "python3, which measures it" : needs}\n`);
      continue;
    }
    process.stderr.write(`bench: ${name}\n`);
    const text = execFileSync("python3", [join(HERE, "measure.py"), output, ...command], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    const { status, seconds, peak_bytes: peak } = JSON.parse(text) as Measured;
    assert.equal(status, 0, `${name}: exit code`);
    check(name, work, output, input);
    console.log(line(name, work === "all" ? "the same work" : "rules only", input.bytes.length / 1e6 / seconds, input.events / seconds, peak));
  }
  rmSync(output, { force: true });
}

/**
 * How fast the decoder is, which writes documents too, as a part of the speed of each parser, which only parses; by their best
 * times.
 *
 * @example
 * for (const { parser, part } of againstParsers(parsers(program, input))) console.log(parser, part);
 */
export function againstParsers(parsed: readonly Parsed[]): { parser: string; part: number }[] {
  const decode = parsed.find(({ name }) => name === "native-decode-tuned");
  if (decode === undefined) return [];
  const others = parsed.filter(({ name }) => name.endsWith("-parse"));
  return others.map(({ name, seconds }) => ({ parser: name, part: seconds / decode.seconds }));
}

function programs(file: string, module: string): Program[] {
  const node = [process.execPath, join(HERE, "pipeline.ts"), file];
  return [
    { name: "node, our module", work: "all", needs: process.execPath, command: [...node, module] },
    { name: "node, JSON.parse", work: "all", needs: process.execPath, command: node },
    { name: "python, json+base64", work: "all", needs: "python3", command: ["python3", join(HERE, "whole_lines.py"), file] },
    { name: "python, an event at a time", work: "rules", needs: "python3", command: ["python3", join(HERE, "per_event.py"), file] },
    { name: "jq", work: "rules", needs: "jq", command: ["jq", "-c", "-f", join(HERE, "rules.jq"), file] },
  ];
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function check(name: string, work: Work, output: string, input: Corpus): void {
  const bytes = readFileSync(output);
  let event = 0;
  for (let start = 0; start < bytes.length; event += 1) {
    const end = bytes.indexOf(0x0a, start);
    assert.notEqual(end, -1, `${name}: the output ends inside of a line`);
    const found: unknown = JSON.parse(bytes.toString("utf8", start, end));
    if (work === "all") assert.deepEqual(found, JSON.parse(input.expected(event)), `${name}: event ${event}`);
    start = end + 1;
  }
  assert.equal(event, input.events, `${name}: number of events`);
}

function line(name: string, work: string, mbPerSecond: number, eventsPerSecond: number, peakBytes: number | undefined): string {
  const peak = peakBytes === undefined ? "" : `${(peakBytes / 1e6).toFixed(0)} MB peak`;
  return `${name.padEnd(28)}${work.padEnd(16)}${mbPerSecond.toFixed(0).padStart(6)} MB/s${eventsPerSecond.toFixed(0).padStart(9)} events/s${peak.padStart(14)}`;
}
