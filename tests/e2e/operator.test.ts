/** What an operator sees and does, over the Worker's HTTP surface, on the built Worker. */

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ADMIN_TOKEN, STORES, STREAM, startRig, type Json, type Rig, type RigOptions } from "./rig.ts";

let rig: Rig | undefined;

async function start(options: RigOptions = {}): Promise<Rig> {
  rig = await startRig({ store: "durable-object", ...options });
  return rig;
}

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const bearer = (token: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${token}` } });

describe("who may", () => {
  it("nobody, when no token is set; and nobody without the token", async () => {
    const rig = await start({ siem: { available: 10 }, secrets: { ADMIN_TOKEN: "" } });
    for (const path of ["/status", "/metrics", `/streams/${STREAM}/dead-letters`]) {
      assert.equal((await rig.fetch(path)).status, 404);
      assert.equal((await rig.fetch(path, bearer(ADMIN_TOKEN))).status, 404);
    }
    assert.equal((await rig.fetch("/healthz")).status, 200);
  });

  it("the one with the token, and no other", async () => {
    const rig = await start({ siem: { available: 10 } });
    for (const wrong of ["", "x", `${ADMIN_TOKEN} `, ADMIN_TOKEN.slice(0, -1), ADMIN_TOKEN.toUpperCase()]) {
      const answer = await rig.fetch("/status", bearer(wrong));
      assert.equal(answer.status, wrong.trim() === ADMIN_TOKEN ? 200 : 401, wrong);
    }
    assert.equal((await rig.fetch("/status")).status, 401);
    const run = await rig.fetch(`/streams/${STREAM}/run`, { method: "POST", ...bearer("x") });
    assert.equal(run.status, 401);
    assert.equal(rig.siem.counters.requests, 0);
    assert.equal((await rig.fetch("/status", bearer(ADMIN_TOKEN))).headers["cache-control"], "no-store");
  });

  it("says which methods and streams there are", async () => {
    const rig = await start({ siem: { available: 10 } });
    const get = await rig.fetch(`/streams/${STREAM}/run`, bearer(ADMIN_TOKEN));
    assert.deepEqual([get.status, get.headers["allow"]], [405, "POST"]);
    await rig.admin("POST", "/streams/nobody/run", {}, 404);
    await rig.admin("GET", "/nothing", undefined, 404);
    const form = await rig.fetch(`/streams/${STREAM}/reset`, { method: "POST", body: "confirm=emulated", headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/x-www-form-urlencoded" } });
    assert.equal(form.status, 415);
  });
});

for (const store of STORES) {
  describe(`${store}: status`, () => {
    it("shows where the stream stands, how its runs went, and what each sink got", async () => {
      const rig = await start({ store, siem: { available: 1200 } });
      assert.equal(await rig.cron(), "ok");
      const status = await rig.status();
      assert.equal(status.position?.cursor.offset, rig.siem.lastOffset);
      assert.equal(status.position?.counters["delivered"], 1200);
      assert.equal(status.runs.error, null);
      assert.equal(status.totals.runs, 1);
      assert.equal(status.totals.sinks["receiver"]?.["events"], 1200);
      assert.deepEqual(status.problems, []);
      const text = JSON.stringify(status);
      for (const secret of [rig.siem.credentials.clientSecret, rig.siem.credentials.accessToken, rig.receiver.webhookSecret]) assert.equal(text.includes(secret), false);
    });

    it("is told in OpenMetrics", async () => {
      const rig = await start({ store, siem: { available: 1200 } });
      rig.receiver.refuseNext({ status: 503, headers: { "retry-after": "1" }, body: "" });
      assert.equal(await rig.cron(), "ok");
      const { status, body, headers } = await rig.fetch("/metrics", bearer(ADMIN_TOKEN));
      assert.equal(status, 200);
      assert.match(headers["content-type"] ?? "", /^application\/openmetrics-text; version=1\.0\.0/);
      assert.match(body, /^edgesiem_events_delivered_total\{stream="emulated"\} 1200$/m);
      assert.match(body, /^edgesiem_sink_retries_total\{stream="emulated",sink="receiver",class="5xx"\} 1$/m);
      assert.match(body, /# EOF\n$/);
    });

    it("turns red when the stream is stopped, and says what to do", async () => {
      const rig = await start({ store, siem: { available: 10 } });
      rig.siem.faults.add({ problem: "unauthorized" });
      assert.equal(await rig.cron(), "exception");
      assert.equal((await rig.fetch("/healthz")).status, 503);
      const status = await rig.status();
      assert.equal(status.runs.error?.code, "source_refused");
      assert.ok(status.problems.some(({ severity }) => severity === "red"), JSON.stringify(status.problems));
      assert.equal(await rig.cron(), "ok");
      assert.equal((await rig.fetch("/healthz")).status, 200);
    });

    it("shows a gap until somebody acknowledges it", async () => {
      const rig = await start({ store, siem: { available: 100 } });
      await rig.cron();
      rig.siem.expireOffsets();
      rig.siem.append(50);
      assert.equal(await rig.cron(), "ok");
      const status = await rig.status();
      assert.deepEqual([status.gaps.length, status.gaps_unacknowledged], [1, 1]);
      assert.equal((await rig.fetch("/healthz")).status, 503);
      await rig.admin("POST", `/streams/${STREAM}/gaps`, { acknowledge: [status.gaps[0]!.id] });
      assert.equal((await rig.status()).gaps_unacknowledged, 0);
      assert.equal((await rig.fetch("/healthz")).status, 200);
      assert.equal(await rig.cron(), "ok");
      assert.equal((await rig.status()).gaps.length, 1, "it is not forgotten");
    });
  });

  describe(`${store}: dead letters`, () => {
    const poisoned = async (): Promise<Rig> => {
      const rig = await start({ store, sink: "splunk-hec", siem: { available: 300 } });
      for (const event of [12, 123, 250]) rig.receiver.poison.add(event);
      assert.equal(await rig.cron(), "ok");
      return rig;
    };

    it("are listed with reason, stream, offset, id and line, and can be sent again", async () => {
      const rig = await poisoned();
      const letters = await rig.deadLetters();
      assert.equal(letters.length, 3);
      for (const letter of letters) {
        assert.equal(letter["sink"], "receiver");
        assert.match(String(letter["id"]), /^[0-9a-f]{32}$/);
        assert.deepEqual(letter["page"], { offset: "NULL" });
        assert.ok(String(letter["reason"]).length > 0);
      }
      rig.receiver.poison.delete(12);
      const sent = await rig.admin("POST", `/streams/${STREAM}/dead-letters`, { replay: "all" });
      assert.deepEqual([sent["accepted"], (sent["refused"] as unknown[]).length], [1, 2], JSON.stringify(sent));
      assert.equal(rig.receiver.tally.has(12), true);
      assert.equal((await rig.deadLetters()).length, 2);
    });

    it("can be deleted, one by one or all", async () => {
      const rig = await poisoned();
      const [first] = await rig.deadLetters();
      await rig.admin("DELETE", `/streams/${STREAM}/dead-letters`, { delete: [{ id: first!["id"], sink: first!["sink"] }] });
      assert.equal((await rig.deadLetters()).length, 2);
      await rig.admin("DELETE", `/streams/${STREAM}/dead-letters`, { delete: "all" });
      assert.equal((await rig.deadLetters()).length, 0);
    });
  });

  describe(`${store}: pause, resume, run, reset`, () => {
    it("a paused stream does not run until it is resumed", async () => {
      const rig = await start({ store, siem: { available: 10 } });
      await rig.admin("POST", `/streams/${STREAM}/pause`);
      assert.equal(await rig.cron(), "ok");
      assert.equal(rig.siem.counters.requests, 0);
      assert.ok((await rig.status()).paused_at !== null);
      await rig.admin("POST", `/streams/${STREAM}/resume`);
      assert.equal(await rig.cron(), "ok");
      assert.equal(rig.receiver.tally.counters.unique, 10);
    });

    it("run answers with what the run did", async () => {
      const rig = await start({ store, siem: { available: 10 } });
      const answer = await rig.admin("POST", `/streams/${STREAM}/run`);
      assert.equal((answer as { report: { delivered: number } }).report.delivered, 10, JSON.stringify(answer));
    });

    it("reset begins anew, but only if the stream is named again", async () => {
      const rig = await start({ store, siem: { available: 10 } });
      assert.equal(await rig.cron(), "ok");
      await rig.admin("POST", `/streams/${STREAM}/reset`, {}, 400);
      await rig.admin("POST", `/streams/${STREAM}/reset`, { confirm: STREAM });
      assert.equal(await rig.cron(), "ok");
      assert.match(rig.siem.requests.at(-1)?.target ?? "", /offset=NULL/);
      assert.equal(rig.receiver.tally.counters.duplicates, 10);
    });
  });
}

describe("replay", () => {
  it("sends a window again, marked, beside the live stream, which is not touched", async () => {
    const from = Math.floor(Date.now() / 1000) - 3600;
    const options = { siem: { available: 1000, firstEventAtMs: from * 1000, intervalMs: 1000 }, sink: "splunk-hec" as const };
    const rig = await start(options);
    assert.equal(await rig.cron(), "ok");
    const window = { from: new Date((from + 100) * 1000).toISOString(), to: new Date((from + 299) * 1000 + 999).toISOString() };
    const asked = await rig.admin("POST", `/streams/${STREAM}/replay`, window, 202);
    const id = String(asked["id"]);
    assert.match(id, /^r\d+$/);
    for (let tick = 0; tick < 10 && (await rig.status()).replays.some((replay) => replay.id === id && replay.ended_at === null); tick += 1) {
      await rig.cron();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const replay = (await rig.status()).replays.find((replay) => replay.id === id);
    assert.ok(replay !== undefined && replay.ended_at !== null, JSON.stringify(replay));
    assert.equal(replay.counters["delivered"], 200);
    assert.equal(rig.receiver.tally.counters.duplicates, 200);
    assert.equal((await rig.status()).position?.counters["fetched"], 1000, "the live stream knows nothing of it");
  });

  it("refuses a window that the source no longer has, and one that is no window", async () => {
    const rig = await start({ siem: { available: 10 } });
    const now = Date.now() / 1000;
    for (const window of [{ from: now - 86_400, to: now }, { from: now - 100, to: now - 200 }, { from: "yesterday" }, {}] as Json[]) {
      const answer = await rig.admin("POST", `/streams/${STREAM}/replay`, window, 400);
      assert.ok(JSON.stringify(answer).includes("user_action"), JSON.stringify(answer));
    }
  });

  it("needs the durable-object store and says so", async () => {
    const rig = await start({ store: "kv", siem: { available: 10 } });
    const now = Date.now() / 1000;
    const answer = await rig.admin("POST", `/streams/${STREAM}/replay`, { from: now - 100, to: now }, 409);
    assert.match(JSON.stringify(answer), /durable-object/);
  });
});
