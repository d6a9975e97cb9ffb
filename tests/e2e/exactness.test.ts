/**
 * Nothing lost, nothing sent twice without need: what only a real Workers runtime can do to a run. The rest is
 * simulated (`cargo xtask faults`).
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { STORES, STREAM, startRig, type Json, type Rig, type RigOptions } from "./rig.ts";

/** Events of one batch: what may come twice to a sink after a run was killed. */
const BATCH = 100;

let rig: Rig | undefined;
let storage: string | undefined;

async function start(options: RigOptions = {}): Promise<Rig> {
  storage = mkdtempSync(join(tmpdir(), "edgesiem-storage-"));
  rig = await startRig({ store: "durable-object", storage, stream: { limits: { max_batch_events: BATCH } }, ...options });
  return rig;
}

afterEach(async () => {
  const { siem, receiver } = rig ?? {};
  await rig?.close();
  rig = undefined;
  if (storage !== undefined) rmSync(storage, { recursive: true, force: true });
  assert.deepEqual(siem?.errors ?? [], [], "the emulator itself failed");
  assert.deepEqual(receiver?.errors ?? [], [], "the receiver itself failed");
});

async function until(what: string, condition: () => boolean | Promise<boolean>, patienceMs = 20_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Lets a run begin, and returns when the receiver has this many batches and holds the answer of the next. `ended` is the end of the run. */
async function inTheMiddle(rig: Rig, batches: number): Promise<{ ended: Promise<unknown> }> {
  const { receiver } = rig;
  const before = receiver.counters.batches;
  const ended = rig.cron().catch((error: unknown) => error);
  await until("some batches have arrived", () => receiver.counters.batches >= before + batches);
  receiver.hold();
  const { batches: held } = receiver.counters;
  await until("one waits for its answer", () => receiver.counters.batches > held);
  return { ended };
}

/** Whether the committed offset is the source's last. */
async function isCaughtUp(rig: Rig): Promise<boolean> {
  const offset = await rig.offset();
  return offset !== undefined && offset === rig.siem.lastOffset;
}

function assertLedger(rig: Rig, mostDuplicates: number): void {
  const { counters, mismatches } = rig.receiver.tally;
  assert.deepEqual(rig.receiver.tally.missing(0, rig.siem.available), [], "lost");
  assert.deepEqual(mismatches, []);
  assert.equal(counters.unique, rig.siem.available);
  assert.ok(counters.duplicates <= mostDuplicates, `${counters.duplicates} events came twice, ${mostDuplicates} may`);
}

describe("a run that is broken off", () => {
  it("by SIGKILL goes on from the same storage: nothing lost, at most one batch twice for each kill", async (t) => {
    const rig = await start({ siem: { available: 20_000 }, source: { limit: 20_000 }, receiver: { verifyEvery: 50 } });
    const kills = 3;
    for (let kill = 0; kill < kills; kill += 1) {
      const { ended } = await inTheMiddle(rig, 20);
      await rig.killAndRestart();
      rig.receiver.release();
      await ended;
    }
    assert.equal(await rig.cron(), "ok");
    assertLedger(rig, kills * BATCH);
    assert.equal(await rig.offset(), rig.siem.lastOffset);
    const { resumed_batches: resumed } = (await rig.status()).totals.sinks["receiver"]!;
    assert.ok(resumed! >= kills * 20, `${resumed}`);
    t.diagnostic(`${kills} kills, 20000 events in one page: 0 lost, ${rig.receiver.tally.counters.duplicates} sent twice (bound ${kills * BATCH})`);
  });

  it("by eviction of its object: nothing lost, at most one batch twice", async (t) => {
    const rig = await start({ siem: { available: 5000 }, source: { limit: 5000 } });
    const { ended } = await inTheMiddle(rig, 5);
    // The runtime evicts an object that is at work only by force, which is what this does.
    await rig.admin("POST", `/streams/${STREAM}/pause`, { abort: true });
    rig.receiver.release();
    await ended;
    await rig.admin("POST", `/streams/${STREAM}/resume`);
    await until("a run succeeds", async () => (await rig.cron().catch(() => "")) === "ok" && (await isCaughtUp(rig)));
    assertLedger(rig, BATCH);
    t.diagnostic(`1 eviction, 5000 events: 0 lost, ${rig.receiver.tally.counters.duplicates} sent twice (bound ${BATCH})`);
  });

  it("is followed by another within a minute, by the alarm alone", { timeout: 120_000 }, async () => {
    const rig = await start({ siem: { available: 3000 }, source: { limit: 3000 } });
    const { ended } = await inTheMiddle(rig, 3);
    await rig.killAndRestart();
    rig.receiver.release();
    await ended;
    await until("the alarm has finished the page", () => isCaughtUp(rig), 90_000);
    assertLedger(rig, BATCH);
  });

  it("loses nothing in the profile that keeps its checkpoint in KV either", async (t) => {
    const rig = await start({ store: "kv", siem: { available: 5000 }, source: { limit: 5000 } });
    const { ended } = await inTheMiddle(rig, 5);
    await rig.killAndRestart();
    rig.receiver.release();
    await ended;
    await (await rig.kv()).put(`lease/${STREAM}`, '{"run":"x","until":0}');
    assert.equal(await rig.cron(), "ok");
    assertLedger(rig, 5000);
    t.diagnostic(`KV, 1 kill, 5000 events: 0 lost, ${rig.receiver.tally.counters.duplicates} sent twice`);
  });
});

describe("runs at the same time", () => {
  it("two crons at once are one run: nothing is sent twice", async () => {
    const rig = await start({ siem: { available: 3000 }, source: { limit: 1000 } });
    const outcomes = await Promise.all([rig.cron(), rig.cron(), rig.cron()]);
    assert.deepEqual(outcomes, ["ok", "ok", "ok"]);
    await until("the run has ended", () => isCaughtUp(rig));
    assertLedger(rig, 0);
    assert.equal(rig.takeRuns().length, 1);
  });
});

describe("a page that is too large for its run", () => {
  for (const store of STORES) {
    it(`is finished over several ticks, and nothing is sent twice (${store})`, async () => {
      const rig = await start({ store, siem: { available: 2000 }, source: { limit: 2000 }, config: { budget: { max_requests: 10 } } });
      let ticks = 0;
      while (!(await isCaughtUp(rig))) {
        assert.equal(await rig.cron(), "ok");
        ticks += 1;
        assert.ok(ticks < 10);
      }
      assert.ok(rig.takeRuns().some(({ report }) => report.unfinished));
      assertLedger(rig, 0);
    });
  }

  it("goes on by itself, by the alarm", async () => {
    const rig = await start({ siem: { available: 2000 }, source: { limit: 2000 }, config: { budget: { max_requests: 10 } } });
    assert.equal(await rig.cron(), "ok");
    await until("the alarm has finished the page", () => isCaughtUp(rig));
    assertLedger(rig, 0);
  });
});

describe("several sinks", () => {
  const twoSinks = (rig: Rig, second: Json): Json => {
    const { streams, sinks } = rig.config as { streams: Json[]; sinks: Record<string, Json> };
    const url = "http://127.0.0.1:9/webhook";
    return { ...rig.config, streams: [{ ...streams[0], sinks: ["receiver", "second"] }], sinks: { ...sinks, second: { ...sinks["receiver"], url, ...second } } };
  };

  for (const store of STORES) {
    it(`a healthy one gets nothing twice while another is down (${store})`, async () => {
      const rig = await start({ store, siem: { available: 1500 }, stream: { limits: { max_batch_events: BATCH, max_attempts: 1 } } });
      await rig.restart(twoSinks(rig, {}));
      for (let tick = 0; tick < 3; tick += 1) {
        assert.equal(await rig.cron(), "exception");
        assert.equal(rig.takeRun().error?.code, "sink_unavailable");
      }
      await rig.restart();
      assert.equal(await rig.cron(), "ok");
      assertLedger(rig, 0);
    });
  }

  it("an optional one that is down holds nothing back, and has its own dead letters, which can be sent again", async () => {
    const rig = await start({ siem: { available: 300 }, stream: { limits: { max_batch_events: BATCH, max_attempts: 1 } } });
    await rig.restart(twoSinks(rig, { required: false }));
    assert.equal(await rig.cron(), "ok");
    assertLedger(rig, 0);
    assert.equal(await rig.offset(), rig.siem.lastOffset);
    assert.deepEqual((await rig.status()).dead_letters.by_sink, { second: 300 });
    // The same receiver counts for the second sink too: everything arrives once more.
    await rig.restart(twoSinks(rig, { required: false, url: `${rig.receiver.url}/webhook` }));
    const sent = await rig.admin("POST", `/streams/${STREAM}/dead-letters`, { replay: "all" });
    assert.equal(sent["accepted"], 300, JSON.stringify(sent));
    assert.equal(rig.receiver.tally.counters.duplicates, 300);
    assert.equal((await rig.status()).dead_letters.kept, 0);
  });
});

describe("several streams", () => {
  it("one that fails, one that is slow and one that is misconfigured delay no other", async () => {
    const rig = await start({ siem: { available: 500 } });
    const { streams, sinks } = rig.config as { streams: Json[]; sinks: Record<string, Json> };
    const source = streams[0]!["source"] as Json;
    const named = (id: string, changes: Json): Json => ({ ...streams[0], id, ...changes });
    await rig.restart({
      ...rig.config,
      streams: [
        named("misconfigured", { source: { ...source, client_secret: { secret: "NOT_THERE" } } }),
        named("refused", { source: { ...source, config_ids: [404] } }),
        named("unreachable", { sinks: ["nowhere"], limits: { max_attempts: 20, max_backoff_ms: 5000 } }),
        named("well", {}),
      ],
      sinks: { ...sinks, nowhere: { ...sinks["receiver"], url: "http://127.0.0.1:9/webhook" } },
    });
    const ticked = rig.cron();
    await until("the stream that is well has run", async () => (await rig.stored("well"))?.checkpoint.counters.delivered === 500);
    const { streams: shown } = (await rig.admin("GET", "/status")) as { streams: Json[] };
    assert.equal(shown.length >= 3, true);
    assert.equal((await rig.status("unreachable")).running_since !== null, true, "it is still trying");
    void ticked.catch(() => undefined);
  });

  it("one whose core runs out of memory takes no other with it", async () => {
    const rig = await start({ siem: { available: 2000 }, source: { limit: 2000 } });
    const { streams } = rig.config as { streams: Json[] };
    await rig.restart({
      ...rig.config,
      streams: [{ ...streams[0], id: "greedy", limits: { max_event_bytes: 16_000_000 } }, { ...streams[0], id: "well" }],
    });
    rig.siem.faults.add(...[1, 2].map(() => ({ edits: [{ line: 1500, replace: `{"type":"akamai_siem","query":"${"x".repeat(15_000_000)}"}` }] })));
    assert.equal(await rig.cron(), "exception");
    assert.match(rig.takeLogs().join("\n"), /"event":"trap"/);
    assert.equal(await rig.stored("greedy"), undefined);
    const well = (await rig.stored("well"))?.checkpoint.counters;
    assert.deepEqual([well?.fetched, well?.delivered, well?.dead_lettered], [2000, 1999, 1]);
  });
});
