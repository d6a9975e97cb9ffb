/** `edgesiem check`: what works, what does not, and what to do. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { STREAM, startPullRig, type Ended, type Json, type PullRig } from "./pull-rig.ts";

let rig: PullRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** A stream to a sink that can be asked for its health, and one that cannot. */
async function start(splunk: Json = {}): Promise<PullRig> {
  rig = await startPullRig({ siem: { available: 100 } });
  const sinks = { soc: rig.soc, splunk: { kind: "splunk-hec", url: rig.receiver.url, token: { secret: "SPLUNK_TOKEN" }, ...splunk } };
  rig.secrets["SPLUNK_TOKEN"] = rig.receiver.splunkToken;
  rig.configure([rig.stream(STREAM, { sinks: ["soc", "splunk"] })], sinks);
  return rig;
}

/** How each line came out, by what it is about. */
function outcomes({ stdout }: Ended): Record<string, string> {
  return Object.fromEntries(
    [...stdout.matchAll(/^(\S.*?) {2,}(ok|failed|unknown) /gm)].map(([, what = "", outcome = ""]) => [what, outcome]),
  );
}

describe("check", () => {
  it("says ok for what works and unknown for what cannot be asked, and delivers nothing", async () => {
    const rig = await start();
    const done = await rig.run(["check"]);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(outcomes(done), { configuration: "ok", state: "ok", "prod-waf: source": "ok", "prod-waf: sink soc": "unknown", "prod-waf: sink splunk": "ok" });
    assert.equal(rig.receiver.tally.counters.events, 0);
    assert.equal(rig.offset(), undefined);
  });

  it("exits with 3 for wrong credentials, without printing any", async () => {
    const rig = await start();
    const done = await rig.run(["check"], { AKAMAI_CLIENT_SECRET: "d3JvbmcgYnV0IG5vdCBmb3IgYW55Ym9keSdzIGV5ZXM=" });
    assert.equal(done.code, 3);
    assert.equal(outcomes(done)["prod-waf: source"], "failed");
    assert.match(done.stdout, /\n +check that client_token, client_secret and access_token belong to one API client/);
    assert.doesNotMatch(done.stdout + done.stderr, /d3Jvbmc/);
  });

  it("exits with 2 for a secret that is not set", async () => {
    const rig = await start();
    const done = await rig.run(["check"], { SPLUNK_TOKEN: undefined });
    assert.equal(done.code, 2);
    assert.match(done.stderr, /sinks\.splunk\.token: .*SPLUNK_TOKEN/);
  });

  it("measures the difference of the clocks, and says which way", async () => {
    const rig = await start();
    rig.siem.clockOffsetMs = 3600_000;
    const done = await rig.run(["check"]);
    assert.equal(outcomes(done)["prod-waf: source"], "ok", done.stdout);
    assert.match(done.stdout, /prod-waf: source .*this machine's clock is (59 min 5\d s|1 h 0 min) slow/);
    const { streams } = JSON.parse((await rig.run(["check", "--json"])).stdout) as { streams: { source: { clock_skew_ms: number } }[] };
    assert.ok(Math.abs((streams[0]?.source.clock_skew_ms ?? 0) - 3600_000) < 5000);
  });

  it("exits with 3 for a sink that is not there, and says what to do", async () => {
    const rig = await start();
    await rig.receiver.down();
    const done = await rig.run(["check"]);
    assert.equal(done.code, 3);
    assert.deepEqual([outcomes(done)["prod-waf: source"], outcomes(done)["prod-waf: sink splunk"]], ["ok", "failed"]);
    assert.match(done.stdout, /could not be reached.*\n +check its address/);
    await rig.receiver.up();
  });

  it("exits with 3 when the state cannot be kept", async () => {
    const rig = await start();
    const done = await rig.run(["check", "--state", "edgesiem.toml/state"]);
    assert.equal(done.code, 3);
    assert.equal(outcomes(done)["state"], "failed");
  });

  it("looks at the place of a file, and exits with 3 when it cannot be written", async () => {
    const rig = await start();
    const at = (path: string): void => rig.configure([rig.stream(STREAM, { sinks: ["archive"] })], { archive: { kind: "file", path: join(rig.folder, path) } });
    at("events.ndjson");
    const well = await rig.run(["check"]);
    assert.deepEqual([well.code, outcomes(well)["prod-waf: sink archive"]], [0, "ok"], well.stdout);
    assert.deepEqual(readdirSync(rig.folder), ["edgesiem.toml"]);
    at("not-there/events.ndjson");
    const failed = await rig.run(["check"]);
    assert.deepEqual([failed.code, outcomes(failed)["prod-waf: sink archive"]], [3, "failed"]);
    assert.match(failed.stdout, /not-there cannot be written: no such file or directory\n +make the folder/);
  });

  it("says how long a source took that takes its time", async () => {
    const rig = await start();
    rig.siem.faults.add({ bytesPerSecond: 2000 });
    assert.match((await rig.run(["check"])).stdout, /prod-waf: source .*\(answered in 0\.\d s\)/);
  });

  it("is JSON for programs", async () => {
    const rig = await start();
    const found = JSON.parse((await rig.run(["check", "--json"])).stdout) as { state: Json; streams: { stream: string; sinks: { name: string }[] }[] };
    assert.equal(found.state["outcome"], "ok");
    assert.deepEqual(found.streams.map(({ stream, sinks }) => [stream, sinks.map(({ name }) => name)]), [[STREAM, ["soc", "splunk"]]]);
  });
});
