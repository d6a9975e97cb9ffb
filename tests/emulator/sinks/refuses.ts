/** What every test of a fake does: sends something that is right, then the same with one thing wrong. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { send, type Answer } from "../client.ts";
import type { Fake } from "./fake.ts";

export interface Sent {
  method?: string;
  path: string;
  headers: Record<string, string | undefined>;
  body: string | Buffer;
}

/** What is wrong, how the right request changes, and the answer: its status and something that it says. */
export type Case = readonly [what: string, change: Partial<Sent>, status: number, says?: RegExp];

export async function started<F extends Fake>(t: TestContext, fake: F): Promise<F> {
  await fake.up();
  t.after(async () => {
    await fake.close();
    assert.deepEqual(fake.errors, [], "the fake itself failed");
  });
  return fake;
}

export function post(fake: Fake, { method = "POST", path, headers, body }: Sent): Promise<Answer> {
  const given = Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined);
  return send(fake.origin, path, Object.fromEntries(given), method, body);
}

/** `right` stores `records` records and is answered with `status`; none of `cases` stores anything. */
export function refuses<F extends Fake>(kind: string, make: () => F, right: (fake: F) => Sent | Promise<Sent>, status: number, records: number, cases: readonly Case[]): void {
  test(`${kind}: what is right is taken, packed or not`, async (t) => {
    for (const isPacked of [false, true]) {
      const fake = await started(t, make());
      const sent = await right(fake);
      const packed = { ...sent, body: gzipSync(sent.body), headers: { ...sent.headers, "content-encoding": "gzip" } };
      const answer = await post(fake, isPacked ? packed : sent);
      assert.equal(answer.status, status, answer.body.toString());
      assert.deepEqual([fake.stored.length, fake.refusals, fake.counters.gzip], [records, [], Number(isPacked)]);
    }
  });
  const common: Case[] = [
    ["another method", { method: "PUT" }, 0],
    ["another path", { path: "/nowhere" }, 0],
    ["a packing that it does not know", { headers: { "content-encoding": "br" } }, 415],
    ["a body that is said to be gzip", { headers: { "content-encoding": "gzip" } }, 400],
  ];
  for (const [what, change, expected, says] of [...common, ...cases]) {
    test(`${kind}: refused is ${what}`, async (t) => {
      const fake = await started(t, make());
      const sent = await right(fake);
      const answer = await post(fake, { ...sent, ...change, headers: { ...sent.headers, ...change.headers } });
      if (expected === 0) assert.ok(answer.status >= 400, String(answer.status));
      else assert.equal(answer.status, expected, answer.body.toString());
      assert.match(answer.body.toString(), says ?? /^/);
      assert.equal(fake.stored.length, 0);
    });
  }
  test(`${kind}: fails as planned, and an answer that is lost is a delivery that was taken`, async (t) => {
    const fake = await started(t, make());
    const sent = await right(fake);
    fake.fail({ status: 429, headers: { "retry-after": "7" }, body: "slow down" }, 2).fail(() => ({ status: 503, headers: { "retry-after": "Sun, 22 Nov 2026 12:00:00 GMT" }, body: "" })).loseAnswer();
    const answers = [];
    for (let k = 0; k < 3; k += 1) answers.push(await post(fake, sent));
    assert.deepEqual(answers.map((answer) => [answer.status, answer.headers["retry-after"]]), [[429, "7"], [429, "7"], [503, "Sun, 22 Nov 2026 12:00:00 GMT"]]);
    assert.equal(fake.stored.length, 0);
    await assert.rejects(post(fake, sent), /socket hang up|ECONNRESET/);
    assert.equal(fake.stored.length, records);
    assert.equal((await post(fake, sent)).status, status);
    assert.deepEqual([fake.counters.planned, fake.counters.lostAnswers, fake.counters.taken], [3, 1, 2]);
  });
}
