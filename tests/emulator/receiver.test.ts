import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { send, type Answer } from "./client.ts";
import { EventStream } from "./events.ts";
import { startReceiver, type Receiver, type ReceiverOptions } from "./receiver.ts";
import { hecReply } from "./splunk.ts";
import { signWebhook } from "./webhook.ts";

const NOW = 1_795_000_000_000;
const EVENTS = new EventStream({ seed: 11, firstEventAtMs: NOW - 60_000, intervalMs: 1, configIds: ["14227"] });
const CHANNEL = "0b1e2d3c-4f5a-4b6c-8d7e-9f0a1b2c3d4e";

async function started(t: TestContext, options: Partial<ReceiverOptions> = {}): Promise<Receiver> {
  const receiver = await startReceiver({ events: EVENTS, schema: "decoded", available: () => 1000, now: () => NOW, ...options });
  t.after(async () => {
    await receiver.close();
    assert.deepEqual(receiver.errors, []);
  });
  return receiver;
}

const decoded = (i: number): string => EVENTS.expectedText(i);
const raw = (i: number): string => EVENTS.event(i).toString("utf8");
const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, k) => start + k);

interface Webhook {
  id?: string;
  atSeconds?: number;
  signature?: string;
  gzip?: boolean;
}

function message(documents: readonly string[]): Buffer {
  return Buffer.from(`{"type":"edgesiem.events","timestamp":"2026-11-18T06:26:40.000Z","data":[${documents.join(",")}]}`);
}

function post(receiver: Receiver, body: Buffer, { id = "msg_1", atSeconds = NOW / 1000, signature, gzip }: Webhook = {}): Promise<Answer> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(atSeconds),
    "webhook-signature": signature ?? signWebhook(receiver.webhookSecret, id, String(atSeconds), body),
  };
  if (gzip) headers["content-encoding"] = "gzip";
  return send(receiver.url, "/webhook", headers, "POST", gzip ? gzipSync(body) : body);
}

function envelope(i: number, document = decoded(i)): string {
  return `{"time":${EVENTS.startSeconds(i)},"event":${document},"fields":{"edgesiem_id":"${i}"}}`;
}

function hec(receiver: Receiver, body: string, headers: Record<string, string> = {}, path = "/services/collector/event"): Promise<Answer> {
  return send(receiver.url, path, { authorization: `Splunk ${receiver.splunkToken}`, ...headers }, "POST", body);
}

async function hecAnswer(...asked: Parameters<typeof hec>): Promise<unknown[]> {
  const { status, body } = await hec(...asked);
  return [status, JSON.parse(body.toString())];
}

