/** The sink `elasticsearch` against two servers that speak its protocol: one is strict, the other knows data streams. */

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Json, Rig } from "../e2e/rig.ts";
import { HOSTILE, Ledger, linesOf } from "./ledger.ts";
import { startNoida, startOsmem, type Program } from "./programs.ts";
import { Cluster, assertEcs, itemStatuses } from "./search.ts";
import { deliverAll, delivered, failed, forget, proxyOf, startWith } from "./setup.ts";

let osmem: Program;
let noida: Program;
before(async () => {
  [osmem, noida] = await Promise.all([startOsmem(), startNoida()]);
});
after(async () => {
  await Promise.all([osmem?.stop(), noida?.stop()]);
});

async function start(url: string, table: Json, schema = "decoded"): Promise<{ rig: Rig; ledger: Ledger; cluster: Cluster }> {
  const rig = await startWith({ kind: "elasticsearch", url, unauthenticated: true, ...table }, { schema });
  return { rig, ledger: new Ledger(rig.siem), cluster: new Cluster(url) };
}

/** A template for names such as the one given, whose documents are stored and found by their time only. */
async function template(cluster: Cluster, name: string): Promise<void> {
  const mappings = { dynamic: false, properties: { "@timestamp": { type: "date" } } };
  await cluster.call("PUT", `/_index_template/${name}`, { index_patterns: [`${name}*`], data_stream: {}, priority: 500, template: { mappings } });
}

async function readsBack(program: Program, gzip: boolean): Promise<void> {
  const { rig, ledger, cluster } = await start(program.url, { index: `equal-${gzip}`, gzip });
  await cluster.create(`equal-${gzip}`);
  ledger.lengthen();
  await deliverAll(rig);
  const hits = await cluster.all(`equal-${gzip}`);
  ledger.assertDocuments(hits.map(({ _source }) => _source));
  assert.ok(hits.every(({ _id }) => /^[0-9a-f]{32}$/.test(_id)));
}

it("elasticsearch: accepted by osmem-server 0.1.6: every event reads back equal", async () => {
  await readsBack(osmem, false);
  await readsBack(osmem, true);
});

it("elasticsearch: accepted by noida-db 0.2.3: every event reads back equal", async () => {
  await readsBack(noida, false);
  await readsBack(noida, true);
});

it("elasticsearch: accepted by noida-db 0.2.3: a data stream takes every event in ECS", async () => {
  const { rig, ledger, cluster } = await start(noida.url, { data_stream: { dataset: "waf", namespace: "ecs" } }, "ecs");
  ledger.lengthen(500_000);
  await template(cluster, "logs-waf-ecs");
  await deliverAll(rig);
  assertEcs(ledger, (await cluster.all("logs-waf-ecs")).map(({ _source }) => _source));
});

it("elasticsearch: accepted by noida-db 0.2.3: the data stream of Elastic's integration takes every line as it came", async () => {
  const { rig, ledger, cluster } = await start(noida.url, {}, "elastic-integration");
  await template(cluster, "logs-akamai.siem-default");
  await deliverAll(rig);
  const hits = await cluster.all("logs-akamai.siem-default");
  ledger.assertLines(hits.map(({ _source }) => Buffer.from(String(_source["message"]))));
});

it("elasticsearch: partial failure: an event with a mapping error becomes a dead letter, its neighbours are stored", async () => {
  for (const { url } of [osmem, noida]) {
    const cluster = new Cluster(url);
    const rig = await startWith({ kind: "elasticsearch", url, unauthenticated: true, index: "mapped" });
    const changes = HOSTILE.map(([, change]) => change);
    const wrong = changes.push((plain) => ({ ...plain, http: { ...plain.http, bytes: "a great many" } })) - 1;
    const ledger = new Ledger(rig.siem, changes);
    await cluster.create("mapped", { httpMessage: { properties: { bytes: { type: "long" } } } });
    assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
    ledger.assertDocuments((await cluster.all("mapped")).map(({ _source }) => _source), [wrong]);
    const [letter] = await rig.deadLetters();
    assert.equal(letter?.["raw"], ledger.line(wrong).toString());
    assert.match(String(letter?.["reason"]), /HTTP 400: .*parsing/);
  }
});

it("elasticsearch: repeats: answered with 409, counted as delivered, stored once", async () => {
  for (const { url } of [osmem, noida]) {
    const proxy = await proxyOf(url);
    const cluster = new Cluster(url);
    await cluster.create("repeated");
    const { rig, ledger } = await start(proxy.url, { index: "repeated" });
    await delivered(rig);
    assert.deepEqual(itemStatuses(proxy.take()), { 201: ledger.size });
    await forget(rig);
    await deliverAll(rig);
    assert.deepEqual(itemStatuses(proxy.take()), { 409: ledger.size });
    const hits = await cluster.all("repeated");
    ledger.assertDocuments(hits.map(({ _source }) => _source));
    assert.ok(hits.every(({ _version }) => _version === 1));
  }
});

it("elasticsearch: limits: max_batch_events and max_batch_bytes hold for every request, and after 413 it is sent in halves", async () => {
  const proxy = await proxyOf(osmem.url);
  const cluster = new Cluster(osmem.url);
  await cluster.create("limited");
  const { rig, ledger } = await start(proxy.url, { index: "limited", max_batch_events: 100, max_batch_bytes: 150_000 });
  await delivered(rig);
  const sent = proxy.take();
  const events = (body: Buffer): number => linesOf(body).length / 2;
  assert.ok(sent.every(({ body }) => events(body) <= 100 && body.length <= 150_000));
  assert.ok(sent.some(({ body }) => body.length > 75_000), "requests are not smaller than they must be");
  proxy.maxBodyBytes = 75_000;
  rig.siem.append(1000);
  await delivered(rig);
  const statuses = new Set(proxy.take().map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 413]);
  ledger.assertDocuments((await cluster.all("limited")).map(({ _source }) => _source));
});

it("elasticsearch: an index that is closed to new fields stops nothing but the events that have them", async () => {
  const cluster = new Cluster(osmem.url);
  const { rig, ledger } = await start(osmem.url, { index: "strict" });
  const members = ["attackData", "botData", "clientData", "custom", "geo", "httpMessage", "identity", "userRiskData"];
  const open = Object.fromEntries(members.map((name) => [name, { type: "object", dynamic: "false" }]));
  const properties = { ...open, format: { type: "keyword" }, type: { type: "keyword" }, version: { type: "keyword" } };
  await cluster.call("PUT", "/strict", { mappings: { dynamic: "strict", properties } });
  const unknown = HOSTILE.findIndex(([name]) => name === "members that nobody knows");
  assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
  ledger.assertDocuments((await cluster.all("strict")).map(({ _source }) => _source), [unknown]);
  assert.match(String((await rig.deadLetters())[0]?.["reason"]), /strict_dynamic_mapping_exception/);
});

it("elasticsearch: something else than a cluster behind the address stops the stream", async () => {
  const proxy = await proxyOf(osmem.url);
  const { rig } = await start(proxy.url, { index: "elsewhere" });
  proxy.instead.push(...Array.from({ length: 8 }, () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<html>please log in</html>" })));
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.equal(await rig.offset(), undefined);
});
