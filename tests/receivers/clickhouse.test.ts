/** The sink `clickhouse` against ClickHouse's own engine. Its HTTP interface is clickhouse.py here. */

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Json, Rig, RigOptions } from "../e2e/rig.ts";
import { HOSTILE, Ledger, linesOf } from "./ledger.ts";
import { CLICKHOUSE_PASSWORD, startClickHouse, type Program } from "./programs.ts";
import { deliverAll, delivered, failed, forget, proxyOf, startWith } from "./setup.ts";

let server: Program;
before(async () => {
  server = await startClickHouse();
});
after(() => server?.stop());

const COLUMNS = { column: "raw", id_column: "id", time_column: "time", replay_column: "replay" };
const TABLE = "id FixedString(32), time DateTime64(3), replay LowCardinality(String), raw String";
const ENGINE = "ENGINE = MergeTree ORDER BY time SETTINGS non_replicated_deduplication_window = 10000";

async function query(sql: string): Promise<Json[]> {
  const headers = { "x-clickhouse-user": "default", "x-clickhouse-key": CLICKHOUSE_PASSWORD };
  const response = await fetch(`${server.url}/?output_format_json_quote_64bit_integers=0`, { method: "POST", headers, body: sql });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Json);
}

async function start(table: string, options: Json = COLUMNS, more: RigOptions = {}): Promise<{ rig: Rig; ledger: Ledger }> {
  const sink = { kind: "clickhouse", url: server.url, table, password: { secret: "CLICKHOUSE_PASSWORD" }, ...options };
  const rig = await startWith(sink, { secrets: { CLICKHOUSE_PASSWORD }, ...more });
  return { rig, ledger: new Ledger(rig.siem) };
}

async function documents(table: string): Promise<Json[]> {
  return (await query(`SELECT raw FROM ${table}`)).map(({ raw }) => JSON.parse(String(raw)) as Json);
}

it("clickhouse: accepted by chdb-core 26.9.0: whole documents in a column read back equal, with id and time", async () => {
  for (const gzip of [false, true]) {
    const table = `whole_${gzip}`;
    await query(`CREATE TABLE ${table} (${TABLE}) ${ENGINE}`);
    const { rig, ledger } = await start(table, { ...COLUMNS, gzip, async_insert: gzip });
    ledger.lengthen();
    await deliverAll(rig);
    const rows = await query(`SELECT id, replay, toUnixTimestamp64Milli(time) AS ms, raw FROM ${table}`);
    const found = rows.map(({ raw }) => JSON.parse(String(raw)) as { httpMessage: Json } & Json);
    ledger.assertDocuments(found);
    assert.equal(new Set(rows.map(({ id }) => id)).size, ledger.size);
    rows.forEach(({ replay, ms }, k) => assert.deepEqual([replay, ms], ["", Math.round(Number(found[k]!.httpMessage["start"]) * 1000)]));
  }
});

it("clickhouse: accepted by chdb-core 26.9.0: each member in a column of its own, typed as JSON", async () => {
  const members = "attackData JSON, httpMessage JSON, geo JSON, format LowCardinality(String), type LowCardinality(String)";
  await query(`CREATE TABLE members (${members}) ENGINE = MergeTree ORDER BY tuple()`);
  const { rig, ledger } = await start("members", {});
  await deliverAll(rig);
  const rows = await query("SELECT httpMessage.requestId::String AS id, attackData.clientIP::String AS ip, geo.country::String AS country, type FROM members");
  const numbers = rows.map(({ id }) => ledger.numberIn(String(id)));
  ledger.assertNumbers(numbers);
  rows.forEach(({ ip, country, type }, k) => {
    const { attackData, geo } = ledger.document(numbers[k]!) as { attackData: Json; geo: Json };
    assert.deepEqual([ip, country, type], [attackData["clientIP"], geo["country"], "akamai_siem"]);
  });
});

it("clickhouse: partial failure: an insert is refused whole, halved until the refused event is alone, which becomes a dead letter", async () => {
  const check = "CONSTRAINT bytes CHECK JSONExtractString(raw, 'httpMessage', 'bytes') != 'a great many'";
  await query(`CREATE TABLE checked (${TABLE}, ${check}) ${ENGINE}`);
  const changes = HOSTILE.map(([, change]) => change);
  const wrong = changes.push((plain) => ({ ...plain, http: { ...plain.http, bytes: "a great many" } })) - 1;
  const { rig } = await start("checked");
  rig.siem.faults.clear();
  const ledger = new Ledger(rig.siem, changes);
  assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
  ledger.assertDocuments(await documents("checked"), [wrong]);
  const [letter] = await rig.deadLetters();
  assert.equal(letter?.["raw"], ledger.line(wrong).toString());
  assert.match(String(letter?.["reason"]), /469|VIOLATED_CONSTRAINT/);
});

