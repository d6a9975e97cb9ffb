/** The built Worker with a stream of kind `trend-micro-cas`, against the emulator. */

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { startTrendMicro, type TrendMicroEmulator, type TrendMicroOptions } from "../emulator/trend-micro.ts";
import { STORES, startRig, type Json, type Rig, type StoreKind } from "./rig.ts";

/** The throttle leaves three seconds between requests, which is the least that can be configured. */
const INTERVAL_MS = 3000;
const JITTER_MS = 100;
const BATCH = 20;
const CLOCK_OFF_MS = 300_000;

interface WorldOptions {
  store?: StoreKind;
  cas?: TrendMicroOptions;
  source?: Json;
  stream?: Json;
}

interface World {
  cas: TrendMicroEmulator;
  rig: Rig;
}

async function start(t: TestContext, { store = "durable-object", cas: options, source, stream }: WorldOptions = {}): Promise<World> {
  const cas = await startTrendMicro({ available: 60, spreadMs: 3_600_000, services: ["exchange"], kinds: ["dlp"], ...options });
  const rig = await startRig({
    store,
    siem: { available: 0 },
    // The receiver knows the bytes of the current form only.
    receiver: { events: cas.events, schema: cas.bodyForm === "snake" ? "raw" : "other", available: () => cas.events.count },
    schema: "raw",
    secrets: { TREND_MICRO_TOKEN: cas.token },
    stream: {
      limits: { max_batch_events: BATCH },
      ...stream,
      source: {
        kind: "trend-micro-cas",
        host: cas.url,
        token: { secret: "TREND_MICRO_TOKEN" },
        services: ["exchange"],
        events: ["dlp"],
        requests_per_minute: 20,
        ...source,
      },
    },
  });
  t.after(async () => {
    await rig.close();
    await cas.close();
    assert.deepEqual(cas.errors, []);
    assert.deepEqual(rig.receiver.errors, []);
    const times = cas.requests.map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((at, k) => at - (times[k] ?? 0));
    assert.ok(gaps.every((gap) => gap >= INTERVAL_MS - JITTER_MS), `milliseconds between requests: ${gaps.join(", ")}`);
  });
  return { cas, rig };
}

function assertLedger({ cas, rig: { receiver } }: World): void {
  const { tally } = receiver;
  assert.deepEqual(tally.missing(0, cas.events.count), [], "lost");
  assert.deepEqual(tally.mismatches, []);
  assert.deepEqual([tally.counters.unique, tally.counters.duplicates, tally.counters.unnumbered], [cas.events.count, 0, 0]);
}

/** Lets the cron fire until a run says that it has caught up. */
async function untilCaughtUp(rig: Rig): Promise<void> {
  for (let tick = 0; tick < 10; tick += 1) {
    assert.equal(await rig.cron(), "ok");
    if (rig.takeRuns().some(({ report }) => report.caught_up)) return;
  }
  assert.fail("ten ticks of the cron were not enough");
}

