/** How fast `edgesiem decode` is on a gigabyte from a pipe, and how much memory it takes. It wants the machine to itself. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { corpus } from "../bench/corpus.ts";
import { CLI, finished } from "./command.ts";

const FILE_MB = 50;
const TIMES = 20;
/** Shared cores give one round more than another: the one in the middle counts, and their number is odd and fixed. */
const ROUNDS = 5;
/** What part of the decoder's own speed is left. */
const LEAST_RATIO = 0.75;
/** Where it goes, as a shell writes it. */
const SINKS = [
  { name: "/dev/null", sink: "> /dev/null" },
  { name: "a pipe", sink: "| cat > /dev/null" },
] as const;
/** As the command has by itself. */
const THREADS = Math.min(availableParallelism(), 4);
/**
 * Node 24 with the code of the command, compiled by two compilers, has about 80 MB, and what is written is given back at once. Each
 * further thread adds 20 MB: what Node and V8 need for one, a decoder, and some blocks of 256 KiB with their documents.
 */
const MOST_RSS_MB = 108 + 20 * (THREADS - 1);

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let folder = "";
let file = "";
let bytes = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-throughput-"));
  const made = corpus(folder, FILE_MB);
  file = made.path;
  bytes = made.bytes.length * TIMES;
});
after(() => rm(folder, { recursive: true }));

interface Measured {
  mbPerSecond: number;
  rssMb: number;
}

/** The file, over and over, through a pipe; `sink` is what a shell writes behind the command. The time is that of the command from its start to its end. */
async function piped(sink: string): Promise<Measured & { stdout: Buffer }> {
  const inputs = Array.from({ length: TIMES }, () => '"$FILE"').join(" ");
  const usageFile = join(folder, "usage");
  const { code, stdout, stderr } = await finished("bash", ["--norc", "-c", `cat ${inputs} | "$0" "$@" ${sink}; exit "\${PIPESTATUS[1]}"`, process.execPath, "--require", path("usage-at-exit.cjs"), CLI, "decode"], {
    env: { FILE: file, USAGE_FILE: usageFile },
  });
  assert.equal(code, 0, stderr);
  const { maxRssKb, wallMs } = JSON.parse(await readFile(usageFile, "utf8")) as { maxRssKb: number; wallMs: number };
  return { mbPerSecond: bytes / 1e3 / wallMs, rssMb: maxRssKb / 1000, stdout };
}

/** The decoder alone. */
async function alone(): Promise<number> {
  const { code, stdout, stderr } = await finished(process.execPath, [path("decode-loop.ts"), file, String(TIMES)]);
  assert.equal(code, 0, stderr);
  return Number(stdout.toString());
}

for (const { name, sink } of SINKS) {
  test(`a gigabyte from a pipe to ${name} reaches ${LEAST_RATIO * 100} % of the decoder's speed in the median of ${ROUNDS} rounds, in bounded memory`, async (t) => {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Neighbours in time: the machine may be slower a minute later.
      const base = await alone();
      const { mbPerSecond, rssMb } = await piped(sink);
      ratios.push(mbPerSecond / base);
      t.diagnostic(`${(bytes / 1e9).toFixed(2)} GB: ${mbPerSecond.toFixed(0)} MB/s, the decoder alone ${base.toFixed(0)} MB/s, ratio ${(mbPerSecond / base).toFixed(2)}, RSS ${rssMb.toFixed(0)} MB`);
      assert.ok(rssMb < MOST_RSS_MB, `${rssMb} MB with ${THREADS} threads`);
    }
    const median = ratios.toSorted((a, b) => a - b)[(ROUNDS - 1) / 2] ?? 0;
    assert.ok(median >= LEAST_RATIO, `median ${median.toFixed(2)} of ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}`);
  });
}

test("what comes out of the pipe is what comes out of the file", async () => {
  const { stdout } = await piped("| sha256sum");
  const output = join(folder, "documents");
  const { code } = await finished("bash", ["--norc", "-c", '"$0" "$@" > "$OUTPUT"', process.execPath, CLI, "decode", file], { env: { OUTPUT: output } });
  assert.equal(code, 0);
  const hash = createHash("sha256");
  for (let round = 0; round < TIMES; round += 1) for await (const chunk of createReadStream(output)) hash.update(chunk as Buffer);
  assert.equal(stdout.toString().slice(0, 64), hash.digest("hex"));
});
