/** What a user of tests/demo sees: the live line, the summary after Ctrl-C, one JSON object. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, it } from "node:test";
import { fileURLToPath } from "node:url";

const DEMO = fileURLToPath(new URL("../demo/demo.ts", import.meta.url));

let demo: ChildProcess | undefined;

/** Starts the demonstration as the leader of a process group, as a shell does. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [DEMO, ...args], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  demo = child;
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.err += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  /** Resolves when stdout has this text; rejects if the demonstration ends before. */
  const shows = (text: string) =>
    new Promise<void>((resolve, reject) => {
      child.stdout.on("data", () => output.out.includes(text) && resolve());
      void ended.then((code) => reject(new Error(`ended with ${code} before it showed "${text}": ${output.out}${output.err}`)));
    });
  return { output, ended, shows, pid: child.pid! };
}

afterEach(() => {
  if (demo?.exitCode === null && demo.signalCode === null) demo.kill("SIGTERM");
  demo = undefined;
});

for (const [name, target] of [
  ["to the whole process group, as a terminal sends it,", -1],
  ["to the process alone", 1],
] as const) {
  it(`an interrupt ${name} ends the live view with a summary and exit code 0`, { skip: process.platform === "win32" && "no signals" }, async () => {
    const { output, ended, shows, pid } = start("--events", "500", "--every", "0.5");
    await shows("  delivered ");
    process.kill(target * pid, "SIGINT");
    assert.equal(await ended, 0, output.err);
    assert.match(output.out, /\n\d+ s  pulled [\d,]+  delivered [\d,]+  lost 0  duplicates 0  errors 0  .*\nNothing was lost\.\n$/);
    assert.equal(output.err, "");
  });
}

it("--once --json prints exactly one JSON object, with these keys and no others", async () => {
  const { output, ended } = start("--once", "--json", "--events", "500");
  assert.equal(await ended, 0, output.err);
  const figures = JSON.parse(output.out) as Record<string, unknown>;
  assert.deepEqual(Object.keys(figures), ["pulled", "delivered", "duplicates", "lost", "errors", "kv_offset", "emulator_offset"]);
  assert.deepEqual({ ...figures, kv_offset: null, emulator_offset: null }, { pulled: 500, delivered: 500, duplicates: 0, lost: 0, errors: 0, kv_offset: null, emulator_offset: null });
  assert.equal(figures["kv_offset"], figures["emulator_offset"]);
});

it("--once --events 0 says that there was nothing to deliver", async () => {
  const { output, ended } = start("--once", "--events", "0");
  assert.equal(await ended, 0, output.err);
  assert.match(output.out, /There was nothing to deliver/);
});

for (const args of [["--once", "--faults"], ["--every", "0"], ["--sink", "splunk"], ["--unknown"]]) {
  it(`${args.join(" ")} is refused with exit code 2`, async () => {
    const { output, ended } = start(...args);
    assert.equal(await ended, 2);
    assert.equal(output.out, "");
    assert.match(output.err, /cargo xtask demo --help/);
  });
}
