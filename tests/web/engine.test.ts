/** The engine's parts, without a browser. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { histogram } from "../../npm/web/src/engine/aggregate/histogram.ts";
import { Tops } from "../../npm/web/src/engine/aggregate/tops.ts";
import { CodedColumn } from "../../npm/web/src/engine/index/coded-column.ts";
import { Dictionary, MOST_TEXT_UNITS, OTHER_TEXT } from "../../npm/web/src/engine/index/dictionary.ts";
import { EventIndex } from "../../npm/web/src/engine/index/event-index.ts";
import { PackedStore } from "../../npm/web/src/engine/index/packed-store.ts";
import { rowOf } from "../../npm/web/src/engine/index/row.ts";
import { trendRowOf } from "../../npm/web/src/engine/index/trend-row.ts";
import { LineFramer, ObjectFramer, type Framer } from "../../npm/web/src/engine/input/framers.ts";
import { shapeOf } from "../../npm/web/src/engine/input/shape.ts";
import { snippetKind } from "../../npm/web/src/engine/input/snippet.ts";
import { unwrapped } from "../../npm/web/src/engine/input/unwrap.ts";
import { csvHeading, csvLine } from "../../npm/web/src/engine/output/csv.ts";
import { curlOf } from "../../npm/web/src/engine/output/curl.ts";
import { NewestReports } from "../../npm/web/src/engine/input/newest-reports.ts";
import { RecordMemory } from "../../npm/web/src/engine/input/record-memory.ts";
import { reportOf } from "../../npm/web/src/engine/input/report.ts";
import { RowSet } from "../../npm/web/src/engine/query/view.ts";
import { firstAt, heightOf, scrolledTo, topOf } from "../../npm/web/src/page/grid-window.ts";
import { piecesOf } from "../../npm/web/src/page/pieces.ts";
import { COLUMNS, MOST_REPORTS, type Sort } from "../../npm/web/src/protocol.ts";
import { clockOf } from "../../npm/web/src/page/report-clock.ts";
import { shownRules } from "../../npm/web/src/rules-text.ts";
import { hasTerm, matcherOf, parseFilter, termOf, toggled, withRange } from "../../npm/web/src/query-text.ts";

const BLNS = JSON.parse(readFileSync(new URL("../vectors/blns/blns.json", import.meta.url), "utf8")) as string[];

function records(framer: Framer, text: string, size: number): [offset: number, text: string][] {
  const bytes = new TextEncoder().encode(text);
  const found: [number, string][] = [];
  const take = (records: ReturnType<Framer["push"]>): void => {
    for (const { offset, bytes } of records) found.push([offset, Buffer.from(bytes).toString()]);
  };
  for (let at = 0; at < bytes.length; at += size) take(framer.push(bytes.slice(at, at + size)));
  take(framer.finish());
  return found;
}

/** Runs a generator to its end. */
function run<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

function indexOf(values: readonly { host: string; action?: string; startMs?: number; rules?: string[] }[]): EventIndex {
  const index = new EventIndex();
  for (const { host, action = "deny", startMs = Date.UTC(2026, 0), rules = [] } of values) {
    const event = { attackData: { appliedAction: action, rules: rules.map((rule) => ({ rule })) }, httpMessage: { host, start: String(startMs / 1000) } };
    index.add({ input: 0, offset: 0, length: 0, part: 0 }, rowOf(event));
  }
  return index;
}

function hosts(index: EventIndex, filter: string, sort: Sort = { by: "input", descending: false }): string[] {
  const rows = new RowSet(index, parseFilter(filter), sort);
  run(rows.update());
  return Array.from({ length: rows.count }, (_, position) => index.textsOf(rows.rowAt(position))[2] ?? "");
}