test("the signature is that of the Standard Webhooks specification", () => {
  // Example of the specification's reference libraries.
  const body = Buffer.from('{"test": 2432232314}');
  assert.equal(
    signWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body),
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("a signed webhook is taken, counted and verified", async (t) => {
  const receiver = await started(t);
  assert.equal((await post(receiver, message(range(0, 40).map(decoded)))).status, 204);
  assert.equal((await post(receiver, message(range(30, 50).map(decoded)), { id: "msg_2", gzip: true })).status, 204);
  assert.deepEqual(receiver.tally.counters, { events: 60, unique: 50, duplicates: 10, outOfRange: 0, unnumbered: 0, verified: 60, mismatches: 0 });
  assert.deepEqual([receiver.counters.batches, receiver.counters.largestBatchEvents], [2, 40]);
  assert.deepEqual(receiver.tally.missing(45, 55), [50, 51, 52, 53, 54]);
  assert.ok(receiver.tally.has(49) && !receiver.tally.has(50));
});

for (const [what, webhook, status] of [
  ["a wrong signature", { signature: `v1,${Buffer.alloc(32).toString("base64")}` }, 401],
  ["no signature", { signature: "" }, 401],
  ["a signature of another version", { signature: "v1a,AAAA" }, 401],
  ["a message from six minutes ago", { atSeconds: NOW / 1000 - 360 }, 401],
  ["a message from the future", { atSeconds: NOW / 1000 + 360 }, 401],
  ["no id", { id: "" }, 401],
] as const) {
  test(`a webhook is refused because of ${what}`, async (t) => {
    const receiver = await started(t);
    assert.equal((await post(receiver, message([decoded(1)]), webhook)).status, status);
    assert.deepEqual([receiver.webhook.counters.signatureFailures, receiver.tally.counters.events], [1, 0]);
  });
}

test("a signature is for this id, this time, this body and this secret", async (t) => {
  const receiver = await started(t);
  const body = message([decoded(1)]);
  const at = String(NOW / 1000);
  for (const signature of [
    signWebhook(receiver.webhookSecret, "msg_2", at, body),
    signWebhook(receiver.webhookSecret, "msg_1", String(NOW / 1000 - 1), body),
    signWebhook(receiver.webhookSecret, "msg_1", at, message([decoded(2)])),
    signWebhook(`whsec_${Buffer.alloc(32).toString("base64")}`, "msg_1", at, body),
  ]) {
    assert.equal((await post(receiver, body, { signature })).status, 401);
  }
  const right = signWebhook(receiver.webhookSecret, "msg_1", at, body);
  assert.equal((await post(receiver, body, { signature: `v1,AAAA v1a,BBBB ${right}` })).status, 204);
});

test("a repeated webhook id is counted, and so is one that stands for something else", async (t) => {
  const receiver = await started(t);
  for (const [id, i] of [["a", 1], ["a", 1], ["b", 2], ["a", 3]] as const) await post(receiver, message([decoded(i)]), { id });
  assert.deepEqual(receiver.webhook.counters, { signatureFailures: 0, repeatedIds: 2, conflictingIds: 1 });
});

test("a signed body that is no message is refused", async (t) => {
  const receiver = await started(t);
  for (const body of ["", "{", "null", "[]", '{"type":"other","timestamp":"x","data":[]}', '{"type":"edgesiem.events","timestamp":"x"}']) {
    assert.equal((await post(receiver, Buffer.from(body))).status, 400, body);
  }
  assert.equal((await send(receiver.url, "/webhook", {}, "GET")).status, 405);
  assert.equal((await send(receiver.url, "/other", {}, "POST")).status, 404);
});

test("wrong decoding is found, with the member that is wrong", async (t) => {
  const receiver = await started(t);
  const wrong = (i: number, change: (document: Record<string, Record<string, unknown>>) => unknown): string => {
    const document = JSON.parse(decoded(i)) as Record<string, Record<string, unknown>>;
    return JSON.stringify(change(document) ?? document);
  };
  await post(
    receiver,
    message([
      decoded(0),
      wrong(1, (document) => void ((document["attackData"] ?? {})["configId"] = "1")),
      wrong(2, (document) => void (document["extra"] = {})),
      wrong(3, (document) => Object.fromEntries(Object.entries(document).reverse())),
      decoded(4).replace("X-Request-Id", "x-request-id"),
    ]),
  );
  assert.equal(receiver.tally.counters.mismatches, 4);
  assert.deepEqual(receiver.tally.mismatches.map(({ event, at }) => [event, at.replace(/\d+/, "N")]), [
    [1, "/attackData/configId"],
    [2, "/extra"],
    [3, "/ (order of members)"],
    [4, "/httpMessage/requestHeaders/N/name"],
  ]);
});

test("raw documents are compared byte for byte", async (t) => {
  const receiver = await started(t, { schema: "raw" });
  assert.equal((await post(receiver, message(range(0, 100).map(raw)))).status, 204);
  assert.equal((await hec(receiver, range(100, 200).map((i) => envelope(i, raw(i))).join(""))).status, 200);
  assert.equal(receiver.tally.counters.mismatches, 0);
  // The same JSON value, written in another way.
  await post(receiver, message([raw(1).replace(/"version":"1.0"/, '"version": "1.0"')]), { id: "msg_2" });
  assert.deepEqual([receiver.tally.counters.verified, receiver.tally.counters.mismatches], [201, 1]);
});

test("documents of other schemas are counted by the request id in them", async (t) => {
  const receiver = await started(t, { schema: "other" });
  await post(receiver, message([`{"metadata":{"uid":"x"},"request":["${EVENTS.requestId(5)}"]}`, '{"nothing":1}', JSON.stringify(`CEF:0|x|${EVENTS.requestId(6)}`)]));
  assert.deepEqual([receiver.tally.has(5), receiver.tally.has(6), receiver.tally.counters.unnumbered], [true, true, 1]);
});

test("events that do not exist are out of range", async (t) => {
  const receiver = await started(t);
  await post(receiver, message([decoded(999), decoded(1000)]));
  assert.deepEqual([receiver.tally.counters.unique, receiver.tally.counters.outOfRange], [1, 1]);
});

test("only every n-th event is verified if so configured, and every one is counted", async (t) => {
  const receiver = await started(t, { verifyEvery: 10 });
  await post(receiver, message(range(5, 105).map(decoded)));
  assert.deepEqual([receiver.tally.counters.unique, receiver.tally.counters.verified], [100, 10]);
});

test("HEC takes concatenated objects, whatever their strings contain", async (t) => {
  const receiver = await started(t);
  for (const [start, separator] of [[0, ""], [50, "\n"], [100, " \r\n "]] as const) {
    assert.deepEqual(await hecAnswer(receiver, range(start, start + 50).map((i) => envelope(i)).join(separator)), [200, { text: "Success", code: 0 }]);
  }
  assert.deepEqual([receiver.tally.counters.unique, receiver.tally.counters.mismatches], [150, 0]);
  const hostile = '{"event":{"a":"}{\\"}{"}}{"event":"}{"}';
  assert.equal((await hec(receiver, hostile)).status, 200);
  assert.equal(receiver.tally.counters.unnumbered, 2);
});

for (const [what, body, headers, expected] of [
  ["no token", "{}", { authorization: "" }, [401, { text: "Invalid authorization", code: 3 }]],
  ["another scheme", "{}", { authorization: "Bearer x" }, [401, { text: "Invalid authorization", code: 3 }]],
  ["a wrong token", "{}", { authorization: "Splunk x" }, [403, { text: "Invalid token", code: 4 }]],
  ["no data", " \n", {}, [400, { text: "No data", code: 5 }]],
  ["a broken object", '{"event":"a"}{"event":', {}, [400, { text: "Invalid data format", code: 6, "invalid-event-number": 1 }]],
  ["an array", '[{"event":"a"}]', {}, [400, { text: "Invalid data format", code: 6, "invalid-event-number": 0 }]],
  ["a time that is no number", '{"event":"a","time":"noon"}', {}, [400, { text: "Invalid data format", code: 6, "invalid-event-number": 0 }]],
  ["no event", '{"event":"a"}{"time":1}', {}, [400, { text: "Event field is required", code: 12, "invalid-event-number": 1 }]],
  ["a blank event", '{"event":""}', {}, [400, { text: "Event field cannot be blank", code: 13, "invalid-event-number": 0 }]],
  ["nested fields", '{"event":"a","fields":{"a":{}}}', {}, [400, { text: "Error in handling indexed fields", code: 15, "invalid-event-number": 0 }]],
  ["a channel that is no GUID", '{"event":"a"}', { "x-splunk-request-channel": "x" }, [400, { text: "Invalid data channel", code: 11 }]],
] as const) {
  test(`HEC refuses ${what}`, async (t) => {
    const receiver = await started(t);
    assert.deepEqual(await hecAnswer(receiver, body, headers), expected);
    assert.deepEqual([receiver.counters.batches, receiver.counters.refused], [0, 1]);
  });
}

test("HEC asks for a token, and tells its health", async (t) => {
  const receiver = await started(t);
  const { status, body } = await send(receiver.url, "/services/collector/event", {}, "POST", "{}");
  assert.deepEqual([status, JSON.parse(body.toString())], [401, { text: "Token is required", code: 2 }]);
  const health = async (): Promise<number> => (await send(receiver.url, "/services/collector/health/1.0", { authorization: `Splunk ${receiver.splunkToken}` })).status;
  assert.equal(await health(), 200);
  receiver.splunk.queuesAreFull = true;
  assert.equal(await health(), 503);
  assert.deepEqual(await hecAnswer(receiver, envelope(1)), [503, { text: "Server is busy", code: 9 }]);
});

test("HEC acknowledges at once, later, or when told", async (t) => {
  const receiver = await started(t, { splunk: { acknowledgeAfterPolls: 0 } });
  const channel = { "x-splunk-request-channel": CHANNEL };
  const poll = async (...acks: number[]): Promise<unknown> => {
    const { body } = await hec(receiver, JSON.stringify({ acks }), {}, `/services/collector/ack?channel=${CHANNEL}`);
    return (JSON.parse(body.toString()) as { acks: unknown }).acks;
  };
  assert.deepEqual(await hecAnswer(receiver, envelope(1)), [400, { text: "Data channel is missing", code: 10 }]);
  assert.deepEqual(await hecAnswer(receiver, envelope(1), channel), [200, { text: "Success", code: 0, ackId: 0 }]);
  assert.deepEqual(await poll(0, 1), { 0: true, 1: false });
  assert.deepEqual(await poll(0), { 0: false }, "an acknowledgement is reported once");
  receiver.splunk.acknowledgeAfterPolls = 2;
  assert.deepEqual(await hecAnswer(receiver, envelope(2), channel), [200, { text: "Success", code: 0, ackId: 1 }]);
  assert.deepEqual([await poll(1), await poll(1), await poll(1)], [{ 1: false }, { 1: false }, { 1: true }]);
  receiver.splunk.acknowledgeAfterPolls = Infinity;
  await hec(receiver, envelope(3), channel);
  assert.deepEqual([await poll(2), await poll(2)], [{ 2: false }, { 2: false }]);
  receiver.splunk.acknowledge();
  assert.deepEqual(await poll(2), { 2: true });
  assert.deepEqual(await hecAnswer(receiver, envelope(4), { "x-splunk-request-channel": CHANNEL.replace("0b", "1b") }), [200, { text: "Success", code: 0, ackId: 0 }]);
});

test("HEC refuses to acknowledge where that is off", async (t) => {
  const receiver = await started(t);
  assert.deepEqual(await hecAnswer(receiver, '{"acks":[0]}', {}, `/services/collector/ack?channel=${CHANNEL}`), [400, { text: "ACK is disabled", code: 14 }]);
});

test("the next deliveries are refused with whatever is asked for", async (t) => {
  const receiver = await started(t);
  receiver.refuseNext({ status: 503, headers: { "retry-after": "2" }, body: "busy" }, 2);
  receiver.refuseNext({ status: 301, headers: { location: "https://example.com/" }, body: "" });
  receiver.refuseNext(hecReply(9));
  const answers = [];
  for (let k = 0; k < 5; k += 1) answers.push(await post(receiver, message([decoded(k)]), { id: `msg_${k}` }));
  assert.deepEqual(answers.map(({ status }) => status), [503, 503, 301, 503, 204]);
  assert.deepEqual([answers[0]?.headers["retry-after"], answers[2]?.headers["location"]], ["2", "https://example.com/"]);
  assert.deepEqual([receiver.counters.refused, receiver.tally.counters.unique], [4, 1]);
});

test("a batch with a poisoned event is rejected, and one without it is not", async (t) => {
  const receiver = await started(t);
  receiver.poison.add(7);
  assert.deepEqual(await hecAnswer(receiver, [5, 6, 7, 8].map((i) => envelope(i)).join("")), [400, { text: "Invalid data format", code: 6, "invalid-event-number": 2 }]);
  assert.equal((await post(receiver, message([7, 8].map(decoded)))).status, 400);
  assert.equal((await hec(receiver, [5, 6, 8].map((i) => envelope(i)).join(""))).status, 200);
  assert.deepEqual([receiver.counters.rejected, receiver.tally.counters.unique, receiver.tally.has(7)], [2, 3, false]);
});

test("a body past the limit is refused", async (t) => {
  const receiver = await started(t);
  const body = message([decoded(1)]);
  receiver.maxBodyBytes = body.length - 1;
  assert.equal((await post(receiver, body)).status, 413);
  assert.equal((await post(receiver, body, { gzip: true })).status, 413);
  receiver.maxBodyBytes = body.length;
  assert.equal((await post(receiver, body)).status, 204);
});

test("a lost answer is a batch that was taken", async (t) => {
  const receiver = await started(t);
  receiver.dropNextAnswers = 1;
  await assert.rejects(post(receiver, message([decoded(1)])), /socket hang up|ECONNRESET/);
  assert.equal((await post(receiver, message([decoded(1)]))).status, 204);
  assert.deepEqual([receiver.tally.counters.unique, receiver.tally.counters.duplicates, receiver.webhook.counters.repeatedIds], [1, 1, 1]);
});

test("held answers show how many deliveries are under way at once", async (t) => {
  const receiver = await started(t);
  receiver.hold();
  const posts = range(0, 5).map((k) => post(receiver, message([decoded(k)]), { id: `msg_${k}` }));
  while (receiver.counters.batches < 5) await new Promise(setImmediate);
  receiver.release();
  assert.deepEqual((await Promise.all(posts)).map(({ status }) => status), [204, 204, 204, 204, 204]);
  assert.equal(receiver.counters.maxInFlight, 5);
});

test("a receiver that is down refuses connections, and comes back at the same address", async (t) => {
  const receiver = await started(t);
  const { url } = receiver;
  assert.equal((await post(receiver, message([decoded(1)]))).status, 204);
  await receiver.down();
  await assert.rejects(post(receiver, message([decoded(2)])), /ECONNREFUSED/);
  await receiver.up();
  assert.equal(receiver.url, url);
  assert.equal((await post(receiver, message([decoded(2)]), { id: "msg_2" })).status, 204);
  assert.equal(receiver.tally.counters.unique, 2);
});

test("the state is told only if the control endpoint is open", async (t) => {
  assert.equal((await send((await started(t)).url, "/_emulator/state", {})).status, 404);
  const receiver = await started(t, { control: true });
  await post(receiver, message([decoded(3)]));
  const state = JSON.parse((await send(receiver.url, "/_emulator/state", {})).body.toString()) as { tally: { unique: number } };
  assert.equal(state.tally.unique, 1);
});

test("single deliveries are refused or lose their answer by number", async (t) => {
  const receiver = await started(t);
  receiver.planned.set(1, { status: 503, body: "busy" }).set(2, "answer-lost");
  const deliver = async (k: number): Promise<number> => (await post(receiver, message([decoded(k)]), { id: `msg_${k}` })).status;
  assert.deepEqual([await deliver(0), await deliver(1)], [204, 503]);
  await assert.rejects(deliver(1), /socket hang up|ECONNRESET/);
  assert.equal(await deliver(1), 204);
  assert.deepEqual([receiver.tally.counters.unique, receiver.tally.counters.duplicates, receiver.counters.droppedAnswers], [2, 1, 1]);
  assert.equal(receiver.planned.size, 0);
});

test("a batch of too many events is refused", async (t) => {
  const receiver = await started(t);
  receiver.maxBatchEvents = 2;
  assert.equal((await post(receiver, message(range(0, 3).map(decoded)))).status, 413);
  assert.equal((await post(receiver, message(range(0, 2).map(decoded)))).status, 204);
  assert.deepEqual([receiver.counters.refused, receiver.tally.counters.unique], [1, 2]);
});
