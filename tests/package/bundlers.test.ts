/** The examples for bundlers: what they build is opened in a browser, and run where nothing else is. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer } from "vite";
import { openFolder, openPage, type OpenedPage } from "./browser.ts";
import { project, succeed, systemNode } from "./project.ts";
import { assertDecoded, assertNumbers, linesOf, pageOf, source } from "./source.ts";

/** Decodes pasted events in the example's page, in two schemas, and a line that is none. */
async function assertDecodes({ page, url, requests, errors }: OpenedPage): Promise<void> {
  await using events = await source({ available: 200 });
  const decode = async (text: string): Promise<{ notes: string; documents: string }> => {
    await page.fill("#events", text);
    await page.evaluate(() => document.getElementById("notes")?.replaceChildren());
    await page.click("button");
    await page.waitForFunction(() => document.getElementById("notes")?.textContent !== "");
    return { notes: (await page.textContent("#notes")) ?? "", documents: (await page.textContent("#documents")) ?? "" };
  };
  // The schemas are there as soon as the module is.
  await page.waitForFunction(() => document.querySelectorAll("option").length > 0);
  const decoded = await decode(pageOf(events.siem, 200));
  assert.equal(decoded.notes, "Every line was read.");
  assertDecoded(events.siem, linesOf(decoded.documents));
  await page.selectOption("#schema", "ocsf");
  assertNumbers(events.siem, linesOf((await decode(pageOf(events.siem, 200))).documents));
  assert.match((await decode("no event")).notes, /^line 1: /);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    requests.filter((request) => new URL(request).origin !== new URL(url).origin),
    [],
  );
  assert.equal(new Set(requests.filter((request) => request.includes(".wasm"))).size, 1, "one module, that of decoding");
}

test("vite builds a page that decodes what is pasted, and sends nothing", async () => {
  using example = await project("examples/vite");
  await succeed("npm", ["run", "build"], { cwd: example.folder });
  await using opened = await openFolder(join(example.folder, "dist"));
  await assertDecodes(opened);
});

test("vite serves the page while it is developed", async () => {
  using example = await project("examples/vite");
  const server = await createServer({ root: example.folder, logLevel: "warn", server: { host: "127.0.0.1", port: 0, strictPort: false } });
  await server.listen();
  const [url = ""] = server.resolvedUrls?.local ?? [];
  await using opened = await openPage(url, () => server.close());
  await assertDecodes(opened);
});

test("esbuild makes one file that runs where the package is not", async () => {
  using example = await project("examples/esbuild");
  await succeed("npm", ["run", "build"], { cwd: example.folder });
  assert.deepEqual(readdirSync(join(example.folder, "dist")), ["convert.js"]);
  await using events = await source({ available: 300 });
  const empty = mkdtempSync(join(tmpdir(), "edgesiem-bundle-"));
  try {
    copyFileSync(join(example.folder, "dist/convert.js"), join(empty, "convert.mjs"));
    const converted = await succeed(systemNode(), ["convert.mjs", "ecs"], { cwd: empty, input: pageOf(events.siem, 300) });
    assertNumbers(events.siem, linesOf(converted.stdout));
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});

test("esbuild bundles the entries for Node as an ES module, whose errors are of one class", async () => {
  using example = await project();
  const { folder } = example;
  // As functions in a cloud are bundled as a rule: the module beside the bundle, and no other file.
  const program = `import { EdgeSiemError, decodeEvent } from "edgesiem";
import { Pipeline } from "edgesiem/pipeline";
import { StreamLock } from "edgesiem/node";
const failures = [decodeEvent("no event"), StreamLock.acquire("/dev/null", "s")];
for (const error of await Promise.all(failures.map((failure) => failure.catch((error) => error)))) {
  console.log(error.code, error instanceof EdgeSiemError, typeof Pipeline);
}
`;
  writeFileSync(join(folder, "program.js"), program);
  await succeed("esbuild", ["program.js", "--bundle", "--platform=node", "--format=esm", "--outfile=dist/program.mjs"], { cwd: folder });
  const empty = mkdtempSync(join(tmpdir(), "edgesiem-bundle-"));
  try {
    copyFileSync(join(folder, "dist/program.mjs"), join(empty, "program.mjs"));
    copyFileSync(join(folder, "node_modules/edgesiem/dist/core.wasm"), join(empty, "core.wasm"));
    const { stdout } = await succeed(systemNode(), ["program.mjs"], { cwd: empty });
    assert.equal(stdout, "malformed_event true function\nstore true function\n");
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});
