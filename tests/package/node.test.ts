/** The examples for Node, with the Node of this machine (the oldest that is supported, if it is that) and with that of the tests. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { ROOT, TOOLS, project, run, succeed, swap, systemNode } from "./project.ts";
import { assertDecoded, assertNumbers, linesOf, pageOf, source } from "./source.ts";

const NODES = { "the tests' Node": join(TOOLS, ".bin/node"), "this machine's Node": systemNode() };

before(async () => {
  for (const [name, node] of Object.entries(NODES)) console.log(`${name} is ${(await succeed(node, ["--version"])).stdout.trim()}`);
});

for (const [name, node] of Object.entries(NODES)) {
  test(`node-esm decodes a file on ${name}`, async () => {
    using example = await project("examples/node-esm");
    await using events = await source({ available: 500 });
    const { siem } = events;
    writeFileSync(join(example.folder, "events.ndjson"), pageOf(siem, 500));
    const decoded = await succeed(node, ["decode.js", "events.ndjson"], { cwd: example.folder });
    assertDecoded(siem, linesOf(decoded.stdout));
    assert.match(decoded.stderr, /next page begins at offset an-offset/);
    const converted = await succeed(node, ["decode.js", "events.ndjson", "ocsf"], { cwd: example.folder });
    assertNumbers(siem, linesOf(converted.stdout));
  });

  test(`node-esm names a line that is no event and goes on, on ${name}`, async () => {
    using example = await project("examples/node-esm");
    await using events = await source({ available: 2 });
    const [first = "", second = ""] = pageOf(events.siem, 2).split("\n");
    writeFileSync(join(example.folder, "events.ndjson"), `${first}\nno event\n${second}\n{"offset":"x","total":2}\n`);
    const decoded = await run(node, ["decode.js", "events.ndjson"], { cwd: example.folder });
    assert.equal(decoded.code, 1, decoded.stderr);
    assert.match(decoded.stderr, /^line 2: /m);
    assertDecoded(events.siem, linesOf(decoded.stdout));
  });

  test(`node-cjs signs a request, sends it and decodes the answer on ${name}`, async () => {
    using example = await project("examples/node-cjs");
    await using events = await source({ available: 300 });
    const { siem, env } = events;
    // The emulator has no certificate.
    const file = join(example.folder, "fetch.js");
    writeFileSync(file, swap(readFileSync(file, "utf8"), "https://${", "http://${"));
    const variables = { ...env, AKAMAI_HOST: new URL(siem.url).host };
    const fetched = await succeed(node, ["fetch.js", siem.configIds[0] ?? ""], { cwd: example.folder, env: variables });
    assert.equal(linesOf(fetched.stdout).length, 300);
    assert.match(fetched.stderr, new RegExp(`^300 events; the next offset is ${siem.lastOffset}$`, "m"));
    assert.deepEqual(siem.statuses, { 200: 1 });
  });

  test(`node-cjs says what to do without credentials on ${name}`, async () => {
    using example = await project("examples/node-cjs");
    writeFileSync(join(example.folder, ".edgerc"), "[default]\nhost = akab-x.luna.akamaiapis.net\n");
    const fetched = await run(node, ["fetch.js", "1"], { cwd: example.folder, env: { HOME: example.folder } });
    assert.equal(fetched.code, 1);
    assert.match(fetched.stderr, /^What to do: /m);
  });

  test(`typescript compiles strictly, and its program continues where it ended, on ${name}`, async () => {
    using example = await project("examples/typescript", ["@types/node", "undici-types"]);
    const { folder } = example;
    await succeed("npm", ["run", "build"], { cwd: folder });
    await using events = await source({ available: 700 });
    const { siem, env } = events;
    const first = await succeed(node, ["dist/main.js"], { cwd: folder, env });
    const requestsOfTheFirst = siem.counters.requests;
    siem.append(300);
    // The newest are left out by the API for some seconds: they are asked for once they are old enough.
    siem.advance(10_000);
    const second = await succeed(node, ["dist/main.js"], { cwd: folder, env });
    assert.ok(requestsOfTheFirst >= 1 && siem.counters.requests > requestsOfTheFirst);
    assert.equal(readFileSync(join(folder, "offset.txt"), "utf8"), siem.lastOffset);
    assert.match(first.stderr, /^700 events$/m);
    assert.match(second.stderr, /^300 events$/m);
    assertNumbers(siem, [...linesOf(first.stdout), ...linesOf(second.stdout)]);
  });
}

for (const [resolution, flags] of Object.entries({ nodenext: [], bundler: ["--module", "esnext", "--moduleResolution", "bundler"] })) {
  test(`the types of every entry hold in strict TypeScript with ${resolution} resolution`, async () => {
    using example = await project("examples/typescript", ["@types/node", "undici-types"]);
    cpSync(join(ROOT, "tests/package/entries.txt"), join(example.folder, "src/entries.ts"));
    await succeed("tsc", ["-p", ".", "--noEmit", "--exactOptionalPropertyTypes", ...flags], { cwd: example.folder });
  });
}
