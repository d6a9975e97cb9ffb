/** Events that were made to break what reads them, from plain values, so that it is known what each of them means. */

import { FACET_NAMES, type Facet, type FacetName } from "../emulator/encoding.ts";
import { plainEvent, type PlainEvent } from "../emulator/plain.ts";
import { renderLine } from "../emulator/render.ts";
import type { JsonObject } from "./corpus.ts";
import { LONG_TEXTS, TEXTS } from "./texts.ts";

export interface Hostile {
  name: string;
  plain: PlainEvent;
  /** Its line, and what that means beyond the plain values. */
  edit: (plain: PlainEvent, document: JsonObject) => { line: Buffer; meant: JsonObject };
}

/** Bytes of base64 that make a line of 5 MB. */
const LONG_DATA_BYTES = 3_600_000;

const SECTIONS = {
  attackData: ["clientIP", "configId", "policyId", "appliedAction", "clientReputation", "apiId", "apiKey", "slowPostAction", "slowPostRate"],
  httpMessage: ["bytes", "host", "method", "path", "port", "protocol", "query", "requestId", "start", "status", "tls"],
  geo: ["asn", "city", "continent", "country", "regionCode"],
  botData: ["botScore", "responseSegment"],
  clientData: ["appBundleId", "appVersion", "sdkVersion", "telemetryType"],
  identity: ["ja4", "tlsFingerprintV2", "tlsFingerprintV3"],
  userRiskData: ["allow", "emailDomain", "general", "originUserId", "risk", "score", "status", "trust", "username", "uuid"],
} as const;

const object = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => Object.fromEntries(entries);

/** An ordinary event, to be changed. */
function ordinary(template: number): PlainEvent {
  const requestId = `hostile${template.toString(16).padStart(8, "0")}`;
  const options = { seed: 91, template, fewerRules: 0, padding: 16, configIds: ["14227"] };
  const plain = plainEvent(options, { requestId, start: () => "1791000000" });
  return { ...plain, json: "compact", headersUnescaped: false, numericVersion: false };
}

const facet = (items: Facet["items"], trailing = false): Facet => ({ items, trailing, unpadded: false });

function rules(count: number, bytes: (name: FacetName, rule: number) => Buffer): Pick<PlainEvent, "facets" | "ruleCount"> {
  const items = (name: FacetName): Facet["items"] => Array.from({ length: count }, (_, k) => ({ bytes: bytes(name, k) }));
  return { facets: new Map(FACET_NAMES.map((name) => [name, facet(items(name))])), ruleCount: count };
}

/** What base64 in `custom` must not decode to: it is more likely that it was no base64. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

/** `text` in the place of every value and of every name that an attacker or a customer chooses. */
function everywhere(plain: PlainEvent, text: string): PlainEvent {
  const section = (name: keyof typeof SECTIONS): Record<string, string> =>
    object([...SECTIONS[name].map((member) => [member, text] as const), [`new ${text}`, text]]);
  // White space around a header's value is not part of it, and a line break ends it.
  const inHeader = /^[\s\u0085]|[\s\u0085]$|[\r\n]/u.test(text) ? encodeURIComponent(text.toWellFormed()) : text;
  const base64 = Buffer.from(text, "utf8").toString("base64");
  const header = (name: string) => ({ name, value: Buffer.from(inHeader, "utf8"), folded: [], space: true });
  const { attackData, httpMessage, ...others } = object((Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).map((name) => [name, section(name)]));
  return {
    ...plain,
    ...rules(2, () => Buffer.from(text, "utf8")),
    attack: attackData ?? {},
    http: httpMessage ?? {},
    requestHeaders: ["User-Agent", "Referer", "X-Forwarded-For", "X-Twice", "X-Twice", "__proto__"].map(header),
    responseHeaders: [header("Set-Cookie")],
    others: { ...others, newSection: { member: text } },
    custom: { wire: { [`c${text}`]: base64 }, decoded: { [`c${text}`]: CONTROL.test(text) ? base64 : text } },
    order: [...plain.order, "newSection"],
  };
}

const asIs: Hostile["edit"] = (plain, meant) => ({ line: Buffer.from(renderLine(plain), "utf8"), meant });

/** Replaces parts of the line without changing what it means, or adds to what it means. */
function rewritten(replacements: readonly (readonly [RegExp, string])[], added: (meant: JsonObject) => JsonObject = (meant) => meant): Hostile["edit"] {
  return (plain, document) => {
    let line = renderLine(plain);
    for (const [pattern, replacement] of replacements) {
      if (!pattern.test(line)) throw new Error(`${pattern} is not in ${line}`);
      line = line.replace(pattern, replacement);
    }
    return { line: Buffer.from(line, "utf8"), meant: added(document) };
  };
}

