/** The sink `otlp` against a collector that others wrote, and against the official messages. */

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Json, Rig } from "../e2e/rig.ts";
import { Ledger } from "./ledger.ts";
import { startOtlp, startRotel, type Program } from "./programs.ts";
import { EVENTS, deliverAll, delivered, failed, forget, proxyOf, startWith } from "./setup.ts";

let rotel: Program;
let official: Program;
before(async () => {
  [rotel, official] = await Promise.all([startRotel(), startOtlp()]);
});
after(async () => {
  await Promise.all([rotel?.stop(), official?.stop()]);
});
beforeEach(async () => {
  await records();
  await reject("");
});

const WAYS = [
  { encoding: "protobuf", gzip: false },
  { encoding: "protobuf", gzip: true },
  { encoding: "json", gzip: false },
  { encoding: "json", gzip: true },
];

interface LogRecord {
  resource: Json;
  scope: string;
  time: string;
  severity: number;
  eventName: string;
  body: string;
  attributes: Json;
}

/** What the official messages made of what arrived since the last call. */
async function records(): Promise<LogRecord[]> {
  const response = await fetch(`${official.url}/records`);
  return (await response.json()) as LogRecord[];
}

async function reject(text: string): Promise<void> {
  await fetch(`${official.url}/reject`, { method: "POST", body: text });
}

async function start(url: string, table: Json = {}, schema = "otel", available = EVENTS): Promise<{ rig: Rig; ledger: Ledger }> {
  const rig = await startWith({ kind: "otlp", url, ...table }, { schema, siem: { available, firstEventAtMs: FIRST_EVENT_AT_MS } });
  return { rig, ledger: new Ledger(rig.siem) };
}

/** The same in all tests, so that what they sent can be compared. */
const FIRST_EVENT_AT_MS = Date.now() - 3_600_000;

const uid = ({ attributes }: LogRecord): string => String(attributes["log.record.uid"]);
const byUid = (a: LogRecord, b: LogRecord): number => (uid(a) < uid(b) ? -1 : 1);

/** Each event exactly once, apart from those in `without`, with the line as Akamai sent it and what was made of it. */
function assertRecords(ledger: Ledger, found: readonly LogRecord[], without: readonly number[] = []): void {
  ledger.assertLines(found.map(({ body }) => Buffer.from(body)), without);
  assert.equal(new Set(found.map(uid)).size, found.length);
  for (const { body, time, eventName, attributes } of found) {
    const { attackData, httpMessage } = ledger.document(ledger.numberIn(body)) as { attackData: Json; httpMessage: Json };
    const nanoseconds = BigInt(Math.round(Number(httpMessage["start"]) * 1000)) * 1_000_000n;
    assert.deepEqual(
      [time, eventName, attributes["client.address"], attributes["akamai.siem.request_id"], attributes["http.response.status_code"]],
      [String(nanoseconds), "akamai.siem.event", attackData["clientIP"], httpMessage["requestId"], Number(httpMessage["status"])],
    );
  }
}

it("otlp: accepted by opentelemetry-proto 1.45.2: every record decodes, the same from Protocol Buffers and JSON, also compressed", async () => {
  const all: LogRecord[][] = [];
  for (const way of WAYS) {
    const { rig, ledger } = await start(official.url, { ...way, resource: { "service.name": "waf", "deployment.environment.name": "test" } });
    ledger.lengthen(500_000);
    await deliverAll(rig);
    const found = (await records()).sort(byUid);
    assertRecords(ledger, found);
    assert.ok(found.every(({ resource, scope }) => resource["service.name"] === "waf" && scope === "edgesiem"));
    all.push(found);
  }
  for (const found of all) assert.deepEqual(found, all[0]);
});

it("otlp: accepted by opentelemetry-proto 1.45.2: documents of another schema are the bodies of records", async () => {
  for (const way of WAYS) {
    const { rig, ledger } = await start(official.url, way, "decoded");
    await deliverAll(rig);
    ledger.assertDocuments((await records()).map(({ body }) => JSON.parse(body) as Json));
  }
});

it("otlp: accepted by rotel 0.0.1a15: it prints every record, sent as Protocol Buffers and as JSON, also compressed", async () => {
  for (const [way, table] of WAYS.entries()) {
    const resource = { "service.name": `way-${way}` };
    const { rig, ledger } = await start(rotel.url, { ...table, resource }, "otel", 500);
    await deliverAll(rig);
    const printed = await printedOf(`way-${way}`, ledger.size);
    ledger.assertNumbers(printed.map((id) => ledger.numberIn(id)));
  }
});

/** The request ids of the records that the collector has printed as those of a service, as soon as there are so many. */
async function printedOf(service: string, count: number): Promise<string[]> {
  const until = Date.now() + 30_000;
  for (;;) {
    const blocks = rotel.output.split("ResourceLog #").filter((block) => block.includes(service));
    const ids = blocks.flatMap((block) => [...block.matchAll(/akamai\.siem\.request_id: Str\(([0-9a-f]+)\)/g)].map(([, id]) => id!));
    if (ids.length >= count || Date.now() > until) return ids;
    // It answers before it prints.
    await wait(200);
  }
}

it("otlp: partial failure: rejected records become dead letters, a batch with some of them is halved until they are alone", async () => {
  for (const way of WAYS) {
    const { rig, ledger } = await start(official.url, way);
    await reject(String((ledger.document(1234) as { httpMessage: Json }).httpMessage["requestId"]));
    assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
    const found = await records();
    // Those beside it arrive with every half, under the same id.
    const first = new Map(found.map((record) => [uid(record), record]));
    assertRecords(ledger, [...first.values()], [1234]);
    assert.ok(found.length > first.size && found.length < first.size + 2 * 1000);
    const [letter] = await rig.deadLetters();
    assert.equal(letter?.["raw"], ledger.line(1234).toString());
    assert.match(String(letter?.["reason"]), /not this one/);
  }
});

it("otlp: repeats: arrive twice, under the same log.record.uid", async () => {
  const { rig, ledger } = await start(official.url);
  await delivered(rig);
  const first = (await records()).sort(byUid);
  await forget(rig);
  await delivered(rig);
  assert.deepEqual((await records()).sort(byUid), first);
  assertRecords(ledger, first);
});

it("otlp: a receiver of something else stops the stream", async () => {
  const { rig } = await start(`${official.url}/elsewhere`);
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.match(error.user_action, /url/);
  assert.equal(await rig.offset(), undefined);
});

it("otlp: limits: max_batch_events and max_batch_bytes hold for every request, and after 413 it is sent in halves", async () => {
  for (const encoding of ["protobuf", "json"]) {
    const proxy = await proxyOf(official.url);
    const { rig, ledger } = await start(proxy.url, { encoding, max_batch_events: 50, max_batch_bytes: 300_000 });
    await delivered(rig);
    const sent = proxy.take();
    assert.ok(sent.every(({ body }) => body.length <= 300_000));
    assert.ok(sent.some(({ body }) => body.length > 150_000), "requests are not smaller than they must be");
    assert.ok(sent.length >= ledger.size / 50);
    proxy.maxBodyBytes = 150_000;
    rig.siem.append(1000);
    await delivered(rig);
    const statuses = new Set(proxy.take().map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), [200, 413]);
    assertRecords(ledger, await records());
  }
});
