/** How fast `edgesiem decode` is on a gigabyte from a pipe, and how much memory it takes. It wants the machine to itself. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { corpus } from "../bench/corpus.ts";
import { CLI, finished } from "./command.ts";

const FILE_MB = 50;
const TIMES = 20;
/**
 * On shared cores a round may be a third slower than its neighbour; the first that is good enough is the last. So this notices that
 * the command has become slow, and does not show how fast it usually is: most rounds into /dev/null were below 0.75 (0.65 to 0.97).
 */
const ROUNDS = 10;
/** Where it goes, and what part of the decoder's own speed must be left. With a reader there are three processes, and on two cores they take time from each other. */
const SINKS = [
  { name: "/dev/null", sink: "> /dev/null", leastRatio: 0.75 },
  { name: "a pipe", sink: "| cat > /dev/null", leastRatio: 0.5 },
] as const;
/** Node 24 with the code of the command, compiled by two compilers, has about 90 MB, and what is written is given back at once. */
const MOST_RSS_MB = 128;

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

for (const { name, sink, leastRatio } of SINKS) {
  test(`a gigabyte from a pipe to ${name} reaches ${leastRatio * 100} % of the decoder's speed in its best round, in bounded memory`, async (t) => {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Neighbours in time: the machine may be slower a minute later.
      const base = await alone();
      const { mbPerSecond, rssMb } = await piped(sink);
      ratios.push(mbPerSecond / base);
      t.diagnostic(`${(bytes / 1e9).toFixed(2)} GB: ${mbPerSecond.toFixed(0)} MB/s, the decoder alone ${base.toFixed(0)} MB/s, ratio ${(mbPerSecond / base).toFixed(2)}, RSS ${rssMb.toFixed(0)} MB`);
      assert.ok(rssMb < MOST_RSS_MB, `${rssMb} MB`);
      // The others could only be better.
      if (mbPerSecond / base >= leastRatio) break;
    }
    assert.ok(Math.max(...ratios) >= leastRatio, `best of ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}`);
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
