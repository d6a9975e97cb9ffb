/** What is measured: each takes the chunks of a stream of lines and gives back the documents, line by line. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { bufferCodec, portableCodec } from "./codecs.ts";
import type { Codec } from "./javascript.ts";

/** One pass over the input. */
export interface Run {
  /** The documents that this chunk completes. */
  push(chunk: Uint8Array): Uint8Array;
  /** Converts without handing the documents out, if it can; their length. */
  convert?(chunk: Uint8Array): number;
}

export interface Contestant {
  name: string;
  /** What its output must be: the decoded documents, the input itself, ids of events, or documents of a schema, one for each event. */
  output: "decoded" | "input" | "ids" | "documents";
  start(): Run;
}

/** The module that wasm-bindgen made of crates/wasm/src/bench.rs. */
interface BenchModule {
  initSync(source: { module: BufferSource }): unknown;
  Contestant: new (name: string) => Run & { free(): void };
  schemaNames(): string[];
}

async function javascript(name: string, codec: () => Codec): Promise<Contestant> {
  // A copy of the module for each, so that neither runs code that the engine specialised for the other.
  const { stream } = (await import(`./javascript.ts?${name}`)) as typeof import("./javascript.ts");
  return { name, output: "decoded", start: () => ({ push: stream(codec()) }) };
}

/** All contestants that run in this process, in the order of the table. */
export async function contestants(modulePath: string): Promise<Contestant[]> {
  const bench = (await import(pathToFileURL(modulePath).href)) as BenchModule;
  bench.initSync({ module: readFileSync(modulePath.replace(/\.js$/, "_bg.wasm")) });
  const wasm = (name: string, output: Contestant["output"]): Contestant => ({
    name,
    output,
    start: () => new bench.Contestant(name),
  });
  return [
    await javascript("js-buffer", bufferCodec),
    await javascript("js-atob", portableCodec),
    wasm("wasm-serde-value", "decoded"),
    wasm("wasm-decode", "decoded"),
    wasm("wasm-copy", "input"),
    wasm("wasm-ids", "ids"),
    // `wasm-decode` is the other one.
    ...bench
      .schemaNames()
      .filter((name) => name !== "decoded")
      .map((name) => wasm(`wasm-${name}`, "documents")),
  ];
}

export interface NativeResult {
  bytes: number;
  events: number;
  /** Events that it did not accept. */
  refused: number;
  seconds: number;
}

/** The decoder as a program of this machine, which times itself. */
export function runNative(program: string, file: string): NativeResult {
  const text = execFileSync(program, [file, "decode"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(text) as NativeResult;
}
