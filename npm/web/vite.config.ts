/** Builds the page into npm/dist-web: plain files with relative addresses, for any static host. */

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, UserConfig } from "vite";
import { POLICIES, headersFile } from "./csp.ts";
import { licencesOf } from "./licences.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The package's entry, and beside it the core without SIMD as text. */
const INLINE = resolve(process.env["EDGESIEM_INLINE"] ?? here("../dist/inline.js"));
const SCALAR = join(dirname(INLINE), "inline-scalar.js");

/** Packages are installed for tests/ and nowhere else; `edgesiem/inline` is what the package ships. */
function packages(): Plugin {
  const installer = here("../../tests/package.json");
  return {
    name: "packages",
    enforce: "pre",
    async resolveId(source, importer) {
      const file = { "edgesiem/inline": INLINE, "edgesiem/inline-scalar": SCALAR }[source];
      if (file !== undefined) {
        if (!existsSync(file)) throw new Error(`${file} is missing; \`cargo xtask npm\` makes it`);
        return file;
      }
      // A worker made of a Blob can import nothing; the page starts the one that needs nothing (src/page/state.ts).
      if (source === "./inline-scalar.js") return { id: source, external: true };
      if (importer === undefined || importer === installer || !/^(preact|@preact\/signals|uplot)(\/|$)/.test(source)) return null;
      return this.resolve(source, installer, { skipSelf: true });
    },
  };
}

/** Puts each document's policy into it, and writes `_headers` and the licences. */
function policies(): Plugin {
  return {
    name: "policies",
    apply: "build",
    transformIndexHtml(_html, { filename }) {
      const content = POLICIES[basename(filename)];
      if (content === undefined) throw new Error(`${filename} has no policy in csp.ts`);
      return [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content }, injectTo: "head-prepend" }];
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "_headers", source: headersFile() });
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY_LICENSES.txt", source: licencesOf(this.getModuleIds()) });
    },
  };
}

const config: UserConfig = {
  root: here("."),
  base: "./",
  plugins: [packages(), policies()],
  worker: { format: "es", plugins: () => [packages()] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env["EDGESIEM_WEB_OUT"] ?? here("../dist-web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    // Its polyfill would fetch.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: { index: here("index.html"), streams: here("streams.html") } },
  },
};

// Vite reads a default export.
export default config;