describe("framing", () => {
  const LINES = '{"a":1}\n\n  \r\n{"b":"é\\n"}\r\nno json\n{"c":3}';
  const OBJECTS = ' [\n{"a": "]}\\"{"},\n  {"b":[{}]} ,{}] {"c":1}junk, {"d":2}{"e":"cut';

  it("gives the same records wherever chunks end, each where it lies in the input", () => {
    const lines = records(new LineFramer(), LINES, 1000);
    assert.deepEqual(lines.map(([, text]) => text.trimEnd()), ['{"a":1}', '{"b":"é\\n"}', "no json", '{"c":3}']);
    const objects = records(new ObjectFramer(), OBJECTS, 1000);
    assert.deepEqual(objects.map(([, text]) => text.trim()), ['{"a": "]}\\"{"}', '{"b":[{}]}', "{}", '{"c":1}', "junk,", '{"d":2}', '{"e":"cut']);
    for (let size = 1; size < 40; size += 1) {
      assert.deepEqual(records(new LineFramer(), LINES, size), lines, String(size));
      assert.deepEqual(records(new ObjectFramer(), OBJECTS, size), objects, String(size));
    }
    for (const [text, found] of [[LINES, lines], [OBJECTS, objects]] as const) {
      const bytes = Buffer.from(text);
      for (const [offset, record] of found) assert.equal(bytes.subarray(offset, offset + Buffer.byteLength(record)).toString(), record);
    }
  });

  it("tells an input's shape by its beginning", () => {
    const SHAPES = [
      ['{"a":1}\n{"b":2}', "lines"],
      ['{"a":1}', "lines"],
      ['{\n "a": 1\n}', "objects"],
      ['{ "a": {\n "b": 1 } }', "objects"],
      [' [{"a":1}]', "objects"],
      ['\ufeff[]', "objects"],
      ['"attackData": {}', "inside"],
      ['Nov 22 host {"a":1}', "lines"],
      ["OTUwMDAy%3b", "snippet"],
      ["Host: x", "snippet"],
    ] as const;
    for (const [text, shape] of SHAPES) assert.equal(shapeOf(new TextEncoder().encode(text)), shape, text);
    assert.equal(shapeOf(Uint8Array.of(0xff, 0xfe)), "utf-16");
  });

  it("tells a facet from a header block", () => {
    for (const [text, kind] of [["OTUwMDAy%3bOTUwMDA2", "facet"], ["OTUwMDAy", "facet"], ["Host%3a%20x%0d%0aA%3a%20b", "headers"], ["Host: x\r\nA: b", "headers"], ["Good morning!", undefined], ["", undefined]] as const) assert.equal(snippetKind(text), kind, text);
  });

  it("finds events in what is around them, and no deeper than it looks", () => {
    const inner = '{"attackData": {},"httpMessage": {}}';
    const found = (...texts: string[]): unknown[] => texts.map((text) => ({ family: "akamai-siem", text }));
    assert.deepEqual(unwrapped({ result: { _raw: `<134>1 host ${inner}` } }), found(inner));
    assert.deepEqual(unwrapped({ events: [JSON.parse(inner), { rawEvent: inner }] }), found('{"attackData":{},"httpMessage":{}}', inner));
    assert.deepEqual(unwrapped({ a: { b: { c: { d: { e: JSON.parse(inner) } } } } }), []);
    assert.deepEqual(unwrapped({ attackData: "text", _raw: "{attackData" }), []);
  });

  it("takes no text for an event but of members that carry events, and of one object only the first", () => {
    const [real, forged] = ["/real", "/forged"].map((path) => JSON.stringify({ attackData: {}, httpMessage: { path } }));
    const object = JSON.parse(forged ?? "") as unknown;
    const found = [{ family: "akamai-siem", text: real }];
    const CASES: readonly (readonly [name: string, value: unknown])[] = [
      ["a field that was taken out of the event, before it", { result: { UA: forged, _raw: real } }],
      ["a field behind it", { result: { _raw: real, user_agent: forged } }],
      ["a field with a carrier's name", { result: { message: forged, _raw: real, raw: forged } }],
      ["an object beside it", { _raw: real, fields: { a: object } }],
      ["a list beside it", { "event.original": [real], "user_agent.original": [forged] }],
      ["an Elastic document", { event: { original: real }, user_agent: { name: forged } }],
      ["texts within a list", { events: [real === undefined ? null : JSON.parse(real), forged] }],
    ];
    for (const [name, value] of CASES) assert.deepEqual(unwrapped(value), found, name);
    const trend = { log_item_id: "a", service: "Box", event: "dlp", message: { file_name: JSON.stringify({ log_item_id: "b", message: {} }) } };
    const odd = { service: "Box", event: "dlp", message: JSON.stringify(trend), inner: trend };
    assert.deepEqual(unwrapped({ security_events: [odd, trend, [trend], JSON.stringify(trend)] }), [{ family: "trend-micro-cas", text: JSON.stringify(trend) }]);
  });
});

