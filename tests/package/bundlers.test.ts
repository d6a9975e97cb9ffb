/** The examples for bundlers: what they build is opened in a browser, and run where nothing else is. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
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
