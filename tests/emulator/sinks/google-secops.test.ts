import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { GoogleSecOps } from "./google-secops.ts";
import { post, refuses, started, type Sent } from "./refuses.ts";

const NOW = 1_795_000_000_000;
const INSTANCE = "projects/p/locations/eu/instances/0a1b";
const FORWARDER = `${INSTANCE}/forwarders/f`;
const pair = (): { privateKey: string; publicKey: string } => generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
const [ours, foreign] = [pair(), pair()];
let now = NOW;
const make = (): GoogleSecOps => new GoogleSecOps({ instance: INSTANCE, logType: "AKAMAI_WAF", forwarder: FORWARDER, account: "a@p.iam.gserviceaccount.com", publicKey: ours.publicKey, audience: "https://oauth2.googleapis.com/token", now: () => now });
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const CLAIMS = { iss: "a@p.iam.gserviceaccount.com", scope: "https://www.googleapis.com/auth/cloud-platform", aud: "https://oauth2.googleapis.com/token", iat: NOW / 1000, exp: NOW / 1000 + 3600 };
function asked(claims: object = {}, key = ours.privateKey, head: object = { alg: "RS256", typ: "JWT" }): Sent {
  const unsigned = `${part(head)}.${part({ ...CLAIMS, ...claims })}`;
  const assertion = `${unsigned}.${sign("sha256", Buffer.from(unsigned), key).toString("base64url")}`;
  const body = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }).toString();
  return { path: "/token", headers: { "content-type": "application/x-www-form-urlencoded" }, body };
}

const bodyOf = (...logs: object[]): string => JSON.stringify({ inlineSource: { logs, forwarder: FORWARDER } });
async function right(fake: GoogleSecOps): Promise<Sent> {
  now = NOW;
  const { access_token: token } = JSON.parse((await post(fake, asked())).body.toString()) as { access_token: string };
  const body = bodyOf({ data: base64('{"a":1}'), logEntryTime: "2026-11-18T06:26:40.123Z", collectionTime: "2026-11-18T06:26:41Z" }, { data: base64("CEF:0|\u00fc") });
  return { path: `/v1alpha/${INSTANCE}/logTypes/AKAMAI_WAF/logs:import`, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body };
}

refuses("google-secops", make, right, 200, 2, [
  ["no token", { headers: { authorization: undefined } }, 401, /UNAUTHENTICATED/],
  ["a token that nobody gave", { headers: { authorization: "Bearer a" } }, 401],
  ["another instance", { path: "/v1alpha/projects/q/locations/eu/instances/0a1b/logTypes/AKAMAI_WAF/logs:import" }, 403, /PERMISSION_DENIED/],
  ["another log type", { path: `/v1alpha/${INSTANCE}/logTypes/OTHER/logs:import` }, 404],
  ["another content type", { headers: { "content-type": "text/plain" } }, 400],
  ["more than 4 MB", { body: bodyOf({ data: "a".repeat(4_000_000) }) }, 400, /size exceeds/],
  ["broken JSON", { body: "{" }, 400],
  ["no logs", { body: bodyOf() }, 400],
  ["a member that it does not know", { body: JSON.stringify({ ...JSON.parse(bodyOf({ data: "YQ==" })), batchId: "1" }) }, 400, /Unknown name/],
  ["a member of a log that it does not know", { body: bodyOf({ data: "YQ==", id: "1" }) }, 400, /Unknown name/],
  ["no forwarder", { body: JSON.stringify({ inlineSource: { logs: [{ data: "YQ==" }] } }) }, 404],
  ["a log without data", { body: bodyOf({ logEntryTime: "2026-11-18T06:26:40Z" }) }, 400],
  ["data that is no base64", { body: bodyOf({ data: "a" }) }, 400, /Base64/],
  ["data that is not UTF-8", { body: bodyOf({ data: "YQ==" }, { data: "/w==" }) }, 400, /UTF-8/],
  ["a time that is none", { body: bodyOf({ data: "YQ==", logEntryTime: "1795000000" }) }, 400, /Timestamp/],
  ["a log that was collected before it was", { body: bodyOf({ data: "YQ==", logEntryTime: "2026-11-18T06:26:42Z", collectionTime: "2026-11-18T06:26:41Z" }) }, 400],
]);

for (const [what, sent, says] of [
  ["a signature of another key", asked({}, foreign.privateKey), /Invalid JWT Signature/],
  ["another algorithm", asked({}, ours.privateKey, { alg: "none", typ: "JWT" }), /Invalid JWT Signature/],
  ["another account", asked({ iss: "b@p.iam.gserviceaccount.com" }), /account not found/],
  ["another audience", asked({ aud: "https://example.com/token" }), /audience/],
  ["a scope that is not enough", asked({ scope: "https://www.googleapis.com/auth/malachite-ingestion" }), /invalid_scope/],
  ["an assertion that has ended", asked({ iat: NOW / 1000 - 3700, exp: NOW / 1000 - 100 }), /reasonable timeframe/],
  ["an assertion for more than an hour", asked({ exp: NOW / 1000 + 3601 }), /60 minutes/],
  ["an assertion of later", asked({ iat: NOW / 1000 + 600, exp: NOW / 1000 + 900 }), /reasonable timeframe/],
  ["another grant", { ...asked(), body: "grant_type=client_credentials" }, /unsupported_grant_type/],
  ["JSON", { ...asked(), headers: { "content-type": "application/json" } }, /invalid_request/],
] as const) {
  test(`google-secops: no token is given for ${what}`, async (t) => {
    now = NOW;
    const fake = await started(t, make());
    const answer = await post(fake, sent);
    assert.deepEqual([answer.status, fake.tokens.given], [400, 0]);
    assert.match(answer.body.toString(), says);
  });
}

test("google-secops: the same logs again are not forwarded, and a token ends", async (t) => {
  const fake = await started(t, make());
  const sent = await right(fake);
  for (let k = 0; k < 2; k += 1) assert.equal((await post(fake, sent)).status, 200);
  assert.deepEqual([fake.stored.map(({ value }) => value), fake.repeatedBatches], [['{"a":1}', "CEF:0|\u00fc"], 1]);
  now = NOW + 3_600_000;
  assert.equal((await post(fake, sent)).status, 401);
});
