import assert from "node:assert/strict";
import { test } from "node:test";
import { Axiom, axiomRateLimited } from "./axiom.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const make = (): Axiom => new Axiom({ dataset: "waf", token: "token" });
const right = (): Sent => ({ path: "/v1/datasets/waf/ingest", headers: { authorization: "Bearer token", "content-type": "application/x-ndjson" }, body: '{"_time":"2026-11-18T06:26:40.123Z","a":1}\n{"b":2}\n' });

refuses("axiom", make, right, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 401],
  ["a wrong token", { headers: { authorization: "Bearer other" } }, 403, /forbidden/],
  ["another dataset", { path: "/v1/datasets/other/ingest" }, 404, /dataset not found/],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415],
  ["lines that are said to be an array", { headers: { "content-type": "application/json" } }, 400],
  ["a broken line", { body: '{"a":1}\n{"b"' }, 400],
  ["a line that is no object", { body: '"a"' }, 400],
  ["nothing", { body: "\n" }, 400],
  ["more than 10,000 events", { body: "{}\n".repeat(10_001) }, 413],
]);

test("axiom: what it cannot take of a batch is counted in its 200", async (t) => {
  const fake = await started(t, make());
  const events = [{ a: 1 }, { a: "a".repeat(1_000_000) }, { _time: "noon" }, { a: { ["b".repeat(199)]: 1 } }, { poison: 1, _time: "2026-11-18T06:26:40Z" }, { a: { ["b".repeat(198)]: 1 } }];
  fake.poison = (bytes) => bytes.includes("poison");
  const { status, body } = await post(fake, { ...right(), path: "/v1/ingest/waf", headers: { ...right().headers, "content-type": "application/json" }, body: JSON.stringify(events) });
  const answer = JSON.parse(body.toString()) as { ingested: number; failed: number; failures: { timestamp: string; error: string }[] };
  assert.deepEqual([status, answer.ingested, answer.failed, fake.stored.length], [200, 2, 4, 2]);
  assert.deepEqual(answer.failures.at(-1), { timestamp: "2026-11-18T06:26:40.000Z", error: "the event is not acceptable" });
  assert.equal(axiomRateLimited(17).headers?.["x-ratelimit-reset"], "17");
});
