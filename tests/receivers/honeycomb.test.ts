import assert from "node:assert/strict";
import { test } from "node:test";
import { Honeycomb, honeycombError, type HoneycombEvent } from "../emulator/sinks/honeycomb.ts";
import { Strict, httpDate, without } from "./strict.ts";

const THROTTLED = 321;
const ran = new Strict({
  kind: "honeycomb",
  make: () => new Honeycomb({ key: "hcaik_key" }),
  table: ({ origin }) => ({ url: origin, dataset: "akamai waf", api_key: { secret: "KEY" } }),
  secrets: { KEY: "hcaik_key" },
  document: without("edgesiem_id"),
  id: ({ value }) => (value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 60_000,
  tooLong: 1_000_001,
  failures: () => [honeycombError(429, "request rate limited", { "retry-after": "1" }), () => honeycombError(503, "unavailable", { "retry-after": httpDate() })],
  lanes: {
    throttled: (make) => {
      const fake = make();
      fake.throttledBatches = 2;
      fake.throttled = (event) => event.includes(ran.siem.events.requestId(THROTTLED));
      return { fake, table: { gzip: true } };
    },
  },
});

test("honeycomb: accepted by a strict fake", () => {
  ran.arrived("plain");
  const tally = ran.tally("plain");
  for (const event of ran.fake("plain").stored as HoneycombEvent[]) {
    const number = tally.numberOf({ value: event.value, bytes: () => event.bytes })!;
    assert.ok(Math.abs(event.timeMs! - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("honeycomb: partial failure: refused events become dead letters, throttled ones are sent again", async () => {
  await ran.onlyThePoisonIsSetAside(/malformed/);
  // All others of the batch with the bad event were taken at once.
  assert.equal(ran.fake("poisoned").counters.deliveries, ran.fake("poisoned").counters.taken);
  ran.arrived("throttled");
  assert.deepEqual((await ran.setAside("throttled")).numbers, ran.tooLong);
});

test("honeycomb: repeats: stored twice; the field `edgesiem_id` tells", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("honeycomb: limits: 5 MB a request, 1 MB an event", async () => {
  await ran.limitsAreKept();
  assert.deepEqual(ran.fake("plain").silent, { retimed: 0 });
});

test("honeycomb waits as Retry-After says", () => ran.waitsAsAsked());
