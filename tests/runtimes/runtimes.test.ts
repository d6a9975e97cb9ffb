/** The same checks against what the package ships for each runtime. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inNode, inNodeWithoutSimd } from "./node.ts";
import type { Runtime } from "./runtime.ts";
import { checks } from "./suite.ts";
import { inPage } from "./web.ts";
import { inWorker } from "./workerd.ts";

interface Row {
  name: string;
  start(): Promise<Runtime>;
  /** Addresses that the package may ask for: where its own module is. */
  requests: string[];
}

const ROWS: Row[] = [
  { name: "node, ES modules", start: () => inNode("node.js"), requests: [] },
  { name: "node, CommonJS", start: () => inNode("node.cjs"), requests: [] },
  { name: "inline, ES modules", start: () => inNode("inline.js"), requests: [] },
  { name: "inline, CommonJS", start: () => inNode("inline.cjs"), requests: [] },
  { name: "web, in Chromium", start: () => inPage(), requests: ["/dist/core.wasm", "/dist/small/core.wasm"] },
  { name: "web, from a server that does not know WebAssembly", start: () => inPage({ wasmType: "application/octet-stream" }), requests: ["/dist/core.wasm", "/dist/small/core.wasm"] },
  { name: "node, without SIMD", start: () => inNodeWithoutSimd("node.js"), requests: [] },
  { name: "inline, without SIMD", start: () => inNodeWithoutSimd("inline.js"), requests: [] },
  { name: "inline, CommonJS, without SIMD", start: () => inNodeWithoutSimd("inline.cjs"), requests: [] },
  { name: "web, without SIMD", start: () => inPage({ hasSimd: false }), requests: ["/dist/core-scalar.wasm", "/dist/small/core-scalar.wasm"] },
  { name: "workerd", start: inWorker, requests: [] },
];

for (const { name, start, requests } of ROWS) {
  describe(name, () => {
    let runtime: Runtime;
    before(async () => {
      runtime = await start();
    });
    after(() => runtime.close());

    for (const check of checks) test(check.name, () => runtime.check(check.name));

    test("nothing is asked for but the module, and that once", (t) => {
      assert.deepEqual(runtime.requests().toSorted(), requests);
      const ms = Number.isNaN(runtime.loadMs) ? "compiled before it starts" : `compiled and instantiated in ${runtime.loadMs.toFixed(1)} ms`;
      t.diagnostic(`${name}: ${ms}`);
    });
  });
}
