/** The sink `opensearch` against a server that is compatible with OpenSearch 3.8. */

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Json, Rig } from "../e2e/rig.ts";
import { HOSTILE, Ledger, linesOf } from "./ledger.ts";
import { startOsmem, type Program } from "./programs.ts";
import { Cluster, assertEcs, itemStatuses } from "./search.ts";
import { deliverAll, delivered, forget, proxyOf, startWith } from "./setup.ts";

let osmem: Program;
let cluster: Cluster;
before(async () => {
  osmem = await startOsmem();
  cluster = new Cluster(osmem.url);
});
after(() => osmem?.stop());

async function start(table: Json, schema = "decoded"): Promise<{ rig: Rig; ledger: Ledger }> {
  const rig = await startWith({ kind: "opensearch", url: osmem.url, unauthenticated: true, ...table }, { schema });
  return { rig, ledger: new Ledger(rig.siem) };
}

it("opensearch: accepted by osmem-server 0.1.6: every event reads back equal, also compressed", async () => {
  for (const gzip of [false, true]) {
    await cluster.create(`equal-${gzip}`);
    const { rig, ledger } = await start({ index: `equal-${gzip}`, gzip });
    ledger.lengthen();
    await deliverAll(rig);
    ledger.assertDocuments((await cluster.all(`equal-${gzip}`)).map(({ _source }) => _source));
  }
});

it("opensearch: accepted by osmem-server 0.1.6: every event in ECS", async () => {
  const { rig, ledger } = await start({ data_stream: { dataset: "waf" } }, "ecs");
  await cluster.create("logs-waf-default", { "@timestamp": { type: "date" }, source: { properties: { ip: { type: "ip" } } } });
  ledger.lengthen(500_000);
  await deliverAll(rig);
  assertEcs(ledger, (await cluster.all("logs-waf-default")).map(({ _source }) => _source));
});

it("opensearch: partial failure: an event with a mapping error becomes a dead letter, its neighbours are stored", async () => {
  const rig = await startWith({ kind: "opensearch", url: osmem.url, unauthenticated: true, index: "mapped" });
  const changes = HOSTILE.map(([, change]) => change);
  const wrong = changes.push((plain) => ({ ...plain, attack: { ...plain.attack, clientIP: "not an address" } })) - 1;
  const ledger = new Ledger(rig.siem, changes);
  await cluster.create("mapped", { attackData: { properties: { clientIP: { type: "ip" } } } });
  assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
  ledger.assertDocuments((await cluster.all("mapped")).map(({ _source }) => _source), [wrong]);
  const [letter] = await rig.deadLetters();
  assert.equal(letter?.["raw"], ledger.line(wrong).toString());
  assert.match(String(letter?.["reason"]), /HTTP 400: .*parsing/);
});

it("opensearch: repeats: answered with 409, counted as delivered, stored once", async () => {
  const proxy = await proxyOf(osmem.url);
  await cluster.create("repeated");
  const { rig, ledger } = await start({ index: "repeated", url: proxy.url });
  await delivered(rig);
  assert.deepEqual(itemStatuses(proxy.take()), { 201: ledger.size });
  await forget(rig);
  await deliverAll(rig);
  assert.deepEqual(itemStatuses(proxy.take()), { 409: ledger.size });
  ledger.assertDocuments((await cluster.all("repeated")).map(({ _source }) => _source));
});

it("opensearch: without ids of ours a repeated batch is stored again", async () => {
  await cluster.create("anonymous");
  const { rig, ledger } = await start({ index: "anonymous", document_id: "none" });
  await delivered(rig);
  await forget(rig);
  await delivered(rig);
  assert.equal((await cluster.all("anonymous")).length, 2 * ledger.size);
});

it("opensearch: limits: max_batch_events and max_batch_bytes hold for every request, and after 413 it is sent in halves", async () => {
  const proxy = await proxyOf(osmem.url);
  await cluster.create("limited");
  const { rig, ledger } = await start({ index: "limited", url: proxy.url, max_batch_events: 100, max_batch_bytes: 150_000 });
  await delivered(rig);
  const sent = proxy.take();
  assert.ok(sent.every(({ body }) => linesOf(body).length <= 200 && body.length <= 150_000));
  assert.ok(sent.some(({ body }) => body.length > 75_000), "requests are not smaller than they must be");
  proxy.maxBodyBytes = 75_000;
  rig.siem.append(1000);
  await delivered(rig);
  const statuses = new Set(proxy.take().map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 413]);
  ledger.assertDocuments((await cluster.all("limited")).map(({ _source }) => _source));
});
