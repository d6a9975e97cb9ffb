// Puts the built Worker of this repository into the package: one module of JavaScript and one of WebAssembly.

import { access, copyFile, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const MODULE = "worker.wasm";

/**
 * Writes `dist`/worker: index.js, index.d.ts and worker.wasm.
 *
 * @param {{ root: string, dist: string }} folders `root` is the checkout, `dist` the package's folder of built files.
 * @returns {Promise<string[]>} The files, relative to `dist`.
 * @throws {Error} If worker/pkg is not there: `cargo xtask worker` makes it.
 */
export async function buildWorker({ root, dist }) {
  const built = join(root, "worker/pkg/edgesiem_worker_bg.wasm");
  await access(built).catch(() => {
    throw new Error(`${built} is missing; make it by \`cargo xtask worker\``);
  });
  const out = join(dist, "worker");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { build } = createRequire(join(root, "tests/package.json"))("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: ["worker/index.mjs"],
    outfile: join(out, "index.js"),
    bundle: true,
    format: "esm",
    target: "esnext",
    legalComments: "inline",
    logLevel: "warning",
    // Left to wrangler, which knows what to do with a module of WebAssembly.
    plugins: [
      {
        name: "worker-module",
        setup: ({ onResolve }) => onResolve({ filter: /edgesiem_worker_bg\.wasm$/ }, () => ({ path: `./${MODULE}`, external: true })),
      },
    ],
  });
  await copyFile(built, join(out, MODULE));
  await copyFile(join(root, "npm/src/worker/index.d.ts"), join(out, "index.d.ts"));
  return ["worker/index.js", "worker/index.d.ts", `worker/${MODULE}`];
}
