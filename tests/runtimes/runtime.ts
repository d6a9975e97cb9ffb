/** Where the checks run. */

import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** How many pages of 64 KiB the small module may grow by. */
const SPARE_PAGES = 16;

/** Files of the package, by their path in this folder: as they ship, and below `small/` with the small module. */
export interface Built extends Disposable {
  folder: string;
}

/** Copies these files of npm/dist, twice. Throws if one is missing. */
export async function built(files: readonly string[]): Promise<Built> {
  const missing = ["core.wasm", ...files].filter((file) => !existsSync(join(DIST, file)));
  if (missing.length > 0) throw new Error(`npm/dist lacks ${missing.join(", ")}; make it by \`cargo xtask npm\``);
  const folder = await mkdtemp(join(tmpdir(), "edgesiem-runtimes-"));
  const small = join(folder, "small");
  mkdirSync(small);
  const wasm = readFileSync(join(DIST, "core.wasm"));
  const smallWasm = smallMemory(wasm, SPARE_PAGES);
  cpSync(join(DIST, "core.wasm"), join(folder, "core.wasm"));
  writeFileSync(join(small, "core.wasm"), smallWasm);
  const [text, smallText] = [wasm, smallWasm].map((bytes) => Buffer.from(bytes).toString("base64"));
  for (const file of files) {
    const code = readFileSync(join(DIST, file), "utf8");
    writeFileSync(join(folder, file), code);
    // What is inline is within the code.
    const hasInline = file.startsWith("inline");
    if (hasInline && !code.includes(text ?? "")) throw new Error(`npm/dist/${file} holds another module than npm/dist/core.wasm: build again`);
    writeFileSync(join(small, file), hasInline ? code.replace(text ?? "", smallText ?? "") : code);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
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
