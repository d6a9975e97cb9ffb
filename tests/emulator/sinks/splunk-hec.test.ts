import assert from "node:assert/strict";
import { test } from "node:test";
import { post, refuses, started, type Sent } from "./refuses.ts";
import { SplunkHec, type SplunkEvent } from "./splunk-hec.ts";

const CHANNEL = "0b1e2d3c-4f5a-4b6c-8d7e-9f0a1b2c3d4e";
const make = (): SplunkHec => new SplunkHec({ token: "token", indexes: ["waf"], maxContentLength: 100_000 });
const headers = { authorization: "Splunk token" };
const right = (): Sent => ({ path: "/services/collector/event", headers, body: '{"time":1795000000.5,"event":{"a":1},"fields":{"id":"1"}}{"event":"b","index":"waf"}' });
const raw = (): Sent => ({ path: `/services/collector/raw?channel=${CHANNEL}&sourcetype=akamaisiem&index=waf`, headers, body: '{"a":1}\nCEF:0|b\r\n' });

refuses("splunk-hec", make, right, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 401, /"code":2/],
  ["a wrong token", { headers: { authorization: "Splunk other" } }, 403, /"code":4/],
  ["more than max_content_length", { body: JSON.stringify({ event: "a".repeat(100_000) }) }, 413, /too large/],
  ["nothing", { body: " " }, 400, /"code":5/],
  ["an index that the token may not write to", { body: '{"event":"a","index":"other"}' }, 400, /"code":7,"invalid-event-number":0/],
  ["a time that is none", { body: '{"event":"a"}{"event":"b","time":"noon"}' }, 400, /"code":6,"invalid-event-number":1/],
  ["a member that it does not know", { body: '{"event":"a","message":"b"}' }, 400, /"code":6/],
  ["a host that is no text", { body: '{"event":"a","host":1}' }, 400, /"code":6/],
  ["no event", { body: '{"time":1}' }, 400, /"code":12/],
  ["fields of fields", { body: '{"event":"a","fields":{"b":{"c":1}}}' }, 400, /"code":15/],
]);

refuses("splunk-hec raw", make, raw, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 401, /"code":2/],
  ["a wrong token", { headers: { authorization: "Splunk other" } }, 403, /"code":4/],
  ["no channel", { path: "/services/collector/raw?index=waf" }, 400, /"code":10/],
  ["a channel that is no GUID", { path: "/services/collector/raw?channel=a" }, 400, /"code":11/],
  ["an index that the token may not write to", { path: `/services/collector/raw?channel=${CHANNEL}&index=other` }, 400, /"code":7/],
  ["a parameter that it does not know", { path: `/services/collector/raw?channel=${CHANNEL}&fields=a` }, 400, /"code":6/],
  ["nothing", { body: "\n" }, 400, /"code":5/],
]);

test("splunk-hec: raw lines are events with the metadata of the query", async (t) => {
  const fake = await started(t, make());
  assert.equal((await post(fake, raw())).status, 200);
  const events = fake.stored as SplunkEvent[];
  assert.deepEqual(events.map(({ value, bytes }) => [value, bytes.toString()]), [[{ a: 1 }, '{"a":1}'], ["CEF:0|b", "CEF:0|b"]]);
  assert.deepEqual(events[1]?.envelope, { sourcetype: "akamaisiem", index: "waf" });
});

test("splunk-hec: a batch is acknowledged when it is asked for often enough", async (t) => {
  const fake = await started(t, new SplunkHec({ token: "token", acknowledgeAfterPolls: 1 }));
  const channel = { ...headers, "x-splunk-request-channel": CHANNEL };
  assert.match((await post(fake, right())).body.toString(), /"code":10/);
  assert.match((await post(fake, { ...right(), headers: channel })).body.toString(), /"ackId":0/);
  assert.match((await post(fake, { ...raw() })).body.toString(), /"ackId":1/);
  const poll = async (): Promise<string> => (await post(fake, { path: `/services/collector/ack?channel=${CHANNEL}`, headers, body: '{"acks":[0,1]}' })).body.toString();
  assert.deepEqual([await poll(), await poll()], ['{"acks":{"0":false,"1":false}}', '{"acks":{"0":true,"1":true}}']);
});
