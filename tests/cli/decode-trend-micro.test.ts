/** `edgesiem decode --events trend-micro-cas`: events of Trend Micro Cloud App Security, in every form in which somebody may have them. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { startTrendMicro, type TrendMicroEmulator } from "../emulator/trend-micro.ts";
import { UnwrappedAnswers } from "../../npm/src/core/answers.ts";
import { eventsOf } from "../../npm/src/core/events.ts";
import { SCHEMAS_OF } from "../../npm/src/cli/schemas.ts";
import type { EventsName } from "../../npm/src/index.ts";
import { assertSameText, edgesiem, library } from "./command.ts";

const core = await library.load();
const CAS = "trend-micro-cas";
const AS_CAS = ["decode", "--events", CAS];
const HOUR_MS = 3_600_000;

/** JSON without the white space between its tokens. */
const bare = (json: string): string => json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (token) => (token.startsWith('"') ? token : ""));

/** Documents of events, one a line, as the library makes them. */
const documentsOf = (elements: readonly string[], name: (typeof SCHEMAS_OF)[typeof CAS][number] = "decoded"): string =>
  elements.map((element) => `${core.convert(bare(element), { name, events: CAS } as Parameters<typeof core.convert>[1])[0]}\n`).join("");

/** Answers of the emulator, and the events that are in them. */
const answers: { snake: string; camel: string } = { snake: "", camel: "" };
const elements: { snake: string[]; camel: string[] } = { snake: [], camel: [] };
const emulators: TrendMicroEmulator[] = [];
before(async () => {
  for (const bodyForm of ["snake", "camel"] as const) {
    const cas = await startTrendMicro({ seed: 5, available: 60, spreadMs: HOUR_MS, services: ["exchange"], kinds: ["securityrisk"], bodyForm });
    emulators.push(cas);
    const window = new URLSearchParams({ service: "exchange", event: "securityrisk", start: new Date(Date.now() - 2 * HOUR_MS).toISOString(), end: new Date().toISOString() });
    const response = await fetch(`${cas.url}/v1/siem/security_events?${window}`, { headers: { authorization: `Bearer ${cas.token}` } });
    answers[bodyForm] = await response.text();
    elements[bodyForm] = Array.from({ length: cas.events.count }, (_, number) => cas.events.element(cas.events.select("exchange", "securityrisk", () => true)[number] ?? -1, bodyForm));
  }
});
after(() => Promise.all(emulators.map((cas) => cas.close())));

interface Told {
  inputs: { shape: string; events: number; rejected: number; hint: string | null; is_cut?: true; rejected_lines: { line: number; column?: number; reason: string }[] }[];
}

async function told(args: readonly string[], input: string): Promise<Told["inputs"][number]> {
  const { stderr } = await edgesiem([...args, "--json"], { input });
  const [report] = (JSON.parse(stderr) as Told).inputs;
  assert.ok(report !== undefined);
  return report;
}

