/** The checks in a page of Chromium, which a server on this machine serves. */

import { accessSync, constants, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { NO_SIMD, built, bundled, type Runtime } from "./runtime.ts";
import { vectors } from "./vectors.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PAGE = `<!doctype html><meta charset="utf-8">
<script type="importmap">{"imports":{"edgesiem":"/dist/web.js","edgesiem-small":"/dist/small/web.js"}}</script>
<script type="module" src="/suite.js"></script>`;

export interface Served {
  /** What the server says the module is. A browser compiles while it loads only if that is right. */
  wasmType?: string;
  /** What the server sends for it. */
  wasm?: Buffer;
  /** Whether the browser has SIMD; it has if this is left out. */
  hasSimd?: boolean;
}

export async function inPage({ wasmType = "application/wasm", wasm, hasSimd = true }: Served = {}): Promise<Runtime> {
  const package_ = await built(["web.js", "errors.js"]);
  const suite = await bundled("in-page.ts", ["edgesiem", "edgesiem-small"]);
  const served: Record<string, [type: string, body: string | Buffer]> = {
    "/": ["text/html", PAGE],
    "/suite.js": ["text/javascript", suite],
    "/vectors.json": ["application/json", JSON.stringify(vectors())],
    "/favicon.ico": ["image/x-icon", ""],
  };
  for (const file of ["web.js", "errors.js", "core.wasm", "core-scalar.wasm"].flatMap((file) => [file, `small/${file}`])) {
    const isWasm = file.endsWith(".wasm");
    const bytes = readFileSync(join(package_.folder, file));
    served[`/dist/${file}`] = isWasm ? [wasmType, wasm ?? bytes] : ["text/javascript", bytes];
  }
  const server = createServer(({ url = "/" }, response) => {
    const [type, body] = served[url] ?? ["text/plain", undefined];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: chromiumOnPath(), args: hasSimd ? FLAGS : [...FLAGS, `--js-flags=${NO_SIMD}`] });
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url().replace(origin, "")));
  await page.goto(origin);
  await page.waitForFunction(() => typeof globalThis.runCheck === "function");
  const loadMs = await page.evaluate(() => globalThis.loadMs());
  return {
    async check(name) {
      const failure = await page.evaluate((name) => globalThis.runCheck(name), name);
      if (failure !== "") throw new Error(failure);
    },
    // What the page itself is made of is no request of the package.
    requests: () => requests.filter((url) => !/^\/(suite\.js|vectors\.json|favicon\.ico)?$|\.js$/.test(url)),
    loadMs,
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      package_[Symbol.dispose]();
    },
  };
}

function chromiumOnPath(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const file of folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program)))) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  throw new Error("there is no Chromium on PATH. What to do: install it, such as by `apt-get install chromium`");
}