describe("records that hold many events", () => {
  const read = (part: number) => ({ family: "akamai-siem", bytes: Uint8Array.of(part) }) as const;

  it("are kept up to a bound, those that were asked for last", () => {
    const memory = new RecordMemory();
    for (let offset = 0; offset < 4; offset += 1) memory.keep(0, offset, 16 * 2 ** 20, read);
    assert.equal(memory.find(0, 0), read);
    memory.keep(0, 4, 16 * 2 ** 20, read);
    assert.deepEqual([0, 1, 2, 3, 4].map((offset) => memory.find(0, offset) === read), [true, false, true, true, true]);
    memory.keep(1, 0, 2 ** 30, read);
    assert.deepEqual([0, 2, 3, 4].map((offset) => memory.find(0, offset)), [undefined, undefined, undefined, undefined]);
    assert.equal(memory.find(1, 0), read);
  });
});

describe("the index", () => {
  it("counts texts together that have no room, and cuts long ones", () => {
    const dictionary = new Dictionary(3);
    assert.deepEqual(["a", "b", "c", "d", "a", "e"].map((text) => dictionary.textOf(dictionary.codeOf(text))), ["a", "b", "c", OTHER_TEXT, "a", OTHER_TEXT]);
    const long = new Dictionary();
    assert.equal(long.textOf(long.codeOf("x".repeat(1e6))).length, MOST_TEXT_UNITS);
  });

  it("keeps each rule of an event whole, and the number of those that have no room", () => {
    const ids = Array.from({ length: 40 }, (_, k) => `POLICY-WITH-A-LONG-NAME-${k}`);
    const index = indexOf([{ host: "a", rules: ids }, { host: "b", rules: ids.slice(0, 20) }]);
    const tops = new Tops(index);
    for (let row = 0; row < index.length; row += 1) tops.add(row);
    const { entries, distinct } = tops.read().rules;
    assert.equal(distinct, 32);
    for (const { text } of entries) assert.ok(ids.includes(text), text);
    assert.deepEqual(hosts(index, `rule:${ids[19]}`), ["a", "b"]);
    assert.deepEqual(hosts(index, `rule:${ids[31]}`), ["a"]);
    assert.deepEqual(hosts(index, "more"), []);
    assert.equal(shownRules(index.columns.rules.textAt(0), " "), `${ids.slice(0, 32).join(" ")} and 8 more`);
    assert.equal(shownRules(index.columns.rules.textAt(1), " "), ids.slice(0, 20).join(" "));
    const long = index.columns.rules;
    long.push(rowOf({ attackData: { rules: ids.map((id) => ({ rule: id + "x".repeat(5000) })) } }).rules.ids);
    assert.match(long.textAt(2), /^POLICY-WITH-A-LONG-NAME-0x+…\nPOLICY[\s\S]*\n\n8$/);
  });

  it("gives a column its memory when the first text comes, and the rows before it are empty", () => {
    const column = new CodedColumn();
    const texts = [...Array.from({ length: 3000 }, () => ""), "a", "", "b", "a"];
    for (const text of texts) column.push(text);
    assert.deepEqual(texts.map((_, row) => column.textAt(row)), texts);
  });

  it("takes nothing about an event's shape for granted", () => {
    for (const value of [null, 1, "x", [], {}, { rules: 1 }, { rules: [null, 1, { rule: { a: 1 } }] }]) {
      assert.doesNotThrow(() => rowOf({ attackData: value, httpMessage: value, geo: value }));
    }
    for (const value of [null, 1, "x", [], {}, { detection_time: 1 }, { detection_time: "yesterday", affected_user: ["a"], action: {} }]) {
      assert.ok(Number.isNaN(trendRowOf({ message: value, service: value, event: value }).timeMs));
    }
    assert.equal(rowOf({ attackData: { rules: [{ ruleAction: "alert" }, { ruleAction: "deny_custom_1" }] } }).texts.action, "deny_custom_1");
  });

  it("gives back what was packed, also from blocks that are still open", async () => {
    const store = new PackedStore();
    const texts = Array.from({ length: 3000 }, (_, k) => `${k} `.repeat(200 + (k % 300)));
    const offsets = texts.map((text) => store.add(new TextEncoder().encode(text)));
    await store.settled();
    for (let k = 0; k < texts.length; k += 97) {
      const bytes = await store.read(offsets[k] ?? -1, (texts[k] ?? "").length);
      assert.equal(new TextDecoder().decode(bytes), texts[k]);
    }
  });
});

