/** The largest response that the API can give goes through the built Worker in bounded memory. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startRig } from "./rig.ts";
import { BUNDLE } from "./runtime.ts";

const EVENTS = 600_000;
const MAX_MEMORY_BYTES = 32 * 1024 * 1024;

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

/** CPU seconds that child processes named workerd have used, where /proc tells. */
function workerdCpuSeconds(): number | undefined {
  let ticks = 0;
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  for (const pid of pids) {
    try {
      const [, comm, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      const fields = rest?.split(" ") ?? [];
      if (comm === "workerd" && Number(fields[1]) === process.pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // The process ended meanwhile.
    }
  }
  return ticks / 100;
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
    const before = workerdCpuSeconds();
    const startedAt = performance.now();
    const outcome = await rig.cron();
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const cpuSeconds = before === undefined ? undefined : workerdCpuSeconds()! - before;
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
