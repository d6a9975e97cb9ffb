/** What an operator sees and changes from a terminal: `status`, `stream` and `dead-letters`. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { startTrendMicro } from "../emulator/trend-micro.ts";
import { STREAM, startPullRig, until, type Json, type PullRig, type RigOptions } from "./pull-rig.ts";

let rig: PullRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(options: RigOptions = {}): Promise<PullRig> {
  rig = await startPullRig({ siem: { available: 300 }, ...options });
  return rig;
}

const statusOf = async (rig: PullRig, stream = STREAM): Promise<Json> => {
  const { stdout } = await rig.run(["status", "--json"]);
  const { streams } = JSON.parse(stdout) as { streams: Json[] };
  return streams.find((status) => status["stream"] === stream) ?? assert.fail(`no status of ${stream}`);
};

/** The cells of a table's row. */
const row = (table: string, stream: string): string[] => (table.split("\n").find((line) => line.startsWith(stream)) ?? "").split(/ {2,}/);

describe("status", () => {
  it("shows where each stream stands, before and after its first run", async () => {
    const rig = await start();
    const before = await rig.run(["status"]);
    assert.deepEqual([before.code, row(before.stdout, STREAM)], [0, [STREAM, "-", "-", "-", "0", "0", "0", "never run"]]);
    await rig.run(["pull"]);
    const after = await rig.run(["status"]);
    assert.equal(after.code, 0);
    const [, offsetAge, lag, lastRun, ...rest] = row(after.stdout, STREAM);
    assert.match([offsetAge, lag, lastRun].join("; "), /^\d+(\.\d)? s; 1 min \d+ s; \d+(\.\d)? s$/);
    assert.deepEqual(rest, ["300", "0", "0", "well"]);
  });

  it("may be asked for while a pull goes on, without the secrets", async () => {
    const rig = await start();
    rig.receiver.hold();
    const { child, ended } = rig.start(["pull", "--follow"]);
    await until("a batch waits for its answer", () => rig.receiver.counters.posts > 0);
    const none = Object.fromEntries(Object.keys(rig.secrets).map((name) => [name, undefined]));
    const shown = await rig.run(["status"], none);
    assert.deepEqual([shown.code, row(shown.stdout, STREAM).at(-1)], [0, "running"]);
    rig.receiver.release();
    await until("it has caught up", () => rig.offset() !== undefined);
    child.kill("SIGINT");
    assert.equal((await ended).code, 0);
  });

  it("says of a run whose process was killed that it was cut off, until the next one", async () => {
    const rig = await start();
    rig.receiver.hold();
    const { child, ended } = rig.start(["pull"]);
    await until("a batch waits for its answer", () => rig.receiver.counters.posts > 0);
    child.kill("SIGKILL");
    await ended;
    const cut = await rig.run(["status"]);
    assert.deepEqual([cut.code, row(cut.stdout, STREAM).at(-1)], [0, "cut off"]);
    assert.match(cut.stdout, new RegExp(`^warning: ${STREAM}: the run that began at \\S+Z was cut off: the process ${child.pid}, which ran it, is gone\\. .*What to do: `, "m"));
    const { running_since: since, problems } = await statusOf(rig);
    assert.equal(typeof since, "number");
    assert.deepEqual((problems as { kind: string }[]).map(({ kind }) => kind), ["run_cut_off"]);
    rig.receiver.release();
    await rig.run(["pull"]);
    assert.equal(row((await rig.run(["status"])).stdout, STREAM).at(-1), "well");
    rig.assertLedger(300);
  });

  it("takes a run for running as long as the lock does not tell otherwise", async () => {
    const rig = await start();
    rig.receiver.hold();
    const { child, ended } = rig.start(["pull"]);
    await until("a batch waits for its answer", () => rig.receiver.counters.posts > 0);
    child.kill("SIGKILL");
    await ended;
    const locks = join(rig.folder, ".edgesiem", "locks");
    const [lock = ""] = readdirSync(locks);
    const holder = JSON.parse(readFileSync(join(locks, lock), "utf8")) as Json;
    const shown = async (text: string): Promise<string | undefined> => {
      writeFileSync(join(locks, lock), text);
      return row((await rig.run(["status"])).stdout, STREAM).at(-1);
    };
    for (const [text, state] of [
      [JSON.stringify({ ...holder, host: "another.example" }), "running"],
      ["not what a lock says", "running"],
      ['{"released":true}', "cut off"],
    ] as const) {
      assert.equal(await shown(text), state, text);
    }
    rmSync(locks, { recursive: true });
    assert.equal(row((await rig.run(["status"])).stdout, STREAM).at(-1), "running");
  });

  it("exits with 3 and says RED when a stream is stopped or has a gap", async () => {
    const rig = await start();
    rig.configure([rig.stream(STREAM), rig.stream("refused", {}, { config_ids: [404] })]);
    assert.equal((await rig.run(["pull"])).code, 3);
    const { code, stdout } = await rig.run(["status"]);
    assert.equal(code, 3);
    assert.equal(row(stdout, "refused").at(-1), "source_refused");
    assert.match(stdout, /^RED: refused: .*What to do: /m);
    assert.doesNotMatch(stdout, /^RED: prod-waf/m);
  });

  it("needs no configuration for a state that the quick form keeps", async () => {
    const rig = await start();
    const ids = rig.siem.configIds.flatMap((id) => ["--config-id", id]);
    const to = ["--to", "file:out.ndjson", "--state", "state"];
    const pulled = await rig.run(["pull", "--source", "akamai-siem", "--host", rig.siem.url, "--allow-insecure-loopback", ...ids, ...to]);
    assert.equal(pulled.code, 0, pulled.stderr);
    rmSync(join(rig.folder, "edgesiem.toml"));
    const { code, stdout, stderr } = await rig.run(["status", "--state", "state"]);
    assert.deepEqual([code, row(stdout, "quick").slice(4)], [0, ["300", "0", "0", "well"]], stderr);
    assert.equal((await rig.run(["dead-letters", "list", "--state", "state"])).stderr, "edgesiem: no dead letters\n");
    assert.equal((await rig.run(["stream", "gaps", "quick", "--state", "state"])).stdout, "no gaps\n");
    const none = await rig.run(["status", "--state", "elsewhere"]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /there is no state in elsewhere/);
    const replay = await rig.run(["dead-letters", "replay", "--all", "--state", "state"]);
    assert.equal(replay.code, 2, "nobody knows where its letters belong");
  });

  it("is everything that is known as JSON", async () => {
    const rig = await start();
    await rig.run(["pull"]);
    const status = await statusOf(rig);
    assert.equal((status["position"] as { cursor: { offset: string } }).cursor.offset, rig.siem.lastOffset);
    assert.deepEqual(status["problems"], []);
  });

  it("is short also where the source remembers many events", async (t) => {
    const cas = await startTrendMicro({ available: 60, spreadMs: 3_600_000, services: ["exchange"], kinds: ["dlp"] });
    t.after(() => cas.close());
    const rig = await start({ siem: { available: 0 }, receiver: { events: cas.events, schema: "raw", available: () => cas.events.count }, secrets: { TREND_MICRO_TOKEN: cas.token } });
    const source = { kind: "trend-micro-cas", host: cas.url, token: { secret: "TREND_MICRO_TOKEN" }, services: ["exchange"], events: ["dlp"], requests_per_minute: 20 };
    rig.configure([{ id: STREAM, schema: "raw", sinks: ["soc"], source }]);
    assert.equal((await rig.run(["pull"])).code, 0);
    const { combination, since, ...rest } = ((await statusOf(rig))["position"] as { cursor: Json }).cursor;
    assert.deepEqual([combination, typeof since, rest], ["exchange/dlp", "number", {}]);
  });

  it("never shows what others wrote raw", async () => {
    const rig = await start();
    rig.siem.faults.add({ respond: { status: 403, body: '{"title":"\u001b]0;owned\u0007","detail":"\u202eevil"}', headers: { "content-type": "application/problem+json" } } });
    const pulled = await rig.run(["pull"]);
    const shown = await rig.run(["status"]);
    assert.equal(shown.code, 3);
    for (const text of [pulled.stderr, shown.stdout]) assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});

describe("stream", () => {
  it("pauses a stream until it is resumed, also one that a pull follows", async () => {
    const rig = await start();
    assert.equal((await rig.run(["stream", "pause", STREAM])).stdout, "prod-waf is paused\n");
    assert.match((await rig.run(["pull"])).stderr, /nothing was run: the stream is paused/);
    const { child, ended } = rig.start(["pull", "--follow", "--interval", "1"]);
    assert.equal((await rig.run(["stream", "resume", STREAM])).stdout, "prod-waf is resumed\n");
    await until("it has run", () => rig.offset() !== undefined && rig.offset() === rig.siem.lastOffset);
    child.kill("SIGINT");
    assert.equal((await ended).code, 0);
    rig.assertLedger(0);
  });

  it("resets a stream only by its name", async () => {
    const rig = await start();
    await rig.run(["pull"]);
    const refused = await rig.run(["stream", "reset", STREAM]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /add --confirm prod-waf/);
    assert.equal((await rig.run(["stream", "reset", STREAM, "--confirm", STREAM])).code, 0);
    assert.equal((await rig.run(["pull"])).code, 0);
    assert.equal(rig.receiver.tally.counters.duplicates, 300);
  });

  it("shows gaps until somebody says that they know", async () => {
    const rig = await start();
    assert.equal((await rig.run(["stream", "gaps", STREAM])).stdout, "no gaps\n");
    await rig.run(["pull"]);
    rig.siem.expireOffsets();
    await rig.run(["pull"]);
    const red = await rig.run(["status"]);
    assert.equal(red.code, 3);
    assert.match(red.stdout, /^RED: prod-waf: gaps that nobody has acknowledged: 1/m);
    const listed = await rig.run(["stream", "gaps", STREAM]);
    const [, id] = /^(\d+) {2}\S+Z {2}open {2}.+\n$/.exec(listed.stdout) ?? assert.fail(listed.stdout);
    assert.equal((await rig.run(["stream", "gaps", STREAM, "--acknowledge", String(id)])).stdout, "acknowledged: 1\n");
    assert.equal((await rig.run(["status"])).code, 0);
    assert.match((await rig.run(["stream", "gaps", STREAM])).stdout, / {2}acknowledged {2}/);
  });
});

describe("dead-letters", () => {
  /** A stream with two events that the sink refuses. */
  async function refused(): Promise<{ rig: PullRig; letters: string[] }> {
    const rig = await start();
    rig.receiver.poison.add(7).add(100);
    const pulled = await rig.run(["pull"]);
    assert.equal(pulled.code, 1);
    assert.match(pulled.stderr, /298 events delivered \(2 dead letters\)/);
    const { stdout } = await rig.run(["dead-letters", "list", "--stream", STREAM]);
    const letters = stdout.trimEnd().split("\n").map((line) => line.split("  ")[0] ?? "");
    assert.equal(letters.length, 2);
    return { rig, letters };
  }

  it("are listed, page by page, and shown whole", async () => {
    const { rig, letters } = await refused();
    const first = await rig.run(["dead-letters", "list", "--stream", STREAM, "--limit", "1"]);
    const [, after] = /there are more: --after (\S+)/.exec(first.stderr) ?? assert.fail(first.stderr);
    const second = await rig.run(["dead-letters", "list", "--stream", STREAM, "--json", "--after", String(after)]);
    const { dead_letters: rest } = JSON.parse(second.stdout) as { dead_letters: { id: string; sink: string }[] };
    assert.deepEqual(rest.map(({ id, sink }) => `${id}/${sink}`), letters.slice(1));
    const shown = await rig.run(["dead-letters", "show", letters[0] ?? "", "--stream", STREAM]);
    const { raw } = JSON.parse(shown.stdout) as { raw: string };
    assert.ok([7, 100].some((number) => rig.siem.events.line(number).equals(Buffer.from(raw))));
  });

  it("are sent again when the sink takes them, and are gone then", async () => {
    const { rig } = await refused();
    const still = await rig.run(["dead-letters", "replay", "--stream", STREAM, "--all"]);
    assert.deepEqual([still.code, still.stdout], [1, "sent again: 2, accepted: 0, refused: 2\n"]);
    rig.receiver.poison.clear();
    const sent = await rig.run(["dead-letters", "replay", "--stream", STREAM, "--sink", "soc"]);
    assert.deepEqual([sent.code, sent.stdout], [0, "sent again: 2, accepted: 2, refused: 0\n"]);
    rig.assertLedger(0);
    assert.equal((await rig.run(["dead-letters", "list", "--stream", STREAM])).stdout, "");
  });

  it("are not sent while a pull works on the stream", async () => {
    const { rig } = await refused();
    const { child, ended } = rig.start(["pull", "--follow", "--interval", "3600"]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    const { code, stderr } = await rig.run(["dead-letters", "replay", "--stream", STREAM, "--all"]);
    assert.equal(code, 2);
    assert.match(stderr, /holds the stream prod-waf/);
    child.kill("SIGINT");
    await ended;
  });

  it("are deleted one by one, or all", async () => {
    const { rig, letters } = await refused();
    for (const args of [[letters[0] ?? ""], ["--all"], ["--all", "--confirm", "stage-waf"]]) {
      const { code, stderr } = await rig.run(["dead-letters", "delete", ...args, "--stream", STREAM]);
      assert.equal(code, 2);
      assert.match(stderr, /add --confirm prod-waf/);
    }
    const confirmed = ["--confirm", STREAM];
    assert.equal((await rig.run(["dead-letters", "delete", letters[0] ?? "", "--stream", STREAM, ...confirmed])).stdout, "deleted: 1\n");
    assert.equal((await rig.run(["dead-letters", "delete", "--all", ...confirmed])).stdout, "deleted: 1\n");
    const left = await rig.run(["dead-letters", "list"]);
    assert.deepEqual([left.code, left.stdout, left.stderr], [0, "", "edgesiem: no dead letters\n"]);
  });

  it("are those of the only stream, and of a named one if there are several", async () => {
    const { rig, letters } = await refused();
    assert.equal((await rig.run(["dead-letters", "list"])).stdout.split("\n").length - 1, letters.length);
    rig.configure([rig.stream(STREAM), rig.stream("stage-waf")]);
    const { code, stderr } = await rig.run(["dead-letters", "list"]);
    assert.deepEqual([code, stderr], [2, "edgesiem: --stream is missing\n  the configuration has: prod-waf, stage-waf\n"]);
  });

  it("say in their help what is required", async () => {
    const rig = await start();
    for (const args of [["dead-letters", "delete"], ["stream", "reset"], ["replay"]]) assert.match((await rig.run([...args, "--help"])).stdout, /\(required\)/);
  });

  it("are meant only if it is said which", async () => {
    const rig = await start();
    for (const args of [[], ["--all", "--sink", "soc"], ["not-a-letter"]]) {
      const { code, stderr } = await rig.run(["dead-letters", "delete", "--stream", STREAM, ...args]);
      assert.equal(code, 2, stderr);
    }
  });
});
