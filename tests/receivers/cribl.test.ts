import assert from "node:assert/strict";
import { test } from "node:test";
import { CRIBL_BLOCKED, Cribl, type CriblEvent } from "../emulator/sinks/cribl.ts";
import type { Stored } from "../emulator/sinks/read.ts";
import { Strict, httpDate, parsed } from "./strict.ts";

const event = (stored: Stored): Record<string, unknown> => (stored as CriblEvent).event;
const ran = new Strict({
  kind: "cribl",
  make: () => new Cribl({ token: "crible-token" }),
  table: ({ origin }) => ({ url: origin, token: { secret: "TOKEN" }, fields: { sourcetype: "akamaisiem" } }),
  secrets: { TOKEN: "crible-token" },
  document: parsed,
  id: (stored) => event(stored)["edgesiem_id"],
  fits: 800_000,
  failures: () => [{ status: 429, headers: { "retry-after": "1" }, body: "" }, () => ({ ...CRIBL_BLOCKED, headers: { "retry-after": httpDate() } })],
  lanes: {
    raw: (make) => ({ fake: make(), schema: "raw", table: { gzip: true } }),
    text: (make) => ({ fake: make(), schema: "cef" }),
  },
});

test("cribl: accepted by a strict fake", () => {
  ran.arrived("plain");
  assert.equal(event(ran.fake("plain").stored[0]!)["sourcetype"], "akamaisiem");
  const tally = ran.tally("plain");
  for (const stored of ran.fake("plain").stored) {
    const number = tally.numberOf({ value: parsed(stored).value, bytes: () => stored.bytes })!;
    assert.ok(Math.abs(Number(event(stored)["_time"]) - ran.siem.events.startSeconds(number)) < 0.001, `time of event ${number}`);
  }
});

test("cribl: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("cribl: repeats: passed on twice; both carry the same `edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("cribl: limits: 2 MB a request", async () => {
  await ran.limitsAreKept();
  assert.ok(ran.fake("plain").counters.largestBody <= 2_000_000);
});

test("cribl waits as Retry-After says", () => ran.waitsAsAsked());

test("cribl gets the very bytes of a line, and text as text", () => {
  ran.arrived("raw", { document: ({ value }) => ({ value: JSON.parse(String(value)) as unknown, bytes: Buffer.from(String(value)) }) });
  ran.arrived("text", { document: (stored) => stored });
  assert.ok(ran.fake("text").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
});
