import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stored } from "../emulator/sinks/read.ts";
import { SplunkHec, type SplunkEvent } from "../emulator/sinks/splunk-hec.ts";
import { hecReply } from "../emulator/splunk.ts";
import { Strict, httpDate } from "./strict.ts";

const TOKEN = "12345678-1234-1234-1234-123456789abc";
const envelope = (stored: Stored): Record<string, unknown> => (stored as SplunkEvent).envelope;
const fields = (stored: Stored): Record<string, unknown> => (envelope(stored)["fields"] ?? {}) as Record<string, unknown>;
const ran = new Strict({
  kind: "splunk-hec",
  make: () => new SplunkHec({ token: TOKEN, indexes: ["waf"], maxContentLength: 1_000_000 }),
  table: ({ origin }) => ({ url: origin, token: { secret: "TOKEN" }, index: "waf", sourcetype: "akamaisiem", source: "edgesiem", host: "edge", fields: { env: "test" } }),
  secrets: { TOKEN },
  id: (stored) => fields(stored)["edgesiem_id"],
  fits: 900_000,
  failures: () => [hecReply(9, {}, { "retry-after": "1" }), () => hecReply(8, {}, { "retry-after": httpDate() })],
  lanes: {
    acknowledged: () => ({ fake: new SplunkHec({ token: TOKEN, acknowledgeAfterPolls: 0 }), table: { ack: true } }),
    raw: (make) => ({ fake: make(), schema: "raw", table: { gzip: true } }),
    text: (make) => ({ fake: make(), schema: "cef" }),
    // Lines have no place for fields.
    lines: (make) => ({ fake: make(), schema: "raw", table: { endpoint: "raw", fields: undefined } }),
    textLines: (make) => ({ fake: make(), schema: "cef", table: { endpoint: "raw", fields: undefined, gzip: true } }),
  },
});

test("splunk-hec: accepted by a strict fake", () => {
  ran.arrived("plain");
  const { index, sourcetype, source, host } = envelope(ran.fake("plain").stored[0]!);
  assert.deepEqual({ index, sourcetype, source, host }, { index: "waf", sourcetype: "akamaisiem", source: "edgesiem", host: "edge" });
  const tally = ran.tally("plain");
  for (const event of ran.fake("plain").stored) {
    const number = tally.numberOf({ value: event.value, bytes: () => event.bytes })!;
    assert.ok(Math.abs(Number(envelope(event)["time"]) - ran.siem.events.startSeconds(number)) < 0.001, `time of event ${number}`);
  }
});

test("splunk-hec: partial failure: halved until the bad event is alone; events beside it may be indexed twice", async () => {
  await ran.onlyThePoisonIsSetAside(/"code":6/);
});

test("splunk-hec: repeats: indexed twice; `edgesiem_id` tells", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("splunk-hec: limits: max_content_length, 1 MB a request unless configured", async () => {
  await ran.limitsAreKept();
  assert.ok(ran.fake("plain").counters.largestBody <= 1_000_000);
});

test("splunk-hec waits as Retry-After says", () => ran.waitsAsAsked());

test("splunk-hec waits for the indexers if so configured", () => {
  ran.arrived("acknowledged");
  ran.neverRefused("acknowledged");
  const { endpoint, counters } = ran.fake("acknowledged");
  assert.ok(endpoint.counters.polls >= counters.taken, `${endpoint.counters.polls} polls for ${counters.taken} batches`);
});

test("splunk-hec gets the very bytes of a line, and text as text", () => {
  ran.arrived("raw");
  ran.arrived("text");
  assert.ok(ran.fake("text").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
});

test("splunk-hec takes lines at the raw endpoint, with the metadata that the query can have", () => {
  ran.arrived("lines");
  ran.arrived("textLines");
  assert.deepEqual(envelope(ran.fake("lines").stored[0]!), { index: "waf", sourcetype: "akamaisiem", source: "edgesiem", host: "edge" });
  assert.ok(ran.fake("textLines").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
});
