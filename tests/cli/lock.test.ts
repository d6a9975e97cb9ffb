/** One process a stream: who holds it, who is refused, and who takes over from whom. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { LockedError, StreamLock } from "../../npm/src/node/index.ts";

const HOLDER = fileURLToPath(new URL("lock-holder.ts", import.meta.url));

let folder = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgesiem-lock-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that tries to take the lock, and what it says of it. */
async function other(): Promise<{ child: ChildProcess; said: string; next: () => Promise<string> }> {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { child, said: await next(), next };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

const locks = (): string => join(folder, "locks");
const files = (): string[] => readdirSync(locks()).sort();
const content = (file: string): Record<string, unknown> => JSON.parse(readFileSync(join(locks(), file), "utf8")) as Record<string, unknown>;

/** A lock that somebody left or holds, as its file says it. */
function leave(holder: Record<string, unknown> | string, ageMs: number, generation = 1): void {
  mkdirSync(locks(), { recursive: true });
  const path = join(locks(), `s.${generation}`);
  writeFileSync(path, typeof holder === "string" ? holder : JSON.stringify(holder));
  const then = new Date(Date.now() - ageMs);
  utimesSync(path, then, then);
}

const ELSEWHERE = { pid: 1, host: "elsewhere", since: "2026-11-22T10:00:00.000Z" };

/** A heartbeat that finds the lock lost comes within 5 s; one that does not find it says nothing for ever. */
const LOST = { timeout: 30_000 };

describe("a lock", () => {
  it("refuses a second process, says who holds it since when, and is free after its release", async () => {
    const first = await StreamLock.acquire(folder, "s");
    const { said } = await other();
    assert.match(said, new RegExp(`^refused: the process ${process.pid} on ${hostname()} holds the stream s since 20..-`));
    await first.release();
    assert.equal((await other()).said, "held");
  });

  it("refuses its own process too", async () => {
    const first = await StreamLock.acquire(folder, "s");
    await assert.rejects(StreamLock.acquire(folder, "s"), (error) => error instanceof LockedError && error.code === "locked" && error.userAction !== "");
    const another = await StreamLock.acquire(folder, "t");
    await Promise.all([first.release(), another.release()]);
  });

  it("of a process that was killed is taken over at once", async () => {
    const { child, said } = await other();
    assert.equal(said, "held");
    await kill(child, "SIGKILL");
    assert.equal(content("s.1")["pid"], child.pid, "it released nothing");
    const lock = await StreamLock.acquire(folder, "s");
    assert.deepEqual(files(), ["s.2"]);
    await lock.release();
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`is released by ${signal}, which ends the process as ever`, async () => {
      const { child } = await other();
      const ended = once(child, "exit");
      child.kill(signal);
      assert.deepEqual(await ended, [null, signal]);
      assert.deepEqual(content("s.1"), { released: true });
    });
  }

  it("of a process whose number another one has now is taken over", async () => {
    const mine = await StreamLock.acquire(folder, "t");
    const holder = content("t.1");
    await mine.release();
    // This process is there, but it did not start when the holder did. Where no start is known, the heartbeat tells.
    leave({ ...holder, started: "1" }, holder["started"] === undefined ? 61_000 : 0);
    await (await StreamLock.acquire(folder, "s")).release();
  });

  it("that is held on another host is respected while its heartbeat is young", async () => {
    leave(ELSEWHERE, 50_000);
    await assert.rejects(StreamLock.acquire(folder, "s"), /the process 1 on elsewhere.*last heard of 50 s ago and counts as gone after 60 s/);
  });

  it("that is held on another host is taken over when its heartbeat is older than a minute", async () => {
    leave(ELSEWHERE, 61_000);
    await (await StreamLock.acquire(folder, "s")).release();
  });

  it("of another space of process numbers is judged by its heartbeat, although no process here has the number", async () => {
    const mine = await StreamLock.acquire(folder, "t");
    const holder = { ...content("t.1"), pid: 4_000_000, pid_space: "pid:[1]" };
    await mine.release();
    leave(holder, 0);
    await assert.rejects(StreamLock.acquire(folder, "s"), LockedError);
    leave(holder, 61_000);
    await (await StreamLock.acquire(folder, "s")).release();
  });

  for (const [name, text] of [
    ["is being written", ""],
    ["is no JSON", "{"],
    ["is another document", '{"pid":"x"}'],
  ] as const) {
    it(`whose file ${name} is respected for a minute`, async () => {
      leave(text, 0);
      await assert.rejects(StreamLock.acquire(folder, "s"), /another process holds the stream s/);
      leave(text, 61_000);
      await (await StreamLock.acquire(folder, "s")).release();
    });
  }

  it("keeps its heartbeat, and tells its holder when somebody took it", async () => {
    const { said, next } = await other();
    assert.equal(said, "held");
    leave(ELSEWHERE, 0, 2);
    assert.equal(await next(), "lost");
  });

  it("whose folder was removed is lost, and its holder leaves alone who has it since", LOST, async () => {
    const { child, next } = await other();
    rmSync(folder, { recursive: true });
    const now = await StreamLock.acquire(folder, "s");
    assert.deepEqual(files(), ["s.1"], "the generation of the first");
    assert.equal(await next(), "lost");
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
    assert.equal(content("s.1")["pid"], process.pid);
    await now.release();
  });

  it("whose folder was removed is not released for another who has it, when its holder ends before it knows", async () => {
    const { child } = await other();
    rmSync(folder, { recursive: true });
    const now = await StreamLock.acquire(folder, "s");
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
    assert.equal(content("s.1")["pid"], process.pid);
    await now.release();
  });

  it("whose folder was removed is lost also while nobody else takes it", LOST, async () => {
    const { next } = await other();
    rmSync(folder, { recursive: true });
    assert.equal(await next(), "lost");
  });

  it("is taken over by exactly one of many in this process that find it stale", async () => {
    for (let round = 0; round < 20; round += 1) {
      leave(ELSEWHERE, 61_000, 1000 * (round + 1));
      const taken = await Promise.allSettled(Array.from({ length: 20 }, () => StreamLock.acquire(folder, "s")));
      const held = taken.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      assert.equal(held.length, 1, `round ${round}`);
      for (const result of taken) if (result.status === "rejected") assert.ok(result.reason instanceof LockedError, String(result.reason));
      await held[0]?.release();
      assert.equal(files().length, 1, "nothing else is left");
    }
  });

  it("is taken over by exactly one of several processes that find it stale", async () => {
    leave(ELSEWHERE, 61_000);
    const all = await Promise.all(Array.from({ length: 6 }, () => other()));
    assert.deepEqual(
      all.map(({ said }) => said.slice(0, 4)).sort(),
      ["held", "refu", "refu", "refu", "refu", "refu"],
    );
  });

  it("is never held twice while processes come, go and are killed", async () => {
    let holder: ChildProcess | undefined;
    for (let round = 0; round < 8; round += 1) {
      const tried = await Promise.all([other(), other()]);
      const held = tried.filter(({ said }) => said === "held");
      assert.equal(held.length, holder === undefined ? 1 : 0, `round ${round}`);
      const now: ChildProcess | undefined = holder ?? held[0]?.child;
      assert.ok(now !== undefined);
      if (round % 2 === 0) {
        holder = now;
        continue;
      }
      if (round % 4 === 1) await kill(now, "SIGKILL");
      else {
        const ended = once(now, "exit");
        now.stdin?.end();
        await ended;
      }
      holder = undefined;
    }
  });
});
