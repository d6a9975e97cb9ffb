/** The checks in this process: Node's ES modules, CommonJS, and the bundle with the module inside. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Context, EdgeSiem } from "./context.ts";
import { NO_SIMD, built, type Runtime } from "./runtime.ts";
import { check } from "./suite.ts";
import { vectors } from "./vectors.ts";

const require = createRequire(import.meta.url);

type NodeFile = "node.js" | "node.cjs" | "inline.js" | "inline.cjs";

/** Loads `file` of npm/dist, by `require` if it is CommonJS. */
export async function inNode(file: NodeFile): Promise<Runtime> {
  const errors = file.endsWith(".cjs") || file === "node.js" ? "errors.cjs" : "errors.js";
  const package_ = await built([file, errors, ...(file.startsWith("inline") ? ["inline-scalar.js"] : [])]);
  // As in npm/package.json: a file .js is an ES module.
  writeFileSync(join(package_.folder, "package.json"), '{"type":"module"}');
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

/** What the process answers: how long the first `load()` took, then what went wrong in each check, or nothing. */
export type Answer = { loadMs: number } | { failure: string };

/** The same in a process of its own, to which V8's option for a processor without SIMD is given. */
export async function inNodeWithoutSimd(file: NodeFile): Promise<Runtime> {
  const child = fork(fileURLToPath(new URL("in-node.ts", import.meta.url)), [file], { execArgv: [NO_SIMD] });
  let isOver = false;
  const ended = once(child, "exit").then(([code]: unknown[]): never => {
    isOver = true;
    throw new Error(`the process ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const answer = async (): Promise<Answer> => (await Promise.race([once(child, "message"), ended]))[0] as Answer;
  const first = await answer();
  return {
    async check(name) {
      child.send(name);
      const result = await answer();
      if ("failure" in result && result.failure !== "") throw new Error(result.failure);
    },
    requests: () => [],
    loadMs: "loadMs" in first ? first.loadMs : Number.NaN,
    async close() {
      if (!isOver) child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}
