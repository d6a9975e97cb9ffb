import assert from "node:assert/strict";
import { test } from "node:test";
import { post, refuses, started, type Sent } from "./refuses.ts";
import { Sentinel } from "./sentinel.ts";

const NOW = 1_795_000_000_000;
const DCR = "dcr-000a00a000a00000a000000aa000a0aa";
let now = NOW;
const make = (): Sentinel => new Sentinel({ tenant: "acme", clientId: "app", clientSecret: "s&cret", dcr: DCR, stream: "Custom-Waf", columns: { Time: "datetime", Text: "string", Any: "dynamic", Count: "int" }, now: () => now });
const FORM = { grant_type: "client_credentials", client_id: "app", client_secret: "s&cret", scope: "https://monitor.azure.com/.default" };
const asked = (change: Record<string, string> = {}): Sent => ({ path: "/acme/oauth2/v2.0/token", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ ...FORM, ...change }).toString() });

async function right(fake: Sentinel): Promise<Sent> {
  now = NOW;
  const { access_token: token, expires_in: seconds } = JSON.parse((await post(fake, asked())).body.toString()) as { access_token: string; expires_in: number };
  assert.equal(seconds, 3599);
  return { path: `/dataCollectionRules/${DCR}/streams/Custom-Waf?api-version=2023-01-01`, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: '[{"Time":"2026-11-18T06:26:40Z","Any":{"a":1}},{"Text":"b","Count":2}]' };
}

refuses("sentinel", make, right, 204, 2, [
  ["no token", { headers: { authorization: undefined } }, 401, /MissingToken/],
  ["a token that nobody gave", { headers: { authorization: "Bearer a" } }, 401, /InvalidToken/],
  ["another rule", { path: "/dataCollectionRules/dcr-1/streams/Custom-Waf?api-version=2023-01-01" }, 404],
  ["another stream", { path: `/dataCollectionRules/${DCR}/streams/Custom-Other?api-version=2023-01-01` }, 400, /InvalidStream/],
  ["no version", { path: `/dataCollectionRules/${DCR}/streams/Custom-Waf` }, 400, /InvalidApiVersion/],
  ["another content type", { headers: { "content-type": "application/x-ndjson" } }, 415],
  ["an id that is no GUID", { headers: { "x-ms-client-request-id": "1" } }, 400],
  ["more than 1 MiB", { body: `[{"Text":"${"a".repeat(1_048_576)}"}]` }, 413, /ContentLengthLimitExceeded/],
  ["one object", { body: '{"Text":"b"}' }, 400],
  ["an empty array", { body: "[]" }, 400],
  ["a broken array", { body: '[{"Text":"b"}' }, 400],
]);

for (const [what, change, status, says] of [
  ["another tenant", { path: "/other/oauth2/v2.0/token" }, 400, /AADSTS90002/],
  ["another application", { body: asked({ client_id: "x" }).body }, 400, /AADSTS700016/],
  ["a wrong secret", { body: asked({ client_secret: "s cret" }).body }, 401, /invalid_client.*AADSTS7000215/],
  ["another scope", { body: asked({ scope: "https://graph.microsoft.com/.default" }).body }, 400, /AADSTS70011/],
  ["another grant", { body: asked({ grant_type: "password" }).body }, 400, /unsupported_grant_type/],
  ["a parameter that comes twice", { body: `${String(asked().body)}&client_id=app` }, 400, /Duplicate/],
  ["JSON", { headers: { "content-type": "application/json" } }, 400, /AADSTS900144/],
] as const) {
  test(`sentinel: no token is given to ${what}`, async (t) => {
    const fake = await started(t, make());
    const answer = await post(fake, { ...asked(), ...change });
    assert.deepEqual([answer.status, fake.tokens.given], [status, 0]);
    assert.match(answer.body.toString(), says);
  });
}

test("sentinel: a token ends, and an application without the role is forbidden", async (t) => {
  const fake = await started(t, make());
  const sent = await right(fake);
  fake.hasRole = false;
  assert.equal((await post(fake, sent)).status, 403);
  fake.hasRole = true;
  now = NOW + 3_600_000;
  assert.equal((await post(fake, sent)).status, 401);
  const again = await right(fake);
  fake.tokens.expireAll();
  assert.equal((await post(fake, again)).status, 401);
  assert.equal((await post(fake, await right(fake))).status, 204);
});

test("sentinel: what the service would drop or cut is told", async (t) => {
  const fake = await started(t, make());
  const sent = await right(fake);
  const records = [{ Other: 1 }, { Text: 1 }, { Time: "noon" }, { Text: "a".repeat(65_537) }, { Any: { a: "a".repeat(65_537) } }, { Count: 1.5 }];
  assert.equal((await post(fake, { ...sent, body: JSON.stringify(records) })).status, 204);
  assert.deepEqual(fake.silent, { undeclared: new Set(["Other", "Text", "Time", "Count"]), cut: 2 });
});
