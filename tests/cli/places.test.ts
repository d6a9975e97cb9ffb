/** Files and standard output as places that events are delivered to. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { localPlaces } from "../../npm/src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "edgesiem-places-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const append = (path: string, body: string): ReturnType<ReturnType<typeof localPlaces>["write"]> => localPlaces().write({ place: "file", path, body: Buffer.from(body) });

/** A shell that gives a program files of a few kilobytes at most, whatever unit it counts in. */
const LIMITED = ["-c", 'ulimit -f 4 && exec "$@"', "sh", process.execPath];

/** Appends so many bytes to each file in a process whose files are short, and gives the answers in that order. */
async function limited(...pathsAndBytes: string[]): Promise<{ status: number; message: string }[]> {
  const child = spawn("sh", [...LIMITED, program("file-writer.ts"), ...pathsAndBytes], { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await text(child.stdout)) as { status: number; message: string }[];
}

describe("a file", () => {
  it("is made for its owner only, and appended to", async () => {
    const path = join(folder, "events.ndjson");
    assert.deepEqual(await append(path, "{}\n"), { status: 200 });
    assert.deepEqual(await append(path, '{"a":1}\n'), { status: 200 });
    assert.equal(readFileSync(path, "utf8"), '{}\n{"a":1}\n');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it("whose name has every kind of character is taken byte for byte", async () => {
    const path = join(folder, "%20 ü;?*");
    assert.equal((await append(path, "x")).status, 200);
    assert.equal(readFileSync(path, "utf8"), "x");
  });

  it("that was moved is made anew by the next batch", async () => {
    const path = join(folder, "rotated");
    await append(path, "1\n");
    renameSync(path, `${path}.1`);
    await append(path, "2\n");
    assert.deepEqual([readFileSync(`${path}.1`, "utf8"), readFileSync(path, "utf8")], ["1\n", "2\n"]);
  });

  it("gets batches that are handed in at once one after the other", async () => {
    const path = join(folder, "at-once");
    const { write } = localPlaces();
    const bodies = Array.from({ length: 20 }, (_, number) => `${String(number).repeat(100_000)}\n`);
    await Promise.all(bodies.map((body) => write({ place: "file", path, body: Buffer.from(body) })));
    assert.equal(readFileSync(path, "utf8"), bodies.join(""));
  });

  it("behind a link that leads to nothing yet is made where the link leads", async () => {
    const [target, path] = [join(folder, "target"), join(folder, "link")];
    symlinkSync(target, path);
    assert.equal((await append(path, "x")).status, 200);
    assert.equal(readFileSync(target, "utf8"), "x");
  });

  const refusals: [name: string, make: () => string, status: number, message: RegExp][] = [
    ["in a folder that is not there", () => join(folder, "missing", "events"), 404, /ENOENT/],
    ["below a file", () => join(folder, "events.ndjson", "events"), 404, /ENOTDIR/],
    ["that is a folder", () => (mkdirSync(join(folder, "a-folder")), join(folder, "a-folder")), 403, /EISDIR/],
    ["behind links that go round", () => (symlinkSync(join(folder, "round"), join(folder, "round")), join(folder, "round")), 403, /ELOOP/],
  ];
  for (const [name, make, status, message] of refusals) {
    it(`${name} is answered with ${status}`, async () => {
      const answer = await append(make(), "x");
      assert.equal(answer.status, status);
      assert.match(answer.message ?? "", message);
    });
  }

  it("makes no folders", async () => {
    await append(join(folder, "missing", "events"), "x");
    assert.equal(existsSync(join(folder, "missing")), false);
  });

  it("on a full device is answered with 503", async () => {
    const answer = await append("/dev/full", "x");
    assert.equal(answer.status, 503);
    assert.match(answer.message ?? "", /ENOSPC/);
  });

  it("that could take only a part is as long as before", async () => {
    const path = join(folder, "limited");
    writeFileSync(path, "whole\n");
    const [answer = assert.fail("there is no answer")] = await limited(path, "1000000");
    assert.equal(answer.status, 503);
    assert.match(answer.message, /EFBIG/);
    assert.equal(readFileSync(path, "utf8"), "whole\n");
  });

  it("of several names keeps what was answered with 200 when a write by another name fails", async () => {
    const path = join(folder, "named");
    for (let round = 0; round < 30; round += 1) {
      rmSync(path, { force: true });
      writeFileSync(path, "");
      rmSync(`${path}-link`, { force: true });
      symlinkSync(path, `${path}-link`);
      const names = [`${path}-link`, "10", path, "1000000", relative(process.cwd(), path), "10"];
      assert.deepEqual((await limited(...names)).map(({ status }) => status), [200, 503, 200]);
      assert.equal(readFileSync(path, "utf8"), "xxxxxxxxx\n".repeat(2), `round ${round}`);
    }
  });

  it("keeps what another process appends while writes fail", async () => {
    const path = join(folder, "shared");
    // Longer than the limit: every write of the other process fails.
    const [long, line] = [`${"y".repeat(9_999)}\n`, "z\n"];
    writeFileSync(path, long);
    let lines = 0;
    const ended = limited(path, ...Array.from({ length: 500 }, () => ["10", path]).flat(), "10");
    const isRunning = { now: true };
    void ended.finally(() => (isRunning.now = false)).catch(() => undefined);
    while (isRunning.now) {
      appendFileSync(path, line);
      lines += 1;
      await setImmediate();
    }
    assert.deepEqual(new Set((await ended).map(({ status }) => status)), new Set([503]));
    assert.equal(readFileSync(path, "utf8"), long + line.repeat(lines));
  });

  it("that ends within a line, as a killed process leaves it, gets the end of that line first", async () => {
    const path = join(folder, "torn");
    writeFileSync(path, '{"a":1}\n{"a":2');
    assert.equal((await append(path, '{"a":3}\n')).status, 200);
    assert.equal((await append(path, '{"a":4}\n')).status, 200);
    assert.equal(readFileSync(path, "utf8"), '{"a":1}\n{"a":2\n{"a":3}\n{"a":4}\n');
  });

  it("of compressed batches is a compressed file", async () => {
    const path = join(folder, "events.ndjson.gz");
    const { write } = localPlaces();
    for (const body of ["1\n", "2\n"]) assert.equal((await write({ place: "file", path, body: gzipSync(body) })).status, 200);
    assert.equal(gunzipSync(readFileSync(path)).toString(), "1\n2\n");
  });
});

describe("standard output", () => {
  const start = (bytes: number): ReturnType<typeof spawn> => spawn(process.execPath, [program("stdout-writer.ts"), String(bytes)], { stdio: ["ignore", "pipe", "pipe"] });
  const told = async (child: ReturnType<typeof spawn>): Promise<{ answers: { status: number }[]; ticks: number }> =>
    JSON.parse(await text(child.stderr ?? assert.fail("there is no stderr"))) as { answers: { status: number }[]; ticks: number };

  it("gets every byte in order, from a writer that waits for a slow reader and does other things meanwhile", async () => {
    const bytes = 4_000_000;
    const child = start(bytes);
    const { stdout } = child;
    assert.ok(stdout !== null);
    await once(stdout, "readable");
    // Nothing is read: the pipe is full, and what the writer does meanwhile is counted.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [got, { answers, ticks }] = await Promise.all([text(stdout), told(child)]);
    assert.equal(got, "a".repeat(bytes / 2) + "b".repeat(bytes / 2));
    assert.deepEqual(answers, [{ status: 200 }, { status: 200 }]);
    assert.ok(ticks >= 20, `${ticks}`);
  });

  it("that is a file on a full disk never has an event only within a line that was torn", async () => {
    const path = join(folder, "redirected");
    const descriptor = openSync(path, "a");
    // Lines of 7 bytes: no limit of whole kilobytes falls on the end of one.
    const child = spawn("sh", [...LIMITED, program("stdout-writer.ts"), "140000", "lines"], { stdio: ["pipe", descriptor, "pipe"] });
    closeSync(descriptor);
    const { stdin, stderr } = child;
    assert.ok(stdin !== null && stderr !== null);
    const told = createInterface({ input: stderr })[Symbol.asyncIterator]();
    const answer = async (): Promise<unknown> => (JSON.parse(String((await told.next()).value)) as { status: number }).status;
    try {
      assert.equal(await answer(), 503);
      const torn = readFileSync(path, "utf8");
      assert.match(torn, /[^\n]$/);
      // Still full, and nothing gets out.
      stdin.write("b");
      assert.equal(await answer(), 503);
      assert.equal(readFileSync(path, "utf8"), torn);
      // Now there is space, and it is used.
      truncateSync(path);
      stdin.write("c");
      assert.equal(await answer(), 200);
      stdin.write("d");
      assert.equal(await answer(), 200);
      stdin.end();
      assert.equal(readFileSync(path, "utf8"), "\ncccccc\ndddddd\n");
    } finally {
      child.kill();
    }
  });

  it("whose reader went away is answered with 410", async () => {
    const child = start(4_000_000);
    const { stdout } = child;
    assert.ok(stdout !== null);
    await once(stdout, "readable");
    stdout.destroy();
    const { answers } = await told(child);
    assert.deepEqual(answers.map(({ status }) => status), [410, 410]);
  });
});

describe("a terminal", () => {
  it("gets what the caller makes of a body, a file does not", async () => {
    const path = join(folder, "untouched");
    const { write } = localPlaces({ shown: () => Buffer.from("changed") });
    await write({ place: "file", path, body: Buffer.from("as it is") });
    assert.equal(readFileSync(path, "utf8"), "as it is");
  });
});
