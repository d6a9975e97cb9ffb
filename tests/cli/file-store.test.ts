/** Stores: what each promises, and what only files must stand. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { fileURLToPath } from "node:url";
import { StoreError } from "../../npm/src/errors.ts";
import { fileName, keyOf, mayBegin } from "../../npm/src/node/names.ts";
import { FileStore } from "../../npm/src/node/index.ts";
import type { PipelineStore } from "../../npm/src/pipeline/host.ts";
import { MemoryStore } from "../../npm/src/pipeline/memory-store.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgesiem-store-"));
});
afterEach(() => {
  mock.timers.reset();
  rmSync(folder, { recursive: true, force: true });
});

const STORES: [name: string, make: () => PipelineStore][] = [
  ["MemoryStore", () => new MemoryStore()],
  ["FileStore", () => new FileStore(join(folder, "state"))],
];

/** Every key, page by page. */
async function all(store: PipelineStore, prefix: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list(prefix, limit, cursor);
    assert.ok(page.keys.length <= limit);
    found.push(...page.keys);
    if (page.cursor === undefined) return found;
    cursor = page.cursor;
  }
}

/** Keys whose order, length or characters are a trap. */
const KEYS = [
  "checkpoint/prod-waf",
  "checkpoint/PROD-WAF",
  "checkpoint/prod-waf2",
  "a",
  "A",
  "a.",
  ".a",
  "..",
  "con",
  "%2f",
  "~tmp-1",
  "with space\nand line",
  "\uffff after all units of two",
  "\u{1f600} before it in units, after it in bytes",
  "é",
  "e\u0301",
  `long/${"x".repeat(300)}`,
  `long/${"x".repeat(299)}y`,
  `long/${"Ü".repeat(2000)}`,
];

const inBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

for (const [name, make] of STORES) {
  describe(name, () => {
    it("gives what was written, and nothing for what was not or was deleted", async () => {
      const store = make();
      assert.equal(await store.get("a"), undefined);
      await store.delete("a");
      await store.put("a", "first\nsecond \u{1f600}");
      assert.equal(await store.get("a"), "first\nsecond \u{1f600}");
      await store.put("a", "");
      assert.equal(await store.get("a"), "");
      await store.delete("a");
      assert.equal(await store.get("a"), undefined);
    });

    it("keeps every key apart from all others", async () => {
      const store = make();
      for (const key of KEYS) await store.put(key, `value of ${key}`);
      for (const key of KEYS) assert.equal(await store.get(key), `value of ${key}`);
      assert.deepEqual(await all(store, "", 1000), KEYS.toSorted(inBytes));
    });

    for (const limit of [1, 3, 1000]) {
      it(`lists by prefix, in the order of bytes, ${limit} at a time`, async () => {
        const store = make();
        for (const key of KEYS) await store.put(key, "");
        for (const prefix of ["", "checkpoint/", "a", "long/", "long/xxx", `long/${"x".repeat(299)}`, "nothing", "\u{1f600}"]) {
          assert.deepEqual(
            await all(store, prefix, limit),
            KEYS.filter((key) => key.startsWith(prefix)).sort(inBytes),
            prefix,
          );
        }
      });
    }

    it("goes on after its cursor, also if that key is gone and others have come", async () => {
      const store = make();
      for (const key of ["k1", "k2", "k3"]) await store.put(key, "");
      const { keys, cursor } = await store.list("k", 2);
      assert.deepEqual(keys, ["k1", "k2"]);
      await store.delete("k2");
      await store.put("k0", "");
      assert.deepEqual(await store.list("k", 2, cursor), { keys: ["k3"] });
    });

    it("forgets a value when its time is over, unless it was written again", async () => {
      mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
      const store = make();
      await store.put("a/short", "1", 60);
      await store.put("a/renewed", "2", 60);
      await store.put("a/kept", "3");
      mock.timers.tick(59_999);
      assert.equal(await store.get("a/short"), "1");
      await store.put("a/renewed", "2", 60);
      mock.timers.tick(1);
      assert.equal(await store.get("a/short"), undefined);
      assert.deepEqual(await store.list("a/", 10), { keys: ["a/kept", "a/renewed"] });
    });

    it("lets writes of one key take effect in the order in which they were begun", async () => {
      const store = make();
      const writes = Array.from({ length: 50 }, (_, number) => store.put("a", `${number}${"x".repeat((50 - number) * 1000)}`));
      const deleted = store.delete("a");
      const last = store.put("a", "last");
      await Promise.all([...writes, deleted, last]);
      assert.equal(await store.get("a"), "last");
    });
  });
}