describe("the filter", () => {
  it("finds a text again by the term that a chart writes for it, whatever is in it", () => {
    for (const text of [...BLNS, "a*b", 'a"b', "a\\b", "a b", "-x", "host:x"].map((text) => text.slice(0, 200))) {
      const [term, ...others] = parseFilter(termOf("path", text)).terms;
      assert.equal(others.length, 0, text);
      assert.ok(term?.kind === "field" && !term.isNegated, text);
      assert.ok(matcherOf(term.pattern)(text), `${text} by ${termOf("path", text)}`);
    }
    assert.equal(matcherOf("a\\*b")("axb"), false);
    assert.equal(toggled(toggled("sql", "host:a"), "host:a"), "sql");
    assert.equal(withRange("a from:2026-01-01T00:00:00Z to:x b"), "a b");
  });

  it("adds and takes out whole terms only, whatever stands in quotes", () => {
    const quoted = 'subject:"a client:1.2.3.4  from:x b"';
    assert.equal(hasTerm(quoted, "client:1.2.3.4"), false);
    assert.equal(toggled(quoted, "client:1.2.3.4"), `${quoted} client:1.2.3.4`);
    assert.equal(toggled(`${quoted} client:1.2.3.4`, "client:1.2.3.4"), quoted);
    assert.equal(toggled(`a  ${quoted} b`, quoted), "a b");
    assert.equal(toggled("-host:a", "host:a"), "-host:a host:a");
    assert.equal(withRange(`${quoted} from:2026-01-01 TO:"2026-01-02"`), quoted);
    assert.equal(withRange(quoted, 0, 1000), `${quoted} from:1970-01-01T00:00:00.000Z to:1970-01-01T00:00:01.000Z`);
    assert.equal(withRange(withRange(quoted, 0, 1000), 2000, 3000), `${quoted} from:1970-01-01T00:00:02.000Z to:1970-01-01T00:00:03.000Z`);
    for (const open of ['"a b', 'a subject:"b c', '"a\\']) assert.ok(hasTerm(toggled(open, "host:a"), "host:a"), open);
  });

  it("says that there is no such field, but of addresses", () => {
    for (const filter of ["foo:bar", "-hsot:a", "javascript:alert(1)"]) assert.match(parseFilter(filter).problem ?? "", /^there is no field (?:foo|hsot|javascript): .*client, /, filter);
    for (const filter of ["https://example.com/a", "fe80::1", "dead:beef::/32", '"foo:bar"', "12:30", "host:a", "RULE:1", "from:2026-01-01"]) assert.equal(parseFilter(filter).problem, undefined, filter);
    assert.deepEqual(parseFilter("foo:bar").terms, [{ kind: "word", text: "foo:bar", isNegated: false }]);
  });

  it("takes no longer for a pattern full of stars", () => {
    const matches = matcherOf(`${"*a".repeat(200)}b`);
    const startedMs = performance.now();
    assert.equal(matches("a".repeat(20_000)), false);
    assert.ok(performance.now() - startedMs < 500);
  });

  it("takes in rows that come later, and sorts equal ones in the order of the input", () => {
    const index = indexOf([{ host: "b" }, { host: "a" }, { host: "c" }, { host: "a", action: "alert" }]);
    assert.deepEqual(hosts(index, ""), ["b", "a", "c", "a"]);
    assert.deepEqual(hosts(index, "", { by: "input", descending: true }), ["a", "c", "a", "b"]);
    assert.deepEqual(hosts(index, "host:a host:b -action:alert", { by: "host", descending: true }), ["b", "a"]);
    const rows = new RowSet(index, parseFilter("host:late"), { by: "time", descending: true });
    run(rows.update());
    assert.equal(rows.count, 0);
    index.add({ input: 0, offset: 0, length: 0, part: 0 }, rowOf({ httpMessage: { host: "late" } }));
    run(rows.update());
    assert.equal(rows.count, 1);
  });

  it("sorts every column as Array.sort does, events without a time last", () => {
    const values = Array.from({ length: 500 }, (_, k) => ({ host: `h${(k * 7919) % 101}`, startMs: k % 9 === 0 ? Number.NaN : Date.UTC(2026, 0) + ((k * 104_729) % 1000) * 1000 }));
    const index = indexOf(values);
    for (const by of COLUMNS) assert.equal(hosts(index, "", { by, descending: false }).length, 500);
    assert.deepEqual(hosts(index, "", { by: "host", descending: false }), values.map(({ host }) => host).sort());
    const rows = new RowSet(index, parseFilter(""), { by: "time", descending: true });
    run(rows.update());
    const times = Array.from({ length: 500 }, (_, position) => index.times.at(rows.rowAt(position)));
    const known = times.filter((time) => !Number.isNaN(time));
    assert.deepEqual(times.slice(0, known.length), known.toSorted((a, b) => b - a));
  });
});

