import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { authorization, continued, get, readPage, send, type Signing } from "./client.ts";
import { EventStream } from "./events.ts";
import { contextLine } from "./page.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "./siem.ts";

const FIRST = "/siem/v1/configs/14227%3B29182?offset=NULL";
const NOW = 1_795_000_000_000;

async function started(t: TestContext, options: SiemOptions = {}): Promise<SiemEmulator> {
  const siem = await startSiem({ seed: 3, ...options });
  t.after(async () => {
    await siem.close();
    assert.deepEqual(siem.errors, []);
  });
  return siem;
}

/** A stopped clock for the server; the client signs by it too. */
async function stopped(t: TestContext, options: SiemOptions = {}): Promise<{ siem: SiemEmulator; read: (target: string) => Promise<ReturnType<typeof readPage>> }> {
  const siem = await started(t, { now: () => NOW, ...options });
  const read = async (target: string): Promise<ReturnType<typeof readPage>> => {
    const answer = await get(siem, target, { atMs: NOW });
    assert.equal(answer.status, 200, answer.body.toString());
    return readPage(answer.body);
  };
  return { siem, read };
}

function vector(status: number): Record<string, unknown> {
  const path = new URL(`../vectors/akamai-siem/akamai-apis/siem-${status}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

test("a chain of offsets gives 25,000 events exactly, whichever page size", async (t) => {
  const { siem, read } = await stopped(t, { available: 25_000 });
  const expected = createHash("sha256");
  for (let i = 0; i < 25_000; i += 1) expected.update(siem.events.event(i)).update("\n");
  const digest = expected.digest("hex");
  for (const limit of [10_000, 3_333, 600_000]) {
    const actual = createHash("sha256");
    let target = `${FIRST}&limit=${limit}`;
    for (let left = 25_000, isLast = false; !isLast; ) {
      const { lines, context } = await read(target);
      assert.equal(lines.length, Math.min(limit, left));
      assert.equal(context.total, lines.length);
      assert.equal(context.limit, lines.length === limit ? limit : undefined);
      for (const line of lines) actual.update(line).update("\n");
      left -= lines.length;
      assert.equal(context.offset, siem.lastOffset);
      target = continued(context.offset, limit);
      isLast = context.limit === undefined;
    }
    assert.equal(actual.digest("hex"), digest, `limit ${limit}`);
  }
  assert.equal(siem.served, 75_000);
});

test("compression is used if it is accepted, and changes nothing", async (t) => {
  const siem = await started(t, { available: 500 });
  const plain = await get(siem, FIRST);
  const packed = await get(siem, FIRST, {}, { "accept-encoding": "br, gzip" });
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.equal(packed.headers["transfer-encoding"], "chunked");
  assert.equal(packed.headers["content-type"], "application/json");
  assert.ok(packed.wire.length < plain.wire.length / 2);
  assert.deepEqual(readPage(packed.body).lines, readPage(plain.body).lines);
});

test("no event is a context line alone, with a new offset each time that leads on", async (t) => {
  const { siem, read } = await stopped(t);
  const first = await read(FIRST);
  const second = await read(continued(first.context.offset, 10));
  assert.deepEqual([first.lines.length, second.lines.length, first.context.total], [0, 0, 0]);
  assert.notEqual(first.context.offset, second.context.offset);
  assert.match(first.context.offset, /^[0-9a-f]{5};[A-Za-z0-9_-]+$/);
  siem.append(3);
  for (const { context } of [first, second]) assert.equal((await read(continued(context.offset, 10))).lines.length, 3);
});

test("offset=NULL begins with the oldest event that is kept, or now if so configured", async (t) => {
  const { siem, read } = await stopped(t, { available: 100 });
  siem.advance(13 * 3_600_000);
  siem.append(5);
  const { lines } = await read(FIRST);
  assert.deepEqual(lines.map((line) => siem.events.numberIn(line.toString())), [100, 101, 102, 103, 104]);
  const now = await stopped(t, { available: 100, nullOffset: "now" });
  const { lines: none, context } = await now.read(FIRST);
  assert.equal(none.length, 0);
  now.siem.append(1);
  assert.equal((await now.read(continued(context.offset, 9))).lines.length, 1);
});

test("a response may exceed its limit if so configured", async (t) => {
  const { read } = await stopped(t, { available: 100, overshoot: 3 });
  const { lines, context } = await read(`${FIRST}&limit=10`);
  assert.deepEqual([lines.length, context.total, context.limit], [13, 13, 10]);
  assert.equal((await read(continued(context.offset, 600))).lines.length, 87);
});

test("the context line is written in many ways that mean the same", () => {
  const lines = new Set<string>();
  for (let variant = 0; variant < 8; variant += 1) {
    const line = contextLine(variant, 4, "7015d;a-_", 10);
    assert.deepEqual(JSON.parse(line), { total: 4, offset: "7015d;a-_", limit: 10 });
    lines.add(line);
  }
  assert.equal(lines.size, 6);
  assert.equal(contextLine(2, 0, "318d8", undefined), '{ "total": 0, "offset": "318d8" }');
});

test("time mode selects by time of storage, leaves out the newest, and leads on by offset", async (t) => {
  // Events 0 to 999, one a second; the last is stored 100 s ago.
  const storedFromMs = NOW - 1_100_000;
  const { siem, read } = await stopped(t, { available: 1000, intervalMs: 1000, firstEventAtMs: storedFromMs });
  const numbers = async (query: string): Promise<string> => {
    const { lines } = await read(`/siem/v1/configs/14227?${query}`);
    const [first, last] = [lines.at(0), lines.at(-1)].map((line) => siem.events.numberIn(line?.toString() ?? ""));
    return `${lines.length}: ${first} to ${last}`;
  };
  const at = (second: number): number => storedFromMs / 1000 + second;
  assert.equal(await numbers(`from=${at(10)}&to=${at(20)}`), "10: 10 to 19");
  assert.equal(await numbers(`from=${at(990)}`), "10: 990 to 999");
  assert.equal(await numbers(`from=${at(10)}&limit=4`), "4: 10 to 13");
  assert.equal(await numbers(`from=${at(10)}&to=${at(20)}&offset=NULL`), "10: 10 to 19");
  const page = await read(`/siem/v1/configs/14227%3B29182?from=${at(10)}&limit=4`);
  const next = await read(continued(page.context.offset, 2));
  assert.deepEqual(next.lines, [siem.events.event(14), siem.events.event(15)]);

  siem.append(7);
  assert.equal(await numbers(`from=${at(990)}`), "10: 990 to 999");
  siem.advance(4000);
  assert.equal(await numbers(`from=${at(990 - 4)}`), "10: 990 to 999");
  siem.advance(2000);
  assert.equal(await numbers(`from=${at(990 - 6)}`), "17: 990 to 1006");
});

test("events are produced at the rate asked for", async (t) => {
  let now = NOW;
  const siem = await started(t, { available: 10, eventsPerSecond: 40, now: () => now });
  now += 1020;
  assert.equal(siem.available, 50);
  now += 5;
  assert.equal(siem.available, 51);
});

for (const [name, target, status, detail] of [
  ["neither offset nor from", "/siem/v1/configs/14227", 400, /Missing mandatory/],
  ["to without from", "/siem/v1/configs/14227?to=1795000000", 400, /Missing mandatory/],
  ["to not after from", "/siem/v1/configs/14227?from=1794999000&to=1794999000", 400, /Missing mandatory/],
  ["from too old", `/siem/v1/configs/14227?from=${NOW / 1000 - 12 * 3600 - 2}`, 400, /out of range: too old/],
  ["from is no number", "/siem/v1/configs/14227?from=yesterday", 400, /Missing mandatory/],
  ["limit past the maximum", "/siem/v1/configs/14227?offset=NULL&limit=600001", 400, /Missing mandatory/],
  ["limit of nothing", "/siem/v1/configs/14227?offset=NULL&limit=0", 400, /Missing mandatory/],
  ["an offset in lower case is not NULL", "/siem/v1/configs/14227?offset=null", 400, /Missing mandatory/],
  ["a foreign parameter", "/siem/v1/configs/14227?offset=NULL&accountSwitchKey=1-2", 400, /Missing mandatory/],
  ["a parameter twice", "/siem/v1/configs/14227?offset=NULL&offset=NULL", 400, /Missing mandatory/],
  ["a configuration that is no number", "/siem/v1/configs/a?offset=NULL", 400, /Missing mandatory/],
  ["an unknown configuration", "/siem/v1/configs/14227%3B99?offset=NULL", 404, /does not exist/],
  ["a forbidden configuration", "/siem/v1/configs/14227;777?offset=NULL", 403, /unauthorized to access/],
  ["another path", "/siem/v2/configs/14227?offset=NULL", 404, /does not exist/],
] as const) {
  test(`refused: ${name}`, async (t) => {
    const siem = await started(t, { now: () => NOW, available: 10, forbiddenConfigIds: ["777"] });
    const answer = await get(siem, target, { atMs: NOW });
    assert.equal(answer.status, status);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    const problem = JSON.parse(answer.body.toString()) as Record<string, string>;
    assert.match(problem["detail"] ?? "", detail);
    assert.deepEqual(Object.keys(problem), Object.keys(vector(status)));
    assert.equal(problem["type"], vector(status)["type"]);
    assert.equal(problem["instance"], `https://127.0.0.1:${siem.port}${target}`);
    assert.equal(siem.statuses[status], 1);
  });
}

