import assert from "node:assert/strict";
import { test } from "node:test";
import { LogScale } from "./logscale.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const make = (): LogScale => new LogScale({ token: "token", repository: "waf" });
const right = (): Sent => ({ path: "/api/v1/ingest/hec", headers: { authorization: "Bearer token", "content-type": "application/json" }, body: '{"time":1795000000.5,"event":{"a":1},"fields":{"#env":"prod"}}\n{"event":"b","index":"waf"}' });

refuses("logscale", make, right, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 401],
  ["a wrong token", { headers: { authorization: "Bearer other" } }, 401],
  ["another repository", { body: '{"event":"a","index":"other"}' }, 403],
  ["nothing", { body: " " }, 400],
  ["broken JSON", { body: '{"event":"a"}{' }, 400],
  ["an array", { body: '[{"event":"a"}]' }, 400],
  ["no event", { body: '{"time":1}' }, 400, /no event/],
  ["a time that is none", { body: '{"event":"a","time":"noon"}' }, 400, /time/],
  ["fields that are no object", { body: '{"event":"a","fields":["b"]}' }, 400, /fields/],
  ["a host that is no text", { body: '{"event":"a","host":1}' }, 400, /metadata/],
  ["a member that it does not know", { body: '{"event":"a","message":"b"}' }, 400, /message/],
]);

test("logscale: an event that would be cut is not stored, and the raw endpoint takes lines", async (t) => {
  const fake = await started(t, make());
  assert.equal((await post(fake, { ...right(), body: JSON.stringify({ event: "a".repeat(1_000_000) }) })).status, 200);
  assert.deepEqual([fake.silent, fake.stored.length], [{ truncated: 1 }, 0]);
  assert.equal((await post(fake, { ...right(), path: "/api/v1/ingest/hec/raw", body: "a\r\nb\n" })).status, 200);
  assert.deepEqual(fake.stored.map(({ value }) => value), ["a", "b"]);
});