describe("the charts' numbers", () => {
  const index = indexOf(Array.from({ length: 3000 }, (_, k) => ({ host: `h${k % 20}`, action: k % 3 === 0 ? "alert" : `a${k % 13}`, startMs: k === 0 ? 0 : Date.UTC(2026, 0) + k * 777, rules: ["950002", `r${k % 50}`] })));

  it("over time add up to all events, whatever the width of a bucket", () => {
    const chart = run(histogram(index, index.length, (at) => at));
    assert.equal(chart.withoutTime, 1, "one is of 1970");
    assert.ok(chart.buckets <= 150);
    const sum = chart.actions.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
    assert.equal(sum, 2999);
    assert.equal(chart.actions.at(-1)?.isOthers, true);
  });

  it("of rules count each rule of an event", () => {
    const tops = new Tops(index);
    for (let row = 0; row < index.length; row += 1) tops.add(row);
    const { rules, host } = tops.read();
    assert.deepEqual(rules.entries[0], { text: "950002", count: 3000, note: "" });
    assert.equal(rules.distinct, 51);
    assert.deepEqual([host.distinct, host.entries.length, host.entries[0]?.count], [20, 8, 150]);
  });
});

describe("reports", () => {
  const COLUMNS_OF_REPORT = [{ type: "dimension", name: "Time", index: 0 }];

  it("are read as the API answers and as the command writes them", () => {
    const facts = { pack: "Shop", startMs: 1_415_836_800_000, endMs: 1_415_840_400_000, aggregationS: 60, timeZone: "EST5EDT", metaData: [] };
    const CASES = [
      { columns: COLUMNS_OF_REPORT, rows: [["1"]], metaData: { aggregation: 60, timeZone: "EST5EDT", startTimeInEpoch: 1_415_836_800, endTimeInEpoch: 1_415_840_400, reportPack: "Shop", hasMoreData: true } },
      { pack: 12, columns: COLUMNS_OF_REPORT, rows: [["1"]], metadata: { aggregation: 60, timezone: "EST5EDT", start: 1_415_836_800, end: 1_415_840_400, pack: "Shop" }, offset: 0, more: true, requests: 1 },
    ];
    for (const given of CASES) {
      const { columns, rows, rowCount, hasMore, offset, ...others } = reportOf(given) ?? assert.fail("no report");
      assert.deepEqual([columns.length, rows, rowCount, hasMore, offset], [1, [["1"]], 1, true, 0]);
      assert.deepEqual(others, facts);
    }
    const { pack, startMs, hasMore, timeZone } = reportOf({ pack: 12, columns: [], rows: [], metadata: { start: -1, timezone: 5e9 }, more: "yes" }) ?? assert.fail("no report");
    assert.deepEqual([pack, startMs, hasMore, timeZone], ["12", undefined, false, "5000000000"]);
    assert.equal(reportOf({ columns: [], rows: [] }), undefined);
  });

  it("have their times on the pack's clock, or on UTC's if nobody knows it", () => {
    const CASES = [["EST5EDT", "EST5EDT", "2014-11-12 19:04"], ["GMT+5:30", "GMT+5:30", "2014-11-13 05:34"], ["", "UTC", "2014-11-13 00:04"], ["<b>", "UTC", "2014-11-13 00:04"]] as const;
    for (const [timeZone, name, text] of CASES) assert.deepEqual([clockOf(timeZone).name, clockOf(timeZone).text(1_415_837_040_000)], [name, text], timeZone);
  });

  it("that are many reach the page seldom, and only the last of them", () => {
    const report = reportOf({ columns: COLUMNS_OF_REPORT, rows: [] }) ?? assert.fail("no report");
    const reports = new NewestReports();
    const numbers = (nowMs: number): number[] => reports.take(nowMs).map(({ number }) => number);
    assert.deepEqual(numbers(0), []);
    reports.add("a", report);
    assert.deepEqual(numbers(0), [1]);
    for (let k = 0; k < 60; k += 1) reports.add("a", report);
    assert.deepEqual(numbers(1000), []);
    assert.deepEqual(numbers(Infinity), Array.from({ length: MOST_REPORTS }, (_, k) => 52 + k));
    assert.deepEqual([numbers(Infinity), reports.count], [[], 61]);
  });
});

