/** `edgesiem replay`: a window of time once more, beside the live stream. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { STREAM, startPullRig, until, type PullRig, type RigOptions } from "./pull-rig.ts";

let rig: PullRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** A source whose events are a tenth of a second apart, so that windows of whole seconds are easy to count. */
async function start(options: RigOptions = {}): Promise<PullRig> {
  rig = await startPullRig({ siem: { available: 3000, intervalMs: 100 }, stream: { limits: { max_batch_events: 50 } }, ...options });
  return rig;
}

/** The command's window from the first to before the last of these events; both are numbers that the window's ends round to. */
function window({ siem }: PullRig, first: number, last: number): { args: string[]; from: number; to: number } {
  const from = Math.ceil(siem.events.startSeconds(first));
  const to = Math.floor(siem.events.startSeconds(last));
  return { args: ["replay", "--stream", STREAM, "--from", String(from), "--to", new Date(to * 1000).toISOString()], from, to };
}

/** Numbers of the events whose time is in a window. */
function within({ siem }: PullRig, { from, to }: { from: number; to: number }): number[] {
  const numbers = Array.from({ length: siem.available }, (_, number) => number);
  return numbers.filter((number) => siem.events.startSeconds(number) >= from && siem.events.startSeconds(number) < to);
}

const replays = ({ folder }: PullRig): string[] => {
  const path = join(folder, ".edgesiem", "replays");
  return existsSync(path) ? readdirSync(path) : [];
};

describe("replay", () => {
  it("delivers the events of its window once more, moves no offset, and leaves nothing behind", async () => {
    const rig = await start();
    assert.equal((await rig.run(["pull"])).code, 0);
    const offset = rig.offset();
    const asked = window(rig, 500, 1500);
    const { code, stderr } = await rig.run(asked.args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /outside of the window/);
    const { counters } = rig.receiver.tally;
    const expected = within(rig, asked).length;
    // The ends are whole seconds, and times within a second may be written without their fraction.
    assert.ok(Math.abs(counters.duplicates - expected) <= 20, `${counters.duplicates} of ${expected}`);
    assert.equal(rig.offset(), offset);
    assert.deepEqual(replays(rig), []);
  });

  it("works beside a pull of the same stream", async () => {
    const rig = await start();
    const { child, ended } = rig.start(["pull", "--follow", "--interval", "3600"]);
    await until("the pull has caught up", () => rig.offset() !== undefined && rig.offset() === rig.siem.lastOffset);
    assert.equal((await rig.run(window(rig, 500, 600).args)).code, 0);
    child.kill("SIGINT");
    assert.equal((await ended).code, 0);
  });

  it("killed, goes on where it was when the same command is given again, and repeats at most a batch", async () => {
    const rig = await start();
    const asked = window(rig, 0, 2900);
    const { child, ended } = rig.start(asked.args);
    await until("some has arrived", () => rig.receiver.counters.batches >= 10);
    child.kill("SIGKILL");
    await ended;
    assert.equal(replays(rig).length, 1);
    const { code, stderr } = await rig.run(asked.args);
    assert.equal(code, 0, stderr);
    assert.ok(rig.receiver.tally.counters.duplicates <= 50, `${rig.receiver.tally.counters.duplicates}`);
    const missing = within(rig, asked).filter((number) => !rig.receiver.tally.has(number));
    assert.ok(missing.length <= 20, `${missing.length} are missing`);
    assert.deepEqual(replays(rig), []);
  });

  it("leaves what could not be delivered among the stream's dead letters", async () => {
    const rig = await start();
    assert.equal((await rig.run(["pull"])).code, 0);
    rig.receiver.poison.add(1000);
    assert.equal((await rig.run(window(rig, 900, 1100).args)).code, 1);
    const listed = await rig.run(["dead-letters", "list", "--stream", STREAM]);
    assert.match(listed.stdout, /^[0-9a-f]{32}\/soc {2}\S+ {2}[\d,]+ bytes {2}.*\n$/);
  });

  for (const [name, from, to, code, said] of [
    ["that ends before it begins", "2026-11-22T11:00:00Z", "2026-11-22T10:00:00Z", 2, /--from is not before --to/],
    ["whose time is none", "yesterday", "2026-11-22T10:00:00Z", 2, /--from yesterday is no time/],
    ["that the source no longer has", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z", 2, /the source no longer has events that old/],
  ] as const) {
    it(`of a window ${name} is refused`, async () => {
      const rig = await start();
      const done = await rig.run(["replay", "--stream", STREAM, "--from", from, "--to", to]);
      assert.match(done.stderr, said);
      assert.equal(done.code, code);
      assert.equal(rig.receiver.counters.posts, 0);
    });
  }
});
