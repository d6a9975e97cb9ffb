/** The largest response that the API can give goes through the built Worker in bounded memory. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startRig, type Rig } from "./rig.ts";
import { BUNDLE } from "./runtime.ts";
import { workerdUsage } from "./usage.ts";

const EVENTS = 600_000;
const MAX_MEMORY_BYTES = 32 * 1024 * 1024;
/** How much more an event may cost in a run of many than in one of a tenth. */
const GROWTH = 1.25;

/** The maximum that a module declares for its memory (WebAssembly 1.0, section 5.5.8), in bytes. */
function declaredMaximum(module: Buffer): number {
  let at = 8;
  const unsigned = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < module.length) {
    const id = module[at++];
    const end = unsigned() + at;
    if (id === 5) {
      unsigned();
      const hasMaximum = (unsigned() & 1) === 1;
      unsigned();
      return hasMaximum ? unsigned() * 65_536 : Infinity;
    }
    at = end;
  }
  throw new Error("the module has no memory");
}

it("the Worker's memory is capped at 32 MiB", () => {
  const wasm = readdirSync(BUNDLE).find((name) => name.endsWith(".wasm"));
  assert.ok(wasm !== undefined);
  assert.ok(declaredMaximum(readFileSync(join(BUNDLE, wasm))) <= MAX_MEMORY_BYTES);
});

it("600,000 events of over 1 GB in one response arrive whole", { timeout: 540_000 }, async (test) => {
  const rig = await startRig({
    siem: { available: EVENTS, compression: "never" },
    receiver: { verifyEvery: 1000 },
    source: { limit: EVENTS },
    config: { budget: { wall_s: 500 } },
  });
  try {
    const before = workerdUsage();
    const startedAt = performance.now();
    const outcome = await rig.cron();
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const cpuSeconds = before === undefined ? undefined : workerdUsage()!.cpuSeconds - before.cpuSeconds;
    const run = rig.takeRun();
    assert.deepEqual([outcome, run.error], ["ok", null]);
    const { counters, mismatches } = rig.receiver.tally;
    assert.deepEqual(mismatches, []);
    assert.deepEqual([counters.unique, counters.duplicates, counters.outOfRange], [EVENTS, 0, 0]);
    assert.equal(run.report.delivered, EVENTS);
    assert.ok(run.report.bytes_in > 1e9, `${run.report.bytes_in}`);
    assert.ok(run.wasm_memory_bytes <= MAX_MEMORY_BYTES, `${run.wasm_memory_bytes}`);
    assert.equal(await rig.offset(), rig.siem.lastOffset);
    const megabytes = run.report.bytes_in / 1e6;
    test.diagnostic(
      `${EVENTS} events, ${megabytes.toFixed(0)} MB in, ${(run.report.bytes_out / 1e6).toFixed(0)} MB out in ${run.report.posts} posts: ` +
        `${wallSeconds.toFixed(1)} s wall, ${cpuSeconds?.toFixed(1) ?? "unknown"} s CPU of workerd, ` +
        `${(run.wasm_memory_bytes / 2 ** 20).toFixed(1)} MiB of wasm memory`,
    );
  } finally {
    await rig.close();
  }
});

it("an event to OCSF costs no more in a run of 600,000 than in a small one", { timeout: 540_000 }, async (test) => {
  const rig = await startRig({
    siem: { available: 1000, compression: "never" },
    receiver: { verifyEvery: 1000 },
    // Signs nothing; a webhook's signature is another pass over all that is sent.
    sink: "splunk-hec",
    schema: "ocsf",
    store: "durable-object",
    source: { limit: EVENTS },
    config: { budget: { wall_s: 500 } },
  });
  try {
    // Compiles the module, and everything that workerd does but once.
    assert.equal(await rig.cron(), "ok");
    await until(rig, 1000);
    const costs: { events: number; cpuSeconds: number }[] = [];
    let delivered = 1000;
    for (const events of [1000, 10_000, 100_000, EVENTS]) {
      rig.siem.append(events);
      rig.takeLogs();
      const before = workerdUsage();
      const startedAt = performance.now();
      assert.equal(await rig.cron(), "ok");
      delivered += events;
      await until(rig, delivered);
      const wallSeconds = (performance.now() - startedAt) / 1000;
      const after = workerdUsage();
      const runs = rig.takeRuns();
      for (const run of runs) assert.equal(run.error, null);
      const peak = Math.max(...runs.map((run) => run.wasm_memory_bytes));
      assert.ok(peak <= MAX_MEMORY_BYTES, `${peak}`);
      assert.equal(rig.receiver.tally.counters.duplicates, 0);
      const cpuSeconds = after === undefined || before === undefined ? Number.NaN : after.cpuSeconds - before.cpuSeconds;
      costs.push({ events, cpuSeconds });
      test.diagnostic(
        `${String(events).padStart(6)} events: ${(events / wallSeconds).toFixed(0).padStart(6)} events/s, ${cpuSeconds.toFixed(2).padStart(5)} s CPU of workerd, ` +
          `${((cpuSeconds / events) * 1e5).toFixed(2)} s for 100,000, ${(peak / 2 ** 20).toFixed(1)} MiB of wasm memory, ` +
          `at most ${((after?.peakResidentBytes ?? Number.NaN) / 1e6).toFixed(0)} MB resident`,
      );
    }
    if (workerdUsage() === undefined) return test.diagnostic("there is no /proc: CPU is not known");
    const [few, many] = costs.slice(-2);
    assert.ok(few !== undefined && many !== undefined);
    assert.ok(many.cpuSeconds / many.events <= (few.cpuSeconds / few.events) * GROWTH, JSON.stringify(costs));
  } finally {
    await rig.close();
  }
});

/** Resolves when the receiver has this many events and the position is stored, however many runs that takes. */
async function until(rig: Rig, events: number): Promise<void> {
  for (;;) {
    const { position, running_since: runningSince } = await rig.status();
    const offset = (position?.cursor as { offset?: string } | undefined)?.offset;
    if (runningSince === null && offset !== undefined && rig.siem.positionOf(offset) === events) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(rig.receiver.tally.counters.unique, events);
}
