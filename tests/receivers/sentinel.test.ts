import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "../emulator/sinks/read.ts";
import { Sentinel, azureError } from "../emulator/sinks/sentinel.ts";
import { Strict, httpDate } from "./strict.ts";

/** `streamDeclarations` of Microsoft's solution for this stream (Azure/Azure-Sentinel, AkamaiDDOSProtection_DCR.json), and a column of ours. */
const COLUMNS = {
  type: "string", version: "string", format: "string",
  attackData: "dynamic", geo: "dynamic", httpMessage: "dynamic", botData: "dynamic", clientData: "dynamic", identity: "dynamic", userRiskData: "dynamic",
  edgesiem_id: "string", edgesiem_replay: "string",
} as const;
const DCR = "dcr-000a00a000a00000a000000aa000a0aa";
const TENANT = "11111111-2222-3333-4444-555555555555";
const CLIENT = "66666666-7777-8888-9999-000000000000";
const make = (): Sentinel => new Sentinel({ tenant: TENANT, clientId: CLIENT, clientSecret: "s&cret+~", dcr: DCR, stream: "Custom-AkamaiSIEMEvent_CL", columns: COLUMNS });
const ran = new Strict({
  kind: "sentinel",
  make,
  table: ({ origin }) => ({ endpoint: origin, authority_url: origin, dcr_id: DCR, stream: "Custom-AkamaiSIEMEvent_CL", tenant_id: TENANT, client_id: CLIENT, client_secret: { secret: "SECRET" } }),
  secrets: { SECRET: "s&cret+~" },
  schema: "sentinel",
  id: ({ value }) => (value as { edgesiem_id?: unknown }).edgesiem_id,
  fits: 60_000,
  tooLong: 1_100_000,
  failures: (fake) => [
    azureError(429, "TooManyRequests", "Rate limit exceeded", { "retry-after": "1" }),
    () => {
      // And with it every token ends, so that the next attempt needs another one.
      fake.tokens.expireAll();
      return azureError(503, "ServiceUnavailable", "", { "retry-after": httpDate() });
    },
  ],
  lanes: {
    packed: () => ({ fake: make(), table: { gzip: true } }),
  },
});

test("sentinel: accepted by a strict fake with Microsoft Entra's token endpoint", () => {
  for (const lane of ["plain", "packed"]) {
    ran.arrived(lane);
    assert.equal(ran.fake(lane).tokens.given, 1);
    for (const { value } of ran.fake(lane).stored) {
      const { type, httpMessage } = value as { type: string; httpMessage: Record<string, string> };
      const line = json(ran.siem.events.line(ran.siem.events.numberOf(httpMessage["requestId"]!)!)) as { httpMessage: Record<string, string> };
      for (const name of ["host", "path", "query", "status", "requestHeaders"]) assert.equal(httpMessage[name], line.httpMessage[name], name);
      assert.equal(type, "akamai_siem");
    }
  }
});

test("sentinel: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("sentinel: repeats: stored twice; the column `edgesiem_id` tells, where the rule declares it", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("sentinel: limits: 1 MiB a call, packed or not; nothing that the rule does not declare", async () => {
  await ran.limitsAreKept();
  for (const lane of ["plain", "packed", "failing"]) assert.deepEqual(ran.fake(lane).silent, { undeclared: new Set(), cut: 0 });
});

test("sentinel waits as Retry-After says, and asks for a new token when the old one has ended", () => {
  ran.waitsAsAsked();
  const { tokens, refusals } = ran.fake("failing");
  assert.deepEqual([tokens.given, refusals.length], [2, 1], refusals.join("\n"));
  assert.match(refusals[0]!, /^401 .*InvalidToken/);
});