test("offsets are refused when mangled, when foreign, and when too old", async (t) => {
  const { siem, read } = await stopped(t, { available: 50 });
  const { offset } = (await read(`${FIRST}&limit=10`)).context;
  const status = async (target: string): Promise<number> => (await get(siem, target, { atMs: NOW })).status;
  // The order of the configurations and the writing of the separator do not matter; the set does.
  assert.equal(await status(`/siem/v1/configs/29182;14227?offset=${encodeURIComponent(offset)}`), 200);
  assert.equal(await status(`/siem/v1/configs/14227%3b29182?offset=${offset}`), 200);
  assert.equal(await status(`/siem/v1/configs/14227?offset=${encodeURIComponent(offset)}`), 400);
  for (let at = 0; at < offset.length; at += 1) {
    const mangled = offset.slice(0, at) + (offset[at] === "A" ? "B" : "A") + offset.slice(at + 1);
    assert.equal(await status(continued(mangled, 10)), 400, `character ${at}`);
  }
  assert.equal(await status(continued(offset.slice(0, -1), 10)), 400);

  siem.advance(12 * 3_600_000 - 61_000);
  assert.equal(await status(continued(offset, 10)), 200);
  siem.advance(61_001);
  const expired = await get(siem, continued(offset, 10), { atMs: NOW });
  assert.equal(expired.status, 416);
  assert.equal((JSON.parse(expired.body.toString()) as { type: string }).type, vector(416)["type"]);

  const fresh = (await read(FIRST)).context.offset;
  assert.equal(await status(continued(fresh, 10)), 200);
  siem.expireOffsets();
  assert.equal(await status(continued(fresh, 10)), 416);
  assert.equal(await status(FIRST), 200);
});

