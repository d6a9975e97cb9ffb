import assert from "node:assert/strict";
import { test } from "node:test";
import { Honeycomb } from "./honeycomb.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const NOW = 1_795_000_000_000;
const make = (): Honeycomb => new Honeycomb({ key: "key", now: () => NOW });
const right = (): Sent => ({ path: "/1/batch/waf", headers: { "x-honeycomb-team": "key", "content-type": "application/json" }, body: '[{"time":"2026-11-18T06:26:40.123Z","data":{"a":1}},{"data":{"b":{"c":2}},"samplerate":1}]' });

refuses("honeycomb", make, right, 200, 2, [
  ["no key", { headers: { "x-honeycomb-team": undefined } }, 401, /unknown API key/],
  ["a wrong key", { headers: { "x-honeycomb-team": "other" } }, 401],
  ["another content type", { headers: { "content-type": "application/x-ndjson" } }, 415],
  ["more than 5 MB", { body: `[{"data":{"a":"${"a".repeat(5_000_000)}"}}]` }, 413],
  ["broken JSON", { body: "[" }, 400, /malformed/],
  ["an object", { body: '{"data":{"a":1}}' }, 400],
  ["an empty array", { body: "[]" }, 400, /empty/],
]);

test("honeycomb: each event of a batch has a status of its own", async (t) => {
  const fake = await started(t, make());
  const columns = Object.fromEntries(Array.from({ length: 2001 }, (_, k) => [`a${k}`, k]));
  const events = [{ data: { a: 1 } }, { data: {} }, {}, { data: columns }, { data: { a: "a".repeat(1_000_000) } }, { data: { b: 1 }, time: "noon" }, { data: { c: 1 }, samplerate: 0 }, { data: { poison: 1 } }, { data: { busy: 1 } }, { data: { d: 1 }, time: new Date(NOW + 7_200_000).toISOString() }];
  fake.poison = (bytes) => bytes.includes("poison");
  fake.throttled = (bytes) => bytes.includes("busy");
  fake.throttledBatches = 1;
  const statuses = async (batch: unknown[]): Promise<number[]> => {
    const { body } = await post(fake, { ...right(), body: JSON.stringify(batch) });
    return (JSON.parse(body.toString()) as { status: number }[]).map(({ status }) => status);
  };
  assert.deepEqual(await statuses(events), [202, 400, 400, 400, 400, 400, 400, 400, 429, 202]);
  assert.deepEqual(await statuses([{ data: { busy: 1 } }]), [202]);
  assert.deepEqual(fake.stored.map(({ value }) => value), [{ a: 1 }, { d: 1 }, { busy: 1 }]);
  assert.deepEqual(fake.silent, { retimed: 1 });
});

test("honeycomb: the key is told what it may do", async (t) => {
  const fake = await started(t, make());
  const ask = async (key: string): Promise<number> => (await post(fake, { ...right(), method: "GET", path: "/1/auth", headers: { "x-honeycomb-team": key }, body: "" })).status;
  assert.deepEqual([await ask("key"), await ask("other")], [200, 401]);
});
