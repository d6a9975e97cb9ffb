/** `edgesiem init`: an example that is used as it stands, but for what only the user knows. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { startTrendMicro } from "../emulator/trend-micro.ts";
import { edgesiem } from "./command.ts";
import { startPullRig } from "./pull-rig.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgesiem-init-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const written = (): string => readFileSync(join(folder, "edgesiem.toml"), "utf8");

describe("init", () => {
  it("writes a configuration that lacks nothing but the secrets, and says what to do next", async () => {
    const done = await edgesiem(["init"], { cwd: folder });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout.toString(), /^edgesiem\.toml is written\. Next:\n[\s\S]* edgesiem check\n[\s\S]* edgesiem pull --follow\n$/);
    assert.equal(written().split("\n")[0], "#:schema node_modules/edgesiem/config.schema.json");
    const pulled = await edgesiem(["pull"], { cwd: folder });
    assert.equal(pulled.code, 2);
    const problems = pulled.stderr.split("\n").filter((line) => line.includes("edgesiem.toml: "));
    assert.equal(problems.length, 3, pulled.stderr);
    for (const problem of problems) assert.match(problem, /the secret AKAMAI_\w+ is not set$/);
  });

  it("writes a configuration that pulls when the host and the ids are put in", async () => {
    const rig = await startPullRig({ siem: { available: 30 } });
    try {
      assert.equal((await rig.run(["init", "own.toml"])).code, 0);
      const path = join(rig.folder, "own.toml");
      const edited = readFileSync(path, "utf8")
        .replace(/^host = .*$/m, `host = "${rig.siem.url}"`)
        .replace(/^config_ids = \[[^\]]*\]/m, `config_ids = [${rig.siem.configIds.join(", ")}]`);
      writeFileSync(path, `allow_insecure_loopback = true\n${edited}`);
      const done = await rig.run(["pull", "--config", "own.toml"]);
      assert.equal(done.code, 0, done.stderr);
      const lines = readFileSync(join(rig.folder, "events.ndjson"), "utf8").trimEnd().split("\n");
      assert.deepEqual(lines.map((line) => (JSON.parse(line) as { class_uid: number }).class_uid), Array.from({ length: 30 }, () => 4002));
    } finally {
      await rig.close();
    }
  });

  it("writes one for Trend Micro Cloud App Security too, which lacks nothing but its secret", async () => {
    const done = await edgesiem(["init", "--source", "trend-micro-cas", "cas.toml"], { cwd: folder });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout.toString(), /^cas\.toml is written\. Next:\n.*your region and sinks.*\n.*set TREND_MICRO_TOKEN, or put it into a file[\s\S]* edgesiem check --config cas\.toml\n/);
    const pulled = await edgesiem(["pull", "--config", "cas.toml"], { cwd: folder });
    assert.equal(pulled.code, 2);
    const problems = pulled.stderr.split("\n").filter((line) => line.includes("cas.toml: "));
    assert.equal(problems.length, 1, pulled.stderr);
    assert.match(problems[0] ?? "", /the secret TREND_MICRO_TOKEN is not set$/);
    // What is only shown is right too.
    const text = readFileSync(join(folder, "cas.toml"), "utf8").replaceAll(/^# (?=token_created|services|events|requests_per_minute)/gm, "");
    assert.match(text, /^token_created = [\s\S]*^services = [\s\S]*^events = [\s\S]*^requests_per_minute = /m);
    writeFileSync(join(folder, "cas.toml"), text);
    assert.equal((await edgesiem(["pull", "--config", "cas.toml"], { cwd: folder })).stderr, pulled.stderr);
    // Also the host, which excludes the region.
    writeFileSync(join(folder, "cas.toml"), text.replace(/^region = .*\n/m, "").replace(/^# (?=host)/m, ""));
    assert.equal((await edgesiem(["pull", "--config", "cas.toml"], { cwd: folder })).stderr, pulled.stderr);
  });

  it("writes one for Trend Micro that is checked and pulls, when what it shows is put in", async () => {
    const cas = await startTrendMicro({ available: 30, spreadMs: 3_600_000, services: ["exchange"], kinds: ["dlp"] });
    try {
      const env = { TREND_MICRO_TOKEN: cas.token };
      const path = join(folder, "edgesiem.toml");
      const run = (...args: string[]): ReturnType<typeof edgesiem> => edgesiem(args, { cwd: folder, env });
      assert.equal((await run("init", "--source", "trend-micro-cas")).code, 0);
      const edited = written()
        .replace(/^region = .*\n/m, "")
        .replace(/^# host = "[^"]*"/m, `host = "${cas.url}"`)
        .replace(/^# services = .*$/m, 'services = ["exchange"]')
        .replace(/^# events = .*$/m, 'events = ["dlp"]')
        .replace(/^# requests_per_minute = 10/m, "requests_per_minute = 20");
      writeFileSync(path, edited);
      // As the example says of such a host.
      const refused = await run("check");
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /source\.host: this host cannot be used: http:\/\/ is refused\n +use https:\/\/; for a test on this machine write allow_insecure_loopback = true above the first \[\[streams\]\]/);
      writeFileSync(path, `${edited}allow_insecure_loopback = true\n`);
      const misplaced = await run("check");
      assert.match(misplaced.stderr, /sinks\.archive\.allow_insecure_loopback: .*\n +move allow_insecure_loopback = true above the first \[\[streams\]\]/);
      writeFileSync(path, edited.replace("[[streams]]", "allow_insecure_loopback = true\n\n[[streams]]"));
      const checked = await run("check");
      assert.equal(checked.code, 0, checked.stdout.toString() + checked.stderr);
      assert.match(checked.stdout.toString(), /^cas: source +ok /m);
      assert.equal(cas.requests.length, 1);
      const pulled = await run("pull");
      assert.equal(pulled.code, 0, pulled.stderr);
      const lines = readFileSync(join(folder, "events.ndjson"), "utf8").trimEnd().split("\n");
      const ids = lines.map((line) => (JSON.parse(line) as { metadata: { uid: string } }).metadata.uid);
      assert.deepEqual(ids.map((id) => cas.events.numberOf(id)).toSorted((a = -1, b = -1) => a - b), Array.from({ length: 30 }, (_, number) => number));
      assert.deepEqual(cas.errors, []);
    } finally {
      await cas.close();
    }
  });

  it("knows no other source", async () => {
    const { code, stderr } = await edgesiem(["init", "--source", "akamai-security-monitor"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, /akamai-siem, trend-micro-cas/);
  });

  it("never overwrites a file", async () => {
    writeFileSync(join(folder, "edgesiem.toml"), "# mine\n");
    const { code, stderr } = await edgesiem(["init"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, /^edgesiem: edgesiem\.toml is there already\n/);
    assert.equal(written(), "# mine\n");
  });

  it("is named where a configuration is missing, and in the help of pull", async () => {
    const { code, stderr } = await edgesiem(["pull"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, /`edgesiem init` writes an example/);
    assert.match((await edgesiem(["pull", "--help"])).stdout.toString(), /`edgesiem init`/);
  });

  it("writes the same example that the package's README shows, if it shows one", async () => {
    const readme = readFileSync(new URL("../../npm/README.md", import.meta.url), "utf8");
    await edgesiem(["init"], { cwd: folder });
    const bare = (text: string): string => text.replace(/^path = .*$/m, "").trim();
    for (const [, example = ""] of readme.matchAll(/```toml\n(#:schema[\s\S]*?)```/g)) assert.equal(bare(example), bare(written()));
  });
});