it("clickhouse: members that no column knows are refused if that is wanted", async () => {
  await query("CREATE TABLE closed (attackData JSON, httpMessage JSON, geo JSON, botData JSON, clientData JSON, custom JSON, identity JSON, userRiskData JSON, format String, type String, version String) ENGINE = MergeTree ORDER BY tuple()");
  const { rig, ledger } = await start("closed", { refuse_unknown_fields: true });
  assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
  const unknown = HOSTILE.findIndex(([name]) => name === "members that nobody knows");
  const rows = await query("SELECT httpMessage.requestId::String AS id FROM closed");
  ledger.assertNumbers(rows.map(({ id }) => ledger.numberIn(String(id))), [unknown]);
});

it("clickhouse: repeats: sent twice, stored once, by insert_deduplication_token", async () => {
  const proxy = await proxyOf(server.url);
  await query(`CREATE TABLE repeated (${TABLE}) ${ENGINE}`);
  const { rig, ledger } = await start("repeated", { ...COLUMNS, url: proxy.url });
  await delivered(rig);
  const first = proxy.take();
  await forget(rig);
  await deliverAll(rig);
  const second = proxy.take();
  assert.ok([...first, ...second].every(({ status }) => status === 200));
  assert.deepEqual(second.map(({ target }) => target), first.map(({ target }) => target));
  ledger.assertDocuments(await documents("repeated"));
});

it("clickhouse: repeats: the same events under another schema are stored, not swallowed", async () => {
  await query(`CREATE TABLE changed (${TABLE}) ${ENGINE}`);
  const { rig, ledger } = await start("changed");
  await delivered(rig);
  const { streams } = rig.config as { streams: Json[] };
  await rig.restart({ ...rig.config, streams: [{ ...streams[0], schema: "raw" }] });
  await deliverAll(rig);
  const rows = (await query("SELECT raw FROM changed")).map(({ raw }) => String(raw));
  // Headers are one text in what Akamai sends, and a list in `decoded`.
  const isRaw = (text: string): boolean => typeof (JSON.parse(text) as { httpMessage: Json }).httpMessage["requestHeaders"] === "string";
  ledger.assertLines(rows.filter(isRaw).map((text) => Buffer.from(text)));
  ledger.assertDocuments(rows.filter((text) => !isRaw(text)).map((text) => JSON.parse(text) as Json));
});

it("clickhouse: a wrong password or a missing table stops the stream and says which", async () => {
  for (const [change, expected] of [
    [{ password: { secret: "WRONG" } }, /password/],
    [{ table: "nowhere" }, /table/],
  ] as const) {
    const { rig } = await start("nowhere", { ...COLUMNS, ...change }, { secrets: { CLICKHOUSE_PASSWORD, WRONG: "hunter2" } });
    const error = await failed(rig);
    assert.equal(error.code, "sink_refused");
    assert.match(error.user_action, expected);
    assert.equal(JSON.stringify(error).includes("hunter2"), false);
    assert.equal(await rig.offset(), undefined);
  }
});

it("clickhouse: limits: max_batch_events and max_batch_bytes hold for every insert, and after 413 it is sent in halves", async () => {
  const proxy = await proxyOf(server.url);
  await query(`CREATE TABLE limited (${TABLE}) ${ENGINE}`);
  const { rig, ledger } = await start("limited", { ...COLUMNS, url: proxy.url, max_batch_events: 100, max_batch_bytes: 200_000 });
  await delivered(rig);
  const sent = proxy.take();
  assert.ok(sent.every(({ body }) => linesOf(body).length <= 100 && body.length <= 200_000));
  assert.ok(sent.some(({ body }) => body.length > 100_000), "inserts are not smaller than they must be");
  proxy.maxBodyBytes = 100_000;
  rig.siem.append(1000);
  await delivered(rig);
  const statuses = new Set(proxy.take().map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 413]);
  ledger.assertDocuments(await documents("limited"));
});
