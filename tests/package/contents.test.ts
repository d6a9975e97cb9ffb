/** What is in the packed tarball, and that every tool that reads packages can read it. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, normalize, relative } from "node:path";
import { after, test } from "node:test";
import { ROOT, TARBALL, TOOLS, project, run, succeed } from "./project.ts";
import { complaints, readBudget, sizesOf, table } from "./sizes.ts";

const empty = await project();
after(() => empty[Symbol.dispose]());
const installed = join(empty.folder, "node_modules/edgesiem");
const files = readdirSync(installed, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(installed, join(entry.parentPath, entry.name)))
  .sort();
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown> & { exports: Record<string, unknown> };

/** Beside dist/. npm adds package.json, README and licences by itself. */
const BESIDE = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "config.schema.json", "package.json"];

test("the tarball holds what is built, the page, a README, the licences and the schema of the configuration, and nothing else", () => {
  const kinds = /^dist\/(?:[\w.-]+\/)*[\w.-]+(?:\.d\.ts|\.d\.cts|\.js|\.cjs|\.wasm)$|^dist\/THIRD_PARTY_LICENSES\.txt$/;
  const page = /^dist-web\/(?:assets\/[\w.-]+\.(?:js|css)|(?:index|streams)\.html|_headers|THIRD_PARTY_LICENSES\.txt)$/;
  assert.deepEqual(
    files.filter((file) => !kinds.test(file) && !page.test(file)),
    BESIDE,
  );
  assert.deepEqual(
    files.filter((file) => /test|fixture|emulator|\.map$/.test(file)),
    [],
  );
});

test("no file of the tarball names a folder of the machine that built it", () => {
  const folders = [ROOT.replace(/\/$/, ""), homedir(), process.env["CARGO_HOME"] ?? join(homedir(), ".cargo")].filter((folder) => folder !== "/");
  const found = files.flatMap((file) => {
    // Byte for byte: modules of WebAssembly have such texts too, in messages of panics.
    const text = readFileSync(join(installed, file), "latin1");
    return folders.filter((folder) => text.includes(`${folder}/`)).map((folder) => `${file}: ${folder}`);
  });
  assert.deepEqual(found, []);
});

test("installing it installs nothing else and runs nothing", () => {
  for (const key of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"]) assert.equal(manifest[key], undefined, key);
  const { scripts = {} } = manifest as { scripts?: Record<string, string> };
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /install|prepare/.test(name)),
    [],
  );
  assert.deepEqual(
    readdirSync(join(empty.folder, "node_modules")).filter((name) => !name.startsWith(".")),
    ["edgesiem"],
  );
});

test("every file that the manifest names is there", () => {
  const named: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") named.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const key of ["exports", "bin", "main", "module", "types"]) collect(manifest[key]);
  assert.ok(named.length > 10, named.join(", "));
  assert.deepEqual(
    named.filter((file) => !existsSync(join(installed, file))),
    [],
  );
});

test("the types hold no file that no entry leads to", () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !existsSync(join(installed, file))) return;
    reached.add(file);
    const text = readFileSync(join(installed, file), "utf8");
    for (const [, specifier = ""] of text.matchAll(/(?:from |import\(|import )"(\.\.?\/[^"]+)"/g)) {
      visit(normalize(join(dirname(file), specifier.replace(/\.js$/, ".d.ts").replace(/\.cjs$/, ".d.cts"))));
    }
  };
  JSON.stringify(manifest.exports, (key, value: unknown) => {
    if (key === "types" && typeof value === "string") visit(normalize(value));
    return value;
  });
  assert.deepEqual(
    files.filter((file) => /\.d\.c?ts$/.test(file) && !reached.has(file)),
    [],
  );
});

test("THIRD_PARTY_LICENSES.txt has the licence of every package that the sources import", () => {
  const text = readFileSync(join(installed, "dist/THIRD_PARTY_LICENSES.txt"), "utf8");
  const imported = new Set<string>();
  for (const entry of readdirSync(join(ROOT, "npm/src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.d)\.ts$/.test(entry.name)) continue;
    // What stands in a comment is an example.
    const code = readFileSync(join(entry.parentPath, entry.name), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [, name = ""] of code.matchAll(/^(?:import|export) (?!type )(?:[^;"']* from )?"((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[^"]*)?"/gm)) imported.add(name);
    for (const [, name = ""] of code.matchAll(/import\("((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[^"]*)?"\)/g)) imported.add(name);
  }
  assert.ok(imported.has("commander") && imported.has("smol-toml"), [...imported].join(", "));
  for (const name of imported) {
    const folder = join(TOOLS, name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    assert.ok(licence !== undefined, `${name} has no licence file`);
    assert.ok(text.includes(`${name} ${version}`), `${name} ${version} is not named`);
    assert.ok(text.includes(readFileSync(join(folder, licence), "utf8").trim()), `the licence of ${name} is not whole`);
  }
});

test("publint finds nothing", async () => {
  const { stdout } = await succeed(process.execPath, [join(TOOLS, "publint/src/cli.js"), "run", TARBALL, "--strict"]);
  assert.match(stdout, /All good!/);
});

/** They are no JavaScript: a module of WebAssembly has no types, and JSON needs none. */
const NO_JAVASCRIPT = ["core.wasm", "pipeline.wasm", "config.schema.json", "package.json"];

test("attw finds the types of every entry", async () => {
  const entries = Object.keys(manifest.exports).filter((name) => !NO_JAVASCRIPT.includes(name.slice(2)));
  const attw = async (profile: string, looked: readonly string[]): Promise<void> => {
    const { code, stdout } = await run("attw", [TARBALL, "--profile", profile, "--entrypoints", ...looked, "--no-emoji", "--no-color", "--format", "ascii"]);
    assert.equal(code, 0, stdout);
    for (const name of looked) assert.ok(stdout.includes(`"${join("edgesiem", name)}"`), `${name} was not looked at:\n${stdout}`);
  };
  // Node 10 cannot read `exports`, and the package needs Node 20.
  await attw("node16", entries.filter((name) => name !== "./worker"));
  // The entry of a Worker is an ES module, always.
  await attw("esm-only", ["./worker"]);
});

test("every file keeps to its budget of bytes", () => {
  const sizes = sizesOf(empty.folder);
  console.log(table(sizes));
  assert.deepEqual(complaints(sizes, readBudget()), []);
});

test("a budget that is exceeded, missing, left over or stale is complained about", () => {
  const budget = { a: { raw: 100, gzip: 50 }, gone: { raw: 1, gzip: 1 } };
  const cases: [string, Record<string, { raw: number; gzip: number }>, RegExp[]][] = [
    ["within", { a: { raw: 95, gzip: 50 }, gone: { raw: 1, gzip: 1 } }, []],
    ["exceeded", { a: { raw: 101, gzip: 50 }, gone: { raw: 1, gzip: 1 } }, [/^a \(raw\) has 101 bytes/]],
    ["stale", { a: { raw: 100, gzip: 44 }, gone: { raw: 1, gzip: 1 } }, [/^a \(gzip\) has 44 bytes, far below/]],
    ["missing", { a: { raw: 100, gzip: 50 }, gone: { raw: 1, gzip: 1 }, b: { raw: 1, gzip: 1 } }, [/^b has no budget/]],
    ["left over", { a: { raw: 100, gzip: 50 } }, [/^gone has a budget/]],
  ];
  for (const [name, sizes, expected] of cases) {
    const found = complaints(sizes, budget);
    assert.equal(found.length, expected.length, name);
    expected.forEach((pattern, at) => assert.match(found[at] ?? "", pattern, name));
  }
});