const within = (meant: JsonObject, section: string, members: JsonObject): JsonObject =>
  ({ ...meant, [section]: { ...(meant[section] as JsonObject), ...members } });

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export function hostileEvents(): Hostile[] {
  const full = (template: number): PlainEvent => {
    const plain = ordinary(template);
    const attack = { clientIP: "192.0.2.7", configId: "14227", policyId: "qik1_1", slowPostAction: "W", slowPostRate: "10" };
    const http = {
      bytes: "345", host: "www.example.com", method: "GET", path: "/", port: "8443", protocol: "HTTP/1.1",
      requestId: plain.http["requestId"] ?? "", start: "1791000000.25", status: "403", tls: "tls1.3",
    };
    const others = {
      geo: { asn: "14618", city: "ASHBURN", continent: "NA", country: "US", regionCode: "VA" },
      botData: { botScore: "100", responseSegment: "3" },
      userRiskData: { allow: "0", score: "75", status: "0", general: "", risk: "udfp:1|unp:2/H", trust: "ugp:US" },
    };
    return { ...plain, attack, http, others, custom: undefined };
  };
  const cases: Hostile[] = [];
  const add = (name: string, plain: PlainEvent, edit: Hostile["edit"] = asIs): void => void cases.push({ name, plain, edit });

  for (const [k, text] of [...TEXTS, ...LONG_TEXTS].entries()) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
    add(`${shown} everywhere`, everywhere(ordinary(k), text));
  }

  add("rule data and selectors of any bytes", { ...full(1000), ...rules(3, (_, k) => Buffer.concat([ALL_BYTES.subarray(k), ALL_BYTES])) });
  add("5 MB of binary rule data", { ...full(1001), ...rules(1, (name) => (name === "ruleData" ? Buffer.alloc(LONG_DATA_BYTES, ALL_BYTES) : Buffer.from("x"))) });
  add("5 MB of control characters", { ...full(1002), http: { ...full(1002).http, path: `/${"\u001b".repeat(830_000)}` } });
  add("150 rules", { ...full(1003), ...rules(150, (name, k) => Buffer.from(`${name} ${k}`)) });
  add("4,000 headers", {
    ...full(1004),
    requestHeaders: Array.from({ length: 4000 }, (_, k) => ({ name: `X-${k % 700}`, value: Buffer.from(String(k)), folded: [], space: true })),
  });
  add("4,000 members that nobody knows", { ...full(1005), attack: object(Array.from({ length: 4000 }, (_, k) => [`x${k}`, "y"] as const)) });

  for (const [k, clientIP] of ["2001:db8::1", "::", "::ffff:192.0.2.1", "2001:0DB8:0000:0000:0000:0000:0000:0001", "fe80::1%eth0", "192.0.2.256", "[::1]"].entries()) {
    const plain = full(1010 + k);
    const host = ["[2001:db8::2]:8443", "2001:db8::2", "192.0.2.9", "a.example:99999", "[::1", ":80", "a.example."][k] ?? "";
    add(`client ${clientIP}, host ${host}`, { ...plain, attack: { ...plain.attack, clientIP }, http: { ...plain.http, host } });
  }

  const again = full(1019);
  add("indicators of the same name", { ...again, others: { ...again.others, userRiskData: { trust: "ugp:US|ugp:DE", risk: "a|a", general: "x:1|y:2|x:1" } } });

  const noData = (name: FacetName): Buffer => Buffer.from(name === "rules" ? "950002" : "");
  add("facets of which only one has data", { ...full(1020), ...rules(3, noData) });
  add("facets that are empty", { ...full(1021), facets: new Map(FACET_NAMES.map((name) => [name, facet([{ bytes: Buffer.alloc(0) }])])), ruleCount: 1 });
  add("items that are empty, and a separator behind them", {
    ...full(1022),
    facets: new Map(FACET_NAMES.map((name, k) => [name, facet([{ bytes: Buffer.alloc(0) }, { bytes: Buffer.from(k % 2 ? "" : "x") }], true)])),
    ruleCount: 3,
  });
  add("no member but facets", { ...full(1023), ...rules(1, () => Buffer.from("x")), attack: {}, http: {}, others: {}, requestHeaders: [], responseHeaders: undefined });

  add("numbers where strings are usual", full(1030), rewritten(
    ["configId", "slowPostRate", "bytes", "port", "status", "asn", "botScore", "responseSegment", "allow", "score", "start"].map(
      (member) => [new RegExp(`"${member}":"([0-9.]+)"`), `"${member}":$1`] as const,
    ),
  ));
  add("numbers that no field can hold", { ...full(1031), http: { ...full(1031).http, bytes: "9223372036854775808", port: "65536", status: "1000", start: "1e9" } });
  add("numbers in odd spellings", { ...full(1032), http: { ...full(1032).http, bytes: "+1", port: "0443", status: " 403", start: "-1" } });
  add("members that come twice, of which the last one counts", full(1033), rewritten([
    [/"clientIP":"192\.0\.2\.7"/, '"clientIP":"198.51.100.250","x":1,"clientIP":"192.0.2.7"'],
    [/^\{/, '{"geo":{"country":"XX","lost":"1"},"httpMessage":{"host":"lost.example"},"version":"0",'],
  ], (meant) => within(meant, "attackData", { x: 1 })));
  const members = '"text":"t","number":1.5,"flag":false,"list":[1,"b",[null]],"object":{"a":{"b":"c"}},"deep":' + "[".repeat(60) + "]".repeat(60);
  add("members of every type that nobody knows", full(1034), rewritten(
    [[/"attackData":\{/, `"attackData":{${members},`], [/"geo":\{/, `"geo":{${members},`], [/^\{/, `{${members},`]],
    (meant) => {
      const added = JSON.parse(`{${members}}`) as JsonObject;
      return { ...within(within(meant, "attackData", added), "geo", added), ...added };
    },
  ));
  add("known members of other types", full(1035), rewritten(
    [[/"policyId":"qik1_1"/, '"policyId":{"odd":[true]}'], [/"status":"403"/, '"status":["403"]'], [/"city":"ASHBURN"/, '"city":true'], [/"country":"US"/, '"country":null']],
    (meant) => within(within(within(meant, "attackData", { policyId: { odd: [true] } }), "httpMessage", { status: ["403"] }), "geo", { city: true, country: null }),
  ));
  add("sections that are no objects", full(1036), rewritten(
    [[/"geo":\{[^}]*\}/, '"geo":"nowhere"'], [/"botData":\{[^}]*\}/, '"botData":[1,2]'], [/"userRiskData":\{[^}]*\}/, '"userRiskData":null']],
    (meant) => ({ ...meant, geo: "nowhere", botData: [1, 2], userRiskData: null }),
  ));
  return cases;
}
