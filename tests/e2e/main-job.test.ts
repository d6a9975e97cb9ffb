/** What the Worker promises, on the built Worker, a real Workers runtime and real HTTP. */

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { STORES, STREAM, startRig, type Rig, type RigOptions } from "./rig.ts";

let rig: Rig | undefined;

async function startWith(options?: RigOptions): Promise<Rig> {
  rig = await startRig(options);
  return rig;
}

afterEach(async () => {
  const { siem, receiver } = rig ?? {};
  await rig?.close();
  rig = undefined;
  assert.deepEqual(siem?.errors ?? [], [], "the emulator itself failed");
  assert.deepEqual(receiver?.errors ?? [], [], "the receiver itself failed");
});

/** Everything that the emulator has arrived, each event once and decoded rightly. */
function assertDelivered(rig: Rig, duplicates = 0): void {
  const { counters, mismatches } = rig.receiver.tally;
  assert.deepEqual(rig.receiver.tally.missing(0, rig.siem.available), []);
  assert.deepEqual(mismatches, []);
  assert.deepEqual(
    { unique: counters.unique, duplicates: counters.duplicates, outOfRange: counters.outOfRange, unnumbered: counters.unnumbered },
    { unique: rig.siem.available, duplicates, outOfRange: 0, unnumbered: 0 },
  );
}

