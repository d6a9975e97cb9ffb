import assert from "node:assert/strict";
import { test } from "node:test";
import { post, refuses, started, type Sent } from "./refuses.ts";
import { SumoLogic } from "./sumo-logic.ts";

const make = (): SumoLogic => new SumoLogic({ code: "c0de==" });
const right = (): Sent => ({ path: "/receiver/v1/http/c0de==", headers: { "x-sumo-category": "waf", "x-sumo-fields": "a=1, b=2" }, body: '{"a":1}\n\nplain text\r\n' });

refuses("sumo-logic", make, right, 200, 2, [
  ["another code", { path: "/receiver/v1/http/other" }, 401],
  ["fields that are no pairs", { headers: { "x-sumo-fields": "a=1, b" } }, 400, /fields/],
  ["a header that does not exist", { headers: { "x-sumo-source": "x" } }, 400, /unknown header/],
  ["bytes that are not UTF-8", { body: Buffer.from([0x61, 0xff]) }, 400],
  ["nothing", { body: "\n" }, 400],
  ["more than 1 MB", { body: "a\n".repeat(500_001) }, 408],
]);

test("sumo-logic: a message that would be sliced is not stored", async (t) => {
  const fake = await started(t, make());
  assert.equal((await post(fake, { ...right(), body: `${"a".repeat(65_536)}\n${"b".repeat(65_537)}\n` })).status, 200);
  assert.deepEqual([fake.silent, fake.stored.length], [{ sliced: 1 }, 1]);
});
