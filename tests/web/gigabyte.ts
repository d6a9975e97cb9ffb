/** A gigabyte of synthetic events in a file of the system's temporary folder. */

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { corpus } from "../bench/corpus.ts";

const PART_MB = 50;
const PARTS = 20;

/** The file, until it is disposed of. It repeats the corpus of the benchmarks. */
export function gigabyte(): Disposable & { path: string; bytes: number; events: number } {
  const folder = mkdtempSync(join(tmpdir(), "edgesiem-gigabyte-"));
  const { bytes, events } = corpus(folder, PART_MB);
  const path = join(folder, "gigabyte.ndjson");
  const file = openSync(path, "w");
  for (let part = 0; part < PARTS; part += 1) writeSync(file, bytes);
  closeSync(file);
  return { path, bytes: PARTS * bytes.length, events: PARTS * events, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
