/** Every example in the sources of the package runs, writes what its comments say, and passes a strict type check. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const NPM = fileURLToPath(new URL("../../npm", import.meta.url));
const TOOLS = fileURLToPath(new URL("../node_modules", import.meta.url));
const run = promisify(execFile);

interface Example {
  /** What it is an example of: the declaration that follows. */
  of: string;
  file: string;
  code: string;
}

/** Examples in doc comments of the sources that ship. */
function examples(): Example[] {
  const files = readdirSync(join(NPM, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return files.flatMap((file) => {
    const comments = readFileSync(file, "utf8").matchAll(/^\/\*\*\n((?: \*.*\n)+?) \*\/\n(.*)/gm);
    return [...comments].flatMap(([, comment = "", declaration = ""]) => {
      const code = /@example\n \* ```ts\n((?: \*.*\n)+?) \* ```/.exec(comment)?.[1]?.replaceAll(/^ \* ?/gm, "");
      const of = /(?:function\*?|class|interface|const) (\w+)/.exec(declaration)?.[1] ?? declaration;
      // What is only for this repository imports nothing: it is no example for users.
      return code === undefined || !code.includes('from "edgesiem') ? [] : [{ of, file: relative(NPM, file), code }];
    });
  });
}

/** What an example says that it writes: the comments beside `console.log`, and those that are lines of their own after it. */
function expected(code: string): string[] {
  const lines = code.split("\n");
  return lines.flatMap((line, at) => {
    const beside = /console\.log\(.*\); \/\/ (.*)$/.exec(line)?.[1];
    if (beside !== undefined) return [beside];
    const below = /^\s*\/\/ (.*)$/.exec(line)?.[1];
    return below !== undefined && /console\.log\(.*\);$/.test(lines[at - 1] ?? "") ? [below] : [];
  });
}

const folder = mkdtempSync(join(tmpdir(), "edgesiem-examples-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "node_modules"));
symlinkSync(NPM, join(folder, "node_modules/edgesiem"));
writeFileSync(join(folder, "package.json"), '{"type":"module"}');

const found = examples();
const nameOf = ({ of }: Example): string => `${of}.ts`;
for (const example of found) writeFileSync(join(folder, nameOf(example)), example.code);

test("each function and class of the package has an example", async () => {
  const documented = new Set(found.map(({ of }) => of));
  const missing: string[] = [];
  for (const entry of ["node.js", "pipeline-node.js", "host-node.js"]) {
    const exported = (await import(join(NPM, "dist", entry))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      // Errors have one together.
      const isError = typeof value === "function" && value.prototype instanceof Error && name !== "EdgeSiemError";
      if (!isError && !documented.has(name)) missing.push(`${entry}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});

for (const example of found) {
  test(`the example of ${example.of} (${example.file}) writes what it says`, async () => {
    const { stdout } = await run(process.execPath, [nameOf(example)], { cwd: folder, env: { PATH: process.env["PATH"], NO_COLOR: "1" }, timeout: 60_000 });
    // Long objects are written over several lines.
    const written = stdout.replaceAll(/\s+/g, " ");
    const says = expected(example.code);
    assert.notEqual(says.length, 0, "it says nothing that could be compared");
    // In their order; between them may be more.
    let at = 0;
    for (const line of says) {
      const found = written.indexOf(line, at);
      assert.notEqual(found, -1, `${line}\nis not in what it wrote:\n${stdout}`);
      at = found + line.length;
    }
  });
}

test("all examples pass the strictest type check", async () => {
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "dom", "dom.asynciterable"],
    module: "nodenext",
    types: ["node"],
    typeRoots: [join(TOOLS, "@types")],
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout } = await run(process.execPath, [join(TOOLS, "typescript/bin/tsc"), "-p", folder]).catch((error: { stdout: string }) => error);
  assert.equal(stdout, "");
});
