import assert from "node:assert/strict";
import { test } from "node:test";
import { Axiom, axiomError, axiomRateLimited, type AxiomEvent } from "../emulator/sinks/axiom.ts";
import { POISON, Strict, httpDate, without } from "./strict.ts";

const RESET = { seconds: 0 };
const ran = new Strict({
  kind: "axiom",
  make: () => new Axiom({ dataset: "akamai-waf", token: "xaat-token" }),
  table: ({ origin }) => ({ url: origin, dataset: "akamai-waf", token: { secret: "TOKEN" } }),
  secrets: { TOKEN: "xaat-token" },
  document: without("edgesiem_id", "_time"),
  id: ({ value }) => (value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 900_000,
  tooLong: 1_000_001,
  failures: () => [
    () => {
      RESET.seconds = Math.ceil(Date.now() / 1000) + 1;
      return axiomRateLimited(RESET.seconds);
    },
    () => axiomError(503, "unavailable", { "retry-after": httpDate() }),
  ],
  lanes: {
    packed: (make) => ({ fake: make(), table: { gzip: true } }),
  },
});

test("axiom: accepted by a strict fake", () => {
  ran.arrived("plain");
  ran.arrived("packed");
  const tally = ran.tally("plain");
  for (const event of ran.fake("plain").stored as AxiomEvent[]) {
    const number = tally.numberOf({ value: event.value, bytes: () => event.bytes })!;
    assert.ok(Math.abs(event.timeMs! - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("axiom: partial failure: refused events, told by their times, become dead letters", async () => {
  const { duplicates } = ran.tally("poisoned").counters;
  await ran.onlyThePoisonIsSetAside(/not acceptable/, duplicates);
  const times = new Map<number, number>();
  const tally = ran.tally("poisoned");
  for (const { value, bytes } of ran.fake("poisoned").stored) {
    const number = tally.numberOf({ value, bytes: () => bytes })!;
    times.set(number, (times.get(number) ?? 0) + 1);
  }
  // Only events that happened when the refused one did come again, once for each time that their group is halved.
  const { events } = ran.siem;
  for (const [number, count] of times) {
    assert.ok(count === 1 || events.startSeconds(number) === events.startSeconds(POISON), `event ${number}`);
    assert.ok(count <= 1 + Math.ceil(Math.log2(400)), `event ${number} came ${count} times`);
  }
});

test("axiom: repeats: stored twice; the field `edgesiem_id` tells", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("axiom: limits: 10,000 events a request, 1 MB an event", async () => {
  await ran.limitsAreKept();
});

test("axiom is left alone until the window ends that a 429 names", () => {
  const [, again] = ran.fake("failing").arrivals;
  assert.ok(again! >= RESET.seconds * 1000 - 10, `${RESET.seconds * 1000 - again!} ms too early`);
});