for (const store of STORES) {
  const start = (options: RigOptions = {}): Promise<Rig> => startWith({ ...options, store });

  describe(`${store}: the main job`, () => {
    for (const sink of ["webhook", "splunk-hec"] as const) {
      for (const schema of ["decoded", "raw"] as const) {
        it(`delivers every event once, as ${schema} to ${sink}, and keeps the offset in KV`, async () => {
          const rig = await start({ sink, schema, siem: { available: 5000 }, source: { limit: 2000 } });
          assert.equal(await rig.cron(), "ok");
          const run = rig.takeRun();
          assert.deepEqual([run.report.pages, run.report.delivered, run.report.caught_up], [3, 5000, true]);
          assertDelivered(rig);
          assert.equal(await rig.offset(), rig.siem.lastOffset);
          assert.ok(rig.receiver.counters.largestBatchEvents <= 1000);
          assert.ok(rig.receiver.counters.largestBatchBytes <= 900_000);
          assert.ok(rig.receiver.counters.maxInFlight <= 4);
        });
      }
    }

    it("continues where the last run ended", async () => {
      const rig = await start({ siem: { available: 700 } });
      assert.equal(await rig.cron(), "ok");
      rig.siem.append(300);
      assert.equal(await rig.cron(), "ok");
      assertDelivered(rig);
      assert.equal(rig.siem.requests[0]?.target.includes("offset=NULL"), true);
      assert.equal(await rig.offset(), rig.siem.lastOffset);
    });

    it("moves the offset on an empty page", async () => {
      const rig = await start({ siem: { available: 10 } });
      await rig.cron();
      const before = await rig.offset();
      assert.equal(await rig.cron(), "ok");
      const after = await rig.offset();
      assert.notEqual(after, before);
      assert.equal(after, rig.siem.lastOffset);
      assertDelivered(rig);
    });

    it("reads a time window first and goes on by offset", async () => {
      const from = Math.floor(Date.now() / 1000) - 3600;
      const rig = await start({ siem: { available: 1000, firstEventAtMs: from * 1000 + 5000 }, source: { start_from: from } });
      assert.equal(await rig.cron(), "ok");
      rig.siem.append(100);
      assert.equal(await rig.cron(), "ok");
      assert.match(rig.siem.requests[0]?.target ?? "", new RegExp(`from=${from}`));
      assert.match(rig.siem.requests.at(-1)?.target ?? "", /offset=[0-9a-f]+%3B/);
      assertDelivered(rig);
    });

    it("asks for several configurations as one stream", async () => {
      const rig = await start({ siem: { available: 10 } });
      await rig.cron();
      assert.match(rig.siem.requests[0]?.target ?? "", /\/configs\/14227%3B29182\?/);
    });
  });

  describe(`${store}: when the source misbehaves`, () => {
    for (const ending of ["destroy", "close", "end"] as const) {
      for (const compression of ["never", "if-accepted"] as const) {
        it(`moves nothing when the body is cut (${ending}, gzip ${compression}), and the next run recovers`, async () => {
          const rig = await start({ siem: { available: 3000, compression } });
          rig.siem.faults.add({ cut: { bytes: 200_001, ending } });
          assert.equal(await rig.cron(), "exception");
          const run = rig.takeRun();
          assert.equal(run.error?.code, "page_incomplete");
          assert.equal(await rig.offset(), "NULL");
          const accepted = rig.receiver.tally.counters.unique;
          assert.equal(await rig.cron(), "ok");
          // As many as the sink has already, so that the page is done as soon as it is read; otherwise half.
          assert.match(rig.siem.requests[1]?.target ?? "", new RegExp(`offset=NULL.*limit=${accepted > 0 ? accepted : 5000}$`));
          assertDelivered(rig);
          assert.equal(await rig.offset(), rig.siem.lastOffset);
        });
      }
    }

    it("does not commit a page without its context line", async () => {
      const rig = await start({ siem: { available: 100 } });
      rig.siem.faults.add({ context: "missing" });
      assert.equal(await rig.cron(), "exception");
      assert.equal(await rig.offset(), "NULL");
      assert.equal(await rig.cron(), "ok");
      assert.equal(rig.receiver.tally.counters.unique, 100);
    });

    it("stops at a wrong secret with the problem document in the log and an exception as the cron's outcome", async () => {
      const rig = await start({ secrets: { AKAMAI_CLIENT_SECRET: "bm90IHRoZSBzZWNyZXQ=" } });
      assert.equal(await rig.cron(), "exception");
      const logs = rig.takeLogs();
      const run = JSON.parse(logs.find((line) => line.includes('"event":"run"')) ?? "{}");
      assert.equal(run.error.code, "source_refused");
      assert.match(run.error.context.problem, /pep-authn/);
      assert.match(run.error.user_action, /secret|credential/i);
      assert.equal(logs.join().includes("bm90IHRoZSBzZWNyZXQ"), false);
      assert.equal(await rig.stored(), undefined);
      assert.equal(rig.siem.counters.requests, 1);
    });

    it("learns the clock skew from a refused signature and delivers in the same run", async () => {
      const rig = await start({ siem: { available: 200 } });
      rig.siem.clockOffsetMs = 5 * 60_000;
      assert.equal(await rig.cron(), "ok");
      const skew = (await rig.stored())?.checkpoint.clock_skew_ms ?? 0;
      assert.ok(Math.abs(skew - 5 * 60_000) < 5000, `${skew}`);
      assert.equal(rig.receiver.tally.counters.unique, 200);
      rig.siem.append(10);
      const before = rig.siem.counters.requests;
      assert.equal(await rig.cron(), "ok");
      assert.equal(rig.siem.counters.requests, before + 1, "the second run signs rightly at once");
    });

    it("waits as 429 asks, in the same run", async () => {
      const rig = await start({ siem: { available: 50 } });
      rig.siem.faults.add({ problem: "too-many-requests", headers: { "retry-after": "1" } });
      assert.equal(await rig.cron(), "ok");
      assert.ok(rig.takeRun().report.wall_ms >= 1000);
      assertDelivered(rig);
    });

    it("goes on by time when its offset has expired, and records the gap", async () => {
      const rig = await start({ siem: { available: 100 } });
      await rig.cron();
      rig.siem.expireOffsets();
      rig.siem.append(50);
      assert.equal(await rig.cron(), "ok");
      assert.equal((await rig.status()).gaps.length, 1);
      assert.match(rig.siem.requests.at(-1)?.target ?? "", /from=\d+/);
      assert.equal(rig.takeRun().report.gaps, 1);
    });

    it("keeps an unreadable line whole and delivers its neighbours", async () => {
      const rig = await start({ siem: { available: 20 } });
      rig.siem.faults.add({ edits: [{ line: 7, replace: '{"type":"akamai_siem","broken":\u001b[31m' }] });
      assert.equal(await rig.cron(), "ok");
      const run = rig.takeRun();
      assert.deepEqual([run.report.fetched, run.report.delivered, run.report.dead_lettered], [20, 19, 1]);
      const [letter] = await rig.deadLetters();
      assert.equal(letter?.["raw"], '{"type":"akamai_siem","broken":\u001b[31m');
      assert.equal(letter?.["line"], 7);
      assert.match(String(letter?.["reason"]), /at byte \d+/);
      assert.deepEqual(rig.receiver.tally.missing(0, 20), [7]);
      assert.equal(await rig.offset(), rig.siem.lastOffset);
    });

    it("counts a line that came twice as two events", async () => {
      const rig = await start({ siem: { available: 20 } });
      rig.siem.faults.add({ edits: [{ line: 3, duplicate: true }] });
      assert.equal(await rig.cron(), "ok");
      assert.equal(rig.takeRun().report.delivered, 21);
      assertDelivered(rig, 1);
    });

    it("names the host that cannot be reached and what to do", async () => {
      const rig = await start({ source: { host: "akab-nobody.luna.akamaiapis.invalid" }, stream: { limits: { max_attempts: 1 } } });
      assert.equal(await rig.cron(), "exception");
      const { error } = rig.takeRun();
      assert.equal(error?.code, "source_unavailable");
      assert.equal(error?.context["server"], "https://akab-nobody.luna.akamaiapis.invalid");
      assert.match(error?.user_action ?? "", /host name/);
      assert.equal(await rig.stored(), undefined);
    });
  });

  describe(`${store}: when an event is long`, () => {
    it("delivers one of 1.5 MB alone and keeps one of 5 MB whole, in parts, as dead letters", async () => {
      const rig = await start({ siem: { available: 40 } });
      rig.siem.events.lengthen(11, 14_000, "requestHeaders");
      rig.siem.events.lengthen(12, 1_500_000, "query");
      rig.siem.events.lengthen(20, 5_000_000, "query");
      assert.equal(await rig.cron(), "ok");
      const run = rig.takeRun();
      assert.deepEqual([run.report.fetched, run.report.delivered, run.report.dead_lettered], [40, 39, 1]);
      assert.deepEqual(rig.receiver.tally.missing(0, 40), [20]);
      assert.deepEqual(rig.receiver.tally.mismatches, []);
      const parts = (await rig.deadLetters()).sort((a, b) => Number(a["part"]) - Number(b["part"]));
      assert.equal(parts.length, 3);
      assert.equal(parts.map(({ raw }) => raw).join(""), rig.siem.events.line(20).toString());
    });

    it("delivers one of 5 MB where the limits allow it", async () => {
      const rig = await start({ siem: { available: 40 }, stream: { limits: { max_event_bytes: 6_000_000 } } });
      rig.siem.events.lengthen(20, 5_000_000, "query");
      assert.equal(await rig.cron(), "ok");
      assertDelivered(rig);
      assert.ok(rig.takeRun().wasm_memory_bytes <= 32 * 2 ** 20);
    });
  });

  describe(`${store}: when the sink misbehaves`, () => {
    it("loses nothing when the sink is down for two ticks", async () => {
      const rig = await start({ siem: { available: 500 }, stream: { limits: { max_attempts: 2, max_backoff_ms: 200 } } });
      await rig.receiver.down();
      for (let tick = 0; tick < 2; tick += 1) {
        assert.equal(await rig.cron(), "exception");
        assert.equal(rig.takeRun().error?.code, "sink_unavailable");
        assert.equal(await rig.offset(), undefined);
      }
      await rig.receiver.up();
      assert.equal(await rig.cron(), "ok");
      assertDelivered(rig);
      assert.equal(await rig.offset(), rig.siem.lastOffset);
    });

    it("obeys the sink's Retry-After", async () => {
      const rig = await start({ siem: { available: 50 } });
      rig.receiver.refuseNext({ status: 503, headers: { "retry-after": "1" }, body: "" });
      assert.equal(await rig.cron(), "ok");
      assert.ok(rig.takeRun().report.wall_ms >= 1000);
      assertDelivered(rig);
    });

    it("repeats a batch whose acknowledgement was lost, and nothing else", async () => {
      const rig = await start({ siem: { available: 1000 } });
      rig.receiver.dropNextAnswers = 1;
      assert.equal(await rig.cron(), "ok");
      const { counters } = rig.receiver.tally;
      assert.equal(counters.unique, 1000);
      assert.ok(counters.duplicates > 0 && counters.duplicates < 600, `${counters.duplicates}`);
      assert.equal(rig.takeRun().report.retries, 1);
    });

    it("isolates an event that the sink refuses and keeps it", async () => {
      const rig = await start({ sink: "splunk-hec", siem: { available: 300 } });
      rig.receiver.poison.add(123);
      assert.equal(await rig.cron(), "ok");
      assert.deepEqual(rig.receiver.tally.missing(0, 300), [123]);
      const letters = await rig.deadLetters();
      assert.equal(letters.length, 1);
      assert.equal(letters[0]?.["sink"], "receiver");
      assert.equal(Buffer.from(String(letters[0]?.["raw"])).equals(rig.siem.events.line(123)), true);
    });

    it("stops at a refused token and moves nothing", async () => {
      const rig = await start({ sink: "splunk-hec", secrets: { SPLUNK_TOKEN: "not-the-token" } });
      assert.equal(await rig.cron(), "exception");
      const logs = rig.takeLogs().join();
      assert.match(logs, /sink_refused/);
      assert.equal(logs.includes("not-the-token"), false);
      assert.equal(await rig.stored(), undefined);
    });

    it("waits for indexer acknowledgement before it commits", async () => {
      const rig = await start({ sink: "splunk-hec", sinkTable: { ack: true }, siem: { available: 300 }, receiver: { splunk: { acknowledgeAfterPolls: 2 } } });
      assert.equal(await rig.cron(), "ok");
      assertDelivered(rig);
      assert.ok(rig.receiver.splunk.counters.polls >= 2);
      assert.equal(await rig.offset(), rig.siem.lastOffset);
    });

    it("halves a batch that is too large for the sink", async () => {
      const rig = await start({ siem: { available: 600 } });
      rig.receiver.maxBodyBytes = 150_000;
      assert.equal(await rig.cron(), "ok");
      assertDelivered(rig);
    });
  });

  describe(`${store}: several streams`, () => {
    it("are all run, fit into the memory together, and one that fails stops no other", async () => {
      const names = ["a", "b", "c", "d", "e"];
      const rig = await start({ siem: { available: 20_000 }, receiver: { verifyEvery: 100 } });
      const { streams, sinks } = rig.config as { streams: Record<string, unknown>[]; sinks: unknown };
      const copies = names.map((id) => ({ ...streams[0], id }));
      const wrong = { ...streams[0], id: "wrong", source: { ...(streams[0]!["source"] as object), config_ids: [404] } };
      await rig.restart({ ...rig.config, streams: [wrong, ...copies], sinks });
      assert.equal(await rig.cron(), "exception");
      const runs = rig.takeRuns();
      assert.deepEqual(runs.filter(({ ok }) => ok).map(({ stream }) => stream).sort(), names);
      for (const id of names) assert.equal((await rig.stored(id))?.checkpoint.counters.delivered, 20_000);
      assert.equal(await rig.stored("wrong"), undefined);
      assert.deepEqual([rig.receiver.tally.counters.unique, rig.receiver.tally.counters.duplicates], [20_000, 80_000]);
      assert.ok(Math.max(...runs.map((run) => run.wasm_memory_bytes)) <= 32 * 2 ** 20);
    });
  });
}

