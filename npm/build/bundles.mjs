// The package's JavaScript: one bundle for each entry and platform.

import { chmod, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { glueOf, instances, packedTextOf, textOf, wasmOf } from "./modules.mjs";
import { DIST, NODE_MODULES, NPM, ROOT, SOURCE, esbuild } from "./places.mjs";
import { thirdPartyLicences } from "./licences.mjs";

// Node 20 is the oldest that the package promises; browsers of the same age can do the same.
const TARGET = ["es2022", "node20"];

/**
 * What CommonJS has for `import.meta.url`, in those bundles only that use it: errors.cjs is part of bundles that others make as ES
 * modules, which cannot require anything.
 */
const BUNDLE_URL = join(NPM, "build/bundle-url.mjs");

/** What both inline entries import where they cannot use the module that is in them. */
const INLINE_SCALAR = "inline-scalar.js";

/** How each platform finds the modules and the classes of errors, and what it has of its own. */
const PLATFORMS = {
  node: { loaders: "node", platform: "node", format: "esm" },
  web: { loaders: "web", platform: "neutral", format: "esm" },
  workerd: { loaders: "workerd", platform: "neutral", format: "esm" },
  inline: { loaders: "inline", platform: "neutral", format: "esm" },
};

export const bundles = [
  entry("index", "errors.ts", [], [
    // Node's two kinds of modules share one file, so that `instanceof` holds across them and across the entries.
    { out: "errors.cjs", platform: "node", format: "cjs", shared: false },
    { out: "errors.js", platform: "web", shared: false },
  ]),
  entry("index", "index.ts", [wasmOf("core"), glueOf("core")], [
    { out: "node.js", platform: "node" },
    { out: "node.cjs", platform: "node", format: "cjs" },
    { out: "web.js", platform: "web" },
    { out: "workerd.js", platform: "workerd" },
    { out: "inline.js", platform: "inline" },
    { out: "inline.cjs", platform: "inline", format: "cjs" },
  ]),
  {
    name: "index",
    inputs: [wasmOf("core-scalar")],
    async build() {
      await writeFile(join(DIST, INLINE_SCALAR), `export default "${await textOf("core-scalar")}";\n`);
    },
  },
  entry("pipeline", "pipeline/index.ts", [wasmOf("pipeline"), glueOf("pipeline")], [
    { out: "pipeline-node.js", platform: "node" },
    { out: "pipeline-node.cjs", platform: "node", format: "cjs" },
    { out: "pipeline-web.js", platform: "web" },
    { out: "pipeline-workerd.js", platform: "workerd" },
  ]),
  entry("node", "node/index.ts", [], [
    { out: "host-node.js", platform: "node" },
    { out: "host-node.cjs", platform: "node", format: "cjs" },
  ]),
  // Whole in itself: nobody compares its errors with others.
  entry("cli", "cli/main.ts", [wasmOf("core"), glueOf("core"), wasmOf("pipeline"), glueOf("pipeline")], [
    { out: "cli.js", platform: "node", shared: false, executable: true },
  ]),
];

function entry(name, source, inputs, outputs) {
  return {
    name,
    inputs: [`npm/src/${source}`, ...inputs],
    async build() {
      for (const output of outputs) await bundle(source, output);
    },
  };
}

async function bundle(source, { out, platform, format, shared = true, executable = false }) {
  const { loaders, ...options } = PLATFORMS[platform];
  const kind = format ?? options.format;
  const outfile = join(DIST, out);
  const { metafile } = await esbuild({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCE, source)],
    outfile,
    bundle: true,
    metafile: true,
    platform: options.platform,
    format: kind,
    target: TARGET,
    nodePaths: [NODE_MODULES],
    mainFields: ["module", "main"],
    legalComments: "none",
    logLevel: "warning",
    plugins: [loadersOf(loaders), glue(), wasm(), ...(shared ? [sharedErrors(loaders === "node" || kind === "cjs" ? "cjs" : "js")] : [])],
    ...(kind === "cjs"
      ? { define: { "import.meta.url": "bundleUrl" }, inject: [BUNDLE_URL], external: ["node:url"] }
      : {}),
  });
  if (!executable) return;
  await shebang(outfile);
  await writeFile(join(DIST, "THIRD_PARTY_LICENSES.txt"), await thirdPartyLicences(Object.keys(metafile.inputs)));
}

/** The sources name Node's loaders; each platform has its own of the same names. */
function loadersOf(platform) {
  return {
    name: "loaders",
    setup({ onResolve }) {
      onResolve({ filter: /\/loaders\/node\/[a-z]+\.ts$/ }, ({ path, resolveDir }) => ({
        path: join(resolveDir, path).replace(/([\\/]loaders[\\/])node([\\/])/, `$1${platform}$2`),
      }));
    },
  };
}

/** `glue.js` in the folder of a module is what {@link instances} makes. */
function glue() {
  return {
    name: "glue",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/glue\.js$/ }, ({ resolveDir }) => ({ path: /core$/.test(resolveDir) ? "core" : "pipeline", namespace: "glue" }));
      onLoad({ filter: /.*/, namespace: "glue" }, async ({ path }) => ({ contents: await instances(path), loader: "js" }));
    },
  };
}

/** WebAssembly stays a file beside the bundle, unless it is asked for as text. */
function wasm() {
  return {
    name: "wasm",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /\.wasm\?plain$/ }, () => ({ path: `./${INLINE_SCALAR}`, external: true }));
      onResolve({ filter: /\.wasm\?packed$/ }, ({ path }) => ({ path: path.replace(/^\.\/(.*)\.wasm\?packed$/, "$1"), namespace: "packed" }));
      onLoad({ filter: /.*/, namespace: "packed" }, async ({ path }) => ({ contents: await packedTextOf(path), loader: "text" }));
    },
  };
}

/** The classes of errors are one file for all entries. */
function sharedErrors(extension) {
  return {
    name: "errors",
    setup({ onResolve }) {
      onResolve({ filter: /(^|\/)errors\.ts$/ }, ({ path, resolveDir }) =>
        dirname(join(resolveDir, path)) === SOURCE.replace(/[\\/]$/, "") ? { path: `./errors.${extension}`, external: true } : undefined,
      );
    },
  };
}

async function shebang(file) {
  const text = await readFile(file, "utf8");
  if (!text.startsWith("#!")) await writeFile(file, `#!/usr/bin/env node\n${text}`);
  await chmod(file, 0o755);
}