describe("what leaves the page", () => {
  it("as CSV never begins a cell as a formula does", () => {
    const formula = /(?:^|[\t;|\r\n])"?[\s\u0000]*[=+\-@＝](?!\d+(?:\.\d+)?"?\r\n$)/;
    const cell = (text: string): string => csvLine({ ...rowOf({ httpMessage: { path: text } }) }, ["path"]);
    for (const text of [...BLNS, "=1+1", "+A1", "-A1", "@a", "\t=x", "\r=x", "\n=1", "＝1", "a;=1+1", "\u0000=1", "  =1"]) assert.doesNotMatch(cell(text), formula, text);
    assert.equal(cell('a,"b"'), '"a,""b"""\r\n');
    assert.equal(csvHeading(["time", "path"]), "time,path\r\n");
  });

  it("as CSV has the rules on one line, and the number of those that are left out", () => {
    const rules = Array.from({ length: 40 }, (_, k) => ({ rule: `r${k}` }));
    assert.equal(csvLine(rowOf({ attackData: { rules } }), ["rules"]), `${Array.from({ length: 32 }, (_, k) => `r${k}`).join(" ")} and 8 more\r\n`);
  });

  it("as a command gives a shell one word for each text, and none of them is run", () => {
    const texts = [...BLNS, "'; id #", "$(id)", "`id`", "a\nb", "\u001b]0;x\u0007", "-o x", "@/etc/passwd"].filter((text) => text !== "");
    for (let k = 0; k < texts.length; k += 60) {
      const some = texts.slice(k, k + 60);
      const command = curlOf({ httpMessage: { host: "www.example.com", port: "80", method: "GET", path: `/${some[0] ?? ""}`, query: some[1] ?? "", requestHeaders: some.map((text) => ({ name: "X-A", value: text })) } });
      // The shell prints the words that it would give to curl.
      const words = execFileSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }\n${command}`], { encoding: "utf8" }).split("\0").slice(0, -1);
      assert.equal(words.length, 6 + 2 * some.length, command);
      assert.deepEqual(words.slice(0, 5), ["--globoff", "--path-as-is", "--request", "GET", "--url"]);
      for (const word of words) assert.doesNotMatch(word, /[\u0000-\u001f\u007f-\u009f]/);
    }
  });

  it("leaves out names of headers that curl would take for something else", () => {
    assert.doesNotMatch(curlOf({ httpMessage: { requestHeaders: [{ name: "@/etc/passwd", value: "x" }, { name: "A: b\r\nC", value: "x" }, { raw: "x" }] } }), /--header/);
  });
});

describe("what is shown", () => {
  it("keeps a text and names what cannot be seen", () => {
    for (const text of BLNS) {
      const pieces = piecesOf(text, false);
      const back = pieces.map((piece) => (typeof piece === "string" ? piece : String.fromCodePoint(Number.parseInt(piece.title.slice(2), 16)))).join("");
      assert.equal(back, text);
      for (const piece of pieces) if (typeof piece === "string") assert.doesNotMatch(piece, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u);
    }
  });

  it("every row of a table of any length can be scrolled to", () => {
    for (const count of [0, 1, 10, 300_000, 400_000, 8_000_000]) {
      assert.ok(heightOf(count) <= 8_000_000);
      for (const first of [0, 1, Math.floor(count / 2), Math.max(count - 20, 0)].filter((first) => first <= Math.max(count - 20, 0))) {
        const top = topOf(first, count, 520);
        assert.ok(Math.abs(firstAt(top, count, 520) - first) <= (count > 307_000 ? 1 : 0), `${first} of ${count}`);
      }
    }
    assert.deepEqual([scrolledTo(5, 10, 260), scrolledTo(25, 10, 260), scrolledTo(12, 10, 260)], [5, 16, 10]);
  });
});
