/** Decoding, as JavaScript sees it, over the vectors that the Rust tests read. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { PageDecoder, bytes, decodeEvent, decodeHeaders, decodeRules, json } from "./core.ts";
import type { EdgeSiemError, PageContext, RejectedLine, RuleFacets } from "./core.ts";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };

const utf8 = new TextEncoder();

/** Everything that a body gives, pushed in chunks of `size` bytes. */
function decodePage(body: Uint8Array, size: number, maxEventBytes?: number) {
  using decoder = new PageDecoder(maxEventBytes);
  let text = "";
  const rejected: RejectedLine[] = [];
  for (let at = 0; at < body.length; at += size) {
    text += Buffer.from(decoder.push(body.subarray(at, at + size))).toString();
    rejected.push(...decoder.rejected);
  }
  const end = decoder.finish();
  text += Buffer.from(end.decoded).toString();
  rejected.push(...decoder.rejected);
  const { events, undecoded } = decoder;
  return { documents: text.split("\n").slice(0, -1), rejected, context: end.context, events, undecoded };
}

describe("decoded vectors", () => {
  interface Row {
    name: string;
    line: string;
    expected: string;
  }
  const rows = json<Row[]>("decode/decoded.json");
  test("are there", () => assert.notEqual(rows.length, 0));
  for (const { name, line, expected } of rows) {
    test(name, () => {
      const decoded = decodeEvent(line);
      assert.equal(decoded, expected);
      assert.equal(decodeEvent(utf8.encode(line)), expected);
      // In a page, a line feed ends the event.
      if (!line.includes("\n")) assert.deepEqual(decodePage(utf8.encode(line), 7).documents, [expected]);
    });
  }
});

