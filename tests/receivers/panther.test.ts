import assert from "node:assert/strict";
import { test } from "node:test";
import { Panther, type PantherAuth } from "../emulator/sinks/panther.ts";
import { Strict, without } from "./strict.ts";

const ID = "0a1b2c3d-0000-4000-8000-123456789abc";
const secret: PantherAuth = { kind: "shared-secret", header: "X-Panther-Secret", secret: "shared" };
const make = (auth: PantherAuth = secret, stream: "json" | "lines" = "json"): Panther => new Panther({ sourceId: ID, auth, stream });
const authentication = { shared_secret: undefined };
const ran = new Strict({
  kind: "panther",
  make,
  table: ({ origin }) => ({ url: `${origin}/http/${ID}`, shared_secret: { header: "X-Panther-Secret", secret: { secret: "SECRET" } } }),
  secrets: { SECRET: "shared" },
  document: without("edgesiem_id"),
  id: ({ value }) => (value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 900_000,
  tooLong: 1_000_001,
  lanes: {
    verbatim: () => ({ fake: make(), schema: "raw", table: { verbatim: true, gzip: true } }),
    hmac: () => ({ fake: make({ kind: "hmac", header: "X-Sum", key: "shared" }, "lines"), schema: "cef", table: { ...authentication, hmac: { header: "X-Sum", key: { secret: "SECRET" } } } }),
    bearer: () => ({ fake: make({ kind: "bearer", token: "shared" }), table: { ...authentication, bearer: { secret: "SECRET" } } }),
    basic: () => ({ fake: make({ kind: "basic", username: "edgesiem", password: "shared" }), table: { ...authentication, basic: { username: "edgesiem", password: { secret: "SECRET" } } } }),
  },
});

test("panther: accepted by a strict fake with each of the four kinds of authentication", () => {
  ran.arrived("plain");
  ran.arrived("hmac", { document: (stored) => stored });
  ran.arrived("bearer");
  ran.arrived("basic");
  for (const lane of ["hmac", "bearer", "basic"]) ran.neverRefused(lane);
});

test("panther: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("panther: repeats: stored twice; both carry the same `edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("panther: limits: 1 MB a request with its headers", async () => {
  await ran.limitsAreKept();
  assert.ok(ran.fake("plain").counters.largestBody < 1_000_000);
});

test("panther waits as Retry-After says", () => ran.waitsAsAsked());

test("panther gets the very bytes of a line if so configured", () => {
  ran.arrived("verbatim", { document: (stored) => stored });
});
