import assert from "node:assert/strict";
import { test } from "node:test";
import { LogScale, LOGSCALE_BEHIND, type LogScaleEvent } from "../emulator/sinks/logscale.ts";
import type { Stored } from "../emulator/sinks/read.ts";
import { Strict, httpDate } from "./strict.ts";

const envelope = (stored: Stored): Record<string, unknown> => (stored as LogScaleEvent).envelope;
const fields = (stored: Stored): Record<string, unknown> => (envelope(stored)["fields"] ?? {}) as Record<string, unknown>;
const ran = new Strict({
  kind: "logscale",
  make: () => new LogScale({ token: "ingest-token", repository: "waf" }),
  table: ({ origin }) => ({ url: origin, token: { secret: "TOKEN" }, sourcetype: "json", source: "akamai", host: "edge", index: "waf", fields: { "#env": "test" } }),
  secrets: { TOKEN: "ingest-token" },
  id: (stored) => fields(stored)["edgesiem_id"],
  fits: 490_000,
  tooLong: 500_100,
  failures: () => [{ status: 429, headers: { "retry-after": "1" }, body: "" }, () => ({ ...LOGSCALE_BEHIND, headers: { "retry-after": httpDate() } })],
  lanes: {
    raw: (make) => ({ fake: make(), schema: "raw", table: { gzip: true } }),
    text: (make) => ({ fake: make(), schema: "cef" }),
  },
});

test("logscale: accepted by a strict fake", () => {
  ran.arrived("plain");
  const { sourcetype, source, host, index } = envelope(ran.fake("plain").stored[0]!);
  assert.deepEqual({ sourcetype, source, host, index }, { sourcetype: "json", source: "akamai", host: "edge", index: "waf" });
  assert.equal(fields(ran.fake("plain").stored[0]!)["#env"], "test");
  const tally = ran.tally("plain");
  for (const event of ran.fake("plain").stored) {
    const number = tally.numberOf({ value: event.value, bytes: () => event.bytes })!;
    assert.ok(Math.abs(Number(envelope(event)["time"]) - ran.siem.events.startSeconds(number)) < 0.001, `time of event ${number}`);
  }
});

test("logscale: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("logscale: repeats: stored twice; both carry the same field `edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("logscale: limits: 500 kB an event, because its 1 MB counts line and parsed fields", async () => {
  await ran.limitsAreKept();
  assert.deepEqual(ran.fake("plain").silent, { truncated: 0 });
});

test("logscale waits as Retry-After says", () => ran.waitsAsAsked());

test("logscale gets the very bytes of a line, and text as text", () => {
  ran.arrived("raw");
  ran.arrived("text");
  assert.ok(ran.fake("text").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
});