describe("a configuration that cannot work is refused with the key, the reason and what to do", () => {
  const cases: [name: string, options: RigOptions, expected: RegExp][] = [
    ["a wrong key", { source: { hots: "x" } }, /unknown field `hots`.*streams\[0\]\.source.*What to do/],
    ["a missing secret", { secrets: { AKAMAI_CLIENT_SECRET: "" } }, /AKAMAI_CLIENT_SECRET.*streams\[0\]\.source\.client_secret.*wrangler secret put/],
    ["an http sink", { sinkTable: { url: "http://soc.example/events" } }, /clear text.*sinks\.receiver\.url/],
    ["a value where the name of a secret belongs", { source: { client_secret: "hunter2" } }, /never its value.*streams\[0\]\.source\.client_secret/],
    ["an unknown kind of sink", { sinkTable: { kind: "splonk" } }, /`splonk` is not known.*sinks\.receiver\.kind.*splunk-hec/],
    ["an unknown schema", { stream: { schema: "ecs9" } }, /streams\[0\]\.schema.*decoded/],
    ["a sink that does not exist", { stream: { sinks: ["recever"] } }, /`recever` is not known.*streams\[0\]\.sinks\[0\].*receiver/],
    ["a limit out of range", { stream: { limits: { max_in_flight: 0 } } }, /streams\[0\]\.limits\.max_in_flight.*1 to 6/],
  ];
  for (const [name, options, expected] of cases) {
    it(name, async () => {
      const rig = await startWith(options);
      assert.equal(await rig.cron(), "exception");
      const logs = rig.takeLogs().join("\n");
      assert.match(logs, expected);
      assert.equal(logs.includes("hunter2"), false);
      assert.equal(rig.siem.counters.requests, 0);
      assert.equal((await rig.fetch("/healthz")).status, 503);
    });
  }
});