test("requests past the rate are refused, with Retry-After only if so configured", async (t) => {
  let now = NOW;
  const siem = await started(t, { now: () => now, rateLimit: { requests: 2, perMs: 1000 } });
  const ask = async (): Promise<[number, unknown]> => {
    const answer = await get(siem, FIRST, { atMs: now });
    return [answer.status, answer.headers["retry-after"]];
  };
  assert.deepEqual([await ask(), await ask(), await ask()], [[200, undefined], [200, undefined], [429, undefined]]);
  siem.rateLimit = { requests: 2, perMs: 1000, retryAfterSeconds: 7 };
  assert.deepEqual(await ask(), [429, "7"]);
  now += 1000;
  assert.deepEqual(await ask(), [200, undefined]);
});

const WRONG: Record<string, [Signing, number, string]> = {
  "the client token": [{ credentials: { clientToken: "akab-other" } }, 401, "Invalid authorization client token"],
  "the access token": [{ credentials: { accessToken: "akab-other" } }, 401, "Invalid authorization access token"],
  "the client secret": [{ credentials: { clientSecret: "c2VjcmV0" } }, 401, "Signature does not match"],
  "a clock that is slow": [{ atMs: NOW - 31_000 }, 400, "Invalid timestamp"],
  "a clock that is fast": [{ atMs: NOW + 31_000 }, 400, "Invalid timestamp"],
};

for (const [what, [signing, status, detail]] of Object.entries(WRONG)) {
  test(`signatures are refused because of ${what}`, async (t) => {
    const siem = await started(t, { now: () => NOW, available: 5 });
    const answer = await get(siem, FIRST, { atMs: NOW, ...signing });
    const problem = JSON.parse(answer.body.toString()) as Record<string, unknown>;
    assert.deepEqual([answer.status, problem["detail"], problem["status"]], [status, detail, status]);
    assert.match(String(problem["type"]), /^https:\/\/problems\.luna\.akamaiapis\.net\/-\/pep-authn\/(deny|request-error)$/);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    assert.equal(answer.headers["date"], new Date(NOW).toUTCString());
    assert.equal(siem.requests[0]?.authorised, false);
  });
}

