/** The names of the tests here are what the README says of the sinks, so they must not say what is not so. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { it } from "node:test";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

it("a receiver that a test names is installed in the version that it names", () => {
  const packages = JSON.parse(read("../package-lock.json")) as { packages: Record<string, { version?: string }> };
  const installed = new Set(read("requirements.txt").split("\n").map((line) => line.replace("==", " ")));
  for (const [path, { version }] of Object.entries(packages.packages)) installed.add(`${path.replace("node_modules/", "")} ${version}`);
  const files = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".test.ts"));
  const named = files.flatMap((file) => [...read(file).matchAll(/it\("[a-z0-9-]+: accepted by ([^ ]+ \d[^ :]*):/g)].map(([, receiver]) => receiver!));
  assert.ok(named.length > 0);
  assert.deepEqual(named.filter((receiver) => !installed.has(receiver)), []);
});
