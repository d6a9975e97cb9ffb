/** Documents of the schema `ecs` against Elastic's own list of fields. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { corpus, type Event, type Json, type JsonObject } from "./corpus.ts";
import { convert, textOf } from "./documents.ts";
import { ECS_VERSION, problems } from "./ecs.ts";
import { gap, golden } from "./gap.ts";
import { Findings, at, headersOf, isObject, lost, member, millisOf, protocolOf, rulesOf, tlsOf, wellFormed, type HeaderLine, type Places } from "./meaning.ts";

const parsed = (document: Buffer): JsonObject => JSON.parse(textOf(document)) as JsonObject;
const EVENTS = corpus();
const DOCUMENTS = convert("ecs", EVENTS.map(({ line }) => line)).map(parsed);

/** Objects under `akamai.siem` whose names come from outside, and which are mapped as `flattened`. */
const FLATTENED = [
  "request.headers", "response.headers", "custom", "unmapped", "user_risk.risk", "user_risk.trust", "user_risk.general",
].map((path) => `akamai.siem.${path}`);

const text = (path: string) => (document: JsonObject, meant: string) => at(document, path) === meant;
const number = (path: string) => (document: JsonObject, meant: string) => at(document, path) === Number(meant);
/** `name:value` pairs, of which each must be there. */
const indicators = (path: string) => (document: JsonObject, meant: string) => {
  const found = at(document, path);
  return isObject(found) && meant.split("|").every((pair) => {
    const [name = "", ...rest] = pair.split(":");
    return member(found, name) === rest.join(":");
  });
};

/** By the names of Elastic's Akamai integration. */
const PLACES: Places<JsonObject> = {
  type: (_, meant) => meant === "akamai_siem",
  format: (_, meant) => meant === "json",
  version: (document, meant) => Number(at(document, "akamai.siem.version")) === Number(meant) || at(document, "akamai.siem.version") === meant,
  "attackData.clientIP": text("source.address"),
  "attackData.configId": text("akamai.siem.config_id"),
  "attackData.policyId": text("akamai.siem.policy_id"),
  "attackData.appliedAction": text("akamai.siem.applied_action"),
  "attackData.clientReputation": text("akamai.siem.client_reputation"),
  "attackData.apiId": text("akamai.siem.api_id"),
  "attackData.apiKey": text("akamai.siem.api_key"),
  "attackData.slowPostAction": text("akamai.siem.slow_post_action"),
  "attackData.slowPostRate": number("akamai.siem.slow_post_rate"),
  "httpMessage.bytes": number("http.response.bytes"),
  "httpMessage.host": (document, meant) => `${at(document, "url.full")}`.startsWith(`${at(document, "url.scheme")}://${meant}`),
  "httpMessage.method": text("http.request.method"),
  "httpMessage.path": (document, meant) => `${at(document, "url.original")}`.startsWith(meant),
  "httpMessage.port": number("url.port"),
  "httpMessage.protocol": (document, meant) => `${at(document, "network.protocol")}/${at(document, "http.version")}` === protocolOf(meant),
  "httpMessage.query": (document, meant) => `${at(document, "url.original")}`.endsWith(`?${meant}`),
  "httpMessage.requestId": text("http.request.id"),
  "httpMessage.start": (document, meant) =>
    Date.parse(`${at(document, "@timestamp")}`) === millisOf(meant) && at(document, "event.start") === at(document, "@timestamp"),
  "httpMessage.status": number("http.response.status_code"),
  "httpMessage.tls": (document, meant) => `${at(document, "tls.version_protocol")}${at(document, "tls.version")}` === tlsOf(meant),
  "geo.asn": number("source.as.number"),
  "geo.city": text("source.geo.city_name"),
  "geo.continent": text("source.geo.continent_code"),
  "geo.country": text("source.geo.country_iso_code"),
  "geo.regionCode": (document, meant) => at(document, "source.geo.region_iso_code") === `${at(document, "source.geo.country_iso_code")}-${meant}`,
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
  "userRiskData.general": indicators("akamai.siem.user_risk.general"),
  "userRiskData.originUserId": text("akamai.siem.user_risk.origin_user_id"),
  "userRiskData.risk": indicators("akamai.siem.user_risk.risk"),
  "userRiskData.score": number("akamai.siem.user_risk.score"),
  "userRiskData.status": number("akamai.siem.user_risk.status"),
  "userRiskData.trust": indicators("akamai.siem.user_risk.trust"),
  "userRiskData.username": text("user.name"),
  "userRiskData.uuid": text("akamai.siem.user_risk.uuid"),
};

