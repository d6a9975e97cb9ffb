/** The examples for Deno and Bun. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project, run, runtime, succeed } from "./project.ts";
import { assertDecoded, assertNumbers, linesOf, pageOf, pulling, source } from "./source.ts";

test("deno converts a file, and needs no permission but to read", async () => {
  const deno = runtime("deno");
  using example = await project("examples/deno");
  const { folder } = example;
  await using events = await source({ available: 400 });
  writeFileSync(join(folder, "events.ndjson"), pageOf(events.siem, 400));
  const env = { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };
  const converted = await succeed(deno, ["task", "--quiet", "start", "events.ndjson"], { cwd: folder, env });
  assert.equal(converted.stderr, "");
  assertNumbers(events.siem, linesOf(converted.stdout));
});

test("deno pulls, and needs no permission but to read and to reach the source", async () => {
  const deno = runtime("deno");
  using example = await project("examples/deno");
  const { folder } = example;
  await using events = await source({ available: 1000 });
  const { siem, env } = events;
  writeFileSync(join(folder, "pull.mjs"), `${pulling(JSON.stringify(env), "console.log")}\nconsole.error(await pull());\n`);
  const { host } = new URL(siem.url);
  const environment = { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" };
  const pulled = await succeed(deno, ["run", "--quiet", "--allow-read", `--allow-net=${host}`, "pull.mjs"], { cwd: folder, env: environment });
  assert.equal(pulled.stderr.trim(), siem.lastOffset);
  assertDecoded(siem, linesOf(pulled.stdout));
});

test("deno checks the types that the package has", async () => {
  const deno = runtime("deno");
  using example = await project("examples/deno");
  const { folder } = example;
  await succeed(deno, ["check", "--quiet", "main.ts"], { cwd: folder, env: { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1" } });
});

test("bun pulls the last hour", async () => {
  const bun = runtime("bun");
  using example = await project("examples/bun");
  // One a second for two hours: an hour's worth is older than what is asked for.
  await using events = await source({ available: 7200, intervalMs: 1000 });
  const { siem, env } = events;
  const pulled = await succeed(bun, ["start"], { cwd: example.folder, env: { ...env, DO_NOT_TRACK: "1" } });
  const numbers = linesOf(pulled.stdout).map((line) => siem.events.numberIn(line) ?? -1);
  const oldest = Math.min(...numbers);
  assert.ok(Math.abs(siem.available - oldest - 3600) < 120, `the oldest is event ${oldest} of ${siem.available}`);
  assert.deepEqual([...numbers].sort((a, b) => a - b), Array.from({ length: siem.available - oldest }, (_, at) => oldest + at));
});

test("bun names what is missing", async () => {
  const bun = runtime("bun");
  using example = await project("examples/bun");
  const pulled = await run(bun, ["run", "main.ts"], { cwd: example.folder });
  assert.notEqual(pulled.code, 0);
  assert.match(pulled.stderr, /AKAMAI_HOST is not set/);
});

test("bun decodes what the emulator sent as it was encoded", async () => {
  const bun = runtime("bun");
  using example = await project("examples/bun");
  await using events = await source({ available: 1000 });
  const pulled = await succeed(bun, ["run", "main.ts"], { cwd: example.folder, env: events.env });
  assertDecoded(events.siem, linesOf(pulled.stdout));
});
