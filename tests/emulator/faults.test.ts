import assert from "node:assert/strict";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { authorization, get, readPage, type Answer } from "./client.ts";
import type { Cut, Fault } from "./faults.ts";
import { startSiem, type SiemEmulator } from "./siem.ts";

const COUNT = 30;
const TARGET = "/siem/v1/configs/14227?offset=NULL";

async function started(t: TestContext): Promise<SiemEmulator> {
  const siem = await startSiem({ seed: 5, available: COUNT });
  t.after(async () => {
    await siem.close();
    assert.deepEqual(siem.errors, []);
  });
  return siem;
}

async function withFault(siem: SiemEmulator, fault: Fault, headers: Record<string, string> = {}): Promise<Answer> {
  siem.faults.add(fault);
  return get(siem, TARGET, {}, headers);
}

function clean(siem: SiemEmulator): Buffer[] {
  return Array.from({ length: COUNT }, (_, i) => siem.events.event(i));
}

function linesOf(body: Buffer): string[] {
  return body.toString("latin1").split("\n");
}

for (const ending of ["destroy", "close", "end"] satisfies Cut["ending"][]) {
  test(`a body is cut at a byte, ending by ${ending}`, async (t) => {
    const siem = await started(t);
    const whole = (await get(siem, TARGET)).body;
    for (const bytes of [0, 1, 5000, whole.length - 200]) {
      const answer = await withFault(siem, { cut: { bytes, ending } });
      assert.equal(answer.status, 200);
      // The context line at the end differs in its offset; this is before it.
      assert.ok(answer.wire.equals(whole.subarray(0, bytes)), `${bytes} bytes`);
      assert.equal(answer.isBroken, ending === "destroy");
      assert.equal(answer.headers["transfer-encoding"], ending === "close" ? undefined : "chunked");
      assert.equal(siem.requests.at(-1)?.outcome, "cut");
    }
    assert.equal(siem.counters.cut, 4);
    assert.equal(siem.served, COUNT);
  });

  test(`a body is cut after some lines, ending by ${ending}`, async (t) => {
    const siem = await started(t);
    const answer = await withFault(siem, { cut: { lines: 3, ending } });
    assert.deepEqual(linesOf(answer.wire), [...clean(siem).slice(0, 3).map((line) => line.toString("latin1")), ""]);
    assert.equal(answer.isBroken, ending === "destroy");
    assert.equal(siem.lastOffset, undefined);
  });
}

test("a cut within a compressed body breaks the compression", async (t) => {
  const siem = await started(t);
  const answer = await withFault(siem, { cut: { bytes: 2000, ending: "destroy" } }, { "accept-encoding": "gzip" });
  assert.equal(answer.wire.length, 2000);
  assert.throws(() => gunzipSync(answer.wire), /unexpected end of file/);
});

test("the connection is reset before an answer", async (t) => {
  const siem = await started(t);
  await assert.rejects(withFault(siem, { reset: true }), /ECONNRESET|socket hang up/);
  assert.deepEqual([siem.requests[0]?.status, siem.requests[0]?.outcome], [0, "reset"]);
});

test("a fault happens to as many requests as asked, in order, and to no unauthorised one", async (t) => {
  const siem = await started(t);
  siem.faults.add({ times: 2, problem: "internal-error" }, { problem: "service-unavailable", headers: { "retry-after": "3" } });
  assert.equal((await get(siem, TARGET, { credentials: { clientSecret: "other" } })).status, 401);
  const statuses = [];
  for (let k = 0; k < 4; k += 1) statuses.push((await get(siem, TARGET)).status);
  assert.deepEqual(statuses, [500, 500, 503, 200]);
  assert.equal(siem.faults.pending, 0);
});

