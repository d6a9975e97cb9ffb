/** The page where WebAssembly has no SIMD, as in Safari 15 or on a processor of 2006. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { startRig } from "./rig.ts";
import { decodeText, openRow, readToEnd } from "./steps.ts";

const SAMPLE = readFileSync(new URL("../vectors/akamai-siem/sekoia/raw_event.json", import.meta.url), "utf8");
const SCALAR = /\/assets\/engine-worker-scalar-[\w-]+\.js$/;

for (const [name, flags, scalars] of [
  ["without SIMD the page asks for another engine, and decodes as ever", ["--js-flags=--no-enable-sse4-1"], 1],
  ["with SIMD it does not", [], 0],
] as const) {
  it(name, async () => {
    await using rig = await startRig(undefined, flags);
    await using visit = await rig.visit();
    await decodeText(visit.page, SAMPLE);
    assert.equal(await readToEnd(visit.page), 1);
    await openRow(visit.page, 0);
    await visit.page.locator(".rule h3", { hasText: "950002" }).waitFor();
    assert.equal(visit.requests.filter((url) => SCALAR.test(url)).length, scalars, visit.requests.join("\n"));
    assert.deepEqual(visit.faults, []);
  });
}
