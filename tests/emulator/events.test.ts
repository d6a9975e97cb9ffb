import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStream } from "./events.ts";

const OPTIONS = { seed: 7, firstEventAtMs: 1_791_000_000_000, intervalMs: 1, configIds: ["14227", "29182"] };
const COUNT = 4000;

function copied(stream: EventStream, i: number): Buffer {
  const target = Buffer.alloc(stream.size(i) + 6, "#");
  assert.equal(stream.copy(i, target, 3), 3 + stream.size(i));
  assert.equal(target.toString("latin1", 0, 3) + target.toString("latin1", target.length - 3), "######");
  return target.subarray(3, -3);
}

test("both ways of making an event give the same bytes, and a seed always the same", () => {
  const stream = new EventStream(OPTIONS);
  const again = new EventStream(OPTIONS);
  const other = new EventStream({ ...OPTIONS, seed: 8 });
  for (let i = 0; i < COUNT; i += 1) {
    const line = stream.event(i);
    assert.ok(line.equals(copied(stream, i)), `event ${i}`);
    assert.ok(line.equals(again.event(i)), `event ${i}`);
    assert.ok(!line.equals(other.event(i)), `event ${i}`);
  }
  const far = 0xffff_fff0;
  assert.ok(stream.event(far).equals(copied(stream, far)));
  assert.equal(stream.numberOf(stream.requestId(far)), far);
  assert.equal(other.numberOf(stream.requestId(far)), undefined);
});

test("an event has the size of a real one, and a number of its own", () => {
  const stream = new EventStream(OPTIONS);
  let bytes = 0;
  for (let i = 0; i < COUNT; i += 1) {
    const line = stream.event(i).toString("utf8");
    const size = stream.size(i);
    assert.ok(size >= 1800 && size <= 2700, `event ${i} has ${size} bytes`);
    bytes += size;
    const parsed = JSON.parse(line) as { httpMessage: { requestId: string; start: string } };
    assert.equal(stream.numberOf(parsed.httpMessage.requestId), i);
    assert.equal(stream.numberIn(line), i);
    assert.equal(Number(parsed.httpMessage.start), stream.startSeconds(i));
  }
  assert.ok(bytes / COUNT > 1850 && bytes / COUNT < 2100, `${bytes / COUNT} bytes on average`);
});