for (const store of STORES) {
  describe(`${store}: Trend Micro Cloud App Security`, { concurrency: true }, () => {
    it("every event of every combination arrives once, byte for byte, and later ones after them", async (t) => {
      const kinds = ["dlp", "ransomware"];
      const world = await start(t, { store, cas: { available: 120, kinds }, source: { events: kinds, limit: 40 } });
      await untilCaughtUp(world.rig);
      assertLedger(world);
      for (const kind of kinds) world.cas.events.add("exchange", kind, world.cas.now() - 61_000);
      await untilCaughtUp(world.rig);
      assertLedger(world);
      assert.deepEqual(Object.keys(world.cas.statuses), ["200"]);
    });

    it("cut bodies, 429 and 503 lose nothing", async (t) => {
      const world = await start(t, { store });
      world.cas.faults.add({ cut: { bytes: 9000, ending: "close" } }, { error: 429, headers: { "retry-after": "4" } }, { error: 503, errorForm: "html" });
      await untilCaughtUp(world.rig);
      assertLedger(world);
    });

    for (const { where, offMs } of [
      { where: "behind", offMs: -CLOCK_OFF_MS },
      { where: "ahead of", offMs: CLOCK_OFF_MS },
    ]) {
      it(`an API whose clock is five minutes ${where} ours loses nothing, with and without generation times`, async (t) => {
        for (const bodyForm of ["snake", "camel"] as const) {
          const world = await start(t, { store, cas: { available: 0, bodyForm, now: () => Date.now() + offMs } });
          const { cas, rig } = world;
          // Up to where a client asks whose clock is right, or as much earlier as ours is behind.
          const untilMs = cas.now() - Math.max(offMs, 0) - 61_000;
          cas.append(60, untilMs - 3_600_000, untilMs);
          await untilCaughtUp(rig);
          assertLedger(world);
          const skewMs = (await rig.stored())?.checkpoint.clock_skew_ms ?? 0;
          // A slow clock makes events late and loses none, so that it is left as it is.
          assert.ok(Math.abs(skewMs - Math.min(offMs, 0)) < 5000, `${skewMs} ms`);
          // Later events of times that a clock ahead of the API's takes for long past.
          for (const lateMs of [2000, 1000, 0]) cas.events.add("exchange", "dlp", cas.now() - Math.max(offMs, 0) - 61_000 - lateMs);
          await untilCaughtUp(rig);
          assertLedger(world);
        }
      });
    }

    it("a token that is refused stops the stream, and says what to do", async (t) => {
      const { cas, rig } = await start(t, { store, cas: { tokenEndsAtMs: 0 } });
      assert.equal(await rig.cron(), "exception");
      const { error } = rig.takeRun();
      assert.equal(error?.code, "source_refused");
      assert.match(error?.user_action ?? "", /Automation and Integration APIs/);
      assert.equal(JSON.stringify(error).includes(cas.token), false);
      assert.equal((await rig.fetch("/healthz")).status, 503);
    });
  });
}

describe("durable-object: links of Trend Micro Cloud App Security that are refused before they can be followed", () => {
  it("are told with what to do when no window leads further", async (t) => {
    const { cas, rig } = await start(t, { cas: { bodyForm: "camel", pageLifetimeMs: -1 }, source: { limit: 20 } });
    assert.equal(await rig.cron(), "exception");
    const { error, report } = rig.takeRun();
    assert.equal(error?.code, "source_refused");
    assert.match(error?.user_action ?? "", /raise the source's limit .*requests_per_minute.*clock/);
    assert.equal(report.fetched, 20, "what the first page of the window had");
    assert.equal(cas.requests.length, 6, "the run ends instead of asking on and on");
    assert.equal((await rig.fetch("/healthz")).status, 503);
  });
});

describe("durable-object: a replay of Trend Micro Cloud App Security", () => {
  it("sends a window of every combination again, and leaves the stream where it is", async (t) => {
    const { cas, rig } = await start(t);
    await untilCaughtUp(rig);
    const times = Array.from({ length: cas.events.count }, (_, number) => cas.events.entry(number).generatedAtMs);
    const from = cas.now() - 40 * 60_000;
    const to = cas.now() - 20 * 60_000;
    const expected = times.filter((at) => at >= from && at < to).length;
    assert.ok(expected > 5);
    const { id } = await rig.admin("POST", "/streams/emulated/replay", { from: new Date(from).toISOString(), to: new Date(to).toISOString() }, 202);
    for (let tick = 0; tick < 20 && (await rig.status()).replays.some((replay) => replay.id === id && replay.ended_at === null); tick += 1) {
      await rig.cron();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const replay = (await rig.status()).replays.find((known) => known.id === id);
    assert.deepEqual([replay?.error, replay?.ended_at !== null], [null, true], JSON.stringify(replay));
    const { duplicates } = rig.receiver.tally.counters;
    assert.equal(replay?.counters["delivered"], expected);
    assert.equal(duplicates, expected);
    assert.equal((await rig.status()).position?.counters["fetched"], cas.events.count, "the live stream knows nothing of it");
  });
});
