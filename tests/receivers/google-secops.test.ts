import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { GoogleSecOps, googleError, type SecOpsLog } from "../emulator/sinks/google-secops.ts";
import type { Stored } from "../emulator/sinks/read.ts";
import { Strict, httpDate, parsed } from "./strict.ts";

const INSTANCE_ID = "11111111-2222-3333-4444-555555555555";
const INSTANCE = `projects/my-project/locations/eu/instances/${INSTANCE_ID}`;
const ACCOUNT = "edgesiem@my-project.iam.gserviceaccount.com";
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
const make = (): GoogleSecOps => new GoogleSecOps({ instance: INSTANCE, logType: "AKAMAI_WAF", forwarder: `${INSTANCE}/forwarders/0a1b`, account: ACCOUNT, publicKey });
/** The key file names the token endpoint, so each fake has one of its own. */
const secrets: Record<string, string> = {};
const key = ({ tokenUri }: GoogleSecOps): string => JSON.stringify({ type: "service_account", project_id: "my-project", private_key_id: "0a1b2c", private_key: privateKey, client_email: ACCOUNT, client_id: "1", token_uri: tokenUri });

const log = (stored: Stored): Record<string, unknown> => (stored as SecOpsLog).log;
const label = (stored: Stored): unknown => {
  const { edgesiem_id: id } = (log(stored)["labels"] ?? {}) as Record<string, { value?: unknown } | undefined>;
  return id?.value;
};
const ran = new Strict({
  kind: "google-secops",
  make,
  table: (fake) => {
    const name = `KEY_${Object.keys(secrets).length}`;
    secrets[name] = key(fake);
    return { region: "eu", project: "my-project", instance: INSTANCE_ID, url: fake.origin, forwarder: "0a1b", credentials: { secret: name }, labels: { env: "test" } };
  },
  secrets,
  schema: "raw",
  document: (stored) => ({ ...parsed(stored), bytes: stored.bytes }),
  id: label,
  fits: 700_000,
  tooLong: 3_200_000,
  failures: (fake) => [
    googleError(429, "Quota exceeded", { "retry-after": "1" }),
    () => {
      // And with it every token ends, so that the next attempt needs another one.
      fake.tokens.expireAll();
      return googleError(503, "The service is currently unavailable.", { "retry-after": httpDate() });
    },
  ],
  lanes: {
    text: () => ({ fake: make(), schema: "cef", table: { gzip: true, api_version: "v1alpha" } }),
  },
});

test("google-secops: accepted by a strict fake, whose token endpoint verifies RS256 assertions", () => {
  ran.arrived("plain");
  ran.arrived("text", { document: (stored) => stored });
  assert.ok(ran.fake("text").stored.every(({ value }) => /^CEF:0\|/.test(String(value))));
  for (const lane of ["plain", "text"]) assert.equal(ran.fake(lane).tokens.given, 1);
  const tally = ran.tally("plain");
  for (const stored of ran.fake("plain").stored) {
    const number = tally.numberOf({ value: parsed(stored).value, bytes: () => stored.bytes })!;
    assert.ok(Math.abs(Date.parse(String(log(stored)["logEntryTime"])) - ran.siem.events.startSeconds(number) * 1000) < 1, `time of event ${number}`);
  }
});

test("google-secops: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/INVALID_ARGUMENT/);
});

test("google-secops: repeats: the same batch again is not forwarded; the label `edgesiem_id` tells others", () => {
  ran.repeatedBatch();
  ran.arrived("failing");
  assert.equal(ran.fake("failing").repeatedBatches, 1);
  ran.idsAreOneToOne("plain");
});

test("google-secops: limits: 4 MB a request in base64", async () => {
  await ran.limitsAreKept();
  assert.ok(ran.fake("plain").counters.largestBody <= 4_000_000);
});

test("google-secops waits as Retry-After says, and asks for a new token when the old one has ended", () => {
  ran.waitsAsAsked();
  const { tokens, refusals } = ran.fake("failing");
  assert.deepEqual([tokens.given, refusals.length], [2, 1], refusals.join("\n"));
});
