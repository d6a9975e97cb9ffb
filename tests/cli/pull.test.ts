/** `edgesiem pull`, the built command as a process: what it delivers, what it keeps, and how it ends. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { mix } from "../emulator/random.ts";
import { DIST, STREAM, startPullRig, until, type Ended, type Json, type PullRig, type RigOptions } from "./pull-rig.ts";

/** Events of one batch: what may come twice to a sink for each kill. */
const BATCH = 100;

let rig: PullRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(options: RigOptions = {}): Promise<PullRig> {
  rig = await startPullRig({ ...options, stream: { limits: { max_batch_events: BATCH }, ...options.stream } });
  return rig;
}

const runs = ({ stderr }: Ended): Json[] =>
  stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Json);

/** The quick form's options that lead to the emulator. */
const quick = ({ siem }: PullRig, to: string): string[] => [
  "pull",
  ...["--source", "akamai-siem", "--host", siem.url, "--allow-insecure-loopback", "--to", to],
  ...siem.configIds.flatMap((id) => ["--config-id", id]),
];
const quickSecrets = ({ siem }: PullRig): Record<string, string> => ({
  AKAMAI_CLIENT_TOKEN: siem.credentials.clientToken,
  AKAMAI_CLIENT_SECRET: siem.credentials.clientSecret,
  AKAMAI_ACCESS_TOKEN: siem.credentials.accessToken,
});

