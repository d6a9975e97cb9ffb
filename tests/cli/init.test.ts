/** `edgesiem init`: an example that is used as it stands, but for what only the user knows. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
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
    assert.match(done.stdout.toString(), /^cas\.toml is written\. Next:\n.*your region and sinks.*\n.*set TREND_MICRO_CAS_TOKEN, or put it into a file[\s\S]* edgesiem check --config cas\.toml\n/);
    const pulled = await edgesiem(["pull", "--config", "cas.toml"], { cwd: folder });
    assert.equal(pulled.code, 2);
    const problems = pulled.stderr.split("\n").filter((line) => line.includes("cas.toml: "));
    assert.equal(problems.length, 1, pulled.stderr);
    assert.match(problems[0] ?? "", /the secret TREND_MICRO_CAS_TOKEN is not set$/);
    // What is only shown is right too.
    const text = readFileSync(join(folder, "cas.toml"), "utf8").replaceAll(/^# (?=token_created|services|events)/gm, "");
    assert.match(text, /^token_created = [\s\S]*^services = [\s\S]*^events = /m);
    writeFileSync(join(folder, "cas.toml"), text);
    assert.equal((await edgesiem(["pull", "--config", "cas.toml"], { cwd: folder })).stderr, pulled.stderr);
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
