/** Documents of the schema `ocsf` against the JSON Schema of OCSF 1.8.0. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SEEDED_EVENTS, corpus, type Event, type Json, type JsonObject } from "./corpus.ts";
import { convert, textOf, type Options } from "./documents.ts";
import { gap, golden } from "./gap.ts";
import { Findings, at, headersOf, isObject, lost, member, millisOf, protocolOf, rulesOf, wellFormed, type Places } from "./meaning.ts";
import { problems } from "./ocsf.ts";

const parsed = (document: Buffer): JsonObject => JSON.parse(textOf(document)) as JsonObject;
const EVENTS = corpus();
const LINES = EVENTS.map(({ line }) => line);

const text = (path: string) => (document: JsonObject, meant: string) => at(document, path) === meant;
const number = (path: string) => (document: JsonObject, meant: string) => at(document, path) === Number(meant);
/** In `unmapped`, under its own path. */
const homeless = (path: string) => (document: JsonObject, meant: string) => member(document["unmapped"], path) === meant;

const CONTINENTS: Record<string, string> = { AF: "Africa", AN: "Antarctica", AS: "Asia", EU: "Europe", NA: "North America", OC: "Oceania", SA: "South America" };

const SHARED: Places<JsonObject> = {
  type: text("metadata.log_name"),
  format: text("metadata.log_format"),
  version: (document, meant) => at(document, "metadata.log_version") === meant || Number(at(document, "metadata.log_version")) === Number(meant),
  "attackData.configId": text("metadata.tenant_uid"),
  "attackData.policyId": text("policy.uid"),
  "attackData.appliedAction": text("status_detail"),
  "httpMessage.requestId": text("metadata.original_event_uid"),
  "httpMessage.start": (document, meant) => at(document, "metadata.original_time") === meant && (document["time"] === millisOf(meant) || document["time"] === 0),
  ...Object.fromEntries(
    [
      "attackData.clientReputation", "attackData.apiId", "attackData.apiKey", "attackData.slowPostAction", "attackData.slowPostRate",
      "botData.botScore", "botData.responseSegment",
      "clientData.appBundleId", "clientData.appVersion", "clientData.sdkVersion", "clientData.telemetryType",
      "identity.tlsFingerprintV2", "identity.tlsFingerprintV3",
      ...["allow", "emailDomain", "general", "originUserId", "risk", "score", "status", "trust", "username", "uuid"].map((name) => `userRiskData.${name}`),
    ].map((path) => [path, homeless(path)]),
  ),
};

/** Where a request is described: in the activity itself, or in the evidence of a finding. */
const REQUEST: Places<JsonObject> = {
  "attackData.clientIP": text("src_endpoint.ip"),
  "httpMessage.host": (request, meant) => `${at(request, "http_request.url.url_string")}`.startsWith(`${at(request, "http_request.url.scheme")}://${meant}`),
  "httpMessage.method": text("http_request.http_method"),
  "httpMessage.path": text("http_request.url.path"),
  "httpMessage.port": number("http_request.url.port"),
  "httpMessage.protocol": (request, meant) => `http/${at(request, "http_request.version")}` === protocolOf(meant),
  "httpMessage.query": text("http_request.url.query_string"),
  "httpMessage.bytes": number("http_response.length"),
  "httpMessage.status": number("http_response.code"),
  "httpMessage.tls": text("tls.version"),
  "geo.asn": number("src_endpoint.autonomous_system.number"),
  "geo.city": text("src_endpoint.location.city"),
  "geo.continent": (request, meant) => at(request, "src_endpoint.location.continent") === CONTINENTS[meant.toUpperCase()],
  "geo.country": text("src_endpoint.location.country"),
  "geo.regionCode": (request, meant) => at(request, "src_endpoint.location.region") === `${at(request, "src_endpoint.location.country")}-${meant}`,
  "identity.ja4": (request, meant) => {
    const list = request["ja4_fingerprint_list"];
    return Array.isArray(list) && list.length === 1 && at(list[0], "value") === meant;
  },
};

/** Only an activity has them. */
const ACTIVITY: Places<JsonObject> = {
  "httpMessage.method": (document, meant) => REQUEST["httpMessage.method"]?.(document, meant) === true || document["activity_name"] === meant,
  "httpMessage.bytes": number("traffic.bytes_in"),
};

const requestOf = (document: JsonObject): JsonObject => {
  const evidences = document["evidences"];
  return Array.isArray(evidences) && isObject(evidences[0]) ? evidences[0] : document;
};

const PLACES: Places<JsonObject> = {
  ...SHARED,
  ...Object.fromEntries(
    Object.entries(REQUEST).map(([path, place]) => [
      path,
      (document: JsonObject, meant: string) => place(requestOf(document), meant) || (document["class_uid"] === 4002 && ACTIVITY[path]?.(document, meant) === true),
    ]),
  ),
};