const FACETS: Record<string, string> = { rule: "rules" };
const facet = (name: string): string => {
  const [, plain = "", base64 = ""] = /^(.*?)(Base64)?$/.exec(name) ?? [];
  return `${FACETS[plain] ?? `${plain}s`.replace("Datas", "Data")}${base64}`;
};

/** `akamai.siem.request` or `.response`. */
function headers(lines: readonly HeaderLine[]): JsonObject {
  const named = new Map<string, string[]>();
  const unnamed: string[] = [];
  for (const line of lines) {
    if ("raw" in line) unnamed.push(line.raw);
    else if (line.name === "" || line.name.includes("\0")) unnamed.push(`${line.name}: ${line.value}`);
    else named.set(line.name, [...(named.get(line.name) ?? []), line.value]);
  }
  const object = Object.fromEntries([...named].map(([name, values]): [string, Json] => [name, values.length === 1 ? values[0] ?? "" : values]));
  return { ...(named.size > 0 && { headers: object }), ...(unnamed.length > 0 && { unnamed_headers: unnamed }) };
}

function missing(event: Event, document: JsonObject): string[] {
  const unmapped = at(document, "akamai.siem.unmapped");
  const found = lost(event, document, PLACES, (path) => member(unmapped, path.replaceAll("\0", "_")));
  const compare = (what: string, actual: Json | undefined, meant: Json | undefined): void => {
    try {
      assert.deepEqual(actual, meant);
    } catch (error) {
      found.push(`${what}: ${(error as Error).message.slice(0, 600)}`);
    }
  };
  const orNothing = <T extends object>(value: T): T | undefined => (Object.keys(value).length > 0 ? value : undefined);
  compare("rules", at(document, "akamai.siem.rules"), orNothing(wellFormed(rulesOf(event, facet)) as JsonObject[]));
  compare("request", at(document, "akamai.siem.request"), orNothing(headers(headersOf(event, "requestHeaders"))));
  compare("response", at(document, "akamai.siem.response"), orNothing(headers(headersOf(event, "responseHeaders"))));
  compare("custom", at(document, "akamai.siem.custom"), event.meant["custom"] === undefined ? undefined : wellFormed(event.meant["custom"]));
  return found;
}

/** Each field of `document` with its type, arrays as their items. */
function* typed(value: Json, path: string): Generator<[string, string]> {
  if (Array.isArray(value)) for (const item of value) yield* typed(item, path);
  else if (!isObject(value)) yield [path, value === null ? "null" : typeof value];
  else {
    yield [path, "object"];
    if (!FLATTENED.includes(path)) for (const [name, inner] of Object.entries(value)) yield* typed(inner, `${path}.${name}`);
  }
}

