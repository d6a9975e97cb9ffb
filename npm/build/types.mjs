// The declarations: those of the sources, and what wasm-bindgen declares; for ES modules and for CommonJS.

import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { declarationsOf } from "./modules.mjs";
import { DIST, NODE_MODULES, NPM, ROOT, exists } from "./places.mjs";

const TYPES = join(DIST, "types");
const COMMONJS = join(DIST, "types-cjs");
/** Those of the entries; what none of them leads to, such as the command's, is not shipped. */
const ENTRIES = ["index", "pipeline/index", "node/index", "loaders/module"].map((name) => join(TYPES, `src/${name}.d.ts`));
/** What a WebAssembly file is to those who import it. */
const MODULE = join(TYPES, "src/loaders/module.d.ts");
/** How wasm-bindgen declares a module's beginnings: nobody's business, and it needs types that only browsers have. */
const INITIALISATION = /^export type InitInput[\s\S]*/m;

/** Writes dist/types and dist/types-cjs, and returns what the type check says; an empty text if all is well. */
export async function types() {
  const tsc = join(NODE_MODULES, "typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", join(NPM, "tsconfig.json"), "--outDir", TYPES], { encoding: "utf8" });
  const written = [
    ...(await filesIn(join(NPM, "src"))).filter((path) => path.endsWith(".d.ts")),
    ...["core", "pipeline"].map((name) => join(ROOT, declarationsOf(name))).filter(exists),
  ];
  for (const path of written) {
    const target = join(TYPES, relative(NPM, path));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, target);
  }
  const needed = await reachable(ENTRIES);
  for (const path of await filesIn(TYPES)) {
    if (!needed.has(path)) {
      await rm(path);
      continue;
    }
    const text = (await readFile(path, "utf8")).replace(INITIALISATION, "").replace(SPECIFIER, (_, before, name) => `${before}${name}.js"`);
    await writeFile(path, text);
    // Only ES modules import WebAssembly.
    if (path === MODULE) continue;
    const target = join(COMMONJS, relative(TYPES, path)).replace(/\.d\.ts$/, ".d.cts");
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replace(SPECIFIER, (_, before, name) => `${before}${name}.cjs"`));
  }
  return `${stdout}${stderr}`.trim();
}

/** A relative specifier: of an import, an export, or a type. */
const SPECIFIER = /((?:from |import )"|import\(")(\.\.?\/[^"]+)\.[jt]s"/g;

/** The declarations that `entries` import, and those that they import. */
async function reachable(entries) {
  const reached = new Set();
  const visit = async (path) => {
    if (reached.has(path) || !exists(path)) return;
    reached.add(path);
    for (const [, , name] of (await readFile(path, "utf8")).matchAll(SPECIFIER)) await visit(join(dirname(path), `${name}.d.ts`));
  };
  for (const entry of entries) await visit(entry);
  return reached;
}

async function filesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