function missing(event: Event, document: JsonObject): string[] {
  const unmapped = document["unmapped"];
  const members = at(unmapped, "members");
  const found = lost(event, document, PLACES, (path) => member(members, path));
  const compare = (what: string, actual: Json | undefined, meant: Json | undefined): void => {
    try {
      assert.deepEqual(actual, meant);
    } catch (error) {
      found.push(`${what}: ${(error as Error).message.slice(0, 600)}`);
    }
  };
  const rules = wellFormed(rulesOf(event)) as Json[];
  compare("rules", at(unmapped, "rules"), rules.length > 0 ? rules : undefined);
  compare("custom", at(unmapped, "custom"), event.meant["custom"] === undefined ? undefined : wellFormed(event.meant["custom"]));
  for (const [which, path] of [["requestHeaders", "http_request"], ["responseHeaders", "http_response"]] as const) {
    const meant = headersOf(event, which).map((line) => ("raw" in line ? { name: "", value: line.raw } : { name: line.name, value: line.value }));
    const request = requestOf(document);
    if (which === "responseHeaders" && at(request, path) === undefined) {
      // Without a code there is no response, and its headers stay as they came.
      const received = at(JSON.parse(event.line.toString()) as Json, `httpMessage.${which}`);
      if (meant.length > 0) compare(which, member(members, `httpMessage.${which}`), received);
    } else {
      compare(which, at(request, `${path}.http_headers`), meant.length > 0 ? meant : undefined);
    }
  }
  return found;
}

const KINDS: readonly (readonly [string, Options, number])[] = [
  ["http_activity", {}, 4002],
  ["detection_finding", { detection_finding: true }, 2004],
];

describe("ocsf", () => {
  for (const [name, options, uid] of KINDS) {
    describe(name, () => {
      const documents = convert("ocsf", LINES, options).map(parsed);

      test("every document is valid", (t) => {
        const findings = new Findings();
        EVENTS.forEach((event, k) => {
          const document = documents[k] ?? {};
          findings.document(event.name, document["class_uid"] === uid ? problems(document) : ["another class"]);
        });
        findings.none(`ajv, ${name}`, t);
        assert.equal(documents.length, EVENTS.length);
      });

      test("every document of a single rule is valid, with the original line", (t) => {
        const findings = new Findings();
        const single = { ...options, expand_rules: true, raw_data: true };
        const seeded = convert("ocsf", LINES.slice(0, SEEDED_EVENTS), single);
        const rules = EVENTS.slice(0, SEEDED_EVENTS).reduce((sum, event) => sum + Math.max(1, event.rules?.length ?? 0), 0);
        assert.equal(seeded.length, rules);
        for (const document of [...seeded, ...convert("ocsf", LINES.slice(SEEDED_EVENTS), single)]) findings.document("a document", problems(parsed(document)));
        findings.none(`ajv, ${name}, expand_rules`, t);
      });

      test("every value of an event is in its document", (t) => {
        const findings = new Findings();
        EVENTS.forEach((event, k) => findings.document(event.name, missing(event, documents[k] ?? {})));
        findings.none(`values, ${name}`, t);
      });
    });
  }

  test("the golden documents are valid, and those of gaps", (t) => {
    const findings = new Findings();
    for (const { name, document } of golden("ocsf")) findings.document(name, problems(JSON.parse(document) as JsonObject));
    const { document } = gap("ocsf");
    findings.document("a gap", problems(JSON.parse(document) as JsonObject));
    findings.none("ajv, golden documents", t);
    assert.equal((JSON.parse(document) as JsonObject)["class_uid"], 6008);
  });

  test("a broken document is refused", () => {
    const [activity, finding] = KINDS.map(([, options]) => convert("ocsf", LINES.slice(0, 1), options).map(parsed)[0] ?? {});
    const broken = (good: JsonObject | undefined, change: (document: Record<string, any>) => void): string[] => {
      const document = structuredClone(good ?? {});
      change(document);
      return problems(document);
    };
    for (const good of [activity, finding, JSON.parse(gap("ocsf").document) as JsonObject]) {
      assert.deepEqual(broken(good, () => {}), []);
      assert.deepEqual(broken(good, (d) => (d["extra"] = 1)), ["/ must NOT have additional properties"]);
      assert.deepEqual(broken(good, (d) => (d["time"] = "now")), ["/time must be integer"]);
      assert.deepEqual(broken(good, (d) => delete d["metadata"].product), ["/metadata must have required property 'product'"]);
      assert.notDeepEqual(broken(good, (d) => (d["severity_id"] = 42)), []);
      assert.notDeepEqual(broken(good, (d) => (d["class_uid"] = 1)), []);
    }
    assert.deepEqual(broken(activity, (d) => (d["type_uid"] = d["type_uid"] === 400201 ? 400202 : 400201)).length, 1);
    assert.notDeepEqual(broken(activity, (d) => (d["src_endpoint"].ip = "not an address")), []);
    assert.notDeepEqual(broken(activity, (d) => (d["http_request"].url = { scheme: "https" })), []);
    assert.notDeepEqual(broken(finding, (d) => (d["evidences"][0].http_response.code = "403")), []);
  });

  test("a lost value is noticed", () => {
    const event = EVENTS[0] as Event;
    const [good = {}] = convert("ocsf", [event.line]).map(parsed);
    const without = (change: (document: Record<string, any>) => void): number => {
      const document = structuredClone(good);
      change(document);
      return missing(event, document).length;
    };
    assert.equal(without(() => {}), 0);
    assert.equal(without((d) => delete d["metadata"].original_event_uid), 1);
    assert.equal(without((d) => (d["policy"].uid += " ")), 1);
    assert.equal(without((d) => delete d["unmapped"].rules[0].ruleData), 1);
    assert.equal(without((d) => d["http_request"].http_headers.pop()), 1);
  });
});
