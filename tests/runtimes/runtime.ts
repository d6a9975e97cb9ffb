/** Where the checks run. */

import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { smallMemory } from "./small-memory.ts";

export interface Runtime {
  /** Runs the check of that name; rejects if it does not hold. */
  check(name: string): Promise<void>;
  /** What the package asked for over the network. */
  requests(): string[];
  /** How long the first `load()` took, in milliseconds. */
  loadMs: number;
  close(): Promise<void>;
}

const DIST = fileURLToPath(new URL("../../npm/dist/", import.meta.url));

/** What V8 is told so that it takes the processor for one that is too old for SIMD. */
export const NO_SIMD = "--no-enable-sse4-1";

const MODULES = ["core.wasm", "core-scalar.wasm"];

/** How many pages of 64 KiB the small module may grow by. */
const SPARE_PAGES = 16;

/** Files of the package, by their path in this folder: as they ship, and below `small/` with the small module. */
export interface Built extends Disposable {
  folder: string;
}

/** Copies these files of npm/dist and the modules that the loaders choose from, twice. Throws if one is missing. */
export async function built(files: readonly string[]): Promise<Built> {
  const missing = [...MODULES, ...files].filter((file) => !existsSync(join(DIST, file)));
  if (missing.length > 0) throw new Error(`npm/dist lacks ${missing.join(", ")}; make it by \`cargo xtask npm\``);
  const folder = await mkdtemp(join(tmpdir(), "edgesiem-runtimes-"));
  const small = join(folder, "small");
  mkdirSync(small);
  for (const module of MODULES) {
    cpSync(join(DIST, module), join(folder, module));
    writeFileSync(join(small, module), smallMemory(readFileSync(join(DIST, module)), SPARE_PAGES));
  }
  for (const file of files) {
    const code = readFileSync(join(DIST, file), "utf8");
    writeFileSync(join(folder, file), code);
    writeFileSync(join(small, file), file.startsWith("inline") ? withInline(code, (module) => smallMemory(module, SPARE_PAGES)) : code);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Code with another module inside: in base64, as gzip or as it is. */
function withInline(code: string, change: (module: Uint8Array) => Uint8Array): string {
  const [text, isPacked] = inlineText(code);
  const module = Buffer.from(text, "base64");
  return code.replace(text, Buffer.from(isPacked ? gzipSync(change(gunzipSync(module))) : change(module)).toString("base64"));
}

/** The module that is inside of code. */
export function inlineModule(code: string): Buffer {
  const [text, isPacked] = inlineText(code);
  const module = Buffer.from(text, "base64");
  return isPacked ? gunzipSync(module) : module;
}

function inlineText(code: string): [text: string, isPacked: boolean] {
  // What gzip and WebAssembly begin with.
  const [, text, beginning] = /"((H4sI|AGFzb)[A-Za-z0-9+/]{1000,}=*)"/.exec(code) ?? [];
  if (text === undefined) throw new Error("there is no module in the code");
  return [text, beginning === "H4sI"];
}

/** A file of this folder with all that it imports of it, as one module. What is imported from `external` stays. */
export async function bundled(file: string, external: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: [...external],
    logLevel: "warning",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made nothing of ${file}`);
  return output.text;
}
