/** The sink `r2` on workerd itself, whose R2 is Cloudflare's own emulation of it. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Json, Rig } from "../e2e/rig.ts";
import { Ledger, linesOf } from "./ledger.ts";
import { deliverAll, delivered, failed, forget, startWith } from "./setup.ts";

const BINDING = "LOGS";

async function start(table: Json = {}): Promise<{ rig: Rig; ledger: Ledger }> {
  const rig = await startWith({ kind: "r2", binding: BINDING, ...table }, { schema: "raw", buckets: [BINDING] });
  return { rig, ledger: new Ledger(rig.siem) };
}

interface Found {
  uploadedAt: number;
  type: string | undefined;
  lines: Buffer[];
}

async function read(rig: Rig): Promise<Map<string, Found>> {
  const bucket = await rig.bucket(BINDING);
  const { objects, truncated } = await bucket.list();
  assert.equal(truncated, false);
  const found = new Map<string, Found>();
  for (const { key } of objects) {
    const object = await bucket.get(key);
    assert.ok(object !== null);
    const data = Buffer.from(await object.arrayBuffer());
    const isGzip = key.endsWith(".gz");
    assert.equal(object.httpMetadata?.contentEncoding, isGzip ? "gzip" : undefined);
    found.set(key, { uploadedAt: object.uploaded.getTime(), type: object.httpMetadata?.contentType, lines: linesOf(isGzip ? gunzipSync(data) : data) });
  }
  return found;
}

const allLines = (found: Map<string, Found>): Buffer[] => [...found.values()].flatMap(({ lines }) => lines);

it("r2: accepted by workerd 1.20261117.1: every line reads back byte for byte, also compressed", async () => {
  for (const gzip of [false, true]) {
    const { rig, ledger } = await start({ gzip });
    ledger.lengthen();
    await deliverAll(rig);
    const found = await read(rig);
    ledger.assertLines(allLines(found));
    assert.ok([...found.values()].every(({ type }) => type === "application/x-ndjson"));
    for (const key of found.keys()) assert.match(key, /^edgesiem\/\d{4}\/\d\d\/\d\d\/\d{8}T\d{6}Z-[0-9a-f]+\.ndjson/);
  }
});

it("r2: partial failure: none, a batch is one object; a bucket that is not bound stops the stream", async () => {
  const { rig } = await start({ binding: "NOT_BOUND" });
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.match(`${error.message} ${error.user_action}`, /bound|binding/);
  assert.equal(await rig.offset(), undefined);
});

it("r2: repeats: the second put of a key is null, counted as delivered, the object stays as it was", async () => {
  const { rig, ledger } = await start();
  await delivered(rig);
  const first = await read(rig);
  await forget(rig);
  await deliverAll(rig);
  assert.deepEqual(await read(rig), first);
  ledger.assertLines(allLines(first));
});

it("r2: limits: max_batch_events and max_batch_bytes hold for every object", async () => {
  const { rig, ledger } = await start({ max_batch_events: 100, max_batch_bytes: 150_000 });
  await delivered(rig);
  const found = await read(rig);
  const objects = [...found.values()].map(({ lines }) => lines);
  const bytes = (lines: Buffer[]): number => lines.reduce((sum, line) => sum + line.length + 1, 0);
  assert.ok(objects.every((lines) => lines.length <= 100 && bytes(lines) <= 150_000));
  assert.ok(objects.some((lines) => bytes(lines) > 75_000), "objects are not smaller than they must be");
  ledger.assertLines(objects.flat());
});
