/** Decodes a file as a program would: `node pipeline.ts FILE [MODULE] > DOCUMENTS`; with `JSON.parse`, or with our module. */

import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { bufferCodec } from "../codecs.ts";
import { stream } from "../javascript.ts";

interface Module {
  initSync(source: { module: BufferSource }): unknown;
  Contestant: new (name: string) => { push(chunk: Uint8Array): Uint8Array };
}

async function decoder(module: string | undefined): Promise<(chunk: Uint8Array) => Uint8Array> {
  if (module === undefined) return stream(bufferCodec());
  const core = (await import(pathToFileURL(module).href)) as Module;
  core.initSync({ module: readFileSync(module.replace(/\.js$/, "_bg.wasm")) });
  const contestant = new core.Contestant("wasm-decode");
  return (chunk) => contestant.push(chunk);
}

const [file, module] = process.argv.slice(2);
if (file === undefined) throw new Error("use `cargo xtask bench --others`, which names a file");
const decode = await decoder(module);
await pipeline(
  createReadStream(file, { highWaterMark: 256 * 1024 }),
  async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) yield decode(chunk);
  },
  process.stdout,
);
