/** The files of the built page: their policies, their size, their licences. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { after, before, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { startRig, type Rig } from "./rig.ts";

/** Bytes over the wire, compressed, that each document may need; and of all files together. */
const BUDGET = JSON.parse(readFileSync(fileURLToPath(new URL("../../npm/web/budget.json", import.meta.url)), "utf8")) as Record<string, number>;

let rig: Rig;
before(async () => {
  rig = await startRig();
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

function files(): string[] {
  return readdirSync(rig.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(rig.folder, join(entry.parentPath, entry.name)));
}

const read = (name: string): string => readFileSync(join(rig.folder, name), "utf8");
const gzipped = (name: string): number => gzipSync(readFileSync(join(rig.folder, name)), { level: 9 }).length;

it("each document carries the policy that its headers say, which lets no event out", () => {
  const headers = read("_headers");
  for (const [name, connect] of [["index.html", "'none'"], ["streams.html", "'self'"]] as const) {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(read(name))?.[1]?.replaceAll("&#39;", "'") ?? "";
    for (const part of ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", `connect-src ${connect}`]) assert.ok(policy.split("; ").includes(part), `${name}: ${part}`);
    assert.doesNotMatch(policy, /'unsafe-(inline|eval)'|https?:|\*/);
    assert.ok(headers.includes(`Content-Security-Policy: ${policy}; frame-ancestors 'none'`), name);
    // The policy holds for what follows it only.
    assert.ok(read(name).indexOf("Content-Security-Policy") < read(name).search(/<script|<link/));
  }
});

it("files that browsers may keep for ever have another name when they change", () => {
  assert.match(read("_headers"), /^\/assets\/\*\n  Cache-Control: public, max-age=31536000, immutable$/m);
  const kept = files().filter((name) => name.startsWith("assets/"));
  assert.ok(kept.length > 0);
  for (const name of kept) assert.match(name, /-[\w-]{8}\.\w+$/);
});

it("documents name their files by relative addresses, so that they can lie anywhere", () => {
  for (const name of ["index.html", "streams.html"]) {
    for (const [, address = ""] of read(name).matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(address, /^(\.\/|data:,$)/, `${name}: ${address}`);
  }
});

it("the streams' document has no decoder in it", () => {
  const scripts = [...read("streams.html").matchAll(/(?:src|href)="\.\/(assets\/[\w.-]+\.js)"/g)].map(([, name = ""]) => name);
  assert.ok(scripts.length > 0);
  for (const name of scripts) assert.ok(gzipped(name) < 60_000 && !read(name).includes("WebAssembly"), name);
});

it("the files stay within the budget", () => {
  const names = files().filter((name) => [".html", ".js", ".css"].includes(extname(name)));
  // Instead of the engine, where there is no SIMD.
  const scalar = names.filter((name) => /engine-worker-scalar/.test(name));
  const engine = names.filter((name) => /engine-worker/.test(name) && !scalar.includes(name));
  const others = names.filter((name) => !engine.includes(name) && !scalar.includes(name));
  const sizes = { engine: sum(engine), scalar: sum(scalar), others: sum(others) };
  console.log(`bytes over the wire: ${JSON.stringify(sizes)} of ${JSON.stringify(BUDGET)}`);
  for (const [name, bytes] of Object.entries(sizes)) assert.ok(bytes <= (BUDGET[name] ?? 0), `${name}: ${bytes} bytes, the budget is ${BUDGET[name]}`);
});

it("the licences of what is bundled go with it", () => {
  assert.match(read("THIRD_PARTY_LICENSES.txt"), /preact [\d.]+ \(MIT\)[\s\S]*uplot [\d.]+ \(MIT\)/i);
});

function sum(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + gzipped(name), 0);
}