describe("Sekoia's event", () => {
  const event = json<{ attackData: JsonObject; httpMessage: JsonObject }>("akamai-siem/sekoia/raw_event.json");
  const expected = json<JsonObject>("akamai-siem/sekoia/expected_attackData.json");
  const decoded = JSON.parse(decodeEvent(JSON.stringify(event)));

  test("has the rules that Sekoia expects", () => {
    assert.deepEqual(decoded.attackData, expected);
    assert.deepEqual(decodeRules(event.attackData as RuleFacets), expected["rules"]);
  });

  test("has its headers in order, with their plus signs", () => {
    const headers = decoded.httpMessage.requestHeaders;
    assert.deepEqual(headers, decodeHeaders(event.httpMessage["requestHeaders"] as string));
    assert.deepEqual(headers.slice(0, 2), [
      { name: "User-Agent", value: "BOT/0.1 (BOT for JCE)" },
      { name: "Accept", value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" },
    ]);
    const cookie = decoded.httpMessage.responseHeaders.at(-1);
    assert.equal(cookie.name, "Set-Cookie");
    assert.match(cookie.value, /~pluPrg.*ulk\+6e9.* HttpOnly$/);
  });

  test("is otherwise as it was", () => {
    const { attackData: _, httpMessage, ...rest } = event;
    const { attackData: __, httpMessage: decodedMessage, ...decodedRest } = decoded;
    assert.deepEqual(decodedRest, rest);
    const { requestHeaders, responseHeaders } = decodedMessage;
    assert.deepEqual(decodedMessage, { ...httpMessage, requestHeaders, responseHeaders });
  });
});

/** Facets of `attackData` and what their items are called in a rule. */
const KEYS = {
  rules: "rule",
  ruleVersions: "ruleVersion",
  ruleMessages: "ruleMessage",
  ruleTags: "ruleTag",
  ruleData: "ruleData",
  ruleSelectors: "ruleSelector",
  ruleActions: "ruleAction",
} as const;

/** The rules of a well-formed event, decoded with nothing but the platform's own functions. */
function rulesByPlatform(attackData: JsonObject): Record<string, string>[] {
  const rules: Record<string, string>[] = [];
  for (const [facet, key] of Object.entries(KEYS)) {
    const encoded = attackData[facet];
    if (typeof encoded !== "string" || encoded === "") continue;
    for (const [index, item] of decodeURIComponent(encoded).split(";").entries()) {
      (rules[index] ??= {})[key] = Buffer.from(item, "base64").toString();
    }
  }
  while (rules.length > 0 && Object.values(rules.at(-1)!).every((value) => value === "")) rules.pop();
  return rules;
}

describe("pages", () => {
  const pages: [file: string, events: number, context: PageContext][] = [
    ["akamai-siem/sekoia/response_1.ndjson", 3, { offset: "OFFSET_TOKEN", total: 3 }],
    ["akamai-siem/sekoia/response_2.ndjson", 0, { offset: "EMPTY_TOKEN", total: 0 }],
    ["akamai-siem/elastic-otel/siem_response.ndjson", 2, { offset: "eyJhbGciOiJIUzI1NiJ9.next-page-cursor", total: 2, limit: 10000 }],
    ["akamai-siem/elastic-otel/siem_response_full.ndjson", 3, { offset: "test-cursor-abc123", total: 3, limit: 10000 }],
  ];
  for (const [file, events, context] of pages) {
    test(`${file} gives the same however it is cut`, () => {
      const body = bytes(file);
      const whole = decodePage(body, body.length);
      assert.deepEqual([whole.events, whole.documents.length, whole.context, whole.rejected], [events, events, context, []]);
      for (const size of [1, 2, 3, 7, 64, 1000]) assert.deepEqual(decodePage(body, size), whole);
    });

    test(`${file} has the rules that the platform's functions decode`, () => {
      const body = bytes(file);
      const lines = Buffer.from(body).toString().split("\n").filter((line) => line.trim() !== "");
      const { documents } = decodePage(body, body.length);
      for (const [index, document] of documents.entries()) {
        const received = JSON.parse(lines[index]!);
        const decoded = JSON.parse(document);
        const facets = Object.keys(KEYS).some((facet) => facet in received.attackData);
        assert.deepEqual(decoded.attackData.rules, facets ? rulesByPlatform(received.attackData) : undefined);
        assert.equal(document, decodeEvent(lines[index]!.trim()));
      }
    });
  }
});

describe("a body", () => {
  const event = '{"type":"akamai_siem","custom":"YQ"}';
  const page = (...lines: string[]) => utf8.encode(lines.join("\n"));

  test("without a context line at its end has none, and its events are handed out", () => {
    for (const body of [page(event), page(event, ""), page('{"offset":"a"}', event), page("")]) {
      const { context, documents, events } = decodePage(body, 10);
      assert.equal(context, undefined);
      assert.equal(documents.length, events);
      assert.equal(events, body.length > 0 ? 1 : 0);
    }
  });

  test("may be several pages, of which the last tells where to go on", () => {
    const { context, events, rejected } = decodePage(page(event, '{"offset":"a"}', event, '{"offset":"b"}', ""), 5);
    assert.deepEqual([context, events, rejected], [{ offset: "b" }, 2, []]);
  });

  test("with bad lines gives the good ones, and says which are bad and why", () => {
    const bad = ["[]", '{"a":', "\u001b[31m"];
    const body = page(event, bad[0]!, "", bad[1]!, event, bad[2]!, '{"offset":"a"}');
    for (const size of [1, 1000]) {
      const { documents, rejected, events, context } = decodePage(body, size);
      assert.deepEqual([documents.length, events, context], [2, 2, { offset: "a" }]);
      assert.deepEqual(rejected.map(({ line }) => line), [2, 3, 5]);
      assert.deepEqual(rejected.map(({ bytes }) => Buffer.from(bytes).toString()), bad);
      for (const { reason, at } of rejected) {
        assert.match(reason, /^[ -~]+$/);
        assert.equal(typeof at, "number");
      }
    }
  });

  test("with a line that is too long gives it in parts and goes on", () => {
    const long = `{"pad":"${"x".repeat(100)}"}`;
    const { documents, rejected } = decodePage(page(event, long, event, ""), 9, 40);
    assert.equal(documents.length, 2);
    assert.deepEqual(rejected.map(({ line, part }) => [line, part]), [
      [2, { index: 0, last: false }],
      [2, { index: 1, last: false }],
      [2, { index: 2, last: true }],
    ]);
    assert.equal(Buffer.concat(rejected.map(({ bytes }) => bytes)).toString(), long);
  });

  test("can follow another one in the same decoder", () => {
    using decoder = new PageDecoder();
    for (const round of [1, 2]) {
      decoder.push(page(event, '{"offset":"a"}'));
      assert.deepEqual(decoder.finish().context, { offset: "a" });
      assert.equal(decoder.events, round);
    }
    assert.equal(decoder.finish().context, undefined);
  });

  test("that is not a Uint8Array is refused", () => {
    using decoder = new PageDecoder();
    for (const chunk of ["text", undefined, [1], new ArrayBuffer(1)]) {
      const error = thrownBy(() => decoder.push(chunk as unknown as Uint8Array));
      assert.equal(error.code, "invalid_argument");
    }
  });
});

describe("one event", () => {
  test("that is none is refused with its reason", () => {
    for (const line of ["", "[]", "{}x", '{"offset":"a"}', utf8.encode('{"a":"\ud800"}').subarray(0, 7)]) {
      const error = thrownBy(() => decodeEvent(line));
      assert.equal(error.code, "malformed_event");
      assert.match(error.message, / at byte \d+$/);
      assert.notEqual(error.userAction, "");
    }
    for (const line of [undefined, 1, {}]) {
      assert.equal(thrownBy(() => decodeEvent(line as unknown as string)).code, "invalid_argument");
    }
  });

  test("may have members and text that nobody knows, and keeps them", () => {
    const line = '{ "new": {"é日本": [1.0, 1e400, -0] }, "version": 1.0, "text": "\\u0000\\ud83d" }';
    assert.equal(decodeEvent(line), line);
  });
});

describe("an encoded part", () => {
  test("that cannot be decoded is kept as its text", () => {
    assert.deepEqual(decodeRules({ rules: "OTUwMDAy;???", ruleData: "tA==", ruleActions: undefined }), [
      { rule: "950002", ruleData: "\ufffd", ruleDataBase64: "tA==" },
      { rule: "???" },
    ]);
    assert.deepEqual(decodeHeaders("A%3a%20b%0d%0a%zz%0d%0a"), [{ name: "A", value: "b" }, { raw: "%zz" }]);
    assert.deepEqual([decodeRules({}), decodeHeaders("")], [[], []]);
  });

  test("with more items than any event has is refused", () => {
    assert.equal(thrownBy(() => decodeRules({ rules: "YQ;".repeat(10_001) })).code, "too_many_items");
    assert.equal(thrownBy(() => decodeHeaders("a:b%0a".repeat(10_001))).code, "too_many_items");
    assert.equal(thrownBy(() => decodeRules("rules" as RuleFacets)).code, "invalid_argument");
  });
});

/** What `call` throws, which must be an error of this module. */
function thrownBy(call: () => unknown): EdgeSiemError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as EdgeSiemError;
  }
  return assert.fail("nothing was thrown");
}