describe("decode of Trend Micro's events", () => {
  test("takes a whole answer of the API, in both spellings, with every digit as it came", async () => {
    for (const form of ["snake", "camel"] as const) {
      assert.equal(elements[form].length, 60);
      const { code, stdout, stderr } = await edgesiem(AS_CAS, { input: answers[form] });
      assert.equal(code, 0, stderr);
      assertSameText(stdout, documentsOf(elements[form]), form);
      assert.equal(stderr, "edgesiem: stdin: 60 events\n");
    }
    assert.match(documentsOf(elements.snake), /"sequence":12345678901234567890/);
  });

  test("gives the same for every form of the same events", async () => {
    const lines = elements.snake.map(bare);
    const forms: [name: string, input: string | Uint8Array, args?: string[]][] = [
      ["one a line", lines.join("\n")],
      ["one a line, as Windows writes it", `\ufeff${lines.join("\r\n")}\r\n`],
      ["a list", `[${lines.join(",")}]`],
      ["a list, as Windows writes it", `\ufeff[${lines.join(",\r\n")}]`],
      ["an answer, as Windows writes it", `\ufeff${answers.snake}`],
      ["an indented list", `[\n${elements.snake.join("\n  ,\n")}\n]`],
      ["one after the other, indented", elements.snake.map((element) => JSON.stringify(JSON.parse(element), null, 2)).join("\n")],
      ["an answer on one line", bare(answers.snake)],
      ["several answers, one a line", lines.map((line) => `{"next_link":"","security_events":[${line}]}`).join("\n")],
      ["several answers, one empty, with nothing between them", `{"security_events":[]}{"traceId":"x","security_events":[${lines.join(",")}],"next_link":null}`],
      ["answers in a list", `[{"securityEvents":[${lines.slice(0, 7).join(",")}]},{"securityEvents":[${lines.slice(7).join(",")}]}]`],
      ["an answer, compressed", gzipSync(answers.snake)],
    ];
    // Numbers that JavaScript cannot keep do not survive its way of indenting.
    const normal = (text: string): string => JSON.stringify(text.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown));
    const expected = normal(documentsOf(elements.snake));
    for (const [name, input, args = []] of forms) {
      const { code, stdout, stderr } = await edgesiem([...AS_CAS, ...args], { input });
      assert.deepEqual([code, stderr], [0, "edgesiem: stdin: 60 events\n"], name);
      assertSameText(normal(stdout.toString()), expected, name);
    }
  });

  test("writes each schema that there is for them, and refuses the others with what to use", async () => {
    assert.deepEqual(core.schemaNames(CAS).toSorted(), SCHEMAS_OF[CAS].toSorted());
    assert.deepEqual(core.schemaNames().toSorted(), SCHEMAS_OF["akamai-siem"].toSorted());
    for (const schema of SCHEMAS_OF[CAS]) {
      const { code, stdout } = await edgesiem([...AS_CAS, "--schema", schema], { input: answers.camel });
      assert.equal(code, 0);
      assertSameText(stdout, documentsOf(elements.camel, schema), schema);
    }
    for (const [args, said] of [
      [["--schema", "sentinel"], /^edgesiem: --schema sentinel does not go with --events trend-micro-cas\n {2}use --schema decoded, raw, ecs, cef, ocsf or otel\n$/],
      [["--expand-rules", "--schema", "ecs"], /^edgesiem: --expand-rules does not go with --events trend-micro-cas/],
      [["--schema", "ocsf", "--option", "detection_finding=true"], /^edgesiem: --option detection_finding: /],
      [["--events", "syslog"], /akamai-siem, trend-micro-cas/],
    ] as const) {
      const { code, stdout, stderr } = await edgesiem([...AS_CAS, ...args], { input: answers.snake });
      assert.deepEqual([code, stdout.length], [2, 0]);
      assert.match(stderr, said);
    }
  });

  test("passes options of the schema on", async () => {
    const { stdout } = await edgesiem([...AS_CAS, "--schema", "ecs", "--option", "event_original=true"], { input: '{"event":"dlp"}' });
    assert.equal((JSON.parse(stdout.toString()) as { event: { original: string } }).event.original, '{"event":"dlp"}');
  });

  test("finds mistakes where they stand in an answer, and decodes the events around them", async () => {
    const input = '{"traceId": "é",\n "security_events": [\n  {"event": "dlp", "message": tru e},\n  {"event": "dlp"}, "CEF:0|Trend Micro|CAS, [{",\n  {"event": 1 2}\n ], "next_link": "" }\n';
    const { code, stdout, stderr } = await edgesiem(AS_CAS, { input });
    assert.deepEqual([code, stdout.toString()], [1, '{"event":"dlp"}\n']);
    assert.deepEqual(stderr.split("\n"), [
      "edgesiem: stdin: line 3, column 35: not valid JSON",
      "edgesiem: stdin: line 4, column 21: expected an object",
      "edgesiem: stdin: line 5, column 15: not valid JSON",
      "edgesiem: stdin: 1 event, 3 lines rejected",
      "",
    ]);
  });

  test("says of an answer that was cut that it was", async () => {
    const whole = bare(answers.snake);
    for (const end of [whole.length - 1, whole.lastIndexOf("}]"), whole.lastIndexOf(',{"')]) {
      const { stderr } = await edgesiem(AS_CAS, { input: whole.slice(0, end) });
      assert.match(stderr, /\. It ends within an answer of the API, which was cut: fetch it again\n$/);
      assert.equal((await told(AS_CAS, whole.slice(0, end))).is_cut, true);
    }
    assert.equal((await told(AS_CAS, whole)).is_cut, undefined);
  });

  test("refuses an answer where each line was said to be an event", async () => {
    const report = await told([...AS_CAS, "--input", "multi-json"], bare(answers.snake));
    assert.deepEqual([report.events, report.rejected_lines[0]?.reason], [0, "an answer of the API, not one of its events"]);
  });

  test("says whose events they seem to be, if they are others'", async () => {
    const akamai = '{"attackData":{"rules":"OTUwMDAy"}}\n{"offset":"318d8"}\n';
    assert.match((await edgesiem(AS_CAS, { input: akamai })).stderr, /: these look like events of akamai-siem: add --events akamai-siem\n/);
    for (const input of [answers.snake, bare(answers.camel), elements.snake.map(bare).join("\n")]) {
      const { stderr } = await edgesiem(["decode"], { input });
      assert.match(stderr, /: these look like events of trend-micro-cas: add --events trend-micro-cas\n/);
    }
    assert.equal((await told(["decode"], akamai)).hint, null);
    assert.equal((await told(AS_CAS, answers.snake)).hint, null);
  });

  test("never shows what others wrote raw", async () => {
    const event = { event: "dlp", message: { mail_message_subject: "\u001b]0;x\u0007", "\u009b31m": "y" } };
    const { stderr } = await edgesiem(AS_CAS, { input: `{"security_events":[${JSON.stringify(event)},"\u001b[31m"],"\u001b[31m":"z"}` });
    assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe("what is around the events of an answer", () => {
  const cases: [input: string, expected: string][] = [
    ['{"next_link":"a","security_events":[{"a":[1]},{}],"traceId":"b"}', '{"a":[1]},{}'],
    ['{"securityEvents":[],"x":{"security_events":[1]}}', ""],
    ['{"security_events" : [ {"a":1} ] }', '{"a":1}'],
    ['{"security_events":null,"a":[{"b":1}]}', '{"security_events":null,"a":[{"b":1}]}'],
    ['{"x":"security_events","a":[{}]}', '{"x":"security_events","a":[{}]}'],
    ['{"message":{"security_events":[{}]}}', '{"message":{"security_events":[{}]}}'],
    ['{"a":"\\"security_events\\":[","b":1}', '{"a":"\\"security_events\\":[","b":1}'],
    ['{"security_events":["]}",{"a":"]}"}]}', '"]}",{"a":"]}"}'],
    ['{"security_events":[{"a":1}],"security_events":[{"a":2}]}', '{"a":1}{"a":2}'],
    ['[{"a":1},{"security_events":[{"b":1}]}]', '[{"a":1},{"b":1}]'],
    ['junk {"security_events":[{"b":1}]} } ] junk', 'junk{"b":1}}]junk'],
    [`{"pad":"${"x".repeat(70_000)}","security_events":[{}]}`, `{"pad":"${"x".repeat(70_000)}","security_events":[{}]}`],
    ['{"a":1', '{"a":1'],
    ['{"security_events":[{"a":', '{"a":'],
  ];

  test("becomes white space, and everything else stays, however it is cut", () => {
    for (const [input, expected] of cases) {
      for (const size of [1, 2, 7, 4096, 100_000]) {
        const bytes = Buffer.from(input);
        const unwrapped = new UnwrappedAnswers();
        const parts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size) parts.push(unwrapped.push(bytes.subarray(at, at + size)));
        const out = Buffer.concat([...parts, unwrapped.finish()]).toString();
        assert.equal(Buffer.byteLength(out), bytes.length, input.slice(0, 80));
        assert.equal(out.replaceAll(/ /g, ""), expected.replaceAll(/ /g, ""), `${input.slice(0, 80)} in pieces of ${size}`);
        assert.equal([...out].findIndex((char, at) => char !== " " && char !== input[at]), -1, "every byte that is left is in its place");
      }
    }
  });

  test("is told from events by names of members", () => {
    const table: [text: string, expected: EventsName | undefined][] = [
      ['{"attackData":{}}', "akamai-siem"],
      ['\ufeff [ {"type":"akamai_siem","httpMessage":{}}]', "akamai-siem"],
      ['{"security_events":[]}', CAS],
      ['{"securityEvents":[{"attackData":{}}]}', CAS],
      ['{"log_item_id":"1"}', CAS],
      ['{"event":"dlp","message":{"attackData":1},"service":"box"}', CAS],
      ['{"event":"dlp","message":"text"}', undefined],
      ['{"a":{"attackData":{}}}', undefined],
      ['{"a":"\\"attackData\\":"}', undefined],
      ['{"offset":"1"}', undefined],
      ["OTUwMDAy%3b", undefined],
      ['{"unterminated', undefined],
      ["", undefined],
      [`{${'"a":{},'.repeat(20_000)}"attackData":1}`, undefined],
    ];
    for (const [text, expected] of table) {
      assert.equal(eventsOf(text), expected, text.slice(0, 80));
      assert.equal(eventsOf(Buffer.from(text)), expected, text.slice(0, 80));
    }
  });

  test("is found in time in proportion to its length, whatever it is", () => {
    const MOST_MS_PER_MIB = 500;
    const size = 4 * 2 ** 20;
    const hostile = ["{", "[", '{"', '{"a":', '"', "\\", '{"security_events":[', "{}", '{"a":"\\', "}]"];
    for (const piece of hostile) {
      const bytes = Buffer.alloc(size, piece);
      const startedMs = performance.now();
      const unwrapped = new UnwrappedAnswers();
      let length = 0;
      for (let at = 0; at < size; at += 4096) length += unwrapped.push(bytes.subarray(at, at + 4096)).length;
      length += unwrapped.finish().length;
      eventsOf(bytes);
      assert.equal(length, size, piece);
      assert.ok(performance.now() - startedMs < (MOST_MS_PER_MIB * size) / 2 ** 20, piece);
    }
  });
});

async function allOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe("DecodeStream", () => {
  const body = (text: string): ReadableStream<Uint8Array<ArrayBuffer>> => new Blob([text]).stream();

  test("takes answers, lists and lines of Trend Micro's events, and rejects what is none", async () => {
    const lines = elements.camel.map(bare);
    for (const input of [answers.camel, `[${lines.join(",\n")}]`, lines.join("\n")]) {
      const stream = new library.DecodeStream({ events: CAS, schema: "ecs" });
      assertSameText(await new Response(body(input).pipeThrough(stream)).text(), documentsOf(elements.camel, "ecs"));
      assert.deepEqual([stream.counts.events, stream.counts.rejected, stream.counts.bytesIn], [60, 0, Buffer.byteLength(input)]);
    }
    const rejected: string[] = [];
    const objects = new library.DecodeStream({ schema: { name: "raw", events: CAS }, as: "objects", onRejected: ({ reason }) => rejected.push(reason) });
    assert.deepEqual(await allOf(body('{"security_events":["CEF:0|",{"event":"dlp"}]}').pipeThrough(objects)), [{ event: "dlp" }]);
    assert.deepEqual(rejected, ["expected an object"]);
  });

  test("gives events as they came by MultiJsonStream", async () => {
    const events = new library.MultiJsonStream({ events: CAS });
    assert.deepEqual(await allOf(body(answers.snake).pipeThrough(events)), elements.snake.map((element) => JSON.parse(element) as unknown));
  });

  test("refuses events that there are none of, and two names for them", async () => {
    for (const [options, said] of [
      [{ events: "syslog" }, /events: there are no such events/],
      [{ events: "akamai-siem", schema: { name: "ecs", events: CAS } }, /events: the schema names others/],
      [{ events: CAS, schema: "sentinel" }, /it is Akamai's/],
    ] as const) {
      const stream = new library.DecodeStream(options as ConstructorParameters<typeof library.DecodeStream>[0]);
      await assert.rejects(new Response(body("{}").pipeThrough(stream)).text(), said);
    }
  });
});

describe("decodeEvent", () => {
  test("decodes one event of either vendor, and refuses an answer", async () => {
    const line = '{"event":"dlp","message":{"mail_message_sender":"a@example.com","detection_time":"2016-07-22T01:51:31"}}';
    assert.deepEqual(await library.decodeEvent(line, { events: CAS }), { event: "dlp", message: { mail_message_sender: ["a@example.com"], detection_time: "2016-07-22T01:51:31Z" } });
    assert.deepEqual(await library.decodeEvent('{"attackData":{"rules":"OTUwMDAy"}}', { events: "akamai-siem" }), { attackData: { rules: [{ rule: "950002" }] } });
    await assert.rejects(library.decodeEvent(answers.snake, { events: CAS }), { code: "malformed_event", message: /an answer of the API, not one of its events/ });
  });
});
