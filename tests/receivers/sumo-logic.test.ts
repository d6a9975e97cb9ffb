import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, json, type Stored } from "../emulator/sinks/read.ts";
import { SUMO_THROTTLED, SumoLogic } from "../emulator/sinks/sumo-logic.ts";
import { Strict, httpDate, without } from "./strict.ts";

const CODE = "ZaVnC4dhaV2IPPFk_a1b2c3d4e5f6==";
const object = ({ value, bytes }: Stored): Stored => ({ bytes, value: json(bytes) ?? value });
const ran = new Strict({
  kind: "sumo-logic",
  make: () => new SumoLogic({ code: CODE }),
  // The address is the credential: it is a secret, and each fake has its own port.
  table: ({ origin }) => ({ url: `${origin}/receiver/v1/http/${CODE}`, category: "akamai/waf", host: "edge", source: "test", fields: { env: "test", team: "soc" } }),
  secrets: {},
  document: (stored) => without("edgesiem_id")(object(stored)),
  id: (stored) => (object(stored).value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 64_000,
  tooLong: 66_000,
  failures: () => [{ ...SUMO_THROTTLED, headers: { "retry-after": "1" } }, () => ({ status: 503, headers: { "retry-after": httpDate() }, body: "" })],
  lanes: {
    verbatim: (make) => ({ fake: make(), schema: "raw", table: { verbatim: true, gzip: true } }),
  },
});

test("sumo-logic: accepted by a strict fake", () => {
  ran.arrived("plain");
  const [metadata] = ran.fake("plain").metadata;
  assert.deepEqual(metadata, { "x-sumo-category": "akamai/waf", "x-sumo-host": "edge", "x-sumo-name": "test", "x-sumo-fields": metadata?.["x-sumo-fields"] });
  assert.deepEqual(new Set(metadata?.["x-sumo-fields"]?.split(",").map((pair) => pair.trim())), new Set(["env=test", "team=soc"]));
});

test("sumo-logic: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("sumo-logic: repeats: stored twice; both carry the same `edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("sumo-logic: limits: 1 MB a request, 65,536 bytes a message", async () => {
  await ran.limitsAreKept();
  assert.deepEqual(ran.fake("plain").silent, { sliced: 0 });
});

test("sumo-logic waits as Retry-After says", () => ran.waitsAsAsked());

test("sumo-logic gets the very bytes of a line if so configured", () => {
  ran.arrived("verbatim", { document: (stored) => stored });
  assert.ok(ran.fake("verbatim").stored.every(({ value }) => isObject(json(Buffer.from(String(value))))));
});
