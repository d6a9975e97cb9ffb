/** How the package gets its module, and what it says when it does not. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { EdgeSiem } from "./context.ts";
import { NO_SIMD, built, inlineModule } from "./runtime.ts";
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

test("the modules that are inline are the ones that are files", () => {
  for (const [file, module] of [
    ["inline.js", "core.wasm"],
    ["inline.cjs", "core.wasm"],
    ["inline-scalar.js", "core-scalar.wasm"],
  ] as const) {
    assert.ok(inlineModule(readFileSync(join(DIST, file), "utf8")).equals(readFileSync(join(DIST, module))), file);
  }
});

test("a module that is handed in is the one that is used", async () => {
  using files = await built(["node.js", "errors.cjs"]);
  for (const module of ["core.wasm", "core-scalar.wasm"]) renameSync(join(files.folder, module), join(files.folder, `${module}.away`));
  const edgesiem = (await import(pathToFileURL(join(files.folder, "node.js")).href)) as EdgeSiem;
  await assert.rejects(edgesiem.load({} as WebAssembly.Module), edgesiem.InvalidArgumentError);
  await edgesiem.load(await WebAssembly.compile(readFileSync(join(DIST, "core-scalar.wasm"))));
  assert.deepEqual(await edgesiem.decodeEvent('{"attackData":{"rules":"OTUwMDAy"}}'), { attackData: { rules: [{ rule: "950002" }] } });
});

test("where there is no SIMD the command decodes, and says what it needs to pull", () => {
  const command = (args: string[], input: string): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [NO_SIMD, join(DIST, "cli.js"), ...args], { input, encoding: "utf8" });
  const decoded = command(["decode", "-"], '{"attackData":{"rules":"OTUwMDAy"}}\n');
  assert.deepEqual([decoded.status, decoded.stdout], [0, '{"attackData":{"rules":[{"rule":"950002"}]}}\n'], decoded.stderr);
  const checked = command(["check", "--config", join(DIST, "../../wrangler.toml")], "");
  assert.notEqual(checked.status, 0);
  assert.match(checked.stderr, /needs WebAssembly with SIMD[\s\S]*SSE 4\.1/);
});
