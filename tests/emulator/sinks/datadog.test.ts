import assert from "node:assert/strict";
import { test } from "node:test";
import { Datadog } from "./datadog.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const NOW = 1_795_000_000_000;
const make = (): Datadog => new Datadog({ apiKey: "key", now: () => NOW });
const right = (): Sent => ({ path: "/api/v2/logs", headers: { "dd-api-key": "key", "content-type": "application/json" }, body: '[{"message":"a","ddsource":"x"},{"message":"b"}]' });

refuses("datadog", make, right, 202, 2, [
  ["no key", { headers: { "dd-api-key": undefined } }, 401, /Unauthorized/],
  ["a wrong key", { headers: { "dd-api-key": "other" } }, 403, /Forbidden/],
  ["a body of more than 5 MB", { body: `[{"message":"${"a".repeat(5_000_000)}"}]` }, 413],
  ["another content type", { headers: { "content-type": "application/x-ndjson" } }, 400],
  ["objects without an array", { body: '{"message":"a"}\n{"message":"b"}' }, 400],
  ["an empty array", { body: "[]" }, 400],
  ["an array that does not end", { body: '[{"message":"a"}' }, 400],
  ["a log that is no object", { body: '["a"]' }, 400],
  ["a message that is no string", { body: '[{"message":{"a":1}}]' }, 400],
  ["bytes that are not UTF-8", { body: Buffer.from('[{"message":"\xff"}]', "latin1") }, 400],
  ["more than 1000 logs", { body: JSON.stringify(Array.from({ length: 1001 }, () => ({ message: "a" }))) }, 400],
]);

test("datadog: what it would cut or drop while it says 202 is not stored", async (t) => {
  const fake = await started(t, make());
  const body = JSON.stringify([{ message: "a".repeat(1_000_000) }, { message: "old", timestamp: NOW - 19 * 3_600_000 }, { message: "b", timestamp: NOW - 17 * 3_600_000 }, { message: "c", timestamp: new Date(NOW).toISOString() }]);
  assert.equal((await post(fake, { ...right(), body })).status, 202);
  assert.deepEqual([fake.silent, fake.stored.length], [{ truncated: 1, tooOld: 1 }, 2]);
});
