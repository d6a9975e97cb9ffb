import assert from "node:assert/strict";
import { test } from "node:test";
import { NewRelic, type NewRelicLog } from "./new-relic.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const NOW = 1_795_000_000_000;
const make = (): NewRelic => new NewRelic({ licenseKey: "key", now: () => NOW });
const body = (...logs: unknown[]): string => JSON.stringify([{ common: { attributes: { logtype: "waf" } }, logs }]);
const right = (): Sent => ({
  path: "/log/v1",
  headers: { "api-key": "key", "content-type": "application/json" },
  body: body({ timestamp: NOW, message: "a", attributes: { id: "1" } }, { message: "b" }),
});

refuses("new-relic", make, right, 202, 2, [
  ["no key", { headers: { "api-key": undefined } }, 403],
  ["a wrong key", { headers: { "api-key": "other" } }, 403],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415],
  ["more than 1 MB as it is sent", { body: body({ message: "a".repeat(1_000_000) }) }, 413],
  ["no JSON", { body: "[" }, 400],
  ["one object", { body: '{"message":"a"}' }, 400],
  ["a block without logs", { body: '[{"logs":[]}]' }, 400],
]);

test("new-relic: what it finds wrong after its 202 is not stored", async (t) => {
  const fake = await started(t, make());
  const many = Object.fromEntries(Array.from({ length: 255 }, (_, k) => [`a${k}`, k]));
  const wrong = [{ timestamp: NOW }, { message: [] }, { message: "a", timestamp: "noon" }, { message: "a", timestamp: NOW - 49 * 3_600_000 }, { message: "a", attributes: many }, { message: "a", attributes: { a: { b: [1] } } }, { message: "a", attributes: { ["a".repeat(256)]: 1 } }, { message: "a", attributes: { eventType: "x" } }];
  assert.equal((await post(fake, { ...right(), body: body(...wrong, { message: "c", timestamp: Math.floor(NOW / 1000) }) })).status, 202);
  assert.equal(fake.silent.length, wrong.length, String(fake.silent));
  const [{ value, attributes }] = fake.stored as [NewRelicLog];
  assert.deepEqual([fake.stored.length, (value as { message: string }).message, attributes], [1, "c", { logtype: "waf" }]);
});
