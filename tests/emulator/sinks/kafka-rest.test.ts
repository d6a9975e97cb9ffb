import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaRest, kafkaError, type KafkaRecord } from "./kafka-rest.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const JSON_TYPE = "application/vnd.kafka.json.v2+json";
const authorization = `Basic ${btoa("user:password")}`;
const make = (): KafkaRest => new KafkaRest({ topic: "waf", cluster: "c1", basic: "user:password" });
const right = (): Sent => ({ path: "/topics/waf", headers: { authorization, "content-type": JSON_TYPE, accept: "application/vnd.kafka.v2+json" }, body: '{"records":[{"key":"1","value":{"a":1}},{"value":"b"}]}' });

refuses("kafka-rest", make, right, 200, 2, [
  ["no password", { headers: { authorization: undefined } }, 401],
  ["a wrong password", { headers: { authorization: `Basic ${btoa("user:other")}` } }, 401],
  ["another topic", { path: "/topics/other" }, 404, /40401/],
  ["JSON of no version", { headers: { "content-type": "application/json" } }, 415],
  ["an answer that it cannot give", { headers: { accept: "text/html" } }, 406],
  ["broken JSON", { body: '{"records":[' }, 400],
  ["no records", { body: '{"records":[]}' }, 422, /may not be empty/],
  ["a record without a value", { body: '{"records":[{"key":"a"}]}' }, 422],
  ["a member that it does not know", { body: '{"records":[{"value":"a","headers":[]}]}' }, 422, /headers/],
  ["binary data that is no base64", { headers: { "content-type": "application/vnd.kafka.binary.v2+json" } }, 422],
]);

test("kafka-rest: each record of a batch has an outcome of its own", async (t) => {
  const fake = await started(t, make());
  fake.poison = (bytes) => bytes.includes("poison");
  fake.retriable = (bytes) => bytes.includes("busy");
  fake.retriableBatches = 1;
  const body = JSON.stringify({ records: [{ value: "a" }, { value: "poison" }, { value: "busy" }, { value: "a".repeat(1_048_576) }] });
  const codes = async (): Promise<unknown[]> => {
    const { offsets } = JSON.parse((await post(fake, { ...right(), body })).body.toString()) as { offsets: { error_code: unknown; offset: unknown }[] };
    return offsets.map((outcome) => outcome.error_code ?? outcome.offset);
  };
  assert.deepEqual([await codes(), await codes()], [[0, 50002, 50003, 50002], [1, 50002, 2, 50002]]);
  assert.deepEqual((fake.stored as KafkaRecord[]).map(({ bytes }) => bytes.toString()), ['"a"', '"a"', '"busy"']);
});

test("kafka-rest: binary records and those of version 3 are what they were before", async (t) => {
  const fake = await started(t, make());
  const binary = JSON.stringify({ records: [{ key: btoa("1"), value: btoa("CEF:0|a") }] });
  assert.equal((await post(fake, { ...right(), headers: { ...right().headers, "content-type": "application/vnd.kafka.binary.v2+json" }, body: binary })).status, 200);
  const v3 = '{"key":{"type":"STRING","data":"2"},"value":{"type":"JSON","data":{"a": 1}}}{"value":{"type":"STRING","data":"b"}}';
  const answer = await post(fake, { ...right(), path: "/v3/clusters/c1/topics/waf/records", headers: { authorization, "content-type": "application/json" }, body: v3 });
  assert.deepEqual([answer.status, answer.body.toString().split("\n").length], [200, 2]);
  assert.deepEqual((fake.stored as KafkaRecord[]).map(({ key, bytes }) => [key, bytes.toString()]), [["1", "CEF:0|a"], ["2", '{"a": 1}'], [undefined, '"b"']]);
  assert.equal(kafkaError(40401, "").status, 404);
});
