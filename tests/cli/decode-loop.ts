/** What `edgesiem decode` is compared with: the decoder alone, over a file in memory. Usage: decode-loop.ts FILE TIMES. Prints MB/s. */

import { readFileSync } from "node:fs";

import { library } from "./command.ts";

/** As much as a pipe gives at once, which is what the command works with. */
const CHUNK_BYTES = 64 * 1024;

const [path = "", times = "1"] = process.argv.slice(2);
const bytes = readFileSync(path);
const core = await library.load();
const decoder = core.pageDecoder();
const start = performance.now();
let outBytes = 0;
for (let round = 0; round < Number(times); round += 1) {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) outBytes += decoder.push(bytes.subarray(at, at + CHUNK_BYTES)).length;
}
const seconds = (performance.now() - start) / 1000;
if (outBytes < bytes.length * Number(times)) throw new Error(`only ${outBytes} bytes of documents came`);
console.log((bytes.length * Number(times)) / 1e6 / seconds);
