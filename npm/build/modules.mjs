// The WebAssembly modules, and what wasm-bindgen wrote for them.

import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

import { DIST, ROOT, esbuild } from "./places.mjs";

/** Each module by its folder and the name of its files. */
const PACKAGES = {
  core: "npm/pkg/edgesiem_wasm",
  // The core without SIMD, which is called by the same JavaScript.
  "core-scalar": "npm/pkg-scalar/edgesiem_wasm",
  pipeline: "npm/pkg-pipeline/edgesiem_wasm_pipeline",
};

export const wasmOf = (name) => `${PACKAGES[name]}_bg.wasm`;
export const glueOf = (name) => `${PACKAGES[name]}.js`;
export const declarationsOf = (name) => `${PACKAGES[name]}.d.ts`;

export const modules = Object.keys(PACKAGES).map((name) => ({
  name,
  inputs: [wasmOf(name), glueOf(name)],
  async copy() {
    await mkdir(DIST, { recursive: true });
    await copyFile(join(ROOT, wasmOf(name)), join(DIST, `${name}.wasm`));
  },
}));

/** A module as text, to be part of a file of JavaScript. */
export const textOf = async (name) => (await readFile(join(ROOT, wasmOf(name)))).toString("base64");

/** The same, compressed: what is sent of it is a quarter smaller than {@link textOf} is after any server's compression. */
export async function packedTextOf(name) {
  return gzipSync(await readFile(join(ROOT, wasmOf(name))), { level: constants.Z_BEST_COMPRESSION }).toString("base64");
}

/**
 * What wasm-bindgen wrote for a module, as a module that exports a function, which makes all its variables anew: wasm-bindgen
 * keeps its one instance in a variable, and a fresh instance must be able to replace one that trapped. What the function is
 * handed stands in for the runtime's own, so that it is known whose task it is that traps.
 */
export async function instances(name) {
  const { outputFiles } = await esbuild({
    entryPoints: [join(ROOT, glueOf(name))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "instance",
    target: "esnext",
    banner: {
      js: `export default (queueMicrotask = globalThis.queueMicrotask, Registry) => {
const FinalizationRegistry = Registry ?? globalThis.FinalizationRegistry;`,
    },
    footer: { js: "return instance; };" },
    logLevel: "warning",
    // It only serves to find the module where nobody hands it in.
    logOverride: { "empty-import-meta": "silent" },
  });
  return outputFiles[0].text;
}