test("signatures are accepted for either scheme and within 30 seconds, and not a second time", async (t) => {
  const siem = await started(t, { now: () => NOW, available: 5 });
  for (const signing of [{ scheme: "http" }, { scheme: "https" }, { atMs: NOW - 30_000 }, { atMs: NOW + 30_000 }] as const) {
    assert.equal((await get(siem, FIRST, { atMs: NOW, ...signing })).status, 200, JSON.stringify(signing));
  }
  const once = { authorization: authorization(siem, FIRST, { atMs: NOW, nonce: "6bbd9b9c-3d0b-4a0a-9e5c-1d2f3a4b5c6d" }) };
  assert.equal((await send(siem.url, FIRST, once)).status, 200);
  const again = await send(siem.url, FIRST, once);
  assert.deepEqual([again.status, (JSON.parse(again.body.toString()) as { detail: string }).detail], [400, "Invalid nonce"]);
});

test("a signature made by Akamai's client class is accepted by the real clock", async (t) => {
  const siem = await started(t, { available: 5 });
  assert.equal((await get(siem, FIRST, { scheme: "https" })).status, 200);
});

test("the signature covers the target byte for byte", async (t) => {
  const siem = await started(t, { now: () => NOW, available: 5 });
  const signed = (target: string): Record<string, string> => ({ authorization: authorization(siem, target, { atMs: NOW }) });
  const [escaped, raw] = ["/siem/v1/configs/14227%3B29182?offset=NULL", "/siem/v1/configs/14227;29182?offset=NULL"];
  assert.equal((await send(siem.url, escaped, signed(raw))).status, 401);
  assert.equal((await send(siem.url, raw, signed(raw))).status, 200);
  assert.equal((await send(siem.url, `${raw}&limit=1`, signed(raw))).status, 401);
  assert.equal((await send(siem.url, "/siem/v1/x/../configs/14227?offset=NULL", signed(raw))).status, 400);
  assert.equal((await send(siem.url, raw, signed(raw), "DELETE")).status, 401);
});

test("requests without a usable Authorization header are refused", async (t) => {
  const siem = await started(t, { available: 5 });
  assert.equal((await send(siem.url, FIRST, {})).status, 401);
  assert.equal((await send(siem.url, FIRST, { authorization: "Basic dTpw" })).status, 400);
});

test("the clock that signatures are checked by can be moved, and Date tells it", async (t) => {
  const siem = await started(t, { now: () => NOW, available: 5 });
  siem.clockOffsetMs = 90_000;
  const refused = await get(siem, FIRST, { atMs: NOW });
  assert.equal(refused.status, 400);
  const serverMs = Date.parse(String(refused.headers["date"]));
  assert.equal(serverMs, NOW + 90_000);
  assert.equal((await get(siem, FIRST, { atMs: serverMs })).status, 200);
});

test("the state tells what was asked and answered", async (t) => {
  const siem = await started(t, { available: 5, control: true });
  await get(siem, FIRST);
  await send(siem.url, FIRST, {});
  assert.deepEqual(siem.requests.map(({ method, target, status, authorised, events, outcome }) => [method, target, status, authorised, events, outcome]), [
    ["GET", FIRST, 200, true, 5, "whole"],
    ["GET", FIRST, 401, false, 0, "answered"],
  ]);
  const answer = await send(siem.url, "/_emulator/state", {});
  const state = JSON.parse(answer.body.toString()) as Record<string, unknown>;
  assert.deepEqual([state["served"], state["available"], state["lastOffset"]], [5, 5, siem.lastOffset]);
});

test("the control endpoints are closed unless opened, and then take faults and events", async (t) => {
  const closed = await started(t);
  for (const path of ["state", "faults", "append"]) assert.equal((await send(closed.url, `/_emulator/${path}`, {})).status, 404);
  const siem = await started(t, { control: true });
  assert.equal((await send(siem.url, "/_emulator/faults", {}, "POST", '[{"problem":"service-unavailable"}]')).status, 200);
  assert.equal((await send(siem.url, "/_emulator/append", {}, "POST", '{"count":4}')).status, 200);
  assert.equal((await send(siem.url, "/_emulator/append", {}, "POST", "four")).status, 400);
  assert.equal((await get(siem, FIRST)).status, 503);
  assert.equal(readPage((await get(siem, FIRST)).body).lines.length, 4);
});

test("the same options give the same responses", async (t) => {
  const options = { now: () => NOW, available: 2000, seed: 99 };
  const bodies: Buffer[] = [];
  for (let run = 0; run < 2; run += 1) bodies.push((await get(await started(t, options), FIRST, { atMs: NOW })).body);
  assert.ok(bodies[0]?.equals(bodies[1] ?? Buffer.alloc(0)));
  const stream = new EventStream({ ...(await started(t, options)).events.options });
  assert.deepEqual(readPage(bodies[0] ?? Buffer.alloc(0)).lines[1999], stream.event(1999));
});
