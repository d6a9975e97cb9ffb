/**
 * The main job on wrangler's own test harness, which starts the Worker as `wrangler dev` does.
 *
 * Its outbound requests go through Node's fetch (wrangler 4.164), so what a network does wrong is tested on workerd
 * itself in main-job.test.ts, and only what needs no wrong network is repeated here.
 */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { startRig, type Rig, type RigOptions } from "./rig.ts";

let rig: Rig | undefined;

async function start(options: RigOptions = {}): Promise<Rig> {
  rig = await startRig({ ...options, runtime: "harness" });
  return rig;
}

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

it("first run, second run, empty page", async () => {
  const rig = await start({ siem: { available: 1500 } });
  assert.equal(await rig.cron(), "ok");
  rig.siem.append(500);
  assert.equal(await rig.cron(), "ok");
  const before = await rig.offset();
  assert.equal(await rig.cron(), "ok");
  assert.notEqual(await rig.offset(), before);
  assert.equal(await rig.offset(), rig.siem.lastOffset);
  const { unique, duplicates, mismatches } = rig.receiver.tally.counters;
  assert.deepEqual([unique, duplicates, mismatches], [2000, 0, 0]);
});

it("a cut body moves nothing and the next run recovers", async () => {
  const rig = await start({ siem: { available: 2000, compression: "never" } });
  rig.siem.faults.add({ cut: { bytes: 300_000, ending: "end" } });
  assert.equal(await rig.cron(), "exception");
  assert.equal(rig.takeRun().error?.code, "page_incomplete");
  assert.equal(await rig.offset(), "NULL");
  assert.equal(await rig.cron(), "ok");
  assert.equal(rig.receiver.tally.counters.unique, 2000);
  assert.equal(await rig.offset(), rig.siem.lastOffset);
});

it("a sink that is down for two ticks loses nothing", async () => {
  const rig = await start({ siem: { available: 500 }, stream: { limits: { max_attempts: 1 } } });
  for (let tick = 0; tick < 2; tick += 1) {
    rig.receiver.refuseNext({ status: 503, headers: {}, body: "" });
    assert.equal(await rig.cron(), "exception");
    assert.equal(await rig.offset(), undefined);
  }
  assert.equal(await rig.cron(), "ok");
  assert.equal(rig.receiver.tally.counters.unique, 500);
  assert.equal(await rig.offset(), rig.siem.lastOffset);
});

it("a wrong secret stops with the problem document in the log", async () => {
  const rig = await start({ secrets: { AKAMAI_CLIENT_SECRET: "bm90IHRoZSBzZWNyZXQ=" } });
  assert.equal(await rig.cron(), "exception");
  const { error } = rig.takeRun();
  assert.equal(error?.code, "source_refused");
  assert.match(error?.context["problem"] ?? "", /pep-authn/);
  assert.equal(await rig.stored(), undefined);
});
