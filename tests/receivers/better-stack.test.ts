import assert from "node:assert/strict";
import { test } from "node:test";
import { BetterStack } from "../emulator/sinks/better-stack.ts";
import { Strict, without } from "./strict.ts";

const ran = new Strict({
  kind: "better-stack",
  make: () => new BetterStack({ token: "source-token" }),
  table: ({ origin }) => ({ url: origin, token: { secret: "TOKEN" } }),
  secrets: { TOKEN: "source-token" },
  document: without("edgesiem_id", "dt"),
  id: ({ value }) => (value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 2_000_000,
  lanes: {
    text: (make) => ({ fake: make(), schema: "cef", table: { gzip: true } }),
  },
});

test("better-stack: accepted by a strict fake", () => {
  ran.arrived("plain");
  const tally = ran.tally("plain");
  for (const { value, bytes } of ran.fake("plain").stored) {
    const number = tally.numberOf({ value, bytes: () => bytes })!;
    const { dt } = value as { dt: string | number };
    assert.ok(Math.abs(new Date(dt).getTime() - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("better-stack: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 406: Couldn't parse JSON content/);
});

test("better-stack: repeats: stored twice; the field `edgesiem_id` tells", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("better-stack: limits: 10 MiB a request", async () => {
  await ran.limitsAreKept();
  assert.deepEqual(ran.fake("plain").silent, { untimed: 0 });
});

test("better-stack waits as Retry-After says", () => ran.waitsAsAsked());

test("better-stack gets text as messages, packed if so configured", () => {
  ran.arrived("text", { document: ({ value, bytes }) => ({ bytes, value: (value as { message: unknown }).message }) });
  assert.equal(ran.fake("text").counters.gzip, ran.fake("text").counters.taken);
});
