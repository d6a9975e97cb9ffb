/** How the package gets its module, and what it says when it does not. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { EdgeSiem } from "./context.ts";
import { built } from "./runtime.ts";
import { checks } from "./suite.ts";
import { inPage } from "./web.ts";

const DIST = fileURLToPath(new URL("../../npm/dist/", import.meta.url));

test("a module that is missing is named, with what to do, and is found as soon as it is there", async () => {
  using files = await built(["node.js", "errors.cjs"]);
  const wasm = join(files.folder, "core.wasm");
  renameSync(wasm, `${wasm}.away`);
  const edgesiem = (await import(pathToFileURL(join(files.folder, "node.js")).href)) as EdgeSiem;
  await assert.rejects(edgesiem.decodeEvent("{}"), (error: unknown) => {
    assert.ok(error instanceof edgesiem.EdgeSiemError);
    assert.equal(error.code, "module_missing");
    assert.match(error.message, /core\.wasm cannot be read/);
    assert.match(error.userAction, /edgesiem\/inline/);
    return true;
  });
  renameSync(`${wasm}.away`, wasm);
  assert.deepEqual(await edgesiem.decodeEvent("{}"), {});
});

test("a server that answers with a page for files that it does not have is found out", async () => {
  const page = await inPage({ wasm: Buffer.from("<!doctype html>"), wasmType: "text/html" });
  try {
    await assert.rejects(page.check(checks[0]?.name ?? ""), /core\.wasm cannot be loaded \(it is "text\/html", not WebAssembly\)/);
  } finally {
    await page.close();
  }
});

test("ES modules and CommonJS, and all entries, throw the same classes", async () => {
  const esm = (await import("../../npm/dist/node.js" as string)) as EdgeSiem;
  const require = createRequire(import.meta.url);
  const commonJs = require("../../npm/dist/node.cjs") as EdgeSiem;
  await assert.rejects(commonJs.decodeEvent("no event"), esm.MalformedEventError);
  const pipeline = (await import("../../npm/dist/pipeline-node.js" as string)) as typeof import("../../npm/src/pipeline/index.ts");
  await assert.rejects(pipeline.Pipeline.open({}), esm.ConfigError);
});

test("nothing is loaded, read or run before the first call", () => {
  const code = `
    const reads = [];
    const fs = require("node:fs/promises");
    const { readFile } = fs;
    fs.readFile = (...args) => (reads.push(String(args[0])), readFile(...args));
    require(${JSON.stringify(join(DIST, "node.cjs"))}).schemaNames;
    setTimeout(() => console.log(JSON.stringify(reads)));`;
  assert.equal(execFileSync(process.execPath, ["-e", code], { encoding: "utf8" }), "[]\n");
});

test("the module that is inline is the one that is a file", async () => {
  const text = readFileSync(join(DIST, "core.wasm")).toString("base64");
  for (const file of ["inline.js", "inline.cjs"]) assert.ok(readFileSync(join(DIST, file), "utf8").includes(text), file);
});