describe("when KV is late", () => {
  it("does not begin anew because the checkpoint seems not to be there", async () => {
    const rig = await startWith({ siem: { available: 10 } });
    assert.equal(await rig.cron(), "ok");
    await (await rig.kv()).delete(`checkpoint/${STREAM}`);
    const before = rig.siem.counters.requests;
    assert.equal(await rig.cron(), "exception");
    assert.equal(rig.takeRun().error?.code, "store");
    assert.equal(rig.siem.counters.requests, before);
    await (await rig.kv()).delete(`status/${STREAM}`);
    await (await rig.kv()).delete(`lease/${STREAM}`);
    assert.equal(await rig.cron(), "ok", "without its status the stream begins anew");
    assert.match(rig.siem.requests.at(-1)?.target ?? "", /offset=NULL/);
  });
});

describe("several streams in one memory", () => {
  it("that come too late in a run are left for the next one, their pages as large as before", async () => {
    const rig = await startWith({ siem: { available: 10 } });
    const { streams } = rig.config as { streams: Record<string, unknown>[] };
    const names = ["a", "b", "c", "d"];
    // Two streams run at a time, and the sink holds them for longer than a run has (6 s), by less than a page may
    // take more (1.5 s): real time, because the Worker's clock is the machine's.
    await rig.restart({ ...rig.config, budget: { wall_s: 6 }, streams: names.map((id) => ({ ...streams[0], id })) });
    rig.receiver.hold();
    const ticked = rig.cron();
    await new Promise((resolve) => setTimeout(resolve, 6500));
    rig.receiver.release();
    assert.equal(await ticked, "ok");
    const logs = rig.takeLogs();
    assert.equal(logs.filter((line) => line.includes("took the time of this run")).length, 2);
    const ran = names.filter((id) => logs.some((line) => line.includes('"event":"run"') && line.includes(`"stream":"${id}"`)));
    assert.equal(ran.length, 2);
    for (const id of ran) assert.equal((await rig.stored(id))?.checkpoint.page_limit, null);
  });
});

