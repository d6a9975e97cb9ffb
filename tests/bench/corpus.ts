/** The input: the emulator's events as one NDJSON file, the same bytes on every machine. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventStream } from "../emulator/events.ts";

export interface Corpus {
  /** Where the input lies, for contestants that read it themselves. */
  path: string;
  /** Lines, each with its line feed. */
  bytes: Buffer;
  events: number;
  /** What a decoder must make of event `i`, as `JSON.stringify` writes it. It never went through a decoder. */
  expected: (i: number) => string;
}

const OPTIONS = { seed: 20261122, firstEventAtMs: 1_790_000_000_000, intervalMs: 7, configIds: ["14227", "29182"] };
/** Longer than any event. */
const ROOM = 64 * 1024;

/** The corpus of at least `megabytes` x 10^6 bytes, in `folder` too. */
export function corpus(folder: string, megabytes: number): Corpus {
  const stream = new EventStream(OPTIONS);
  const least = megabytes * 1_000_000;
  const buffer = Buffer.alloc(least + ROOM);
  let events = 0;
  let end = 0;
  for (; end < least; events += 1) {
    end = stream.copy(events, buffer, end);
    buffer[end] = 0x0a;
    end += 1;
  }
  const bytes = buffer.subarray(0, end);
  const path = join(folder, `events-${megabytes}mb.ndjson`);
  if (!existsSync(path) || !readFileSync(path).equals(bytes)) {
    mkdirSync(folder, { recursive: true });
    // Renamed when whole, so that an interrupted run leaves no short corpus.
    writeFileSync(`${path}.partial`, bytes);
    renameSync(`${path}.partial`, path);
  }
  return { path, bytes, events, expected: (i) => stream.expectedText(i) };
}
