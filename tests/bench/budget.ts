/**
 * Instructions of one event, against what tests/bench/budget.json allows: seconds are noise on a machine that others use, and
 * instructions are not. They are counted by callgrind (valgrind), which runs where no counter of the processor is to be had.
 *
 * Counted is what the program's own code does; what the C library does for it (copying, filling, allocating) is another on
 * every machine. The start of the program and the growth of its buffers are taken off, by running it with one pass over the
 * events and with two.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Corpus } from "./corpus.ts";

/** tests/bench/budget.json. */
interface Budget {
  /** How many events, from the first of the corpus on. */
  events: number;
  /** What the program is compiled for, as `-C target-cpu` of rustc. */
  target_cpu: string;
  /** What part of it may be exceeded; compilers and the processor's kind make that much of a difference. */
  tolerance: number;
  /** By schema; `decoded` is what decoding alone takes. */
  instructions_per_event: Record<string, number>;
}

const PATH = join(import.meta.dirname, "budget.json");

/**
 * Checks each schema of the budget, or writes the budget anew.
 *
 * @param program - the example `schema-passes`, compiled for the budget's processor; undefined where it cannot run
 * @param folder - where intermediate files may lie
 * @returns what exceeds the budget, in words; empty if nothing does, or if nothing could be counted, which stderr is told then.
 *   A budget that should be written and could not be is there too
 * @throws if the program fails, or if budget.json cannot be read
 *
 * @example
 * const over = checkBudget("target/counted/release/examples/schema-passes", corpus("target/bench", 25), "target/bench", false);
 * for (const text of over) console.error(text);
 */
export function checkBudget(program: string | undefined, input: Corpus, folder: string, write: boolean): string[] {
  const budget = JSON.parse(readFileSync(PATH, "utf8")) as Budget;
  const missing = whyNotCounted(program);
  if (program === undefined || missing !== undefined) {
    process.stderr.write(notCounted(missing ?? ""));
    return write ? ["no budget was written"] : [];
  }
  const events = join(folder, "budget.ndjson");
  writeFileSync(events, firstLines(input.bytes, budget.events));
  const found: Record<string, number> = {};
  const over: string[] = [];
  for (const [schema, allowed] of Object.entries(budget.instructions_per_event)) {
    const perEvent = Math.round(instructionsOfAPass(program, events, schema, folder) / budget.events);
    found[schema] = perEvent;
    const ratio = perEvent / allowed;
    process.stderr.write(`bench: ${schema}: ${perEvent} instructions an event, budget ${allowed} (${percent(ratio - 1)})\n`);
    if (ratio > 1 + budget.tolerance) {
      over.push(`${schema}: ${perEvent} instructions an event, and ${allowed} are allowed; if it must be so, run \`cargo xtask bench --write-budget\``);
    } else if (ratio < 1 - budget.tolerance) {
      process.stderr.write(`bench: ${schema} needs fewer than its budget: \`cargo xtask bench --write-budget\` keeps it there\n`);
    }
  }
  rmSync(events);
  if (!write) return over;
  writeFileSync(PATH, `${JSON.stringify({ ...budget, instructions_per_event: found }, null, 2)}\n`);
  return [];
}

/** Nobody must take a run for one that checked the budget. */
function notCounted(reason: string): string {
  const rule = "!".repeat(100);
  return `\n${rule}\nbench: instructions were NOT counted, and tests/bench/budget.json was NOT checked:\nbench: ${reason}\n${rule}\n\n`;
}

function percent(part: number): string {
  return `${part < 0 ? "" : "+"}${(part * 100).toFixed(1)} %`;
}

/** Why nothing can be counted here; undefined if it can. */
function whyNotCounted(program: string | undefined): string | undefined {
  if (program === undefined) return "the budget is about x86-64 on Linux";
  try {
    execFileSync("valgrind", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no valgrind; install it (Debian and Ubuntu: `apt-get install valgrind`)";
  }
}

function firstLines(bytes: Buffer, count: number): Buffer {
  let end = 0;
  for (let line = 0; line < count; line += 1) {
    const feed = bytes.indexOf(0x0a, end);
    assert.notEqual(feed, -1, `the corpus has fewer than ${count} events`);
    end = feed + 1;
  }
  return bytes.subarray(0, end);
}

function instructionsOfAPass(program: string, events: string, schema: string, folder: string): number {
  const [once, twice] = [1, 2].map((passes) => instructions(program, [events, schema, String(passes)], folder));
  assert.ok(once !== undefined && twice !== undefined && twice > once, `${schema}: two passes take more instructions than one`);
  return twice - once;
}

/** Instructions of a program's own code in one run. */
function instructions(program: string, args: readonly string[], folder: string): number {
  const profile = join(folder, "callgrind.out");
  execFileSync("valgrind", ["--tool=callgrind", `--callgrind-out-file=${profile}`, program, ...args], { stdio: "ignore" });
  const text = readFileSync(profile, "utf8");
  rmSync(profile);
  return ownCost(text, basename(program));
}

/**
 * Sums the costs that a callgrind profile gives to the object of this name. The format is described in valgrind's manual,
 * "Callgrind Format Specification": names are compressed as `(number) name`, and the line behind `calls=` is what the callee cost.
 */
function ownCost(profile: string, name: string): number {
  const objects = new Map<string, string>();
  let isOwn = false;
  let isOfCallee = false;
  let sum = 0;
  for (const line of profile.split("\n")) {
    const object = /^ob=\((\d+)\)(?: (.*))?$/.exec(line);
    if (object !== null) {
      const [, number = "", path] = object;
      if (path !== undefined) objects.set(number, path);
      isOwn = basename(objects.get(number) ?? "") === name;
    } else if (line.startsWith("cob=")) {
      const [, number = "", path] = /^cob=\((\d+)\)(?: (.*))?$/.exec(line) ?? [];
      if (path !== undefined) objects.set(number, path);
    } else if (line.startsWith("calls=")) {
      isOfCallee = true;
    } else if (/^[+\-*\d]/.test(line)) {
      if (isOwn && !isOfCallee) sum += Number(line.split(" ")[1]);
      isOfCallee = false;
    }
  }
  return sum;
}
