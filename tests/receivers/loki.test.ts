import assert from "node:assert/strict";
import { test } from "node:test";
import { Loki, lokiRateLimited, type LokiLine } from "../emulator/sinks/loki.ts";
import type { Stored } from "../emulator/sinks/read.ts";
import { Strict, httpDate, parsed } from "./strict.ts";

const metadata = (stored: Stored): Record<string, string> => (stored as LokiLine).metadata;
const ran = new Strict({
  kind: "loki",
  make: () => new Loki({ tenant: "acme", basic: "123456:glc_token" }),
  table: ({ origin }) => ({ url: origin, tenant: "acme", basic: { username: "123456", password: { secret: "TOKEN" } }, labels: { job: "akamai", env: "test" } }),
  secrets: { TOKEN: "glc_token" },
  document: parsed,
  id: (stored) => metadata(stored)["edgesiem_id"],
  // Escapes of JSON count too.
  fits: 200_000,
  tooLong: 300_000,
  failures: () => [lokiRateLimited({ "retry-after": "1" }), () => ({ status: 503, headers: { "retry-after": httpDate() }, body: "" })],
  lanes: {
    text: (make) => ({ fake: make(), schema: "cef", table: { gzip: true } }),
  },
});

test("loki: accepted by a strict fake", () => {
  ran.arrived("plain");
  ran.idsAreOneToOne("plain");
  const lines = ran.fake("plain").stored as LokiLine[];
  assert.deepEqual(lines[0]?.labels, { job: "akamai", env: "test" });
  const tally = ran.tally("plain");
  for (const line of lines) {
    const number = tally.numberOf({ value: parsed(line).value, bytes: () => line.bytes })!;
    assert.ok(Math.abs(Number(line.ns / 1_000_000n) - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("loki: partial failure: a 400 may have stored others; halved until the bad line is alone, nothing twice", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
  assert.ok(ran.fake("poisoned").repeated > 0);
});

test("loki: repeats: stored once: same labels, time and line", () => {
  const events = ran.repeatedBatch();
  ran.arrived("failing");
  assert.equal(ran.fake("failing").repeated, events);
});

test("loki: limits: 4 MB a request, 262,144 bytes a line", async () => {
  await ran.limitsAreKept();
});

test("loki waits as Retry-After says", () => ran.waitsAsAsked());

test("loki gets text as lines, packed if so configured", () => {
  ran.arrived("text", { document: (stored) => stored });
  assert.ok(ran.fake("text").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
});
