/** Events of Trend Micro Cloud App Security in each schema, against the validators that Akamai's are held against. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeEvent, PageDecoder, schemaNames, type SchemaTable } from "../vectors/core.ts";
import { parse } from "./cef.ts";
import type { Json, JsonObject } from "./corpus.ts";
import { convert, python, textOf, type SchemaName } from "./documents.ts";
import { problems as ecsProblems } from "./ecs.ts";
import { Findings, isObject, wellFormed } from "./meaning.ts";
import { problems as ocsfProblems } from "./ocsf.ts";
import { KINDS, LISTS, TIMES, VECTORS, casEvents, type CasEvent } from "./trend-micro-events.ts";

const EVENTS = casEvents();
const LINES = EVENTS.map(({ line }) => line);
const OF_CAS = { events: "trend-micro-cas" } as const;
const SCHEMAS = ["decoded", "raw", "ecs", "cef", "ocsf", "otel"] as const;

const documents = new Map<string, readonly Buffer[]>();
function documentsOf(schema: SchemaName): readonly Buffer[] {
  const found = documents.get(schema) ?? convert(schema, LINES, OF_CAS);
  documents.set(schema, found);
  return found;
}

const textAt = (schema: SchemaName, k: number): string => textOf(documentsOf(schema)[k] ?? Buffer.of());
const objectAt = (schema: SchemaName, k: number): JsonObject => JSON.parse(textAt(schema, k)) as JsonObject;

/** Every text and number of a document, as text; and what of its texts is JSON of a list or an object. */
function* texts(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* texts(item);
  else if (isObject(value)) for (const inner of Object.values(value)) yield* texts(inner);
  else if (value !== null) yield String(value);
}

/** What is neither null nor empty of `meant`, with its path; of lists that have places, each item, unless they have lists in them. */
function* leaves(meant: JsonObject, path = ""): Generator<[path: string, value: Json]> {
  for (const [name, value] of Object.entries(meant)) {
    const isInner = path === "" && name === "message" && isObject(value);
    if (isInner) yield* leaves(value, "message.");
    else if (LISTS.includes(name) && Array.isArray(value) && !value.some((item) => item !== null && typeof item === "object")) {
      for (const item of value) if (item !== "" && item !== null) yield [path + name, item];
    } else if (value !== null && value !== "") yield [path + name, value];
  }
}

