/** Records of the schema `sentinel` against the stream that Microsoft's solution declares. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { json } from "../vectors/core.ts";
import { SEEDED_EVENTS, corpus, type Event, type Json, type JsonObject } from "./corpus.ts";
import { convert, textOf } from "./documents.ts";
import { gap, golden } from "./gap.ts";
import { Findings, SECTIONS, at, isKept, isObject, leaves, member, wellFormed } from "./meaning.ts";

interface Stream {
  columns: Record<string, "string" | "dynamic">;
  transformation: { strings: Record<string, string[]> };
}
const { columns: COLUMNS, transformation: TRANSFORMATION } = json<Stream>("schemas/sentinel/stream.json");

const FACETS = ["rules", "ruleVersions", "ruleMessages", "ruleTags", "ruleData", "ruleSelectors", "ruleActions"];

const parsed = (document: Uint8Array): JsonObject => JSON.parse(textOf(document)) as JsonObject;
const EVENTS = corpus();
const LINES = EVENTS.map(({ line }) => line);
const RECORDS = convert("sentinel", LINES).map(parsed);

/** What is wrong with a record; nothing if the service takes it whole and its transformation keeps it. */
function problems(record: JsonObject): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(record)) {
    const type = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
    // The service drops what has no column, and says nothing.
    if (type === undefined) found.push(`${name} is no column`);
    else if (type === "string" ? typeof value !== "string" : !isObject(value) && typeof value !== "string") found.push(`${name} is no ${type}`);
  }
  if (record["type"] === undefined || record["type"] === "") found.push("a record without type is dropped");
  for (const [section, members] of Object.entries(TRANSFORMATION.strings)) {
    for (const name of members) {
      const value = at(record, `${section}.${name}`);
      if (value !== undefined && typeof value !== "string") found.push(`${section}.${name} is no string`);
    }
  }
  const start = at(record, "httpMessage.start");
  const isSeconds = /^\d+(\.\d+)?$/.test(`${at(record, "httpMessage.startWithFraction") ?? start}`);
  if (isSeconds && !/^\d+$/.test(`${start}`)) found.push(`start ${start} is no whole number`);
  return found;
}

/** The rules of a record, as the platform's functions decode them. */
function rulesIn(record: JsonObject): Buffer[][] {
  return FACETS.map((name) => {
    const encoded = at(record, `attackData.${name}`);
    return typeof encoded === "string" && encoded !== "" ? decodeURIComponent(encoded).split(";").map((item) => Buffer.from(item, "base64")) : [];
  });
}

/** What the record says otherwise than the event, member by member: rules and headers stay as they came. */
function missing(event: Event, record: JsonObject): string[] {
  const received = JSON.parse(event.line.toString()) as JsonObject;
  const { type, version, format } = event.meant;
  const columns: JsonObject = Object.fromEntries(Object.entries(received).filter(([name]) => SECTIONS.includes(name)));
  const found = leaves({ ...columns, type: type ?? "akamai_siem", ...(version !== undefined && { version }), ...(format !== undefined && { format }) })
    .filter((leaf) => {
      const [section = "", ...rest] = leaf.path.split(".");
      const kept = rest.length === 0 ? record[section] : member(record[section], rest.join("."));
      if (leaf.path === "version") return Number(kept) !== Number(leaf.text) && kept !== leaf.text;
      if (leaf.path === "httpMessage.start" && /^\d+\.\d+$/.test(leaf.text)) {
        return kept !== leaf.text.split(".")[0] || at(record, "httpMessage.startWithFraction") !== leaf.text;
      }
      return !isKept(leaf, kept);
    })
    .map(({ path, text }) => `${path} ${JSON.stringify(text.slice(0, 80))}`);
  for (const name of ["attackData.rules", "httpMessage.requestHeaders", "httpMessage.responseHeaders"]) {
    if ((at(record, name) ?? "") !== (at(received, name) ?? "")) found.push(name);
  }
  const custom: Json | undefined = event.meant["custom"];
  try {
    assert.deepEqual(at(record, "attackData.custom"), custom === undefined ? undefined : wellFormed(custom));
  } catch (error) {
    found.push(`custom: ${(error as Error).message.slice(0, 600)}`);
  }
  return found;
}

