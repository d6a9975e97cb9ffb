// Makes npm/dist: what the package ships.
//
//     node npm/build.mjs          what can be made of the parts that are there; says what it leaves out
//     node npm/build.mjs --all    everything, or it fails
//     node npm/build.mjs --inline FOLDER   only the entry that the page is built with: inline.js and what it imports
//     node npm/build.mjs --licences | --no-licences    copies the licence files for packing, or removes them
//
// `cargo xtask npm` calls it after the WebAssembly modules and the Worker are built.

import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { bundles } from "./build/bundles.mjs";
import { modules } from "./build/modules.mjs";
import { types } from "./build/types.mjs";
import { DIST, NPM, ROOT, exists } from "./build/places.mjs";

const LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"];
const INLINE = ["inline.js", "inline-scalar.js", "errors.js"];
const [mode = "", out] = process.argv.slice(2);

if (mode === "--licences" || mode === "--no-licences") {
  for (const name of LICENCES) {
    if (mode === "--licences") await copyFile(join(ROOT, name), join(NPM, name));
    else await rm(join(NPM, name), { force: true });
  }
} else if (mode === "--inline") {
  if (out === undefined) throw new Error("name the folder to write");
  try {
    await inline(resolve(out));
  } finally {
    await rm(DIST, { recursive: true, force: true });
  }
} else {
  if (mode !== "" && mode !== "--all") throw new Error(`unknown argument ${mode}; there are --all, --inline FOLDER, --licences and --no-licences`);
  try {
    await build(mode === "--all");
    await rm(join(NPM, "dist"), { recursive: true, force: true });
    await rename(DIST, join(NPM, "dist"));
  } finally {
    await rm(DIST, { recursive: true, force: true });
  }
}

async function inline(folder) {
  await mkdir(folder, { recursive: true });
  for (const bundle of bundles.filter(({ name }) => name === "index")) await bundle.build();
  for (const name of INLINE) await copyFile(join(DIST, name), join(folder, name));
}

async function build(all) {
  const left = [];
  /** Does a step if its inputs are there. */
  const step = async (name, inputs, work) => {
    const missing = inputs.filter((path) => !exists(join(ROOT, path)));
    if (missing.length === 0) return work();
    if (all) throw new Error(`${name}: ${missing.join(", ")} missing; \`cargo xtask npm\` makes what is built`);
    left.push(name);
    console.log(`left out: ${name} (${missing.join(", ")} missing)`);
  };

  for (const module of modules) await step(`${module.name}.wasm`, module.inputs, () => module.copy());
  for (const bundle of bundles) await step(bundle.name, bundle.inputs, () => bundle.build());
  const problems = await types();
  if (problems !== "" && all) throw new Error(`the type check fails:\n${problems}`);
  if (problems !== "") console.log(`the type check fails, the declarations may be wrong:\n${problems}`);
  await step("worker", ["npm/src/worker/build.mjs", "worker/pkg/edgesiem_worker_bg.wasm"], async () => {
    const { buildWorker } = await import("./src/worker/build.mjs");
    await buildWorker({ root: ROOT, dist: DIST });
  });
  console.log(left.length === 0 ? "npm/dist is complete" : `npm/dist is made, without ${left.join(", ")}`);
}
