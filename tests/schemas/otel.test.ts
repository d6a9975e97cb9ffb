/** Documents of the schema `otel` through the official messages of OpenTelemetry, and back. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { corpus, type Event, type Json, type JsonObject } from "./corpus.ts";
import { convert, python, textOf } from "./documents.ts";
import { gap, golden } from "./gap.ts";
import { Findings, headersOf, isObject, lost, member, protocolOf, rulesOf, tlsOf, wellFormed, type Places } from "./meaning.ts";

const EVENTS = corpus();
const LINES = EVENTS.map(({ line }) => line);
const DOCUMENTS = convert("otel", LINES);
/** The official messages take three milliseconds a record. */
const EXPANDED_EVENTS = 1_000;

/** What the round trip says about each document. */
function roundTrip(documents: readonly Uint8Array[]): string[][] {
  return python("otel_round_trip.py", documents).map((answer) => JSON.parse(textOf(answer)) as string[]);
}

/** An `AnyValue` as a value: integers as text, because they have 64 bits. */
function plain(value: Json | undefined): Json {
  const [kind, content] = Object.entries(isObject(value) ? value : {})[0] ?? [];
  switch (kind) {
    case "stringValue":
    case "intValue":
      return content ?? null;
    case "arrayValue":
      return (member(content, "values") as Json[]).map(plain);
    case "kvlistValue":
      return attributesOf(member(content, "values"));
    default:
      throw new TypeError(`${kind} is no kind of value that the schema promises`);
  }
}

function attributesOf(list: Json | undefined): JsonObject {
  return Object.fromEntries((list as JsonObject[]).map(({ key, value }) => [key as string, plain(value)]));
}

interface Log {
  record: JsonObject;
  attributes: JsonObject;
}

function logOf(document: Buffer): Log {
  const record = JSON.parse(textOf(document)) as JsonObject;
  return { record, attributes: attributesOf(record["attributes"]) };
}

const text = (key: string) => ({ attributes }: Log, meant: string) => member(attributes, key) === meant;
const number = (key: string) => ({ attributes }: Log, meant: string) => {
  const found = member(attributes, key);
  return typeof found === "string" && /^\d+$/.test(meant) && BigInt(found) === BigInt(meant);
};

/** By the semantic conventions where they have an attribute. */
const PLACES: Places<Log> = {
  type: (_, meant) => meant === "akamai_siem",
  format: (_, meant) => meant === "json",
  version: ({ attributes }, meant) => attributes["akamai.siem.version"] === meant || Number(attributes["akamai.siem.version"]) === Number(meant),
  "attackData.clientIP": text("client.address"),
  "attackData.configId": text("akamai.siem.config_id"),
  "attackData.policyId": text("akamai.siem.policy_id"),
  "attackData.appliedAction": text("akamai.siem.applied_action"),
  "attackData.clientReputation": text("akamai.siem.client_reputation"),
  "attackData.apiId": text("akamai.siem.api_id"),
  "attackData.apiKey": text("akamai.siem.api_key"),
  "attackData.slowPostAction": text("akamai.siem.slow_post_action"),
  "attackData.slowPostRate": number("akamai.siem.slow_post_rate"),
  "httpMessage.bytes": number("http.response.size"),
  "httpMessage.host": ({ attributes }, meant) => `${attributes["url.full"]}`.startsWith(`${attributes["url.scheme"]}://${meant}`),
  "httpMessage.method": ({ attributes }, meant) => {
    const [method, original] = [attributes["http.request.method"], attributes["http.request.method_original"]];
    return method === "_OTHER" ? original === meant : method === meant;
  },
  "httpMessage.path": text("url.path"),
  "httpMessage.port": number("server.port"),
  "httpMessage.protocol": ({ attributes }, meant) => `${attributes["network.protocol.name"]}/${attributes["network.protocol.version"]}` === protocolOf(meant),
  "httpMessage.query": text("url.query"),
  "httpMessage.requestId": text("akamai.siem.request_id"),
  "httpMessage.start": ({ record }, meant) => /^\d+(\.\d+)?$/.test(meant) && record["timeUnixNano"] === nanosOf(meant),
  "httpMessage.status": number("http.response.status_code"),
  "httpMessage.tls": ({ attributes }, meant) => `${attributes["tls.protocol.name"]}${attributes["tls.protocol.version"]}` === tlsOf(meant),
  "geo.asn": number("akamai.siem.geo.asn"),
  "geo.city": text("geo.locality.name"),
  "geo.continent": text("geo.continent.code"),
  "geo.country": text("geo.country.iso_code"),
  "geo.regionCode": ({ attributes }, meant) => attributes["geo.region.iso_code"] === `${attributes["geo.country.iso_code"]}-${meant}`,
  "botData.botScore": number("akamai.siem.bot.score"),
  "botData.responseSegment": number("akamai.siem.bot.response_segment"),
  "clientData.appBundleId": text("akamai.siem.client_data.app_bundle_id"),
  "clientData.appVersion": text("akamai.siem.client_data.app_version"),
  "clientData.sdkVersion": text("akamai.siem.client_data.sdk_version"),
  "clientData.telemetryType": number("akamai.siem.client_data.telemetry_type"),
  "identity.ja4": text("akamai.siem.identity.ja4"),
  "identity.tlsFingerprintV2": text("akamai.siem.identity.tls_fingerprint_v2"),
  "identity.tlsFingerprintV3": text("akamai.siem.identity.tls_fingerprint_v3"),
  "userRiskData.allow": number("akamai.siem.user_risk.allow"),
  "userRiskData.emailDomain": text("akamai.siem.user_risk.email_domain"),
  "userRiskData.general": text("akamai.siem.user_risk.general"),
  "userRiskData.originUserId": text("akamai.siem.user_risk.origin_user_id"),
  "userRiskData.risk": text("akamai.siem.user_risk.risk"),
  "userRiskData.score": number("akamai.siem.user_risk.score"),
  "userRiskData.status": number("akamai.siem.user_risk.status"),
  "userRiskData.trust": text("akamai.siem.user_risk.trust"),
  "userRiskData.username": text("user.name"),
  "userRiskData.uuid": text("user.id"),
};