test("any status, header and body is answered", async (t) => {
  const siem = await started(t);
  const html = await withFault(siem, { respond: { status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad gateway</h1>" } });
  assert.deepEqual([html.status, html.headers["content-type"], html.body.toString()], [502, "text/html", "<h1>Bad gateway</h1>"]);
  const busy = await withFault(siem, { problem: "too-many-requests", headers: { "retry-after": "9" } });
  assert.deepEqual([busy.status, busy.headers["retry-after"]], [429, "9"]);
  const blocked = await withFault(siem, { problem: "burst-block" });
  const problem = JSON.parse(blocked.body.toString()) as Record<string, string>;
  assert.deepEqual([blocked.status, problem["detail"]], [400, "WAF deny rule IPBLOCK-BURST4-54013"]);
});

test("the same events come in another order", async (t) => {
  const siem = await started(t);
  const { lines, context } = readPage((await withFault(siem, { reorderSeed: 1 })).body);
  assert.notDeepEqual(lines, clean(siem));
  assert.deepEqual(lines.toSorted(Buffer.compare), clean(siem).toSorted(Buffer.compare));
  assert.equal(context.total, COUNT);
});

test("lines are replaced, damaged and repeated, and the others stay", async (t) => {
  const siem = await started(t);
  const { lines } = readPage(
    (
      await withFault(siem, {
        edits: [
          { line: 2, replace: '{"type":"akamai_siem"' },
          { event: 4, replaceBase64: "gICA" },
          { line: 6, flip: { byte: 0, bit: 1 } },
          { event: 8, duplicate: true },
        ],
      })
    ).body,
  );
  const expected = clean(siem);
  expected[2] = Buffer.from('{"type":"akamai_siem"');
  expected[4] = Buffer.from([0x80, 0x80, 0x80]);
  expected[6] = Buffer.concat([Buffer.from("y"), expected[6]?.subarray(1) ?? Buffer.alloc(0)]);
  expected.splice(8, 0, siem.events.event(8));
  assert.deepEqual(lines, expected);
});

test("an edit of an event finds it in another order and on another page", async (t) => {
  const siem = await started(t);
  siem.faults.add({ times: 2, reorderSeed: 4, edits: [{ event: 12, replace: "gone" }] });
  for (let k = 0; k < 2; k += 1) {
    const texts = linesOf((await get(siem, TARGET)).body);
    assert.ok(texts.includes("gone") && !texts.some((text) => siem.events.numberIn(text) === 12));
  }
});

for (const [layout, pattern] of [
  ["blank-lines", /^\n \t\n\{.*\n\n\n \t\n\{/],
  ["indented", /^ {12}\{.*\} \n {12}\{/],
  ["crlf", /^\{.*\}\r\n\{/],
] as const) {
  test(`the layout ${layout} keeps every event`, async (t) => {
    const siem = await started(t);
    const { body } = await withFault(siem, { layout });
    assert.match(body.toString("latin1"), pattern);
    const texts = linesOf(body).map((line) => line.trim()).filter((line) => line !== "");
    assert.equal(texts.length, COUNT + 1);
    assert.deepEqual(texts.slice(0, COUNT), clean(siem).map((line) => line.toString("latin1")));
  });
}

test("the context line is missing, lacks its limit, or tells another total", async (t) => {
  const siem = await started(t);
  const last = async (context: NonNullable<Fault["context"]>): Promise<Record<string, unknown>> => {
    siem.faults.add({ context });
    const { body } = await get(siem, "/siem/v1/configs/14227?offset=NULL&limit=10");
    return JSON.parse(linesOf(body).filter((line) => line !== "").at(-1) ?? "") as Record<string, unknown>;
  };
  assert.equal(siem.events.numberIn(JSON.stringify(await last("missing"))), 9);
  assert.equal(siem.lastOffset, undefined);
  assert.deepEqual(Object.keys(await last("without-limit")).toSorted(), ["offset", "total"]);
  assert.equal((await last("wrong-total"))["total"], 11);
});

test("a long event is the same on every read", async (t) => {
  const siem = await started(t);
  siem.events.lengthen(7, 14_000, "query");
  siem.events.lengthen(9, 5_000_000, "requestHeaders");
  siem.events.lengthen(11, 8_400_000, "query");
  for (let k = 0; k < 2; k += 1) {
    const { lines } = readPage((await get(siem, TARGET, {}, { "accept-encoding": "gzip" })).body);
    assert.deepEqual([7, 9, 11].map((i) => lines[i]?.length), [14_000, 5_000_000, 8_400_000]);
    assert.deepEqual(lines, clean(siem));
  }
});

/** Reads a raw response until it has stopped before its end, then lets it go on. */
test("a stalled body waits until it is released, then comes whole", async (t) => {
  const siem = await started(t);
  siem.faults.add({ stallAfterBytes: 6000 });
  const socket = connect(siem.port, "127.0.0.1");
  socket.write(`GET ${TARGET} HTTP/1.1\r\nHost: 127.0.0.1:${siem.port}\r\nConnection: close\r\nAuthorization: ${authorization(siem, TARGET)}\r\n\r\n`);
  let received = 0;
  let isReleased = false;
  for await (const chunk of socket) {
    received += (chunk as Buffer).length;
    if (siem.counters.bytes < 6000 || isReleased) continue;
    assert.equal(siem.counters.bytes, 6000);
    assert.equal(siem.requests[0]?.outcome, "open");
    isReleased = true;
    siem.faults.release();
  }
  assert.ok(isReleased && received > siem.events.size(0) * COUNT);
  assert.equal(siem.requests[0]?.outcome, "whole");
});

test("a client that leaves a stalled body is noticed", async (t) => {
  const siem = await started(t);
  siem.faults.add({ stallAfterBytes: 100 });
  const socket = connect(siem.port, "127.0.0.1");
  socket.write(`GET ${TARGET} HTTP/1.1\r\nHost: 127.0.0.1:${siem.port}\r\nAuthorization: ${authorization(siem, TARGET)}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
  while (siem.requests[0]?.outcome === "open") await new Promise(setImmediate);
  assert.equal(siem.requests[0]?.outcome, "aborted");
  assert.equal(siem.counters.inFlight, 0);
});

test("a slow body takes the time that its speed says", async (t) => {
  const siem = await started(t);
  const began = performance.now();
  const { lines, context } = readPage((await withFault(siem, { bytesPerSecond: 200_000 })).body);
  const bytes = siem.counters.bytes;
  assert.ok(performance.now() - began >= (bytes / 200_000) * 1000 * 0.9);
  assert.deepEqual([lines.length, context.total], [COUNT, COUNT]);
});
