/** Inputs that are made to fill memory or time: what the page reads of them is bounded, and it says so. */

import assert from "node:assert/strict";
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { corpus } from "../bench/corpus.ts";
import { event, lines } from "./events.ts";
import { startRig, type Rig } from "./rig.ts";

const PATIENCE_MS = 300_000;
const MOST_MEMORY_BYTES = 900e6;

let rig: Rig;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgesiem-large-"));
  rig = await startRig();
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Resident bytes of the largest process that shows pages. */
function rendererBytes(): number {
  let most = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) continue;
      most = Math.max(most, Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096);
    } catch {
      // It has ended meanwhile.
    }
  }
  return most;
}

/** Opens a file, waits for `until`, and returns the most memory that was used and the time it took. */
async function read(path: string, until: (page: Page) => Promise<void>): Promise<{ bytes: number; ms: number; page: Page }> {
  await using visit = await rig.visit();
  const { page } = visit;
  page.setDefaultTimeout(PATIENCE_MS);
  let bytes = 0;
  const sampling = setInterval(() => (bytes = Math.max(bytes, rendererBytes())), 250);
  const startedMs = performance.now();
  try {
    await page.locator('input[type="file"]').setInputFiles(path);
    await until(page);
    assert.deepEqual(visit.faults, []);
    return { bytes, ms: performance.now() - startedMs, page };
  } finally {
    clearInterval(sampling);
  }
}

function tell(name: string, { bytes, ms }: { bytes: number; ms: number }): void {
  console.log(`${name}: ${(ms / 1000).toFixed(1)} s, peak memory of the renderer ${Math.round(bytes / 1e6)} MB`);
  assert.ok(bytes > 0 && bytes < MOST_MEMORY_BYTES, `${bytes} bytes`);
}

it("an archive that unpacks to a thousand times its size is read no further than two hundred times", async () => {
  const path = join(folder, "bomb.gz");
  const member = gzipSync(Buffer.alloc(64 * 2 ** 20));
  writeFileSync(path, Buffer.concat([gzipSync(lines([event()])), ...Array.from({ length: 160 }, () => member)]));
  const seen = await read(path, async (page) => {
    await page.getByText(/bomb\.gz: reading stopped: the file unpacks to more than 2,\d{3} MB, 200 times its size/).waitFor();
    await page.locator(".window .row", { hasText: "192.0.2.1" }).waitFor();
  });
  tell("10 GB of zeros in 10 MB", seen);
});

it("a line of 600 MB is passed over, and the events around it are read", async () => {
  const path = join(folder, "long.ndjson");
  writeFileSync(path, `${lines([event({ path: "/before" })])}{"attackData":"`);
  truncateSync(path, 600_000_000);
  appendFileSync(path, `"}\n${lines([event({ path: "/behind" })])}`);
  const seen = await read(path, async (page) => {
    await page.locator(".rejected summary").click();
    await page.getByText(/it is longer than 64 MiB/).waitFor();
    await page.locator(".window .row", { hasText: "/behind" }).waitFor();
    assert.equal(await page.locator(".window .row").count(), 2);
  });
  tell("a line of 600 MB", seen);
});

it("ten million tiny events are read to what an index can hold, in bounded memory", async () => {
  const path = join(folder, "tiny.ndjson");
  const some = Buffer.from('{"attackData":{}}\n'.repeat(100_000));
  const file = openSync(path, "w");
  for (let k = 0; k < 100; k += 1) writeSync(file, some);
  closeSync(file);
  const seen = await read(path, async (page) => {
    await page.getByText(/Reading stopped after 8,388,608 events/).waitFor();
    await page.waitForFunction(() => document.querySelector('[role="grid"]')?.getAttribute("aria-rowcount") === String(2 ** 23 + 1));
  });
  tell("10,000,000 events in 180 MB", seen);
});

it("a file that changes while it is read is named, and what was read before stays", async () => {
  const { path } = corpus(folder, 50);
  await read(path, async (page) => {
    await page.locator(".window .row").first().waitFor();
    appendFileSync(path, lines([event()]));
    await page.getByText(/the file has changed or cannot be read any more; open it again/).first().waitFor();
    assert.ok((await page.locator(".window .row").count()) > 5);
  });
});