describe("FileStore", () => {
  it("has everything when the process is another one", async () => {
    await new FileStore(folder).put("checkpoint/s", "{}");
    assert.equal(await new FileStore(folder).get("checkpoint/s"), "{}");
  });

  it("makes its folder with the first value, for its owner only", async () => {
    const store = new FileStore(join(folder, "a", "b"));
    assert.deepEqual(await store.list("", 10), { keys: [] });
    assert.throws(() => statSync(join(folder, "a")));
    await store.put("k", "v");
    assert.equal(statSync(join(folder, "a", "b")).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, "a", "b", "k")).mode & 0o777, 0o600);
  });

  it("overlooks what a killed process left half-written, and removes it later", async () => {
    writeFileSync(join(folder, "~tmp-1-old"), '{"key":"checkpoint/s"');
    writeFileSync(join(folder, "~tmp-2-new"), '{"key":"checkpoint/s"');
    utimesSync(join(folder, "~tmp-1-old"), 1, 1);
    const store = new FileStore(folder);
    assert.deepEqual(await store.list("", 10), { keys: [] });
    await store.put("k", "v");
    assert.deepEqual(readdirSync(folder).sort(), ["k", "~tmp-2-new"]);
  });

  it("overlooks files of others", async () => {
    for (const name of ["README", "notes.txt", ".DS_Store", "plain"]) writeFileSync(join(folder, name), "not ours");
    const store = new FileStore(folder);
    await store.put("k", "v");
    assert.deepEqual(await store.list("", 10), { keys: ["k"] });
  });

  it("refuses a file that was changed by hand rather than take it for another value", async () => {
    const store = new FileStore(folder);
    await store.put("k", "v");
    writeFileSync(join(folder, "k"), "v");
    await assert.rejects(store.get("k"), (error) => error instanceof StoreError && /is not as this program writes it/.test(error.message) && error.userAction !== "");
  });

  it("says what is wrong when the folder is no folder, and goes on when it is one", async () => {
    const path = join(folder, "state");
    writeFileSync(path, "");
    const store = new FileStore(path);
    await assert.rejects(store.put("k", "v"), (error) => error instanceof StoreError && error.code === "store" && error.retryable);
    rmSync(path);
    await store.put("k", "v");
    assert.equal(await store.get("k"), "v");
  });

  it("makes its folder again when it was removed, and fails while it cannot", async () => {
    const path = join(folder, "state");
    const store = new FileStore(path);
    await store.put("k", "1");
    rmSync(path, { recursive: true });
    assert.equal(await store.get("k"), undefined);
    await Promise.all(["k", "l", "m"].map((key) => store.put(key, "2")));
    assert.deepEqual(await Promise.all(["k", "l", "m"].map((key) => store.get(key))), ["2", "2", "2"]);
    rmSync(path, { recursive: true });
    symlinkSync(join(folder, "missing", "state"), path);
    await assert.rejects(store.put("k", "3"), (error) => error instanceof StoreError && /E(EXIST|NOENT)/.test(error.message));
    rmSync(path);
    await store.put("k", "4");
    assert.equal(await store.get("k"), "4");
  });

  it("refuses a key that is no text", async () => {
    await assert.rejects(new FileStore(folder).put("\ud800", "v"), StoreError);
  });

  it("killed at any moment, has the old value or the new one", async () => {
    const writer = fileURLToPath(new URL("store-writer.ts", import.meta.url));
    let newest = -1;
    for (const delayMs of [0, 3, 7, 12, 20, 33]) {
      const child = spawn(process.execPath, [writer, folder, "2000000"], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      const value = JSON.parse((await new FileStore(folder).get("checkpoint/s")) ?? "") as { round: number; filling: string };
      assert.equal(value.filling.length, 2_000_000);
      newest = Math.max(newest, value.round);
    }
    assert.ok(newest > 0, "no process got beyond its first write");
  });
});

describe("names of files", () => {
  it("lead back to their keys, and differ also where case does not count", () => {
    const names = KEYS.map(fileName);
    assert.equal(new Set(names.map((name) => name.toLowerCase())).size, KEYS.length);
    KEYS.forEach((key, number) => {
      const name = names[number] ?? "";
      assert.match(name, /^[a-z0-9_~%-]{1,140}$/);
      assert.deepEqual(keyOf(name), name.includes("~") ? "inside" : { key });
    });
  });

  it("begin as their keys begin", () => {
    for (const key of KEYS) {
      for (const prefix of KEYS.flatMap((other) => [other, other.slice(0, 3), other.slice(0, -1)])) {
        if (key.startsWith(prefix) && prefix.isWellFormed()) assert.ok(mayBegin(fileName(key), prefix), `${key} ${prefix}`);
      }
    }
  });
});
