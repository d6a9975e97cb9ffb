/** The example for Cloudflare Workers, and the template that is deployed from the prebuilt Worker. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { unstable_readConfig as readConfig } from "wrangler";
import { startReceiver } from "../emulator/receiver.ts";
import { develop } from "./develop.ts";
import { project, swap } from "./project.ts";
import { assertDecoded, assertNumbers, linesOf, pageOf, pulling, source } from "./source.ts";
import { build, deploy } from "./workerd.ts";

const ADMIN_TOKEN = "an admin token for tests only";

test("worker decodes the body of a POST, built without Rust", async () => {
  using example = await project("examples/worker");
  await build(example.folder, "check", "dist");
  await using deployed = await deploy(example.folder, "dist");
  const { miniflare } = deployed;
  await using events = await source({ available: 500 });
  const post = (path: string): Promise<{ status: number; text(): Promise<string> }> =>
    miniflare.dispatchFetch(`http://example.com${path}`, { method: "POST", body: pageOf(events.siem, 500) });
  assertDecoded(events.siem, linesOf(await (await post("/")).text()));
  assertNumbers(events.siem, linesOf(await (await post("/ecs")).text()));
  const refused = await post("/no-schema");
  assert.equal(refused.status, 404);
  assert.match(await refused.text(), /"schemas":\["decoded",/);
  assert.equal((await miniflare.dispatchFetch("http://example.com/")).status, 405);
});

test("a Worker of one's own pulls", async () => {
  using example = await project("examples/worker");
  const { folder } = example;
  await using events = await source({ available: 1000 });
  const { siem, env } = events;
  const worker = `${pulling(JSON.stringify(env), "lines.push")}
const lines = [];
export default { async fetch() { return Response.json({ offset: await pull(), lines }); } };`;
  writeFileSync(join(folder, "src/index.js"), worker);
  await build(folder, "check", "dist");
  await using deployed = await deploy(folder, "dist");
  const response = await deployed.miniflare.dispatchFetch("http://example.com/");
  assert.equal(response.status, 200, response.ok ? "" : await response.clone().text());
  const answer = (await response.json()) as { offset: string; lines: string[] };
  assert.equal(answer.offset, siem.lastOffset);
  assertDecoded(siem, answer.lines);
});

test("the template deploys without Rust, and its Worker delivers every event of the emulator", async () => {
  using deployment = await project("template");
  const { folder } = deployment;
  await build(folder, "check", "bundle", ["--outdir", "bundle"]);
  await using events = await source({ available: 20_000 });
  const { siem } = events;
  const receiver = await startReceiver({ events: siem.events, schema: "decoded", available: () => siem.available });
  try {
    const { EDGESIEM: config } = readConfig({ config: join(folder, "wrangler.toml") }).vars as { EDGESIEM: Record<string, never> };
    const { streams, sinks } = config as unknown as { streams: { source: Record<string, unknown> }[]; sinks: Record<string, Record<string, unknown>> };
    // What a user edits, and nothing else.
    Object.assign(streams[0]?.source ?? {}, { host: siem.url, config_ids: siem.configIds.map(Number) });
    Object.assign(sinks["splunk"] ?? {}, { url: receiver.url });
    const secrets = {
      ADMIN_TOKEN,
      AKAMAI_CLIENT_TOKEN: siem.credentials.clientToken,
      AKAMAI_CLIENT_SECRET: siem.credentials.clientSecret,
      AKAMAI_ACCESS_TOKEN: siem.credentials.accessToken,
      SPLUNK_TOKEN: receiver.splunkToken,
    };
    assert.deepEqual(secretNames(folder), Object.keys(secrets).sort());
    await using deployed = await deploy(folder, "bundle", { EDGESIEM: { ...config, allow_insecure_loopback: true }, ...secrets });
    const { miniflare } = deployed;
    const worker = (await miniflare.getWorker()) as unknown as { scheduled(event: { cron: string }): Promise<{ outcome: string }> };
    assert.deepEqual(await worker.scheduled({ cron: "* * * * *" }), { outcome: "ok", noRetry: false }, deployed.logs.join("\n"));
    assert.deepEqual(receiver.tally.missing(0, siem.available), []);
    const { unique, duplicates, mismatches } = receiver.tally.counters;
    assert.deepEqual({ unique, duplicates, mismatches }, { unique: 20_000, duplicates: 0, mismatches: 0 });
    assert.deepEqual(receiver.errors, []);
    const kv = (await miniflare.getKVNamespace("EDGESIEM_KV")) as unknown as { get(key: string): Promise<string | null> };
    const stored = JSON.parse((await kv.get("checkpoint/prod-waf")) ?? "null") as { checkpoint: { cursor: { offset: string } } };
    assert.equal(stored.checkpoint.cursor.offset, siem.lastOffset);
    const ask = async (path: string): Promise<number> => (await miniflare.dispatchFetch(`http://example.com${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).status;
    assert.deepEqual([await ask("/healthz"), await ask("/status")], [200, 200]);
  } finally {
    await receiver.close();
  }
});

test("the template's `npm run dev` delivers every event of the emulator to its receiver when the cron is triggered", async () => {
  using trial = await project("template", ["wrangler"]);
  const { folder } = trial;
  await using events = await source({ available: 2000 });
  const { siem } = events;
  const receiver = await startReceiver({ events: siem.events, schema: "decoded", available: () => siem.available });
  try {
    const path = join(folder, "wrangler.toml");
    const url = (text: string, from: string, to: string): string => swap(text, `"${from}"`, `"${to}"`);
    // What the README says of a trial, and nothing else.
    let config = swap(readFileSync(path, "utf8"), 'store = "durable-object"\n', 'store = "durable-object"\nallow_insecure_loopback = true\n');
    config = url(config, "akab-xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx.luna.akamaiapis.net", siem.url);
    config = url(config, "https://splunk.example:8088", receiver.url);
    writeFileSync(path, swap(config, "[14227]", `[${siem.configIds.join(", ")}]`));
    const { clientToken, clientSecret, accessToken } = siem.credentials;
    const secrets = { ADMIN_TOKEN, AKAMAI_CLIENT_TOKEN: clientToken, AKAMAI_CLIENT_SECRET: clientSecret, AKAMAI_ACCESS_TOKEN: accessToken, SPLUNK_TOKEN: receiver.splunkToken };
    writeFileSync(join(folder, ".dev.vars"), Object.entries(secrets).map(([name, value]) => `${name}="${value}"\n`).join(""));
    await using dev = await develop(folder);
    const triggered = await fetch(`${dev.url}/__scheduled?cron=*+*+*+*+*`);
    assert.equal(triggered.status, 200, `${await triggered.text()}\n${dev.said()}`);
    assert.deepEqual(receiver.tally.missing(0, siem.available), [], dev.said());
    const { unique, duplicates, mismatches } = receiver.tally.counters;
    assert.deepEqual({ unique, duplicates, mismatches }, { unique: 2000, duplicates: 0, mismatches: 0 });
    assert.equal((await fetch(`${dev.url}/status`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).status, 200, dev.said());
    await assertPage(dev.url);
  } finally {
    await receiver.close();
  }
});

test("the template's Worker without secrets refuses its stream and hides the operator's paths", async () => {
  using deployment = await project("template");
  const { folder } = deployment;
  await build(folder, "check", "bundle", ["--outdir", "bundle"]);
  const { EDGESIEM } = readConfig({ config: join(folder, "wrangler.toml") }).vars as { EDGESIEM: Record<string, unknown> };
  // What the deploy button sets if nothing is filled in.
  const empty = Object.fromEntries(secretNames(folder).map((name) => [name, ""]));
  await using deployed = await deploy(folder, "bundle", { EDGESIEM, ...empty });
  const ask = async (path: string): Promise<number> => (await deployed.miniflare.dispatchFetch(`http://example.com${path}`, { headers: { authorization: "Bearer " } })).status;
  assert.deepEqual([await ask("/healthz"), await ask("/status")], [503, 404]);
});

/** Both documents of the page are there with their policies, and all files that they name; what is no file is the Worker's. */
async function assertPage(url: string): Promise<void> {
  for (const [path, connect] of [["/", "connect-src 'none'"], ["/streams", "connect-src 'self'"]] as const) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 200, path);
    assert.ok(response.headers.get("content-security-policy")?.includes(connect), path);
    const html = await response.text();
    const files = [...html.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, file = ""]) => file);
    assert.ok(files.some((file) => file.endsWith(".js")), html);
    for (const file of files) assert.equal((await fetch(`${url}${file}`)).status, 200, file);
  }
  for (const path of ["/nothing", "/streams/", "/_headers"]) assert.equal((await fetch(`${url}${path}`)).status, 404, path);
}

/** The names in .dev.vars.example, sorted; none of them has a value that somebody could deploy. */
function secretNames(folder: string): string[] {
  const lines = linesOf(readFileSync(join(folder, ".dev.vars.example"), "utf8")).filter((line) => !line.startsWith("#"));
  for (const line of lines) assert.match(line, /^[A-Z_]+=""$/);
  return lines.map((line) => line.slice(0, line.indexOf("="))).sort();
}
