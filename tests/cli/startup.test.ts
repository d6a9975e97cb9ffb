/** How long it takes until the WebAssembly can be called, in processes that have just begun. It wants the machine to itself. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const DIST = new URL("../../npm/dist/", import.meta.url).href;
/** Shared cores make some of them wait: the one in the middle counts, and their number is odd. */
const PROCESSES = 9;
const MOST_MS = 50;

const TIME = `
  const time = async (work) => {
    const before = performance.now();
    await work();
    console.log(performance.now() - before);
  };`;

/** As the package does it when its first function is called. */
const loads = (file: string): string => `${TIME}
  const { load } = await import("${DIST}${file}");
  await time(load);`;

/** The two larger modules, without what is called in them first. */
const starts = (file: string): string => `${TIME}
  import { readFile } from "node:fs/promises";
  await time(async () => {
    const module = await WebAssembly.compile(await readFile(new URL("${DIST}${file}")));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
    await WebAssembly.instantiate(module, imports);
  });`;

/** What is started, and with which options of Node's. */
const ROWS: readonly (readonly [name: string, code: string, ...options: string[]])[] = [
  ["edgesiem", loads("node.js")],
  ["edgesiem/inline", loads("inline.js")],
  ["edgesiem without SIMD", loads("node.js"), "--no-enable-sse4-1"],
  ["pipeline.wasm", starts("pipeline.wasm")],
  ["worker.wasm", starts("worker/worker.wasm")],
];

for (const [name, code, ...options] of ROWS) {
  test(`${name} is read, compiled and instantiated within ${MOST_MS} ms, in the median of ${PROCESSES} processes`, (t) => {
    const times = Array.from({ length: PROCESSES }, () =>
      Number(execFileSync(process.execPath, [...options, "--input-type=module", "--eval", code], { encoding: "utf8" })),
    ).toSorted((a, b) => a - b);
    t.diagnostic(`${name}: ${times.map((ms) => ms.toFixed(1)).join(", ")} ms`);
    assert.ok((times[PROCESSES >> 1] ?? Infinity) < MOST_MS, `${times.join(", ")} ms`);
  });
}
