/**
 * The core as the npm package ships it, and the vectors that Rust reads too.
 *
 * Build it first: `wasm-pack build crates/wasm … --out-dir ../../npm/pkg`.
 */

import { readFileSync } from "node:fs";

import { initSync } from "../../npm/pkg/edgesiem_wasm.js";

initSync({ module: readFileSync(new URL("../../npm/pkg/edgesiem_wasm_bg.wasm", import.meta.url)) });

export * from "../../npm/pkg/edgesiem_wasm.js";

/** Bytes of a vector, by its path in this folder. */
export function bytes(path: string): Uint8Array {
  return readFileSync(new URL(path, import.meta.url));
}

/** Text of a vector, by its path in this folder. */
export function text(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** A vector in JSON. Its type is the claim of the test that reads it; a wrong claim fails that test. */
export function json<T>(path: string): T {
  return JSON.parse(text(path)) as T;
}
