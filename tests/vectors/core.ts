/**
 * The core as the npm package ships it, and the vectors that Rust reads too.
 *
 * Build it first: `wasm-pack build crates/wasm … --out-dir ../../npm/pkg`.
 */

import { readFileSync } from "node:fs";

import { initSync } from "../../npm/pkg/edgesiem_wasm.js";

initSync({ module: readFileSync(new URL("../../npm/pkg/edgesiem_wasm_bg.wasm", import.meta.url)) });

export * from "../../npm/pkg/edgesiem_wasm.js";
export * from "./files.ts";
