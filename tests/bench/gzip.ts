/**
 * What it would cost to compress requests with what the runtime has: `CompressionStream`, whose level nobody can choose, and zlib
 * at that level and at the fastest. What the sinks compress with instead is `native-gzip-fast` among the parsers.
 */

import { gzipSync } from "node:zlib";
import type { Corpus } from "./corpus.ts";

/** Size of a request, `limits.max_batch_bytes`. */
const BATCH_BYTES = 900_000;
const MOST_BATCHES = 6;
const ROUNDS = 5;

interface Compressor {
  name: string;
  /** Length of the batch, compressed. */
  compress(batch: Buffer<ArrayBuffer>): number | Promise<number>;
}

const COMPRESSORS: readonly Compressor[] = [
  { name: "gzip, CompressionStream", compress: streamed },
  { name: "gzip, zlib level 6", compress: (batch) => gzipSync(batch, { level: 6 }).length },
  { name: "gzip, zlib level 1", compress: (batch) => gzipSync(batch, { level: 1 }).length },
];

/**
 * Lines of a table: CPU time of all threads, because some compress beside the program.
 *
 * @param input - its lines are compressed as they are
 *
 * @example
 * for (const line of await compressed(corpus("target/bench", 25))) console.log(line);
 */
export async function compressed(input: Corpus): Promise<string[]> {
  const end = Math.min(input.bytes.length, BATCH_BYTES * MOST_BATCHES);
  const batches: Buffer<ArrayBuffer>[] = [];
  for (let at = 0; at < end; at += BATCH_BYTES) batches.push(Buffer.from(input.bytes.subarray(at, Math.min(end, at + BATCH_BYTES))));
  const rows: string[] = [];
  for (const { name, compress } of COMPRESSORS) {
    let [best, length] = [Infinity, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = process.cpuUsage();
      length = 0;
      for (const batch of batches) length += await compress(batch);
      const { user, system } = process.cpuUsage(before);
      best = Math.min(best, (user + system) / 1e6);
    }
    const speed = (end / 1e6 / best).toFixed(0).padStart(6);
    rows.push(`${name.padEnd(28)}${"CPU time".padEnd(16)}${speed} MB/s, ${(end / length).toFixed(1)} times smaller`);
  }
  return rows;
}

async function streamed(batch: Buffer<ArrayBuffer>): Promise<number> {
  let length = 0;
  for await (const chunk of new Blob([batch]).stream().pipeThrough(new CompressionStream("gzip"))) length += chunk.length;
  return length;
}
