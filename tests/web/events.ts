/** Events of these tests. */

/** As Akamai writes rule facets: base64 in percent-escapes, separated by escaped semicolons. */
export function facet(...items: (string | Uint8Array)[]): string {
  return items.map((item) => encodeURIComponent(Buffer.from(item).toString("base64"))).join("%3b");
}

/** As Akamai writes headers. */
export function headerBlock(...lines: [name: string, value: string][]): string {
  const bytes = Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  return Array.from(bytes, (byte) => (/\w/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`)).join("");
}

export interface Values {
  client?: string;
  host?: string;
  path?: string;
  query?: string;
  method?: string;
  action?: string;
  country?: string;
  status?: string;
  startMs?: number;
  rule?: string | Uint8Array;
  message?: string;
  data?: string | Uint8Array;
  header?: [name: string, value: string];
}

const FIRST_MS = Date.UTC(2026, 10, 22, 10);

/** An event with these values and usual ones. */
export function event(values: Values = {}): Record<string, unknown> {
  const { client = "192.0.2.1", host = "www.example.com", path = "/", query = "a=b%20c", method = "GET", action = "deny", country = "DE", status = "403" } = values;
  return {
    type: "akamai_siem",
    format: "json",
    version: "1.0",
    attackData: {
      clientIP: client,
      appliedAction: action,
      rules: facet(values.rule ?? "950002"),
      ruleMessages: facet(values.message ?? "System Command Access"),
      ruleTags: facet("OWASP_CRS/WEB_ATTACK"),
      ruleData: facet(values.data ?? "telnet.exe"),
      ruleSelectors: facet("ARGS:option"),
      ruleActions: facet("deny"),
    },
    geo: { country },
    httpMessage: { method, host, path, query, status, port: "443", tls: "tls1.3", start: String((values.startMs ?? FIRST_MS) / 1000), requestHeaders: headerBlock(["Host", host], values.header ?? ["Accept", "*/*"]) },
  };
}

/** Lines of multi-JSON. */
export function lines(events: readonly unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** A report of Security Monitor with so many rows, a minute each. `name` is that of its metric. */
export function report(rows: number, name = "Requests Denied"): Record<string, unknown> {
  return {
    columns: [
      { type: "dimension", name: "Time", description: "Time", index: 0 },
      { type: "dimension", name: "Country", description: "Country", index: 1 },
      { type: "metric", name, description: name, index: 2, aggregate: String(rows), peak: "99", unit: null },
    ],
    rows: Array.from({ length: rows }, (_, k) => [String(1_795_341_600 + 60 * k), k % 3 === 0 ? "DE" : name, String((k * 37) % 100)]),
    metaData: { aggregation: 60, startTimeInEpoch: 1_795_341_600, timeZone: "GMT" },
  };
}
