import assert from "node:assert/strict";
import { test } from "node:test";
import { NewRelic, type NewRelicLog } from "../emulator/sinks/new-relic.ts";
import type { Stored } from "../emulator/sinks/read.ts";
import { Strict, parsed } from "./strict.ts";

const KEY = "eu01xx0123456789abcdef0123456789abcdNRAL";
const message = (stored: Stored): Stored => ({ ...stored, value: (stored.value as { message: unknown }).message });
const attributes = (stored: Stored): Record<string, unknown> => (stored as NewRelicLog).attributes;
const ran = new Strict({
  kind: "new-relic",
  make: () => new NewRelic({ licenseKey: KEY }),
  table: ({ origin }) => ({ url: origin, license_key: { secret: "KEY" }, logtype: "akamai", attributes: { env: "test" } }),
  secrets: { KEY },
  document: (stored) => parsed(message(stored)),
  id: (stored) => attributes(stored)["edgesiem_id"] ?? (stored.value as Record<string, unknown>)["edgesiem_id"],
  fits: 900_000,
  tooLong: 1_000_001,
  lanes: {
    text: (make) => ({ fake: make(), schema: "cef", table: { gzip: true } }),
  },
});

test("new-relic: accepted by a strict fake", () => {
  ran.arrived("plain");
  const logs = ran.fake("plain").stored as NewRelicLog[];
  assert.deepEqual([attributes(logs[0]!)["logtype"], attributes(logs[0]!)["env"]], ["akamai", "test"]);
  const tally = ran.tally("plain");
  for (const log of logs) {
    const number = tally.numberOf({ value: parsed(message(log)).value, bytes: () => log.bytes })!;
    assert.ok(Math.abs(log.timestamp! - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("new-relic: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("new-relic: repeats: stored twice; both carry the same `edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("new-relic: limits: 1 MB a request, 255 attributes a log, no arrays", async () => {
  await ran.limitsAreKept();
  assert.ok(ran.fake("plain").counters.largestBody <= 1_000_000);
  for (const lane of ["plain", "failing", "text"]) assert.deepEqual(ran.fake(lane).silent, []);
});

test("new-relic waits as Retry-After says", () => ran.waitsAsAsked());

test("new-relic gets text as messages, packed if so configured", () => {
  ran.arrived("text", { document: message });
  assert.equal(ran.fake("text").counters.gzip, ran.fake("text").counters.taken);
});