describe("when the core runs out of memory", () => {
  it("records the run as failed, moves nothing, and the next run has a fresh core", async () => {
    const rig = await startWith({ siem: { available: 20 }, stream: { limits: { max_event_bytes: 16_000_000 } } });
    rig.siem.faults.add({ edits: [{ line: 5, replace: `{"type":"akamai_siem","query":"${"x".repeat(15_000_000)}"}` }] });
    assert.equal(await rig.cron(), "exception");
    assert.match(rig.takeLogs().join(), /"event":"trap"/);
    assert.equal(await rig.stored(), undefined);
    assert.equal((await rig.fetch("/healthz")).status, 200, "the core answers again");
    // A run that was killed could not end its lease; it is over after three minutes.
    assert.equal(await rig.cron(), "ok");
    assert.match(rig.takeLogs().join(), /another run holds the stream/);
    await (await rig.kv()).put(`lease/${STREAM}`, '{"run":"x","until":0}');
    assert.equal(await rig.cron(), "ok");
    assertDelivered(rig);
    assert.ok(rig.takeRun().wasm_memory_bytes < 16 * 2 ** 20);
  });
});

describe("a lease", () => {
  it("leaves a stream alone that another run holds", async () => {
    const rig = await startWith({ siem: { available: 20 } });
    await (await rig.kv()).put(`lease/${STREAM}`, JSON.stringify({ run: "x", until: Date.now() + 60_000 }));
    assert.equal(await rig.cron(), "ok");
    assert.match(rig.takeLogs().join(), /"event":"skipped".*another run holds the stream/);
    assert.equal(rig.siem.counters.requests, 0);
  });
});

