/** The checks in this process: Node's ES modules, CommonJS, and the bundle with the module inside. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Context, EdgeSiem } from "./context.ts";
import { built, type Runtime } from "./runtime.ts";
import { check } from "./suite.ts";
import { vectors } from "./vectors.ts";

const require = createRequire(import.meta.url);

/** Loads `file` of npm/dist, by `require` if it is CommonJS. */
export async function inNode(file: "node.js" | "node.cjs" | "inline.js" | "inline.cjs"): Promise<Runtime> {
  const package_ = await built([file, file.endsWith(".cjs") || file === "node.js" ? "errors.cjs" : "errors.js"]);
  const get = async (path: string): Promise<EdgeSiem> =>
    (file.endsWith(".cjs") ? require(join(package_.folder, path)) : await import(pathToFileURL(join(package_.folder, path)).href)) as EdgeSiem;

  const requests: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    requests.push(String(input instanceof Request ? input.url : input));
    return fetch(input, init);
  };
  const edgesiem = await get(file);
  const before = performance.now();
  await edgesiem.load();
  const loadMs = performance.now() - before;
  const context: Context = { edgesiem, small: await get(join("small", file)), vectors: vectors() };
  return {
    check: async (name) => check(name).run(context),
    requests: () => requests,
    loadMs,
    async close() {
      globalThis.fetch = fetch;
      package_[Symbol.dispose]();
    },
  };
}
