import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Panther, type PantherAuth } from "./panther.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const secret: PantherAuth = { kind: "shared-secret", header: "X-Token", secret: "s3cret" };
const make = (auth: PantherAuth = secret): Panther => new Panther({ sourceId: "0a1b", auth });
const right = (): Sent => ({ path: "/http/0a1b", headers: { "x-token": "s3cret" }, body: '{"a":1}\n{"b":2}\n' });

refuses("panther", make, right, 200, 2, [
  ["no secret", { headers: { "x-token": undefined } }, 401],
  ["a wrong secret", { headers: { "x-token": "other" } }, 401],
  ["another source", { path: "/http/0a1c" }, 404],
  ["more than 1 MB with headers", { body: `{"a":"${"a".repeat(999_990)}"}` }, 413],
  ["nothing", { body: "\n" }, 400],
  ["a line that is no object", { body: '{"a":1}\nCEF:0|a' }, 400],
  ["bytes that are not UTF-8", { body: Buffer.from('{"a":"\xff"}', "latin1") }, 400],
]);

test("panther: every kind of authentication is checked", async (t) => {
  const { body } = right();
  const hmac = (key: string, signed: string | Buffer): string => createHmac("sha256", key).update(signed).digest("hex");
  for (const [auth, good, bad] of [
    [{ kind: "bearer", token: "t" }, { authorization: "Bearer t" }, { authorization: "Bearer u" }],
    [{ kind: "basic", username: "u", password: "p" }, { authorization: `Basic ${btoa("u:p")}` }, { authorization: `Basic ${btoa("u:q")}` }],
    [{ kind: "hmac", header: "X-Sum", key: "k" }, { "x-sum": hmac("k", body) }, { "x-sum": hmac("k", `${String(body)} `) }],
    [{ kind: "hmac", header: "X-Sum", key: "k" }, { "x-sum": hmac("k", body) }, { "x-sum": hmac("l", body) }],
  ] as const) {
    const fake = await started(t, make(auth));
    assert.deepEqual([(await post(fake, { ...right(), headers: good })).status, (await post(fake, { ...right(), headers: bad })).status], [200, 401], auth.kind);
  }
});

test("panther: any text is a line where the source says so", async (t) => {
  const fake = await started(t, new Panther({ sourceId: "0a1b", auth: secret, stream: "lines" }));
  assert.equal((await post(fake, { ...right(), body: "CEF:0|a\nCEF:0|b" })).status, 200);
  assert.deepEqual(fake.stored.map(({ value }) => value), ["CEF:0|a", "CEF:0|b"]);
});