/** Decoding by the words of the `decoded` schema, with nothing of the generator's. */
function percentDecoded(text: string): Buffer {
  const latin1 = Buffer.from(text, "utf8").toString("latin1");
  return Buffer.from(latin1.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1");
}

function put(target: Record<string, unknown>, key: string, bytes: Buffer): void {
  target[key] = bytes.toString("utf8");
  if (!Buffer.from(bytes.toString("utf8")).equals(bytes)) target[`${key}Base64`] = bytes.toString("base64");
}

const KEYS: Record<string, string> = {
  rules: "rule",
  ruleVersions: "ruleVersion",
  ruleMessages: "ruleMessage",
  ruleTags: "ruleTag",
  ruleData: "ruleData",
  ruleSelectors: "ruleSelector",
  ruleActions: "ruleAction",
};

function decodeRules(attack: Record<string, string>): Record<string, unknown>[] | undefined {
  const present = Object.keys(KEYS).filter((name) => attack[name] !== undefined);
  if (present.length === 0) return undefined;
  const rules: Record<string, unknown>[] = [];
  for (const name of present) {
    if (attack[name] === "") continue;
    percentDecoded(attack[name] ?? "").toString("latin1").split(";").forEach((item, k) => {
      const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(item) ? Buffer.from(item, "base64") : Buffer.from(item, "latin1");
      put((rules[k] ??= {}), KEYS[name] ?? "", bytes);
    });
  }
  while (rules.length > 0 && Object.values(rules.at(-1) ?? {}).every((value) => value === "")) rules.pop();
  return rules;
}

function decodeHeaders(text: string): unknown[] {
  const out: unknown[] = [];
  const block = percentDecoded(text).toString("latin1").replace(/\r?\n([ \t])/g, "\u0001$1");
  for (const line of block.split(/\r?\n/).filter((part) => part !== "")) {
    const bytes = Buffer.from(line.replaceAll("\u0001", "\n"), "latin1");
    const colon = bytes.indexOf(":");
    if (colon === -1) {
      out.push({ raw: bytes.toString("utf8") });
      continue;
    }
    const entry: Record<string, unknown> = { name: bytes.toString("utf8", 0, colon) };
    put(entry, "value", Buffer.from(bytes.toString("latin1", colon + 1).trimStart(), "latin1"));
    out.push(entry);
  }
  return out;
}

test("the expected document is what decoding the line gives", () => {
  const stream = new EventStream(OPTIONS);
  for (let i = 0; i < COUNT; i += 1) {
    const { attackData, httpMessage } = JSON.parse(stream.event(i).toString("utf8")) as Record<string, Record<string, string>>;
    const expected = stream.expected(i);
    assert.deepEqual(decodeRules(attackData ?? {}), expected.rules, `event ${i}`);
    assert.deepEqual(decodeHeaders(httpMessage?.["requestHeaders"] ?? ""), expected.requestHeaders, `event ${i}`);
    const response = httpMessage?.["responseHeaders"];
    assert.deepEqual(response === undefined ? undefined : decodeHeaders(response), expected.responseHeaders, `event ${i}`);
    assert.equal(stream.expectedText(i), JSON.stringify(expected.document), `event ${i}`);
  }
});

test("every oddity of real data occurs", () => {
  const stream = new EventStream(OPTIONS);
  const lines = Array.from({ length: COUNT }, (_, i) => stream.event(i).toString("utf8"));
  for (const [what, pattern] of Object.entries({
    "lower-case escapes": /"rules":"[^"]*%3b/,
    "upper-case escapes": /"rules":"[^"]*%3B/,
    "a plus in base64": /"rule\w+":"[^"]*\+/,
    "an empty item": /"ruleSelectors":"[^"]*%3b%3b/,
    "a wholly empty facet": /"ruleData":""/,
    "a trailing separator": /"rule(s|Tags|Messages)":"[^"]*%3b"/,
    "missing padding": /YWxlcnQ(?:"|%3b)/i,
    "binary data": /tA%3d%3d/,
    "an item that is not base64": /\(none\)/,
    "no rule at all": /"attackData":\{(?!.*"rule(s|Actions)").*"httpMessage"/,
    "a plus in headers": /application%2fxhtml\+xml/,
    "two Set-Cookie headers": /Set-Cookie%3a.*Set-Cookie%3a/,
    "headers without escapes": /"responseHeaders":"Server: AkamaiGHost\\r\\n/,
    "no response headers": /"responseHeaders":""/,
    "a folded header": /%0d%0a%09object-src/,
    "a header that is not UTF-8": /X-Latin1%3a%20caf%e9%0d/,
    "a header line without a colon": /this%20line%20has%20no%20separator/,
    "a header that was escaped before": /%253C/,
    "escaped line breaks in a header": /%250d%250aX-Evil/,
    "a terminal escape": /\\u001b\[31m/,
    "a script": /<\/script>/,
    "IPv6": /"clientIP":"2001:db8:/,
    "a version that is a number": /"version":1\.0/,
    "HTTP/2": /"protocol":"HTTP\/2"/,
    "custom values": /"custom":\{/,
    "bot data": /"botData":\{/,
    "client data": /"clientData":\{/,
    "an identity": /"identity":\{/,
    "user risk": /"userRiskData":\{/,
    "text that is not ASCII": /z\u00fcrich\+\u65e5/,
    "JSON in ASCII": /z\\u00fcrich/,
    "JSON with spaces": /^\{ "/,
    "time with milliseconds": /"start":"\d{10}\.\d{3}"/,
  })) {
    assert.ok(lines.some((line) => pattern.test(line)), what);
  }
});

test("an event is made exactly as long as asked, and its document with it", () => {
  const stream = new EventStream(OPTIONS);
  const usual = stream.event(21);
  for (let i = 0; i < 60; i += 1) {
    const bytes = i === 0 ? 8_500_000 : i === 1 ? 5_000_000 : 14_000 + i;
    stream.lengthen(i, bytes, i % 2 === 0 ? "query" : "requestHeaders");
    const line = stream.event(i);
    assert.equal(line.length, bytes);
    assert.ok(line.equals(copied(stream, i)));
    const headers = (JSON.parse(line.toString("utf8")) as { httpMessage: { requestHeaders: string } }).httpMessage.requestHeaders;
    assert.deepEqual(decodeHeaders(headers), stream.expected(i).requestHeaders);
    assert.equal(stream.expectedText(i), JSON.stringify(stream.expected(i).document));
  }
  stream.lengthen(21, 3000, "query");
  assert.equal(stream.event(21).length, 3000);
  assert.throws(() => stream.lengthen(21, usual.length, "query"), RangeError);
});
