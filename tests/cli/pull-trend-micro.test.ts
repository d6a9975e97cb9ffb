/**
 * `edgesiem pull` of a stream of kind `trend-micro-cas`, the built command as a process against the emulator.
 *
 * A request every three seconds is the most that the API allows, and so the most that can be configured: the tests run
 * side by side, and each asks for little.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { startTrendMicro, type TrendMicroEmulator, type TrendMicroOptions } from "../emulator/trend-micro.ts";
import type { ReceiverOptions } from "../emulator/receiver.ts";
import { startPullRig, until, type Ended, type Json, type PullRig } from "./pull-rig.ts";

/** Events of one batch: what may come twice to a sink for each kill. */
const BATCH = 20;
const STREAM = "mail";
const INTERVAL_MS = 3000;
/** Two requests may take different times to arrive. */
const JITTER_MS = 100;

interface World {
  cas: TrendMicroEmulator;
  rig: PullRig;
}

interface WorldOptions {
  cas?: TrendMicroOptions;
  source?: Json;
  stream?: Json;
  schema?: ReceiverOptions["schema"];
}

async function start(t: TestContext, { cas: options, source, stream, schema = "raw" }: WorldOptions = {}): Promise<World> {
  const cas = await startTrendMicro({ available: 60, spreadMs: 3_600_000, services: ["exchange"], kinds: ["dlp"], ...options });
  const receiver = { events: cas.events, schema, available: () => cas.events.count };
  const rig = await startPullRig({ siem: { available: 0 }, receiver, secrets: { TREND_MICRO_TOKEN: cas.token } });
  t.after(async () => {
    await rig.close();
    await cas.close();
    assert.deepEqual(cas.errors, []);
    assertPace(cas);
  });
  rig.configure([
    {
      id: STREAM,
      schema,
      sinks: ["soc"],
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
  ]);
  return { cas, rig };
}

/** Every event has arrived as it should be, and no more than `mostDuplicates` came twice. */
function assertLedger({ cas, rig: { receiver } }: World, mostDuplicates: number): void {
  const { tally } = receiver;
  assert.deepEqual(tally.missing(0, cas.events.count), [], "lost");
  assert.deepEqual(tally.mismatches, []);
  assert.deepEqual([tally.counters.unique, tally.counters.unnumbered, tally.counters.outOfRange], [cas.events.count, 0, 0]);
  assert.ok(tally.counters.duplicates <= mostDuplicates, `${tally.counters.duplicates} events came twice, ${mostDuplicates} may`);
}

/** No two requests are closer than the throttle allows, whichever process sent them. */
function assertPace(cas: TrendMicroEmulator): void {
  const times = cas.requests.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((at, k) => at - (times[k] ?? 0));
  assert.ok(gaps.every((gap) => gap >= INTERVAL_MS - JITTER_MS), `milliseconds between requests: ${gaps.join(", ")}`);
}

function assertOk({ code, stderr }: Ended): void {
  assert.equal(code, 0, stderr);
}

describe("pull from Trend Micro Cloud App Security", { concurrency: true }, () => {
  it("delivers every event of every combination once, byte for byte, and goes on from there", async (t) => {
    const kinds = ["dlp", "ransomware"];
    const world = await start(t, { cas: { available: 150, kinds }, source: { events: kinds, limit: 50 } });
    const { cas, rig } = world;
    assertOk(await rig.run(["pull"]));
    assertLedger(world, 0);
    const asked = cas.requests.map(({ target }) => new URL(target, cas.url).searchParams.get("event"));
    assert.deepEqual(asked.slice(0, 2).toSorted(), kinds, "one does not wait until the other has all its pages");
    // At the instant of the newest one, and just before what may still appear.
    const newest = Math.max(...Array.from({ length: 150 }, (_, k) => cas.events.entry(k).generatedAtMs));
    const again = cas.events.entry(149).event;
    cas.events.add("exchange", again, newest);
    for (const kind of kinds) cas.events.add("exchange", kind, cas.now() - 61_000);
    assertOk(await rig.run(["pull"]));
    assertLedger(world, 0);
    assert.deepEqual(Object.keys(cas.statuses), ["200"]);
  });

  it("reads bodies of the older form, links that end in the text null, and the older path", async (t) => {
    const world = await start(t, {
      cas: { bodyForm: "camel", nothing: "null-text" },
      source: { path: "legacy", limit: 40 },
      schema: "other",
      stream: { schema: "raw" },
    });
    assertOk(await world.rig.run(["pull"]));
    assertLedger(world, 0);
    assert.ok(world.cas.requests.every(({ target }) => target.startsWith("/siem/v1/security_events?")));
    assertOk(await world.rig.run(["pull"]));
    assertLedger(world, 0);
  });

  it("follows links to the other path of the same host", async (t) => {
    const world = await start(t, { cas: { linkPath: "legacy", nothing: "null" }, source: { limit: 25 } });
    assertOk(await world.rig.run(["pull"]));
    assertLedger(world, 0);
    assert.equal(world.cas.requests.filter(({ target }) => target.startsWith("/siem/v1/")).length, 2);
  });

  for (const schema of ["decoded", "ecs", "ocsf", "cef", "otel"]) {
    it(`delivers every event once in the schema ${schema}`, async (t) => {
      const world = await start(t, { schema: "other", stream: { schema } });
      assertOk(await world.rig.run(["pull"]));
      assertLedger(world, 0);
    });
  }

  it("loses nothing to cut bodies, invalid JSON, 503, 429 and refused connections, and waits as long as it is told", async (t) => {
    const world = await start(t, { cas: { compression: "never" } });
    const { cas, rig } = world;
    cas.faults.add(
      { cut: { bytes: 9000, ending: "close" } },
      { cut: { bytes: 9000, ending: "destroy" } },
      { respond: { status: 200, body: '{"security_events": [{"a": 1}, ' } },
      { error: 503, errorForm: "html" },
      { error: 429, errorForm: "negative", headers: { "retry-after": "5" } },
      { reset: true },
    );
    const ended = await rig.run(["pull"]);
    assertOk(ended);
    assertLedger(world, 0);
    assert.equal(cas.faults.pending, 0);
    const throttled = cas.requests.findIndex(({ status }) => status === 429);
    const gap = (cas.requests[throttled + 1]?.atMs ?? 0) - (cas.requests[throttled]?.atMs ?? 0);
    assert.ok(gap >= 5000 - JITTER_MS, `${gap} ms after 429`);
  });

  it("killed by SIGKILL while it delivers, loses nothing, repeats at most a batch a kill, and keeps the pace", async (t) => {
    const world = await start(t, { cas: { available: 200 }, source: { limit: 100 } });
    const { rig } = world;
    const kills = [3, 7];
    for (const posts of kills) {
      const { child, ended } = rig.start(["pull"]);
      await until(`${posts} batches were sent`, () => rig.receiver.counters.posts >= posts);
      child.kill("SIGKILL");
      assert.equal((await ended).signal, "SIGKILL");
    }
    assertOk(await rig.run(["pull"]));
    assertLedger(world, kills.length * BATCH);
  });

  it("asks for the window again when a link has expired", async (t) => {
    const world = await start(t, { source: { limit: 25 } });
    const { cas, rig } = world;
    const { child, ended } = rig.start(["pull"]);
    await until("the first page is delivered", () => rig.receiver.tally.counters.unique >= 20);
    cas.expirePages();
    const { code, stderr } = await ended;
    assert.equal(child.exitCode, code);
    assert.equal(code, 0, stderr);
    assert.equal(cas.statuses[400], 1);
    assertLedger(world, 0);
  });

  it("never follows a link to another host, which sees nothing of the token", async (t) => {
    const world = await start(t);
    const { cas, rig } = world;
    const seen: string[] = [];
    const other = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.end("{}");
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    cas.faults.add({ nextLink: `http://127.0.0.1:${(other.address() as AddressInfo).port}/v1/siem/security_events?page_id=x` });
    const { code, stdout, stderr } = await rig.run(["pull"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /next_link/);
    assert.equal((stdout + stderr).includes(cas.token), false);
    assert.deepEqual(seen, []);
    assertLedger(world, 0);
  });

  it("says what to do about a token that is refused, without printing it", async (t) => {
    const { cas, rig } = await start(t);
    const { code, stdout, stderr } = await rig.run(["pull"], { TREND_MICRO_TOKEN: "a-token-that-nobody-knows" });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /Automation and Integration APIs/);
    assert.match(stderr, /365 days/);
    assert.doesNotMatch(stdout + stderr, /nobody-knows/);
    assert.deepEqual(cas.statuses, { 401: 1 });
  });

  it("check says whether the source answers, and from when on its token needs another", async (t) => {
    const created = new Date(Date.now() - 350 * 86_400_000).toISOString().slice(0, 10);
    const { rig } = await start(t, { source: { token_created: created } });
    const { code, stdout, stderr } = await rig.run(["check"]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^mail: source {2,}ok /m);
    assert.match(stdout, /token ends on/);
    assert.equal(rig.receiver.tally.counters.events, 0);
  });

  it("refuses Security Monitor as a stream, and says what to use instead", async (t) => {
    const { rig } = await start(t, { source: { kind: "akamai-security-monitor" } });
    const { code, stderr } = await rig.run(["check"]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /source\.kind: /);
    assert.match(stderr, /edgesiem report/);
  });
});
