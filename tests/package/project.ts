/** Projects that have the packed package installed, as a user would install it, and programs that run in them. */

import { execFile } from "node:child_process";
import { accessSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const TOOLS = join(ROOT, "tests/node_modules");
const NPM = join(ROOT, "npm");
const VERSION = (JSON.parse(readFileSync(join(NPM, "package.json"), "utf8")) as { version: string }).version;
export const TARBALL = join(ROOT, `target/npm/edgesiem-${VERSION}.tgz`);

/** So long a program may run; most need a second, those that start a compiler or a runtime a few. */
const PATIENCE_MS = 120_000;

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  /** Beside what a program always needs; nothing else of this process's environment is handed on. */
  env?: Record<string, string>;
  input?: string | Buffer;
  /** Folders of programs, instead of the tools of the tests and what is on this machine. */
  path?: readonly string[];
}

/** The tools of the tests first: Node 24 among them. */
export const USUAL_PATH: readonly string[] = [join(TOOLS, ".bin"), ...(process.env["PATH"] ?? "").split(delimiter)];

/** Runs a program to its end, whatever its exit code. Its output is kept as a whole: 64 MB at most. */
export function run(program: string, args: readonly string[], { cwd, env, input, path = USUAL_PATH }: RunOptions = {}): Promise<Finished> {
  const { HOME = tmpdir(), LANG = "C.UTF-8", TMPDIR = tmpdir() } = process.env;
  const environment = { HOME, LANG, TMPDIR, PATH: path.join(delimiter), NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", ...env };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env: environment, timeout: PATIENCE_MS, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") return reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stderr}`));
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}

/** Runs a program that must succeed, and returns what it wrote. */
export async function succeed(program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await run(program, args, options);
  if (finished.code !== 0) throw new Error(`${program} ${args.join(" ")}: exit code ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
  return finished;
}

/** Where a program is, on the machine's own PATH; `undefined` if it is not there. */
export function find(program: string, path: readonly string[] = USUAL_PATH): string | undefined {
  return path
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A runtime that has to be there; the error says how it gets there. */
export function runtime(name: "deno" | "bun"): string {
  // npm's package of Deno itself wants all platforms, also those that a registry lacks.
  const file = find(name) ?? find(name, [join(TOOLS, "@deno/linux-x64-glibc")]);
  if (file === undefined) throw new Error(`${name} is not on PATH and not in tests/node_modules. What to do: \`cargo xtask setup\` on a platform that npm has ${name} for, or install ${name}`);
  return file;
}

/** The Node of this machine, which is not that of the tests. */
export function systemNode(): string {
  const file = find("node", (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.startsWith(TOOLS)));
  if (file === undefined) throw new Error("there is no Node on PATH beside that of the tests. What to do: install Node 20 or later");
  return file;
}

/** A folder in which the package is installed. Remove it by `using`. */
export interface Project extends Disposable {
  folder: string;
}

/** An empty folder in which the tarball was installed without asking any registry, and then the files of `from` put beside it. */
export async function project(from?: `examples/${string}` | "template", tools: readonly string[] = []): Promise<Project> {
  if (!existsSync(TARBALL)) throw new Error(`${TARBALL} is missing. What to do: \`cargo xtask npm\``);
  const folder = mkdtempSync(join(tmpdir(), "edgesiem-package-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const cache = join(folder, ".npm-cache");
    await succeed("npm", ["install", TARBALL, "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", cache], { cwd: folder });
    rmSync(cache, { recursive: true, force: true });
    // Without what somebody who tried the example in the checkout has left there.
    const filter = (path: string): boolean => !["node_modules", "dist", ".wrangler"].includes(basename(path));
    if (from !== undefined) cpSync(join(NPM, from), folder, { recursive: true, filter });
    for (const tool of tools) {
      const place = join(folder, "node_modules", tool);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(join(TOOLS, tool), place);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, [Symbol.dispose]: remove };
}

/** Replaces what must be in a text exactly once. */
export function swap(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the text must have ${from} once`);
  return text.replace(from, () => to);
}