function nanosOf(seconds: string): string {
  const [whole = "0", fraction = ""] = seconds.split(".");
  return String(BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9)));
}

const facet = (name: string): string => {
  const [, plainName = "", base64] = /^(.*?)(Base64)?$/.exec(name) ?? [];
  const short = plainName === "rule" ? "id" : plainName.slice("rule".length).toLowerCase();
  return base64 === undefined ? short : `${short}_base64`;
};

/** Headers by their names in lower case, and those without a name that can be a part of a key. */
function headers(event: Event): JsonObject {
  const found: Record<string, string[]> = {};
  const add = (key: string, value: string): void => {
    found[key] = [...(found[key] ?? []), value];
  };
  for (const which of ["request", "response"] as const) {
    for (const line of headersOf(event, `${which}Headers`)) {
      if ("raw" in line) add(`akamai.siem.${which}.unnamed_headers`, line.raw);
      else if (line.name === "") add(`akamai.siem.${which}.unnamed_headers`, `: ${line.value}`);
      else add(`http.${which}.header.${line.name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`, line.value);
    }
  }
  return found;
}

function missing(event: Event, log: Log): string[] {
  const unmapped = log.attributes["akamai.siem.unmapped"];
  const found = lost(event, log, PLACES, (path) => member(unmapped, path));
  const compare = (what: string, actual: Json | undefined, meant: Json | undefined): void => {
    try {
      assert.deepEqual(actual, meant);
    } catch (error) {
      found.push(`${what}: ${(error as Error).message.slice(0, 600)}`);
    }
  };
  const rules = wellFormed(rulesOf(event, facet)) as Json[];
  compare("rules", log.attributes["akamai.siem.rules"], rules.length > 0 ? rules : undefined);
  compare("headers", Object.fromEntries(Object.entries(log.attributes).filter(([key]) => /\.header\.|\.unnamed_headers$/.test(key))), headers(event));
  const custom = event.meant["custom"];
  compare("custom", log.attributes["akamai.siem.custom"], custom === undefined ? undefined : wellFormed(custom));
  compare("body", plain(log.record["body"]), event.line.toString());
  return found;
}

