/** The sink `s3` against one server that verifies signatures and one that honours If-None-Match; read with Amazon's client. */

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Json, Rig, RigOptions } from "../e2e/rig.ts";
import { Ledger, linesOf } from "./ledger.ts";
import { S3_ACCESS_KEY, S3_SECRET_KEY, runScript, startMoto, startNanio, type Program } from "./programs.ts";
import { deliverAll, delivered, failed, forget, proxyOf, startWith } from "./setup.ts";

let nanio: Program;
let moto: Program;
before(async () => {
  [nanio, moto] = await Promise.all([startNanio(), startMoto()]);
});
after(async () => {
  await Promise.all([nanio?.stop(), moto?.stop()]);
});

interface Stored {
  type: string;
  encoding: string | null;
  base64: string;
}

const client = (server: Program, bucket: string, command: string): Promise<string> =>
  runScript("s3.py", server.url, S3_ACCESS_KEY, S3_SECRET_KEY, bucket, command);

async function start(server: Program, bucket: string, table: Json = {}, options: RigOptions = {}): Promise<{ rig: Rig; ledger: Ledger }> {
  await client(server, bucket, "make");
  const keys = { access_key_id: S3_ACCESS_KEY, secret_access_key: { secret: "S3_SECRET_KEY" } };
  const secrets = { S3_SECRET_KEY };
  const rig = await startWith({ kind: "s3", endpoint: server.url, bucket, ...keys, ...table }, { schema: "raw", secrets, ...options });
  return { rig, ledger: new Ledger(rig.siem) };
}

/** The objects of a bucket by their keys, each as its lines. */
async function read(server: Program, bucket: string): Promise<Map<string, Buffer[]>> {
  const found = JSON.parse(await client(server, bucket, "read")) as Record<string, Stored>;
  return new Map(
    Object.entries(found).map(([key, { type, encoding, base64 }]) => {
      const data = Buffer.from(base64, "base64");
      const isGzip = key.endsWith(".gz");
      assert.deepEqual([type, encoding?.includes("gzip") ?? false], ["application/x-ndjson", isGzip], key);
      return [key, linesOf(isGzip ? gunzipSync(data) : data)];
    }),
  );
}

it("s3: accepted by nanio 0.1.7: signatures verify, every line reads back byte for byte, also compressed", async () => {
  for (const gzip of [false, true]) {
    const bucket = `equal-${gzip}`;
    const { rig, ledger } = await start(nanio, bucket, { gzip, prefix: "waf/year=%Y/a+b@c:d,e/" });
    ledger.lengthen();
    await deliverAll(rig);
    const objects = await read(nanio, bucket);
    ledger.assertLines([...objects.values()].flat());
    const name = gzip ? /^waf\/year=\d{4}\/a\+b@c:d,e\/\d{8}T\d{6}Z-[0-9a-f]+\.ndjson\.gz$/ : /^waf\/year=\d{4}\/a\+b@c:d,e\/\d{8}T\d{6}Z-[0-9a-f]+\.ndjson$/;
    for (const key of objects.keys()) assert.match(key, name);
  }
});

it("s3: accepted by moto 5.2.5: every line reads back byte for byte", async () => {
  const { rig, ledger } = await start(moto, "equal", { checksum: true, storage_class: "STANDARD_IA", server_side_encryption: "AES256" });
  ledger.lengthen();
  await deliverAll(rig);
  ledger.assertLines([...(await read(moto, "equal")).values()].flat());
});

it("s3: a wrong secret stops the stream, names the secret key and stores nothing", async () => {
  const { rig } = await start(nanio, "refused", {}, { secrets: { S3_SECRET_KEY: "another secret key for tests" } });
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.match(`${error.message} ${error.user_action}`, /SignatureDoesNotMatch.*secret access key/);
  assert.equal(JSON.stringify(error).includes("another secret key"), false);
  assert.equal(await rig.offset(), undefined);
  assert.equal((await read(nanio, "refused")).size, 0);
});

it("s3: partial failure: none, a batch is one object; a missing bucket stops the stream and the next run stores everything", async () => {
  const { rig, ledger } = await start(moto, "made-later", { bucket: "not-there" });
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.match(`${error.message} ${error.user_action}`, /no such bucket/);
  assert.equal(await rig.offset(), undefined);
  await client(moto, "not-there", "make");
  await deliverAll(rig);
  ledger.assertLines([...(await read(moto, "not-there")).values()].flat());
});

it("s3: repeats: answered with 412, counted as delivered, the object stays as it was", async () => {
  const proxy = await proxyOf(moto.url);
  const { rig, ledger } = await start(moto, "repeated", { endpoint: proxy.url });
  await delivered(rig);
  const first = proxy.take();
  assert.ok(first.every(({ status }) => status === 200));
  await forget(rig);
  await deliverAll(rig);
  const second = proxy.take();
  assert.ok(second.every(({ status }) => status === 412));
  assert.deepEqual(second.map(({ target }) => target).sort(), first.map(({ target }) => target).sort());
  ledger.assertLines([...(await read(moto, "repeated")).values()].flat());
});

it("s3: repeats: a server that knows no conditions writes the same object once more", async () => {
  const { rig, ledger } = await start(nanio, "overwritten", { if_none_match: false });
  await delivered(rig);
  const first = await read(nanio, "overwritten");
  await forget(rig);
  await delivered(rig);
  assert.deepEqual(await read(nanio, "overwritten"), first);
  ledger.assertLines([...first.values()].flat());
});

it("s3: limits: max_batch_events and max_batch_bytes hold for every object", async () => {
  const { rig, ledger } = await start(nanio, "limited", { max_batch_events: 100, max_batch_bytes: 150_000 });
  await delivered(rig);
  const objects = [...(await read(nanio, "limited")).values()];
  const bytes = (lines: Buffer[]): number => lines.reduce((sum, line) => sum + line.length + 1, 0);
  assert.ok(objects.every((lines) => lines.length <= 100 && bytes(lines) <= 150_000));
  assert.ok(objects.some((lines) => bytes(lines) > 75_000), "objects are not smaller than they must be");
  ledger.assertLines(objects.flat());
});