describe("sentinel", () => {
  test("every record fits the columns of the stream and what is made of them", (t) => {
    const findings = new Findings();
    EVENTS.forEach(({ name }, k) => findings.document(name, problems(RECORDS[k] ?? {})));
    findings.none("stream declaration", t);
    assert.equal(RECORDS.length, EVENTS.length);
  });

  test("records of single rules fit too, and their rules are those of the event", (t) => {
    const findings = new Findings();
    const seeded = EVENTS.slice(0, SEEDED_EVENTS);
    const [records = [], others = []] = [LINES.slice(0, SEEDED_EVENTS), LINES.slice(SEEDED_EVENTS)].map((lines) => convert("sentinel", lines, { expand_rules: true }).map(parsed));
    for (const record of [...records, ...others]) findings.document("a record", problems(record));
    findings.none("stream declaration, expand_rules", t);

    const names = ["rule", "ruleVersion", "ruleMessage", "ruleTag", "ruleData", "ruleSelector", "ruleAction"];
    const meant = seeded.flatMap(({ rules }) => (rules?.length ? rules : [{}]) as Record<string, string>[]);
    assert.equal(records.length, meant.length);
    meant.forEach((rule, k) => {
      const bytes = names.map((name) => {
        const base64 = rule[`${name}Base64`];
        return base64 === undefined ? Buffer.from(rule[name] ?? "") : Buffer.from(base64, "base64");
      });
      const found = rulesIn(records[k] ?? {});
      // No item, or an empty one.
      bytes.forEach((item, facet) => assert.ok((found[facet]?.[0] ?? Buffer.of()).equals(item) && (found[facet]?.length ?? 0) <= 1, `record ${k}`));
    });
  });

  test("what the event says is in its columns", (t) => {
    const findings = new Findings();
    EVENTS.forEach((event, k) => findings.document(event.name, missing(event, RECORDS[k] ?? {})));
    findings.none("values", t);
  });

  test("the golden records fit too, and those of gaps", (t) => {
    const findings = new Findings();
    for (const { name, document } of golden("sentinel")) findings.document(name, problems(JSON.parse(document) as JsonObject));
    findings.document("a gap", problems(JSON.parse(gap("sentinel").document) as JsonObject));
    findings.none("stream declaration, golden documents", t);
  });

  test("a broken record is refused, and a lost value noticed", () => {
    const event = EVENTS[0] as Event;
    const changed = (change: (record: Record<string, any>) => void): string[] => {
      const record = structuredClone(RECORDS[0] ?? {});
      change(record);
      return [...problems(record), ...missing(event, record)];
    };
    assert.deepEqual(changed(() => {}), []);
    assert.deepEqual(changed((r) => (r["custom"] = {})), ["custom is no column"]);
    assert.deepEqual(changed((r) => (r["version"] = 1)), ["version is no string"]);
    assert.deepEqual(changed((r) => (r["attackData"].extra = 1)), []);
    assert.deepEqual(changed((r) => delete r["type"]), ["a record without type is dropped", 'type "akamai_siem"']);
    assert.deepEqual(changed((r) => (r["httpMessage"].status = 403)).length, 2);
    assert.deepEqual(changed((r) => (r["httpMessage"].start = "1791000000.5")).length, 2);
    assert.deepEqual(changed((r) => delete r["attackData"].rules), ["attackData.rules"]);
    assert.deepEqual(changed((r) => (r["httpMessage"].responseHeaders += "%20")), ["httpMessage.responseHeaders"]);
    assert.deepEqual(changed((r) => delete r["geo"].country), ['geo.country "BR"']);
  });
});