describe("pull", () => {
  it("delivers everything once, ends when it has caught up, and goes on from there", async () => {
    const rig = await start({ siem: { available: 2500 }, source: { limit: 1000 } });
    const first = await rig.run(["pull", "--json"]);
    assert.deepEqual([first.code, first.stdout], [0, ""]);
    rig.assertLedger(0);
    assert.equal(rig.offset(), rig.siem.lastOffset);
    rig.siem.append(300);
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.assertLedger(0);
  });

  it("says each run in a line, or as JSON", async () => {
    const rig = await start();
    assert.match((await rig.run(["pull"])).stderr, /^\d{4}-..-..T..:..:..Z prod-waf: 1,000 events delivered, 1 page with [\d.]+ MB in [\d.]+ s, caught up\n$/);
    const [run] = runs(await rig.run(["pull", "--json"]));
    assert.deepEqual([run?.["event"], run?.["stream"], run?.["ok"]], ["run", STREAM, true]);
  });

  it("killed by SIGKILL at any point and started again, loses nothing and repeats at most a batch a kill", { timeout: 120_000 }, async (t) => {
    const rig = await start({ siem: { available: 12_000 }, source: { limit: 4000 }, receiver: { verifyEvery: 20 } });
    const kills = 6;
    for (let kill = 0; kill < kills; kill += 1) {
      const { child, ended } = rig.start(["pull", "--follow"]);
      const target = rig.receiver.counters.posts + 2 + (mix(7, kill) % 12);
      await until("some batches were sent", () => rig.receiver.counters.posts >= target);
      child.kill("SIGKILL");
      assert.equal((await ended).signal, "SIGKILL");
    }
    const { child, ended } = rig.start(["pull", "--follow"]);
    await until("the rest has arrived", () => rig.receiver.tally.counters.unique === 12_000);
    await until("the offset is the last", () => rig.offset() === rig.siem.lastOffset);
    child.kill("SIGINT");
    assert.equal((await ended).code, 0);
    rig.assertLedger(kills * BATCH);
    t.diagnostic(`${kills} kills, 12000 events: 0 lost, ${rig.receiver.tally.counters.duplicates} sent twice (bound ${kills * BATCH})`);
  });

  it("killed by SIGKILL while it writes to a file, has every event there", async () => {
    const rig = await start({ siem: { available: 6000 } });
    const path = join(rig.folder, "events.ndjson");
    const written = (): string[] => {
      try {
        return readFileSync(path, "utf8").split("\n");
      } catch {
        return [];
      }
    };
    rig.configure([rig.stream(STREAM, { sinks: ["archive"], limits: { max_batch_events: BATCH } }, { limit: 3000 })], { archive: { kind: "file", path } });
    for (const lines of [500, 2500, 4000]) {
      const { child, ended } = rig.start(["pull"]);
      await until("it has written some", () => written().length > lines);
      child.kill("SIGKILL");
      await ended;
    }
    assert.equal((await rig.run(["pull"])).code, 0);
    const numbers = written().flatMap((line) => {
      try {
        return [rig.siem.events.numberOf((JSON.parse(line) as { httpMessage: { requestId: string } }).httpMessage.requestId)];
      } catch {
        return [];
      }
    });
    assert.equal(new Set(numbers).size, 6000);
    assert.ok(numbers.length <= 6000 + 3 * BATCH, `${numbers.length}`);
  });

  it("refuses a stream that another process works on, with exit code 2, and takes it over at once when that is killed", async () => {
    const rig = await start({ siem: { available: 2000 } });
    rig.receiver.hold();
    const first = rig.start(["pull", "--follow"]);
    await until("the first has sent something", () => rig.receiver.counters.posts > 0);
    const second = await rig.run(["pull"]);
    assert.equal(second.code, 2);
    assert.match(second.stderr, new RegExp(`^edgesiem: the process ${first.child.pid} on .* holds the stream prod-waf since 20..-.*\n  let it work, or end it and try again\n$`));
    first.child.kill("SIGKILL");
    await first.ended;
    rig.receiver.release();
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.assertLedger(BATCH);
  });

  it("ended by SIGINT in the middle of a page, waits for what it has sent, repeats nothing, and exits with 0", async () => {
    const rig = await start({ siem: { available: 3000 }, source: { limit: 3000 } });
    const { child, ended } = rig.start(["pull", "--follow"]);
    await until("some batches have arrived", () => rig.receiver.counters.batches >= 5);
    rig.receiver.hold();
    const { posts } = rig.receiver.counters;
    await until("one waits for its answer", () => rig.receiver.counters.posts > posts);
    child.kill("SIGINT");
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    rig.receiver.release();
    const { code, stderr } = await ended;
    assert.equal(code, 0);
    assert.match(stderr, /ending when what was sent is answered/);
    assert.ok(rig.receiver.tally.counters.unique < 3000, "it ended in the middle");
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.assertLedger(0);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`that waits for new events ends by ${signal} at once, with the offset stored and the lock released`, async () => {
      const rig = await start();
      const { child, ended } = rig.start(["pull", "--follow", "--interval", "3600"]);
      await until("it has caught up", () => rig.offset() !== undefined && rig.offset() === rig.siem.lastOffset);
      child.kill(signal);
      assert.equal((await ended).code, 0);
      const [lock = ""] = readdirSync(join(rig.folder, ".edgesiem", "locks"));
      assert.equal(readFileSync(join(rig.folder, ".edgesiem", "locks", lock), "utf8"), '{"released":true}\n');
    });
  }

  it("ends at once by a second SIGINT", async () => {
    const rig = await start();
    rig.receiver.hold();
    const { child, ended } = rig.start(["pull"]);
    await until("a batch waits for its answer", () => rig.receiver.counters.posts > 0);
    child.kill("SIGINT");
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    assert.equal((await ended).code, 130);
    rig.receiver.release();
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.assertLedger(BATCH);
  });

  it("ends at once by a second SIGINT also while nobody reads stdout", async () => {
    const rig = await start({ siem: { available: 5000 } });
    const env = { PATH: process.env["PATH"], ...quickSecrets(rig) };
    const child = spawn(process.execPath, [join(DIST, "cli.js"), ...quick(rig, "stdout")], { cwd: rig.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit");
    await once(child.stdout, "readable");
    const said = once(child.stderr, "data");
    child.kill("SIGINT");
    await said;
    child.kill("SIGINT");
    assert.deepEqual(await ended, [130, null]);
    child.stdout.destroy();
  });

  it("ended by SIGINT while the source says nothing, gives that up after some seconds", async () => {
    const rig = await start({ siem: { available: 2000 } });
    rig.siem.faults.add({ stallAfterBytes: 100 });
    const { child, ended } = rig.start(["pull"]);
    await until("it waits for the source", () => rig.siem.counters.inFlight === 1);
    const began = performance.now();
    child.kill("SIGINT");
    assert.equal((await ended).code, 0);
    assert.ok(performance.now() - began < 15_000, "the request's own time limit is 150 s");
    rig.siem.faults.release();
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.assertLedger(0);
  });

  it("runs streams side by side: one that is refused and one that is unreachable delay no other", async () => {
    const rig = await start();
    const stream = { limits: { max_batch_events: BATCH } };
    rig.configure([rig.stream("refused", stream, { config_ids: [404] }), rig.stream("unreachable", stream, { host: "http://127.0.0.1:9" }), rig.stream(STREAM, stream)]);
    const { child, ended } = rig.start(["pull", "--follow", "--json"]);
    await until("the one that is well has delivered", () => rig.receiver.tally.counters.unique === 1000 && rig.offset() === rig.siem.lastOffset);
    child.kill("SIGINT");
    const done = await ended;
    assert.equal(done.code, 0);
    const codes = new Map(runs(done).map(({ stream, error }) => [stream, (error as { code: string } | null)?.code]));
    assert.equal(codes.get("refused"), "source_refused");
    assert.equal(codes.get(STREAM), undefined);
    rig.assertLedger(0);

    const once = await rig.run(["pull", "--stream", "refused", "--stream", STREAM]);
    assert.equal(once.code, 3);
    assert.match(once.stderr, /refused: failed: source_refused: .*What to do: /);
  });

  it("says of a stream that has to be mended when it is tried again", async () => {
    const rig = await start();
    rig.configure([rig.stream(STREAM, {}, { config_ids: [404] })]);
    const { child, ended } = rig.start(["pull", "--follow", "--interval", "60"]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    const { stderr } = await ended;
    assert.match(stderr, /prod-waf: STOPPED: source_refused: .*; tried again in 1 min 0 s\n/);
  });

  it("says from when to when events are missing, and how to see more", async () => {
    const rig = await start();
    await rig.run(["pull"]);
    rig.siem.expireOffsets();
    const { stderr } = await rig.run(["pull"]);
    const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
    assert.match(stderr, new RegExp(`\\(1 gap: ${time} to ${time}; edgesiem stream gaps prod-waf\\)`));
  });

  it("says what sinks accepted of a page that is not complete", async () => {
    const rig = await start({ stream: { limits: { max_batch_events: BATCH, max_attempts: 1 } } });
    const { child, ended } = rig.start(["pull"]);
    await until("some batches have arrived", () => rig.receiver.counters.batches >= 2);
    await rig.receiver.down();
    const { code, stderr } = await ended;
    assert.equal(child.exitCode, 3);
    assert.equal(code, 3);
    assert.match(stderr, /failed: sink_unavailable: .*; \d+ events accepted by sinks, counted when their page is complete/);
    await rig.receiver.up();
  });

  it("asks for a page that was cut again, smaller, without waiting to be called again", async () => {
    const rig = await start({ siem: { available: 3000 } });
    rig.siem.faults.add({ cut: { lines: 1500, ending: "close" } });
    const { code, stderr } = await rig.run(["pull"]);
    assert.equal(code, 0);
    assert.match(stderr, /page_incomplete/);
    rig.assertLedger(0);
  });

  it("goes on by itself when a sink comes back", async () => {
    const rig = await start({ stream: { limits: { max_batch_events: BATCH, max_attempts: 1 } } });
    await rig.receiver.down();
    const { child, ended } = rig.start(["pull", "--follow", "--json"]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    await rig.receiver.up();
    await until("everything has arrived", () => rig.receiver.tally.counters.unique === 1000 && rig.offset() === rig.siem.lastOffset);
    child.kill("SIGINT");
    const done = await ended;
    assert.equal((runs(done)[0]?.["error"] as { code: string }).code, "sink_unavailable");
    assert.equal(done.code, 0);
    rig.assertLedger(0);
  });
});

describe("pull on a terminal", () => {
  it("shows events, their rate and how far behind it is on stderr, and takes that away at the end", async () => {
    const rig = await start({ siem: { available: 1500 }, source: { limit: 500 } });
    const { code, shown } = await rig.onTerminal("stderr", ["pull"]);
    assert.equal(code, 0);
    assert.match(shown, /\r\u001b\[K[\d,]+ events, [\d,]+\/s, 1 min \d+ s behind/);
    assert.match(shown, /\u001b\[K\d{4}-[^\u001b]* prod-waf: 1,500 events delivered[^\n]*\n$/);
  });

  it("says that the source is not reached while it tries again, and shows of a long answer only its detail", async () => {
    const rig = await start({ siem: { available: 50 } });
    const detail = "please come back later";
    const problem = JSON.stringify({ type: "x", title: "y", detail, more: "z".repeat(1500) });
    rig.siem.faults.add({ respond: { status: 503, body: problem, headers: { "content-type": "application/problem+json" } }, times: 3 });
    const waited = await rig.onTerminal("stderr", ["pull"]);
    assert.equal(waited.code, 0, waited.shown);
    assert.match(waited.shown, /prod-waf: source not reached \(HTTP 503\), trying again\r?\n/);
    assert.equal(waited.shown.split("trying again").length, 2, "once");

    const refusal = { respond: { status: 403, body: problem, headers: { "content-type": "application/problem+json" } } };
    rig.siem.append(1);
    rig.siem.faults.add(refusal);
    const refused = await rig.onTerminal("stderr", ["pull"]);
    assert.match(refused.shown, /; problem: please come back later\. What to do/);
    assert.doesNotMatch(refused.shown, /zzz/);
    rig.siem.faults.add(refusal);
    const [run] = runs(await rig.run(["pull", "--json"]));
    assert.match((run?.["error"] as { context: { problem: string } }).context.problem, /zzz/);
  });

  it("lets no control character of an event reach it", async () => {
    const rig = await start({ siem: { available: 50 } });
    const hostile = JSON.stringify({ type: "akamai_siem", httpMessage: { path: "/\u009b2J\u202eevil\u007f" } });
    rig.siem.faults.add({ edits: [{ line: 3, replace: hostile }] });
    const { code, shown } = await rig.onTerminal("stdout", quick(rig, "stdout"), quickSecrets(rig));
    assert.equal(code, 0);
    assert.equal(shown.trimEnd().split("\n").length, 50);
    assert.ok(shown.includes("/\\u009b2J\\u202eevil\\u007f"));
    assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});

describe("the configuration of pull", () => {
  const bad = (rig: PullRig, text: string): void => writeFileSync(join(rig.folder, "edgesiem.toml"), text);

  it("is refused with every problem at once, each with its key, before anything is asked", async () => {
    const rig = await start();
    rig.configure([rig.stream(STREAM, { schema: "none" }, { limit: 0, colour: "red" })], { soc: { ...rig.soc, url: "http://example.com" } });
    const { code, stderr } = await rig.run(["pull"]);
    assert.equal(code, 2);
    for (const key of ["streams[0].source.colour", "streams[0].schema", "sinks.soc.url"]) assert.ok(stderr.includes(` edgesiem.toml: ${key}: `), `${key} in ${stderr}`);
    assert.equal(rig.siem.counters.requests, 0);
  });

  it("that is no TOML is refused with the place, and without showing what is there", async () => {
    const rig = await start();
    bad(rig, 'store = "kv"\nadmin = hunter2-is-no-value\n');
    const { code, stderr } = await rig.run(["pull"]);
    assert.equal(code, 2);
    assert.match(stderr, /edgesiem\.toml:2:\d+: /);
    assert.doesNotMatch(stderr, /hunter2/);
    bad(rig, `${Array(50_000).fill("a").join(".")} = 1\n`);
    const endless = await rig.run(["pull"]);
    assert.deepEqual([endless.code, endless.stderr.split("\n")[0]], [2, "edgesiem: the configuration has too many tables inside of each other"]);
  });

  it("that is not there is said to be missing", async () => {
    const rig = await start();
    const { code, stderr } = await rig.run(["pull", "--config", "other.toml"]);
    assert.equal(code, 2);
    assert.match(stderr, /cannot read .*other\.toml: no such file or directory\n  check the path/);
  });

  it("has its secrets from a file too, and a missing one is named with the ways to set it", async () => {
    const rig = await start();
    writeFileSync(join(rig.folder, "secrets.env"), `# secrets\nAKAMAI_CLIENT_SECRET="${rig.siem.credentials.clientSecret}"\n`);
    const without = { AKAMAI_CLIENT_SECRET: undefined };
    const missing = await rig.run(["pull"], without);
    assert.equal(missing.code, 2);
    assert.equal(
      missing.stderr,
      "edgesiem: edgesiem.toml: streams[0].source.client_secret: the secret AKAMAI_CLIENT_SECRET is not set\n" +
        "  set the environment variable AKAMAI_CLIENT_SECRET, or put AKAMAI_CLIENT_SECRET=… into a file and give it with --secrets-file\n",
    );
    const none = await rig.run(["pull"], { ...without, AKAMAI_ACCESS_TOKEN: undefined });
    assert.equal(none.stderr.split("--secrets-file").length, 2, "what to do is said once");
    assert.doesNotMatch(none.stderr, /wrangler/);
    assert.equal((await rig.run(["pull", "--secrets-file", "secrets.env"], without)).code, 0);
    rig.assertLedger(0);
    writeFileSync(join(rig.folder, "wrong.env"), 'A="two\nlines" # and a remark\n\nexport B = 1\r\nAKAMAI_CLIENT_SECRET hunter2\nC=3\n');
    const wrong = await rig.run(["pull", "--secrets-file", "wrong.env"], without);
    assert.deepEqual([wrong.code, wrong.stderr], [2, "edgesiem: wrong.env, line 5: it is not NAME=value\n  correct the line, or put # before it\n"]);
    const noFile = await rig.run(["pull", "--secrets-file", "other.env"]);
    assert.equal(noFile.code, 2);
    assert.match(noFile.stderr, /^edgesiem: cannot read other\.env: no such file/);
  });

  it("may be that of a Worker, and its state is beside it unless another folder is named", async () => {
    const rig = await start();
    const own = readFileSync(join(rig.folder, "edgesiem.toml"), "utf8");
    writeFileSync(join(rig.folder, "wrangler.toml"), `name = "a-worker"\n[vars.EDGESIEM]\n${own}`);
    assert.equal((await rig.run(["pull", "--config", "wrangler.toml", "--state", "elsewhere"])).code, 0);
    rig.assertLedger(0);
    assert.ok(readdirSync(join(rig.folder, "elsewhere")).includes("checkpoint%2fprod-waf"));
    assert.equal(rig.offset(), undefined);
  });

  it("has only the streams that it has", async () => {
    const rig = await start();
    const { code, stderr } = await rig.run(["pull", "--stream", "stage-waf"]);
    assert.deepEqual([code, stderr], [2, "edgesiem: there is no stream stage-waf\n  the configuration has: prod-waf\n"]);
  });

  for (const [name, args, said] of [
    ["--once and --follow", ["--once", "--follow"], /cannot be used with option/],
    ["an interval without --follow", ["--interval", "5"], /--interval needs --follow/],
    ["an interval that is none", ["--follow", "--interval", "soon"], /--interval soon is out of range/],
    ["options of the quick form without --source", ["--to", "stdout"], /--to needs --source/],
    ["both forms", ["--source", "akamai-siem", "--config", "edgesiem.toml"], /exclude each other/],
    ["an empty place for the state", ["--state", ""], /--state is empty/],
  ] as const) {
    it(`with ${name} is wrong usage`, async () => {
      const rig = await start();
      const { code, stderr } = await rig.run(["pull", ...args]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    });
  }
});

describe("what must not be typed", () => {
  it("a secret in the place of its variable's name is refused and not repeated", async () => {
    const rig = await start();
    const { code, stdout, stderr } = await rig.run([...quick(rig, "https://h.example/"), "--signing-secret", "whsec_c2VjcmV0IG9mIGEgdGVzdA=="], quickSecrets(rig));
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /--signing-secret is no name of a variable/);
    assert.doesNotMatch(stderr, /whsec_|c2VjcmV0/);
  });

  it("a number without an end is refused with its key", async () => {
    const rig = await start();
    const path = join(rig.folder, "edgesiem.toml");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"config_ids"', 'limit = nan, "config_ids"'));
    const { code, stderr } = await rig.run(["pull"]);
    assert.equal(code, 2);
    assert.match(stderr, /streams\[0\]\.source\.limit: NaN is no number/);
  });
});

describe("pull without a configuration", () => {
  it("writes documents to stdout, one a line, keeps nothing, and says where to go on", async () => {
    const rig = await start({ siem: { available: 700 } });
    const { code, stdout, stderr } = await rig.run(quick(rig, "stdout"), quickSecrets(rig));
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    const different = lines.findIndex((line, number) => JSON.stringify(JSON.parse(line)) !== rig.siem.events.expectedText(number));
    assert.deepEqual([lines.length, different], [700, -1]);
    assert.deepEqual(readdirSync(rig.folder), ["edgesiem.toml"]);
    const [, offset] = /to go on from here: --offset '([^']+)'/.exec(stderr) ?? [];
    assert.equal(offset, rig.siem.lastOffset);

    rig.siem.append(20);
    const next = await rig.run([...quick(rig, "stdout"), "--offset", offset ?? ""], quickSecrets(rig));
    assert.equal(next.stdout.split("\n").length - 1, 20);
  });

  it("keeps its state where --state says", async () => {
    const rig = await start({ siem: { available: 700 } });
    const args = [...quick(rig, "file:events.ndjson"), "--state", "state"];
    assert.equal((await rig.run(args, quickSecrets(rig))).code, 0);
    rig.siem.append(20);
    assert.equal((await rig.run(args, quickSecrets(rig))).code, 0);
    assert.equal(readFileSync(join(rig.folder, "events.ndjson"), "utf8").split("\n").length - 1, 720);
  });

  it("sends to a URL, signed if a secret is named", async () => {
    const rig = await start();
    const args = [...quick(rig, `${rig.receiver.url}/webhook`), "--signing-secret", "WEBHOOK_SECRET"];
    assert.equal((await rig.run(args, quickSecrets(rig))).code, 0);
    rig.assertLedger(0);
  });

  it("needs AKAMAI_HOST only if no --host is given", async () => {
    const rig = await start({ siem: { available: 10 } });
    const args = quick(rig, "stdout");
    assert.equal((await rig.run(args, quickSecrets(rig))).code, 0);
    const host = args.indexOf("--host");
    const { code, stderr } = await rig.run(args.toSpliced(host, 2), quickSecrets(rig));
    assert.deepEqual([code, stderr], [2, "edgesiem: AKAMAI_HOST is not set\n  set AKAMAI_HOST, or give --host HOST\n"]);
    assert.equal((await rig.run(args.toSpliced(host, 2), { ...quickSecrets(rig), AKAMAI_HOST: "a host" })).code, 2);
    const section = Object.fromEntries(Object.entries(quickSecrets(rig)).map(([name, value]) => [name.replace("AKAMAI_", "AKAMAI_SIEM_"), value]));
    const none = Object.fromEntries(Object.keys(rig.secrets).map((name) => [name, undefined]));
    assert.equal((await rig.run([...args, "--section", "siem"], { ...none, ...section })).code, 0);
  });

  it("works with the emulator by the line that it prints", async () => {
    const emulator = spawn(process.execPath, [fileURLToPath(new URL("../emulator/main.ts", import.meta.url)), "--events", "20"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      let said = "";
      for await (const chunk of emulator.stdout) {
        said += String(chunk);
        if (/^token = /m.test(said)) break;
      }
      const shell = [...said.matchAll(/^# {3}(export .*|edgesiem .*)$/gm)].map(([, line]) => line);
      const script = [`edgesiem() { "$0" ${join(DIST, "cli.js")} "$@"; }`, ...shell].join("\n");
      const child = spawn("sh", ["-c", script, process.execPath], { env: { PATH: process.env["PATH"] }, stdio: ["ignore", "pipe", "inherit"] });
      assert.equal((await text(child.stdout)).split("\n").length - 1, 20);
    } finally {
      emulator.kill("SIGKILL");
    }
  });

  it("speaks of options, not of the keys of a configuration", async () => {
    const rig = await start();
    const args = quick(rig, "http://127.0.0.1:9/").filter((arg) => arg !== "--allow-insecure-loopback");
    const { code, stderr } = await rig.run([...args, "--config-id", "none"], quickSecrets(rig));
    assert.equal(code, 2);
    for (const said of [/--host: .*add --allow-insecure-loopback/, /--config-id: this is not/, /--to: /]) assert.match(stderr, said);
    assert.doesNotMatch(stderr, /streams\[0\]|sinks\.|allow_insecure/);
  });

  it("takes its credentials from a section of an .edgerc", async () => {
    const rig = await start();
    const { clientToken, clientSecret, accessToken } = rig.siem.credentials;
    const section = `[siem]\nhost = akab-emulator.luna.akamaiapis.net\nclient_token = ${clientToken}\nclient_secret = ${clientSecret}\naccess_token = ${accessToken}\n`;
    writeFileSync(join(rig.folder, "edgerc"), section);
    const args = [...quick(rig, "stdout"), "--edgerc", "edgerc", "--section", "siem", "--schema", "ocsf"];
    const none = Object.fromEntries(Object.keys(rig.secrets).map((name) => [name, undefined]));
    const { code, stdout, stderr } = await rig.run(args, none);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout.slice(0, stdout.indexOf("\n"))) as Json)["class_uid"], 4002);
  });

  it("is quiet when the reader of stdout goes away", async () => {
    const rig = await start({ siem: { available: 5000 } });
    const command = [process.execPath, join(DIST, "cli.js"), ...quick(rig, "stdout")];
    const script = `{ "$@"; echo "exit $?" >&2; } | head -n 3`;
    const child = spawn("sh", ["-c", script, "sh", ...command], { cwd: rig.folder, env: { ...process.env, ...quickSecrets(rig) }, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(stdout.trimEnd().split("\n").length, 3);
    assert.equal(stderr, "exit 141\n");
  });

  for (const [name, change, said] of [
    ["a source that is none", (args: string[]) => args.map((arg) => (arg === "akamai-siem" ? "syslog" : arg)), /--source syslog is unknown/],
    ["no configuration id", (args: string[]) => args.slice(0, args.indexOf("--config-id")), /--config-id is missing/],
    ["a place that is none", (args: string[]) => args.map((arg) => (arg === "stdout" ? "ftp://x" : arg)), /--to ftp:\/\/x is no place/],
    ["a time that is none", (args: string[]) => [...args, "--from", "yesterday"], /--from yesterday is no time/],
  ] as const) {
    it(`with ${name} is wrong usage`, async () => {
      const rig = await start();
      const { code, stderr } = await rig.run(change(quick(rig, "stdout")), quickSecrets(rig));
      assert.equal(code, 2);
      assert.match(stderr, said);
    });
  }
});