describe("ecs", () => {
  test("every document has only fields that ECS knows, with their types and allowed values", (t) => {
    const findings = new Findings();
    EVENTS.forEach(({ name }, k) => findings.document(name, problems(DOCUMENTS[k] ?? {})));
    findings.none("@elastic/ecs", t);
    assert.equal(DOCUMENTS.length, EVENTS.length);
  });

  test("documents of single rules, with the original line, have too", (t) => {
    const findings = new Findings();
    const documents = convert("ecs", EVENTS.map(({ line }) => line), { expand_rules: true, event_original: true });
    assert.ok(documents.length > EVENTS.length);
    for (const document of documents) findings.document("a document", problems(parsed(document)));
    findings.none("@elastic/ecs, expand_rules", t);
  });

  test("the golden documents have too, and those of gaps", (t) => {
    const findings = new Findings();
    for (const { name, document } of golden("ecs")) findings.document(name, problems(JSON.parse(document)));
    findings.document("a gap", problems(JSON.parse(gap("ecs").document)));
    findings.none("@elastic/ecs, golden documents", t);
  });

  test("a field of the vendor has the same type in every document", () => {
    const types = new Map<string, string>();
    for (const [k, document] of DOCUMENTS.entries()) {
      for (const [path, type] of typed(document["akamai"] ?? {}, "akamai")) {
        if (!types.has(path)) types.set(path, type);
        assert.equal(type, types.get(path), `${path} of ${EVENTS[k]?.name}`);
      }
    }
    assert.ok(types.size > 40, `${types.size} fields`);
    for (const path of FLATTENED) assert.equal(types.get(path), "object", path);
  });

  test("a flattened object has texts only, but for what the customer wrote", () => {
    for (const document of DOCUMENTS) {
      for (const path of FLATTENED.filter((one) => !one.endsWith(".custom"))) {
        for (const [name, value] of Object.entries(at(document, path) ?? {})) {
          assert.ok(!name.includes("\0") && name !== "", path);
          assert.ok([value].flat().every((item) => typeof item === "string"), `${path}: ${name}`);
        }
      }
    }
  });

  test("every value of an event is in its document", (t) => {
    const findings = new Findings();
    EVENTS.forEach((event, k) => findings.document(event.name, missing(event, DOCUMENTS[k] ?? {})));
    findings.none("values", t);
  });

  test("a broken document is refused", () => {
    const good = DOCUMENTS[0] ?? {};
    const broken = (change: (document: Record<string, any>) => void): string[] => {
      const document = structuredClone(good);
      change(document);
      return problems(document);
    };
    assert.equal(ECS_VERSION, "9.4.0");
    assert.deepEqual(broken(() => {}), []);
    assert.deepEqual(broken((d) => (d["event"].type = ["blocked"])), ['event.type may not be "blocked"', 'event.type "blocked" is not expected with ["web","intrusion_detection"]']);
    assert.deepEqual(broken((d) => (d["event"].type = ["start"])), ['event.type "start" is not expected with ["web","intrusion_detection"]']);
    assert.deepEqual(broken((d) => (d["event"].type = "denied")), ["event.type must be an array"]);
    assert.deepEqual(broken((d) => (d["http"].response.status_code = "403")), ['http.response.status_code is "403", no long']);
    assert.deepEqual(broken((d) => (d["source"].ip = "192.0.2.256")), ['source.ip is "192.0.2.256", no ip']);
    assert.deepEqual(broken((d) => (d["@timestamp"] = "2026-13-01T00:00:00.000Z")), ['@timestamp is "2026-13-01T00:00:00.000Z", no date']);
    assert.deepEqual(broken((d) => (d["url"].host = "a")), ["url.host is no field"]);
    assert.deepEqual(broken((d) => (d["rules"] = "a")), ["rules is no field"]);
    assert.deepEqual(broken((d) => (d["http"] = {})), ["http is empty"]);
    assert.deepEqual(broken((d) => delete d["ecs"].version), ["ecs is empty", "ecs.version is required"]);
  });

  test("a lost value is noticed", () => {
    const event = EVENTS[0]!;
    const without = (change: (document: Record<string, any>) => void): number => {
      const document = structuredClone(DOCUMENTS[0] ?? {});
      change(document);
      return missing(event, document).length;
    };
    assert.equal(without(() => {}), 0);
    assert.equal(without((d) => delete d["http"].request.id), 1);
    assert.equal(without((d) => (d["source"].address += " ")), 1);
    assert.equal(without((d) => delete d["akamai"].siem.rules[0].ruleData), 1);
    assert.equal(without((d) => delete d["akamai"].siem.request.headers.Cookie), 1);
  });
});