describe("GET /healthz", () => {
  it("is 200 before the first run and after a good one, 503 after a refusal, and shows no detail", async () => {
    const rig = await startWith({ siem: { available: 10 }, stream: { limits: { max_backoff_ms: 100 } } });
    const first = await rig.fetch("/healthz");
    assert.deepEqual([first.status, first.body], [200, '{"ok":true}']);
    await rig.cron();
    assert.equal((await rig.fetch("/healthz")).status, 200);
    rig.siem.faults.add({ problem: "internal-error", times: 5 });
    assert.equal(await rig.cron(), "exception");
    assert.equal((await rig.fetch("/healthz")).status, 200, "one failure that may pass is nobody's business");
    rig.siem.faults.clear();
    rig.siem.faults.add({ problem: "unauthorized" });
    assert.equal(await rig.cron(), "exception");
    const { status, body } = await rig.fetch("/healthz");
    assert.equal(status, 503);
    assert.equal(body.includes("emulated") || body.includes("akamai"), false);
    assert.equal((await rig.fetch("/status")).status, 401);
  });

  it("is 503 when runs have not come to their end, or none has succeeded, for 15 minutes", async () => {
    const rig = await startWith({ siem: { available: 10 } });
    const kv = await rig.kv();
    const longAgo = Date.now() - 16 * 60_000;
    await kv.put(`lease/${STREAM}`, JSON.stringify({ run: "killed", until: longAgo, since: longAgo, began: longAgo, killed: 3 }));
    assert.match((await rig.fetch("/healthz")).body, /do not come to their end|has not run for 15 minutes/);
    assert.equal(await rig.cron(), "ok");
    assert.equal((await rig.fetch("/healthz")).status, 200);
    const status = JSON.parse((await kv.get(`status/${STREAM}`)) ?? "{}") as { run: string; runs: object };
    const failing = { failing_since: longAgo, error: { code: "sink_unavailable", message: "x", user_action: "y", retryable: true } };
    await kv.put(`status/${STREAM}`, JSON.stringify({ ...status, runs: { ...status.runs, ...failing } }));
    assert.match((await rig.fetch("/healthz")).body, /failing for 15 minutes/);
    const { run } = status;
    await kv.put(`status/${STREAM}`, "not JSON");
    await kv.put(`lease/${STREAM}`, JSON.stringify({ run, until: 0, since: Date.now() }));
    assert.equal(await rig.cron(), "ok", "a status that cannot be read is replaced");
    assert.equal((await rig.fetch("/healthz")).status, 200);
  });
});
