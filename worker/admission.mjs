// Which runs may go on at the same time: an isolate has 128 MB, and holds several objects.
//
// The objects of an isolate share these variables, but nobody tells when one of them is evicted in the middle of a
// run. So whoever runs or waits shows every few seconds that it is still there.

import { memoryBytes } from "./core.mjs";

const MIB = 2 ** 20;
/** What an isolate has, less what JavaScript and the bodies on their way need. */
const ALL_BYTES = 112 * MIB;
/** Most that a run can need (worker/build.rs). */
const RUN_BYTES = 32 * MIB;
/** So long after its beginning a run has shown how much it needs. */
const UNKNOWN_MS = 15_000;
/** Who was not heard of for so long is gone. */
const GONE_MS = 30_000;
const BEAT_MS = 5_000;
const LOOK_MS = 200;

/** Runs that go on: `{ core, began, seen }`. */
const runs = new Set();
/** When each of those that wait was last seen, first come first. */
const line = new Map();

function withoutThoseGone() {
  const gone = Date.now() - GONE_MS;
  for (const run of runs) if (run.seen < gone) runs.delete(run);
  for (const [name, seen] of line) if (seen < gone) line.delete(name);
}

function hasRoom(core) {
  if (runs.size === 0) return true;
  const young = [...runs].filter(({ began }) => Date.now() - began < UNKNOWN_MS);
  const toCome = [core, ...young.map((run) => run.core)].reduce((sum, { memoryBytes }) => sum + Math.max(0, RUN_BYTES - memoryBytes), 0);
  return memoryBytes() + toCome <= ALL_BYTES;
}

/**
 * Waits, for `patienceMs` at most, until `core` may begin a run, and returns what to call at its end; `undefined` if
 * there was no room. Who comes again under the same name within half a minute has kept its place.
 */
export async function enter(name, core, patienceMs) {
  const until = Date.now() + patienceMs;
  for (;;) {
    withoutThoseGone();
    line.set(name, Date.now());
    const [first] = line.keys();
    if (first === name && hasRoom(core)) break;
    if (Date.now() >= until) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  line.delete(name);
  const run = { core, began: Date.now(), seen: Date.now() };
  runs.add(run);
  const beat = setInterval(() => (run.seen = Date.now()), BEAT_MS);
  return () => {
    clearInterval(beat);
    runs.delete(run);
  };
}
