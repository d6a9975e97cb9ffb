import assert from "node:assert/strict";
import { test } from "node:test";
import { Loki, lokiRateLimited, type LokiLine } from "./loki.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const NOW = 1_795_000_000_000;
const ns = (ms = NOW): string => `${ms}000000`;
const make = (): Loki => new Loki({ tenant: "acme", basic: "user:token", now: () => NOW });
const stream = (labels: unknown, ...values: unknown[]): string => JSON.stringify({ streams: [{ stream: labels, values }] });
const line = (text: string, ms = NOW, ...more: unknown[]): unknown[] => [ns(ms), text, ...more];
const authorization = `Basic ${Buffer.from("user:token").toString("base64")}`;
const right = (): Sent => ({
  path: "/loki/api/v1/push",
  headers: { authorization, "x-scope-orgid": "acme", "content-type": "application/json" },
  body: stream({ job: "edgesiem" }, line("a"), line("b", NOW, { id: "1" })),
});
const labels = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, k) => [`l${k}`, "v"]));

refuses("loki", make, right, 204, 2, [
  ["no password", { headers: { authorization: undefined } }, 401],
  ["a wrong password", { headers: { authorization: `Basic ${Buffer.from("user:other").toString("base64")}` } }, 401],
  ["no tenant", { headers: { "x-scope-orgid": undefined } }, 401, /no org id/],
  ["another tenant", { headers: { "x-scope-orgid": "other" } }, 403],
  ["another content type", { headers: { "content-type": "application/x-ndjson" } }, 400, /snappy/],
  ["a body of more than 4 MB", { body: stream({ a: "b" }, ...Array.from({ length: 17 }, () => line("a".repeat(250_000)))) }, 413, /too large/],
  ["no JSON", { body: "{" }, 400],
  ["no stream", { body: '{"streams":[]}' }, 422, /at least one valid stream/],
  ["no label", { body: stream({}, line("a")) }, 400, /at least one label/],
  ["a label with a dot", { body: stream({ "a.b": "c" }, line("a")) }, 400, /parsing labels/],
  ["a label of Loki's own", { body: stream({ __a: "c" }, line("a")) }, 400, /parsing labels/],
  ["a label that is no string", { body: stream({ a: 1 }, line("a")) }, 400],
  ["sixteen labels", { body: stream(labels(16), line("a")) }, 400, /16 label names; limit 15/],
  ["a long label", { body: stream({ a: "b".repeat(2049) }, line("a")) }, 400, /value too long/],
  ["a time that is a number", { body: stream({ a: "b" }, [NOW, "a"]) }, 400],
  ["a time that is too long ago", { body: stream({ a: "b" }, line("a", NOW - 8 * 86_400_000)) }, 400, /too old/],
  ["a time that is to come", { body: stream({ a: "b" }, line("a", NOW + 601_000)) }, 400, /too new/],
  ["a line of more than 256 KiB", { body: stream({ a: "b" }, line("a".repeat(262_145))) }, 400, /Max entry size '262144'/],
  ["metadata that is no string", { body: stream({ a: "b" }, line("a", NOW, { id: 1 })) }, 400],
  ["metadata of more than 64 KiB", { body: stream({ a: "b" }, line("a", NOW, { id: "a".repeat(65_536) })) }, 400, /structured metadata too large/],
  ["more metadata than is allowed", { body: stream({ a: "b" }, line("a", NOW, labels(129))) }, 400, /too many structured/],
]);

test("loki: a line that comes twice is stored once, and of a request with a bad line the others are stored", async (t) => {
  const fake = await started(t, make());
  for (let k = 0; k < 2; k += 1) assert.equal((await post(fake, right())).status, 204);
  assert.deepEqual([fake.stored.length, fake.repeated], [2, 2]);
  const mixed = stream({ job: "edgesiem" }, line("c"), line("late", NOW - 3_600_001), line("d", NOW - 3_600_000));
  const answer = await post(fake, { ...right(), body: mixed });
  assert.equal(answer.status, 400);
  assert.match(answer.body.toString(), /too far behind/);
  assert.deepEqual(fake.stored.map(({ value }) => value), ["a", "b", "c", "d"]);
  // Another stream has its own newest line.
  assert.equal((await post(fake, { ...right(), body: stream({ job: "edgesiem", mode: "replay-r7" }, line("late", NOW - 3_600_001)) })).status, 204);
  assert.deepEqual((fake.stored as LokiLine[]).at(-1)?.labels, { job: "edgesiem", mode: "replay-r7" });
  assert.equal(lokiRateLimited().status, 429);
});
