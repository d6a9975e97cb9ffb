import assert from "node:assert/strict";
import { test } from "node:test";
import { BetterStack } from "./better-stack.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const make = (): BetterStack => new BetterStack({ token: "token" });
const right = (): Sent => ({ path: "/", headers: { authorization: "Bearer token", "content-type": "application/x-ndjson" }, body: '{"dt":"2026-11-18T06:26:40.123Z","a":1}\n{"b":2}\n' });

refuses("better-stack", make, right, 202, 2, [
  ["no token", { headers: { authorization: undefined } }, 403, /^Unauthorized$/],
  ["a wrong token", { headers: { authorization: "Bearer other" } }, 403],
  ["another content type", { headers: { "content-type": "text/plain" } }, 406],
  ["a broken line", { body: '{"a":1}\n{"b"' }, 406, /^Couldn't parse JSON content\.$/],
  ["nothing", { body: "" }, 406],
  ["more than 10 MiB as it is sent", { body: '{"a":1}\n'.repeat(1_400_000) }, 413, /^payload reached size limit$/],
]);

test("better-stack: arrays and single objects are taken, and times that it cannot read are told", async (t) => {
  const fake = await started(t, make());
  const headers = { ...right().headers, "content-type": "application/json" };
  const times = [1_672_490_759, 1_672_490_759_123, "2022-12-31T13:45:59.123456Z", "2022-12-31 13:45:59.123456+02:00", undefined];
  assert.equal((await post(fake, { ...right(), headers, body: JSON.stringify(times.map((dt) => ({ dt }))) })).status, 202);
  assert.deepEqual([fake.stored.length, fake.silent], [5, { untimed: 0 }]);
  assert.equal((await post(fake, { ...right(), headers, body: '{"dt":"noon"}' })).status, 202);
  assert.deepEqual([fake.stored.length, fake.silent], [6, { untimed: 1 }]);
});
