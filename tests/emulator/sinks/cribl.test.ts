import assert from "node:assert/strict";
import { test } from "node:test";
import { Cribl, type CriblEvent } from "./cribl.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const make = (): Cribl => new Cribl({ token: "token" });
const right = (): Sent => ({ path: "/cribl/_bulk", headers: { authorization: "token", "content-type": "application/x-ndjson" }, body: '{"_time":1795000000.5,"_raw":"a","host":"h"}\n{"message":"b"}\n' });

refuses("cribl", make, right, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 403],
  ["a token with a scheme", { headers: { authorization: "Bearer token" } }, 403],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415],
  ["more than 2 MB", { body: `{"_raw":"${"a".repeat(2_000_000)}"}` }, 413],
  ["nothing", { body: "\n" }, 400],
  ["an array", { body: '[{"_raw":"a"}]' }, 400],
  ["a broken line", { body: '{"_raw":"a"}\n{"_raw"' }, 400],
  ["a time that is text", { body: '{"_raw":"a","_time":"1795000000"}' }, 400],
  ["a _raw that is no text", { body: '{"_raw":{"a":1}}' }, 400],
  ["bytes that are not UTF-8", { body: Buffer.from('{"_raw":"\xff"}', "latin1") }, 400],
]);

test("cribl: the event is what stands in _raw, or the whole of it", async (t) => {
  const fake = await started(t, make());
  await post(fake, right());
  assert.deepEqual((fake.stored as CriblEvent[]).map(({ value, event }) => [value, event["host"]]), [["a", "h"], [{ message: "b" }, undefined]]);
});