describe("otel", () => {
  test("every record survives the official messages, and has each key once", (t) => {
    const findings = new Findings();
    const answers = roundTrip(DOCUMENTS);
    EVENTS.forEach(({ name }, k) => findings.document(name, answers[k] ?? ["no answer"]));
    findings.none("opentelemetry-proto", t);
    assert.equal(DOCUMENTS.length, EVENTS.length);
  });

  test("every value of an event is in its record", (t) => {
    const findings = new Findings();
    EVENTS.forEach((event, k) => findings.document(event.name, missing(event, logOf(DOCUMENTS[k] ?? Buffer.of()))));
    findings.none("values", t);
  });

  test("records of single rules survive too, one for each rule", (t) => {
    const findings = new Findings();
    const seeded = EVENTS.slice(0, EXPANDED_EVENTS);
    const documents = convert("otel", seeded.map(({ line }) => line), { expand_rules: true });
    const meant = seeded.flatMap(({ rules }) => (rules?.length ? rules.map((_, k) => String(k)) : [undefined]));
    assert.equal(documents.length, meant.length);
    roundTrip(documents).forEach((found, k) => {
      const rule = logOf(documents[k] ?? Buffer.of()).attributes["akamai.siem.rule_number"];
      findings.document(`document ${k}`, rule === meant[k] ? found : [...found, `rule ${rule}, not ${meant[k]}`]);
    });
    findings.none("opentelemetry-proto, expand_rules", t);
  });

  test("an attribute has the same kind of value in every record", () => {
    const kinds = new Map<string, string>();
    for (const document of DOCUMENTS) {
      const { attributes } = JSON.parse(textOf(document)) as { attributes: { key: string; value: JsonObject }[] };
      for (const { key, value } of attributes) {
        const kind = Object.keys(value).join();
        if (!kinds.has(key)) kinds.set(key, kind);
        assert.equal(kind, kinds.get(key), key);
      }
    }
    assert.ok(kinds.size > 40, `${kinds.size} attributes`);
  });

  test("the golden records survive too, and those of gaps", (t) => {
    const findings = new Findings();
    const documents = [...golden("otel"), { name: "a gap", document: gap("otel").document }];
    const answers = roundTrip(documents.map(({ document }) => Buffer.from(document)));
    documents.forEach(({ name }, k) => findings.document(name, answers[k] ?? ["no answer"]));
    findings.none("opentelemetry-proto, golden documents", t);
  });

  test("a broken record is refused", () => {
    const good = JSON.parse(textOf(DOCUMENTS[0] ?? Buffer.of())) as Record<string, any>;
    const changes: [problem: RegExp, change: (record: Record<string, any>) => void][] = [
      [/no field named "extra"/, (r) => (r["extra"] = 1)],
      [/no field named "text"/, (r) => (r["attributes"][0].value = { text: "x" })],
      [/timeUnixNano/, (r) => (r["timeUnixNano"] = "-1")],
      [/intValue/, (r) => (r["attributes"][0].value = { intValue: "1.5" })],
      [/a key comes twice: client\.address/, (r) => r["attributes"].push(r["attributes"][0])],
      [/another document/, (r) => (r["attributes"][0].value = { intValue: 7 })],
      [/oneof/, (r) => (r["body"] = { stringValue: "a", intValue: "1" })],
    ];
    const broken = changes.map(([, change]) => {
      const record = structuredClone(good);
      change(record);
      return record;
    });
    const answers = roundTrip([good, ...broken].map((record) => Buffer.from(JSON.stringify(record))));
    assert.deepEqual(answers[0], []);
    changes.forEach(([problem], k) => assert.match(answers[k + 1]?.join() ?? "", problem));
    assert.match(roundTrip([Buffer.from('{"timeUnixNano":"1","timeUnixNano":"2"}'), Buffer.from("{")]).join(), /comes twice.*Expecting/);
  });

  test("a lost value is noticed", () => {
    const event = EVENTS[0] as Event;
    const without = (change: (log: { record: Record<string, any>; attributes: Record<string, any> }) => void): number => {
      const log = logOf(DOCUMENTS[0] ?? Buffer.of());
      change(log);
      return missing(event, log).length;
    };
    assert.equal(without(() => {}), 0);
    assert.equal(without((log) => delete log.attributes["akamai.siem.request_id"]), 1);
    assert.equal(without((log) => (log.attributes["client.address"] += " ")), 1);
    assert.equal(without((log) => delete log.attributes["akamai.siem.rules"][0].data), 1);
    assert.equal(without((log) => delete log.attributes["http.request.header.cookie"]), 1);
    assert.equal(without((log) => (log.record["timeUnixNano"] = "1")), 1);
  });
});
