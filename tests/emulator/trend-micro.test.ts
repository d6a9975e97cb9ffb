import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { send } from "./client.ts";
import { elements, member } from "./json-spans.ts";
import { EVENTS, OLDER_EVENTS, OLDER_SERVICES, SERVICES } from "./trend-micro-events.ts";
import { Throttle } from "./trend-micro-throttle.ts";
import { startTrendMicro, type TrendMicroEmulator, type TrendMicroOptions } from "./trend-micro.ts";

const NOW = Date.parse("2026-11-22T12:00:00.000Z");
const HOUR = 3_600_000;
const UNLIMITED = { perMinute: Infinity, perDay: Infinity };

async function started(t: TestContext, options: TrendMicroOptions = {}): Promise<TrendMicroEmulator> {
  const cas = await startTrendMicro({ now: () => NOW, throttle: UNLIMITED, ...options });
  t.after(async () => {
    await cas.close();
    assert.deepEqual(cas.errors, []);
  });
  return cas;
}

const iso = (ms: number): string => new Date(ms).toISOString();

function target(parameters: Record<string, string | number>, path = "/v1/siem/security_events"): string {
  const text = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${text.join("&")}`;
}

interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function get(cas: TrendMicroEmulator, at: string, init: RequestInit = {}): Promise<Reply> {
  const url = at.startsWith("/") ? cas.url + at : at;
  const response = await fetch(url, { headers: { authorization: `Bearer ${cas.token}` }, ...init });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

/** The numbers of all events of a window, page by page. */
async function chain(cas: TrendMicroEmulator, first: string): Promise<{ numbers: number[]; pages: number }> {
  const numbers: number[] = [];
  for (let at: unknown = first, pages = 1; ; pages += 1) {
    const { status, body } = await get(cas, String(at));
    assert.equal(status, 200, JSON.stringify(body));
    const list = body["security_events"] ?? body["securityEvents"];
    assert.ok(Array.isArray(list));
    for (const event of list as unknown[]) numbers.push(cas.events.numberIn(JSON.stringify(event)) ?? -1);
    at = body["next_link"] ?? body["nextLink"];
    if (at === undefined || at === null || at === "" || at === "null") return { numbers, pages };
  }
}

test("every event is on one page of one window of its service and kind", async (t) => {
  const cas = await started(t, { available: 3000 });
  const found: number[] = [];
  for (const service of SERVICES) {
    for (const event of EVENTS) {
      const { numbers, pages } = await chain(cas, target({ service, event, start: iso(NOW - 72 * HOUR), end: iso(NOW), limit: 20 }));
      assert.equal(pages, Math.max(1, Math.ceil(numbers.length / 20)));
      const times = numbers.map((number) => cas.events.entry(number).generatedAtMs);
      assert.deepEqual(times, times.toSorted((a, b) => a - b));
      found.push(...numbers);
    }
  }
  assert.deepEqual(found.toSorted((a, b) => a - b), Array.from({ length: 3000 }, (_, k) => k));
});

test("events share instants, and windows have what is at both of their ends", async (t) => {
  const cas = await started(t, { available: 3000, services: ["gmail"], kinds: ["dlp"] });
  const times = Array.from({ length: 3000 }, (_, number) => cas.events.entry(number).generatedAtMs);
  assert.ok(3000 - new Set(times).size > 500);
  assert.ok(times.filter((at) => at % 60_000 === 0).length > 100);
  const at = times.find((time, k) => times.indexOf(time) !== k) ?? 0;
  const same = times.filter((time) => time === at).length;
  const count = async (start: number, end: number): Promise<number> => (await chain(cas, target({ service: "gmail", event: "dlp", start: iso(start), end: iso(end) }))).numbers.length;
  assert.equal(await count(at, at), same);
  const before = await count(NOW - 72 * HOUR, at);
  assert.equal(before + (await count(at, NOW)), 3000 + same);

  const exclusive = await started(t, { end: "exclusive" });
  exclusive.events.add("gmail", "dlp", NOW - HOUR);
  const window = { service: "gmail", event: "dlp", start: iso(NOW - 2 * HOUR) };
  assert.deepEqual((await chain(exclusive, target({ ...window, end: iso(NOW - HOUR) }))).numbers, []);
  assert.deepEqual((await chain(exclusive, target({ ...window, end: iso(NOW - HOUR + 1) }))).numbers, [0]);
});

test("each body form has its names, and each way to say that there is nothing", async (t) => {
  const window = { service: "gmail", event: "dlp", start: iso(NOW - HOUR), end: iso(NOW) };
  for (const [nothing, value] of [["empty", ""], ["null", null], ["null-text", "null"], ["absent", undefined]] as const) {
    const cas = await started(t, { nothing });
    const snake = await get(cas, target(window));
    assert.equal(snake.body["next_link"], value);
    assert.equal(snake.body["last_log_item_generation_time"], value);
    assert.deepEqual(snake.body["security_events"], []);
    assert.equal(typeof snake.body["traceId"], "string");
    cas.bodyForm = "camel";
    const camel = await get(cas, target(window));
    assert.equal(camel.body["nextLink"], value);
    assert.deepEqual(Object.keys(camel.body).filter((name) => name.includes("_")), []);
    cas.events.add("gmail", "dlp", NOW - 1000);
    const [event] = (await get(cas, target(window))).body["securityEvents"] as { log_item_id?: string; message: Record<string, unknown> }[];
    assert.equal(event?.log_item_id, undefined);
    assert.ok(Array.isArray(event?.message["mail_message_sender"]));
    assert.match(String(event?.message["detection_time"]), /^\d{4}-..-..T..:..:..$/);
    cas.bodyForm = "snake";
    const { body } = await get(cas, target(window));
    assert.equal(body["last_log_item_generation_time"], iso(NOW - 1000));
    assert.equal((body["security_events"] as { log_item_id: string }[])[0]?.log_item_id, cas.events.id(0));
  }
});

test("an element is, without its line breaks, the line that `raw` has to deliver", async (t) => {
  const cas = await started(t, { available: 300, services: ["exchange"], kinds: ["securityrisk"] });
  const at = target({ service: "exchange", event: "securityrisk", start: iso(NOW - 72 * HOUR), end: iso(NOW) });
  const { body } = await send(cas.url, at, { authorization: `Bearer ${cas.token}`, "accept-encoding": "gzip" });
  const spans = elements(body, member(body, body.indexOf("{"), "security_events")?.start ?? 0);
  assert.equal(spans.length, 300);
  for (const { start, end } of spans) {
    const text = body.toString("utf8", start, end);
    const line = text.replaceAll("\n", "");
    assert.equal(line, cas.events.line(cas.events.numberIn(line) ?? -1).toString());
    assert.deepEqual(JSON.parse(line), JSON.parse(text));
  }
});

test("a link is good as it is, for a while, and for nothing else", async (t) => {
  for (const [options, expired] of [[{}, 400], [{ expiredPageStatus: 404 }, 404]] as const) {
    const cas = await started(t, { available: 10, services: ["box"], kinds: ["dlp"], ...options });
    const { body } = await get(cas, target({ service: "box", event: "dlp", start: iso(NOW - 72 * HOUR), end: iso(NOW), limit: 3 }));
    const link = String(body["next_link"]);
    assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/v1\/siem\/security_events\?service=box&.*&page_id=/);
    assert.deepEqual((await get(cas, link)).body["security_events"], (await get(cas, link)).body["security_events"]);
    assert.equal((await get(cas, `${link}&limit=3`)).status, 400);
    assert.equal((await get(cas, link.replace("limit=3", "limit=4"))).status, 400);
    assert.equal((await get(cas, `${link}0`)).status, expired);
    cas.clockOffsetMs = 31 * 60_000;
    assert.equal((await get(cas, link)).status, expired);
  }
  const cas = await started(t, { available: 10, services: ["box"], kinds: ["dlp"], linkPath: "legacy" });
  const window = { service: "box", event: "dlp", start: iso(NOW - 72 * HOUR), end: iso(NOW), limit: 4 };
  assert.match(String((await get(cas, target(window))).body["next_link"]), /\/siem\/v1\/security_events\?/);
  assert.equal((await chain(cas, target(window))).numbers.length, 10);
  const { body } = await get(cas, target(window));
  cas.expirePages();
  assert.equal((await get(cas, String(body["next_link"]))).status, 400);
});

test("windows without start or end are five minutes", async (t) => {
  const cas = await started(t);
  const minutes = [1, 4, 6, 9, 20];
  for (const minute of minutes) cas.events.add("box", "dlp", NOW - minute * 60_000);
  const found = async (window: Record<string, string>): Promise<number[]> => {
    const { numbers } = await chain(cas, target({ service: "box", event: "dlp", ...window }));
    return numbers.map((number) => minutes[number] ?? -1);
  };
  assert.deepEqual(await found({}), [4, 1]);
  assert.deepEqual(await found({ start: iso(NOW - 10 * 60_000) }), [9, 6]);
  assert.deepEqual(await found({ end: iso(NOW - 60_000) }), [6, 4, 1]);
});

test("events appear late if they shall", async (t) => {
  const cas = await started(t, { visibleAfterMs: 60_000, services: ["box"], kinds: ["dlp"] });
  cas.append(1000, NOW - 60_000, NOW);
  const found = async (): Promise<number> => (await chain(cas, target({ service: "box", event: "dlp", start: iso(NOW - HOUR), end: iso(NOW) }))).numbers.length;
  const first = await found();
  assert.ok(first > 300 && first < 700, String(first));
  cas.clockOffsetMs = 60_000;
  assert.equal(await found(), 1000);
});

test("what the documentation does not allow is refused", async (t) => {
  const cas = await started(t, { available: 10 });
  const good = { service: "box", event: "dlp", start: iso(NOW - HOUR), end: iso(NOW) };
  const { service: _, ...noService } = good;
  const cases: [status: number, at: string, message?: RegExp, init?: RequestInit][] = [
    [200, target(good)],
    [200, target({ ...good, service: OLDER_SERVICES[0], event: OLDER_EVENTS[0] })],
    [200, target({ ...good, start: "2026-11-22T11:00:00Z" })],
    [200, target({ ...good, start: iso(NOW - 72 * HOUR), limit: 500 })],
    [200, target({ ...good, limit: 200 }, "/siem/v1/security_events")],
    [400, target({ ...good, limit: 201 }, "/siem/v1/security_events"), /limit/],
    [400, target({ ...good, limit: 501 }), /limit/],
    [400, target({ ...good, limit: 0 }), /limit/],
    [400, target(noService), /service/],
    [400, target({ ...good, service: "box,gmail" }), /service/],
    [400, target({ ...good, service: "Box" }), /service/],
    [400, target({ ...good, event: "security_risk_scan" }), /event/],
    [400, `${target(good)}&event=dlp`, /more than once/],
    [400, target({ ...good, format: "cef" }), /parameter/],
    [400, target({ ...good, start: iso(NOW - 72 * HOUR - 1) }), /72 hours ago/],
    [400, target({ ...good, start: iso(NOW + 1) }), /earlier than start/],
    [400, target({ ...good, start: iso(NOW - 71 * HOUR), end: iso(NOW + 2 * HOUR) }), /apart/],
    [400, target({ ...good, start: "2026-11-22T11:00:00+00:00" }), /yyyy-mm-dd/],
    [400, target({ ...good, start: "2026-11-22T11:00:00.1Z" }), /yyyy-mm-dd/],
    [400, target({ ...good, end: "2026-11-31T11:00:00Z" }), /yyyy-mm-dd/],
    [400, target({ ...good, end: "1795000000" }), /yyyy-mm-dd/],
    [404, target(good, "/v2/siem/security_events")],
    [404, target(good, "/v1/siem/security_events/")],
    [405, target(good), /method/, { method: "POST" }],
  ];
  for (const [status, at, message, init] of cases) {
    const answer = await get(cas, at, { headers: { authorization: `Bearer ${cas.token}` }, ...init });
    assert.equal(answer.status, status, `${at}: ${JSON.stringify(answer.body)}`);
    if (status === 200) continue;
    assert.equal(answer.body["code"], status);
    assert.match(String(answer.body["msg"]), message ?? /./);
  }
});

test("only its token opens it, until that ends", async (t) => {
  const cas = await started(t, { tokenEndsAtMs: NOW + HOUR });
  const at = target({ service: "box", event: "dlp" });
  for (const authorization of ["", cas.token, `bearer ${cas.token}`, `Bearer  ${cas.token}`, `Bearer ${cas.token}x`]) {
    const { status, body } = await get(cas, at, { headers: { authorization } });
    assert.deepEqual([status, body["msg"]], [401, "Authentication token not found"]);
  }
  assert.equal((await get(cas, at)).status, 200);
  cas.clockOffsetMs = HOUR;
  assert.equal((await get(cas, at)).status, 401);
  assert.equal(cas.requests.filter(({ authorised }) => authorised).length, 1);
});

test("more requests than a minute or a day may have are 429", async (t) => {
  let now = NOW;
  const cas = await started(t, { now: () => now, throttle: { perMinute: 2, perDay: 3 }, retryAfterSeconds: 7 });
  const statuses: number[] = [];
  for (const step of [0, 1000, 1000, 58_000, 60_000, 86_400_000]) {
    now += step;
    statuses.push((await get(cas, target({ service: "box", event: "dlp" }))).status);
  }
  assert.deepEqual(statuses, [200, 200, 429, 200, 429, 200]);
  const answer = await (async () => {
    await get(cas, target({ service: "box", event: "dlp" }));
    return get(cas, target({ service: "box", event: "dlp" }));
  })();
  assert.deepEqual([answer.status, answer.headers.get("retry-after"), answer.body["msg"]], [429, "7", "Maximum allowed requests exceeded"]);
});

test("a minute slides, or begins with its first request", () => {
  const taken = (counting: "sliding" | "from-first"): string => {
    const throttle = new Throttle({ perMinute: 2, perDay: 100, counting });
    return [0, 50, 59, 60, 61, 109, 110, 119, 120].map((second) => (throttle.take(second * 1000) ? second : "-")).join(" ");
  };
  assert.equal(taken("sliding"), "0 50 - 60 - - 110 - 120");
  assert.equal(taken("from-first"), "0 50 - 60 61 - - - 120");
});

test("error documents have every form that was seen", async (t) => {
  const cas = await started(t);
  const at = target({ service: "box", event: "dlp" });
  const text = async (): Promise<string> => (await fetch(cas.url + at, { headers: { authorization: `Bearer ${cas.token}` } })).text();
  for (const [errorForm, expected] of [
    ["full", /^{"code":400,"traceId":"[^"]+","msg":"[^"]+"}$/],
    ["negative", /^{"code":-4000001,"traceId":"[^"]+","msg":"[^"]+"}$/],
    ["no-code", /^{"traceId":"[^"]+","msg":"[^"]+"}$/],
    ["no-message", /^{"code":400,"traceId":"[^"]+"}$/],
    ["empty", /^$/],
    ["html", /^<html>/],
  ] as const) {
    cas.faults.add({ error: 400, errorForm });
    assert.match(await text(), expected);
  }
});

test("faults: cut bodies, other answers, foreign links, huge events", async (t) => {
  const cas = await started(t, { available: 50, services: ["box"], kinds: ["dlp"] });
  const at = target({ service: "box", event: "dlp", start: iso(NOW - 72 * HOUR), end: iso(NOW) });
  const headers = { authorization: `Bearer ${cas.token}` };
  cas.faults.add({ cut: { bytes: 900, ending: "close" } }, { cut: { bytes: 900, ending: "destroy" } });
  cas.faults.add({ respond: { status: 200, body: "{" } }, { error: 503, headers: { "retry-after": "3" } }, { reset: true });
  const cut = await send(cas.url, at, headers);
  assert.deepEqual([cut.isBroken, cut.body.length], [false, 900]);
  assert.equal((await send(cas.url, at, headers)).isBroken, true);
  assert.equal((await send(cas.url, at, headers)).body.toString(), "{");
  const unavailable = await get(cas, at);
  assert.deepEqual([unavailable.status, unavailable.headers.get("retry-after")], [503, "3"]);
  await assert.rejects(send(cas.url, at, headers), { code: "ECONNRESET" });
  cas.faults.add({ nextLink: "https://elsewhere.example/x?y", lastTime: "soon", oversizeBytes: 2_000_000 });
  const { body } = await get(cas, at);
  assert.equal(body["next_link"], "https://elsewhere.example/x?y");
  assert.equal(body["last_log_item_generation_time"], "soon");
  const usual = cas.events.element(cas.requests.at(-1)?.numbers[0] ?? -1, "snake");
  const [first] = body["security_events"] as { padding?: string }[];
  assert.equal(Buffer.byteLength(`${usual},"padding":""`) + (first?.padding?.length ?? 0), 2_000_000);
  assert.deepEqual(cas.requests.map(({ outcome }) => outcome), ["cut", "cut", "answered", "answered", "reset", "whole"]);
});

test("the control endpoints exist only if they shall", async (t) => {
  const closed = await started(t);
  assert.equal((await get(closed, "/_emulator/state")).status, 404);
  const cas = await started(t, { control: true, available: 4 });
  assert.equal((await get(cas, "/_emulator/append", { method: "POST", body: '{"count": 3}' })).body["events"], 7);
  assert.equal((await get(cas, "/_emulator/faults", { method: "POST", body: '[{"error": 500, "times": 2}]' })).body["pendingFaults"], 2);
  assert.equal((await get(cas, target({ service: "box", event: "dlp" }))).status, 500);
  assert.equal((await get(cas, "/_emulator/state")).body["pendingFaults"], 1);
});
