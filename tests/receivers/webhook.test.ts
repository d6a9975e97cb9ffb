/** The sink `webhook` against the library that the Standard Webhooks project gives to receivers. */

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, it } from "node:test";
import { buffer } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import type { Json, Rig } from "../e2e/rig.ts";
import { Ledger } from "./ledger.ts";
import { deliverAll, delivered, failed, forget, startWith } from "./setup.ts";

const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const NEXT_SECRET = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=";

interface Message {
  id: string;
  body: Buffer;
  data: Json[];
}

let verifier: Webhook;
let messages: Message[];
/** What the receiver will never take. */
let isPoison: (document: Json) => boolean;

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const status = judge(body, request.headers);
  response.writeHead(status).end();
});

function judge(body: Buffer, headers: IncomingHttpHeaders): number {
  let message: { type: string; data: Json[] };
  try {
    message = verifier.verify(body, headers as Record<string, string>) as typeof message;
  } catch {
    return 401;
  }
  if (message.data.some(isPoison)) return 400;
  messages.push({ id: String(headers["webhook-id"]), body, data: message.data });
  return 204;
}

before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  verifier = new Webhook(SECRET);
  messages = [];
  isPoison = () => false;
});

async function start(table: Json = {}): Promise<{ rig: Rig; ledger: Ledger }> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const secrets = { WEBHOOK_SECRET: SECRET, WEBHOOK_NEXT_SECRET: NEXT_SECRET };
  const rig = await startWith({ kind: "webhook", url, signing_secret: { secret: "WEBHOOK_SECRET" }, ...table }, { secrets });
  return { rig, ledger: new Ledger(rig.siem) };
}

it("webhook: accepted by standardwebhooks 1.1.1: every signature verifies, every event arrives once and equal", async () => {
  const { rig, ledger } = await start();
  ledger.lengthen();
  await deliverAll(rig);
  ledger.assertDocuments(messages.flatMap(({ data }) => data));
});

it("webhook: accepted by standardwebhooks 1.1.1: with the old secret and with the new one while they change", async () => {
  const { rig, ledger } = await start({ signing_secret: { secret: "WEBHOOK_NEXT_SECRET" }, previous_signing_secret: { secret: "WEBHOOK_SECRET" } });
  await delivered(rig);
  verifier = new Webhook(NEXT_SECRET);
  rig.siem.append(100);
  await delivered(rig);
  ledger.assertDocuments(messages.flatMap(({ data }) => data));
});

it("webhook: a signature that does not verify stops the stream", async () => {
  const { rig } = await start();
  verifier = new Webhook(NEXT_SECRET);
  const error = await failed(rig);
  assert.equal(error.code, "sink_refused");
  assert.match(error.user_action, /secret/);
  assert.equal(await rig.offset(), undefined);
});

it("webhook: partial failure: a refused batch is halved until the refused event is alone, which becomes a dead letter", async () => {
  const { rig, ledger } = await start();
  isPoison = (document) => ledger.numberIn(JSON.stringify(document)) === 1234;
  assert.deepEqual(await delivered(rig), { delivered: ledger.size - 1, dead_lettered: 1, retries: 0 });
  ledger.assertDocuments(messages.flatMap(({ data }) => data), [1234]);
  assert.deepEqual((await rig.deadLetters()).map(({ raw }) => raw), [ledger.line(1234).toString()]);
});

it("webhook: repeats: the same events have the same webhook-id and the same bytes", async () => {
  const { rig } = await start();
  await delivered(rig);
  const first = messages.splice(0);
  await forget(rig);
  await delivered(rig);
  assert.equal(new Set(first.map(({ id }) => id)).size, first.length);
  assert.deepEqual(messages, first);
});

it("webhook: limits: max_batch_events and max_batch_bytes hold for every message", async () => {
  const { rig, ledger } = await start({ max_batch_events: 40, max_batch_bytes: 50_000 });
  await delivered(rig);
  ledger.assertDocuments(messages.flatMap(({ data }) => data));
  assert.ok(messages.every(({ data, body }) => data.length <= 40 && body.length <= 50_000));
  assert.ok(messages.some(({ data }) => data.length >= 20), "batches are not smaller than they must be");
});
