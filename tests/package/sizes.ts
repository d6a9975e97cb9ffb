/**
 * Sizes of the files of the package, and their budget, npm/budget.json.
 *
 *     node tests/package/sizes.ts --write      sets the budget to what the packed tarball has, and a little more
 *
 * Bytes; `gzip` is what a server sends that compresses (level 9).
 */

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { project } from "./project.ts";

export interface Size {
  raw: number;
  gzip: number;
}

export type Sizes = Record<string, Size>;

/** Room for a change that nobody needs to think about. */
const ROOM = 1.04;
/** Below this part of its budget a file has shrunk, and the budget no longer guards anything. */
const STALE = 0.9;

const BUDGET = fileURLToPath(new URL("../../npm/budget.json", import.meta.url));

export function readBudget(): Sizes {
  return JSON.parse(readFileSync(BUDGET, "utf8")) as Sizes;
}

/** Of every file below `dist` in a folder where the package is installed, by its path in the package; declarations together. */
export function sizesOf(folder: string): Sizes {
  const installed = join(folder, "node_modules/edgesiem");
  const sizes: Sizes = {};
  for (const entry of readdirSync(join(installed, "dist"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const name = /\.d\.c?ts$/.test(file) ? "dist/**/*.d.ts" : relative(installed, file);
    const { raw, gzip } = sizes[name] ?? { raw: 0, gzip: 0 };
    sizes[name] = { raw: raw + bytes.length, gzip: gzip + gzipSync(bytes, { level: 9 }).length };
  }
  return Object.fromEntries(Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line for each file that is beyond its budget, far below it, or has none. */
export function complaints(sizes: Sizes, budget: Sizes): string[] {
  const remedy = "if that is meant: `node tests/package/sizes.ts --write`";
  const of = (name: string, { raw, gzip }: Size): string[] => {
    const allowed = budget[name];
    if (allowed === undefined) return [`${name} has no budget; ${remedy}`];
    const kinds: [string, number, number][] = [
      ["raw", raw, allowed.raw],
      ["gzip", gzip, allowed.gzip],
    ];
    return kinds.flatMap(([kind, size, most]) => {
      if (size > most) return [`${name} (${kind}) has ${size} bytes, and its budget is ${most}; ${remedy}`];
      return size < most * STALE ? [`${name} (${kind}) has ${size} bytes, far below its budget of ${most}; ${remedy}`] : [];
    });
  };
  const gone = Object.keys(budget).filter((name) => sizes[name] === undefined);
  return [...Object.entries(sizes).flatMap(([name, size]) => of(name, size)), ...gone.map((name) => `${name} has a budget and is not there; ${remedy}`)];
}

/** As Markdown, in kB of 1,000 bytes. */
export function table(sizes: Sizes): string {
  const kilobytes = (bytes: number): string => (bytes / 1000).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const rows = Object.entries(sizes).map(([name, { raw, gzip }]) => [name, kilobytes(raw), kilobytes(gzip)] as const);
  const widths = [0, 1, 2].map((column) => Math.max(9, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(" | ")} |`;
  return [line(["file", "raw, kB", "gzip, kB"]), `|${widths.map((width, at) => `${"-".repeat(width + 1)}${at === 0 ? "-" : ":"}`).join("|")}|`, ...rows.map((row) => line(row))].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  using installed = await project();
  const sizes = sizesOf(installed.folder);
  console.log(table(sizes));
  if (process.argv.includes("--write")) {
    const budget = Object.fromEntries(Object.entries(sizes).map(([name, { raw, gzip }]) => [name, { raw: Math.ceil(raw * ROOM), gzip: Math.ceil(gzip * ROOM) }]));
    writeFileSync(BUDGET, `${JSON.stringify(budget, null, 2)}\n`);
    console.log("npm/budget.json written");
  } else process.exitCode = complaints(sizes, readBudget()).length === 0 ? 0 : 1;
}
