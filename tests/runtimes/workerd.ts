/** The checks in a Worker on workerd. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare, Response, convertV4MiniflareOptions } from "miniflare";
import { built, bundled, type Runtime } from "./runtime.ts";
import { vectors } from "./vectors.ts";

/** Without compatibility flags, and of the year in which the platform became able to do all that the package needs. */
const COMPATIBILITY_DATE = "2024-09-23";

export async function inWorker(): Promise<Runtime> {
  const package_ = await built(["workerd.js", "errors.js"]);
  const suite = await bundled("in-worker.ts", ["edgesiem", "edgesiem-small"]);
  const paths = suite.replaceAll('"edgesiem"', '"./workerd.js"').replaceAll('"edgesiem-small"', '"./small/workerd.js"');
  writeFileSync(join(package_.folder, "suite.js"), paths);
  const modules = ["suite.js", "workerd.js", "errors.js", "core.wasm", "small/workerd.js", "small/errors.js", "small/core.wasm"];
  const requests: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modulesRoot: package_.folder,
      modules: modules.map((file) => ({ type: file.endsWith(".js") ? ("ESModule" as const) : ("CompiledWasm" as const), path: join(package_.folder, file) })),
      compatibilityDate: COMPATIBILITY_DATE,
      bindings: { VECTORS: vectors() as never },
      outboundService(request: { url: string }) {
        requests.push(request.url);
        return new Response("", { status: 502 });
      },
      // Otherwise every start waits for a server of Cloudflare's that tests do not need.
      cf: false,
    }),
  );
  await miniflare.ready;
  return {
    async check(name) {
      const response = await miniflare.dispatchFetch(`http://edgesiem.example/${encodeURIComponent(name)}`);
      const text = await response.text();
      if (response.status !== 200) throw new Error(text);
    },
    requests: () => requests,
    // Its clock stands still while code runs, and it compiled the module before.
    loadMs: Number.NaN,
    async close() {
      await miniflare.dispose();
      package_[Symbol.dispose]();
    },
  };
}