/** RFC 3339, whose zone may be missing. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;

/** Values of an event that its document does not have, wherever in it. */
function lost(event: CasEvent, document: JsonObject): string[] {
  const found = new Set(texts(document));
  const composites = [...found].filter((text) => /^[[{]/.test(text));
  const isKept = (value: Json): boolean => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    // Angle brackets around an address say nothing.
    if (found.has(text) || found.has(text.replace(/^<([^<>]*)>$/, "$1"))) return true;
    // As an item of a list that is kept as JSON, or as such a list.
    return composites.some((json) => json === text || (typeof value === "string" && json.includes(JSON.stringify(value))));
  };
  return [...leaves(wellFormed(event.meant ?? {}) as JsonObject)]
    .filter(([path, value]) => {
      const isTime = TIMES.includes(path.replace("message.", "")) && typeof value === "string" && TIME.test(value);
      if (!isTime) return !isKept(value);
      const date = new Date(/Z|[+-]\d\d:\d\d$/.test(value) ? value : `${value}Z`);
      return ![date.toISOString(), String(date.getTime()), `${date.getTime()}000000`, value, `${value}Z`].some((text) => found.has(text));
    })
    .map(([path, value]) => `${path} ${JSON.stringify(value).slice(0, 80)}`);
}

describe("events of Trend Micro Cloud App Security", () => {
  test("there are as many documents as events, in every schema", (t) => {
    for (const schema of SCHEMAS) assert.equal(documentsOf(schema).length, EVENTS.length, schema);
    t.diagnostic(`${EVENTS.length} events`);
  });

  test("ecs: every document has only fields that ECS knows, with their types and allowed values", (t) => {
    const findings = new Findings();
    EVENTS.forEach(({ name }, k) => findings.document(name, ecsProblems(objectAt("ecs", k))));
    findings.none("@elastic/ecs", t);
  });

  test("ecs: a field of the vendor has the same type in every document, and what is flattened has texts only", () => {
    const types = new Map<string, string>();
    const check = (path: string, value: Json): void => {
      for (const item of [value].flat()) {
        const type = typeof item;
        assert.equal(types.get(path) ?? type, type, path);
        types.set(path, type);
        if (!isObject(item)) continue;
        for (const [name, inner] of Object.entries(item)) {
          assert.ok(name !== "" && !name.includes("\0"), path);
          if (path.endsWith(".unmapped")) assert.equal(typeof inner, "string", name);
          else check(`${path}.${name}`, inner);
        }
      }
    };
    EVENTS.forEach((_, k) => check("trend_micro", objectAt("ecs", k)["trend_micro"] ?? {}));
    assert.ok(types.size > 15, `${types.size} fields`);
  });

  test("ocsf: every document is valid, and of the class that its kind of event has", (t) => {
    const findings = new Findings();
    const classes = new Map<string, number>();
    EVENTS.forEach(({ name }, k) => {
      const document = objectAt("ocsf", k);
      findings.document(name, ocsfProblems(document));
      const kind = String(document["class_uid"]);
      classes.set(kind, (classes.get(kind) ?? 0) + 1);
    });
    findings.none("OCSF 1.8.0", t);
    assert.deepEqual([...classes.keys()].sort(), ["2004", "2006", "4009"]);
    t.diagnostic(JSON.stringify(Object.fromEntries(classes)));
  });

  test("cef: a strict parser takes every line, and its header is the documented one with its last bar", (t) => {
    const findings = new Findings();
    EVENTS.forEach(({ name }, k) => {
      const { header } = parse(textAt("cef", k));
      findings.document(name, header.slice(0, 4).join("|") === "CEF:0|Trend Micro|CAS|5.0" ? [] : [header.join("|")]);
    });
    findings.none("strict parser", t);
  });

  test("otel: every record survives the official messages, and has each key once", (t) => {
    const findings = new Findings();
    const answers = python("otel_round_trip.py", documentsOf("otel"));
    EVENTS.forEach(({ name }, k) => findings.document(name, JSON.parse(textOf(answers[k] ?? Buffer.from('["no answer"]'))) as string[]));
    findings.none("opentelemetry-proto", t);
  });

  test("every value of an event is in its document", (t) => {
    for (const schema of ["ecs", "ocsf", "otel"] as const) {
      const findings = new Findings();
      EVENTS.forEach((event, k) => {
        const { body: _, ...document } = wellFormed(objectAt(schema, k)) as JsonObject;
        findings.document(event.name, lost(event, document));
      });
      findings.none(`values in ${schema}`, t);
    }
  });

  test("a lost value is noticed", () => {
    const k = EVENTS.findIndex(({ name }) => name === `only affected_user in ${KINDS[0]}`);
    const event = EVENTS[k];
    assert.ok(event !== undefined);
    assert.deepEqual(lost(event, objectAt("ecs", k)), []);
    assert.deepEqual(lost(event, { event: {} }), ['event "security_risk_scan"', 'message.affected_user "text"']);
  });

  test("raw is the line, and so is decoded but for times and lists", () => {
    EVENTS.forEach(({ name, line, meant }, k) => {
      assert.ok(textAt("raw", k) === line.toString(), name);
      const message = meant?.["message"];
      if (!isObject(message)) return;
      const { message: decoded, ...outer } = objectAt("decoded", k);
      assert.ok(isObject(decoded), name);
      assert.deepEqual({ ...outer, message }, meant, name);
      for (const [member, value] of Object.entries(message)) {
        if (LISTS.includes(member)) assert.ok(Array.isArray(decoded[member]), `${name}: ${member}`);
        else if (!TIMES.includes(member)) assert.deepEqual(decoded[member], value, `${name}: ${member}`);
      }
    });
  });
});

describe("the npm package", () => {
  test("knows which schemas there are for which events", () => {
    assert.deepEqual(schemaNames("trend-micro-cas").sort(), [...SCHEMAS].sort());
    assert.ok(schemaNames("akamai-siem").includes("sentinel"));
    assert.deepEqual(schemaNames(), schemaNames("akamai-siem"));
  });

  test("makes of each vector exactly the expected document", () => {
    assert.ok(VECTORS.length >= 18);
    for (const { name, line, documents: expected } of VECTORS) {
      for (const schema of SCHEMAS) assert.equal(decodeEvent(line, { name: schema, ...OF_CAS }), expected[schema], `${schema}: ${name}`);
    }
  });

  test("makes lines of documents of lines of events, however they are cut", () => {
    const vectors = VECTORS.filter(({ line }) => !/[\r\n]/.test(line));
    const body = Buffer.from([...vectors.map(({ line }) => line), "no event"].join("\n"));
    for (const size of [100, 100_000]) {
      using decoder = new PageDecoder(undefined, { name: "ecs", ...OF_CAS });
      const out: Uint8Array[] = [];
      for (let at = 0; at < body.length; at += size) out.push(decoder.push(body.subarray(at, at + size)));
      const end = decoder.finish();
      const lines = Buffer.concat([...out, end.decoded]).toString().split("\n").slice(0, -1);
      assert.deepEqual(lines, vectors.map(({ documents: expected }) => expected["ecs"]));
      assert.deepEqual([decoder.counts.events, decoder.counts.rejected], [vectors.length, 1]);
    }
  });

  test("refuses schemas and options that these events do not have, with the reason", () => {
    for (const [table, reason] of [
      [{ name: "sentinel", ...OF_CAS }, /it is Akamai's/],
      [{ name: "elastic-integration", ...OF_CAS }, /it is Akamai's/],
      [{ name: "ecs", expand_rules: true, ...OF_CAS }, /one document/],
      [{ name: "ocsf", detection_finding: true, ...OF_CAS }, /follows from what it reports/],
      [{ name: "ecs", events: "syslog" }, /no such events/],
    ] as const) {
      assert.throws(() => decodeEvent("{}", table as unknown as SchemaTable), reason);
    }
  });
});
