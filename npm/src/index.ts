/**
 * EdgeSIEM's core: signs requests (EdgeGrid), decodes security events, converts them to other schemas.
 *
 * It pulls and delivers nothing; `edgesiem/pipeline` does. Functions load the WebAssembly module when they are first called, and
 * reject with an `EdgeSiemError`.
 *
 * `edgesiem/inline` is the same with the WebAssembly inside. On Node its ES module has classes of errors of its own: compare its
 * errors by `instanceof` with what it exports itself, or by their `code`.
 */

import { load } from "./core/core.ts";
import { sentRequest } from "./core/sent-request.ts";
import type {
  Credentials,
  DecodeOptions,
  DecodedEvent,
  EventsName,
  ExplainedSignature,
  Filter,
  Header,
  Rule,
  RuleFacets,
  SchemaName,
  SchemaOption,
  SignedRequest,
  SigningOptions,
  SigningRequest,
  TrendMicroCasEvent,
} from "./types.ts";

export { load, type Core } from "./core/core.ts";
export { eventsOf } from "./core/events.ts";
export { PageDecoder } from "./core/page-decoder.ts";
export {
  ConfigError,
  CoreStoppedError,
  CredentialsError,
  EdgeSiemError,
  InvalidArgumentError,
  InvalidReportError,
  MalformedEventError,
  SinkError,
  SourceError,
  StoreError,
} from "./errors.ts";
export { DecodeStream, MultiJsonStream, type DecodeStreamOptions, type MultiJsonStreamOptions, type StreamCounts } from "./streams.ts";
export type * from "./types.ts";

/**
 * Signs one attempt at a request (EG1-HMAC-SHA256). A repeated request needs a new signature.
 *
 * What is signed is what `fetch` sends, which is `new URL(url).href` without its fragment: spaces, for instance, are signed as `%20`. Of
 * a `Request` the URL, the method, the headers and, for POST, the body are signed; the request can still be sent. (`load()` gives
 * a `sign` that takes a URL exactly as it is written, for other clients.)
 *
 * @param request What will be sent: a `Request`, a URL for a GET, or a {@link SigningRequest}, whose `url` may be a path on the credentials' host.
 * @param options Time and nonce; now and a random one if they are left out.
 * @throws `CredentialsError`, `InvalidArgumentError`.
 * @example
 * ```ts
 * import { sign } from "edgesiem";
 *
 * const credentials = {
 *   host: "akab-example.luna.akamaiapis.net",
 *   clientToken: "akab-client-token",
 *   clientSecret: "a-secret",
 *   accessToken: "akab-access-token",
 * };
 * const request = new Request(`https://${credentials.host}/siem/v1/configs/14227?offset=NULL&limit=1`);
 * const { authorization } = await sign(request, credentials);
 * request.headers.set("Authorization", authorization); // Now it can be sent.
 * console.log(authorization.slice(0, 58)); // EG1-HMAC-SHA256 client_token=akab-client-token;access_toke
 * ```
 */
export async function sign(
  request: SigningRequest | Request | URL | string,
  credentials: Credentials,
  options?: SigningOptions,
): Promise<SignedRequest> {
  const [core, sent] = await Promise.all([load(), sentRequest(request)]);
  return core.sign(sent, credentials, options);
}

/**
 * Signs like {@link sign} and shows every stage, to compare with another implementation's or with what a server says it saw.
 * The result holds a key that is secret until its time is past.
 *
 * @throws `CredentialsError`, `InvalidArgumentError`.
 * @example
 * ```ts
 * import { explainSignature } from "edgesiem";
 *
 * const credentials = {
 *   host: "akab-example.luna.akamaiapis.net",
 *   clientToken: "akab-client-token",
 *   clientSecret: "a-secret",
 *   accessToken: "akab-access-token",
 * };
 * const stages = await explainSignature({ method: "POST", url: "/papi/v1/x", body: "{}" }, credentials);
 * console.log(stages.contentHash); // RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=
 * ```
 */
export async function explainSignature(
  request: SigningRequest | Request | URL | string,
  credentials: Credentials,
  options?: SigningOptions,
): Promise<ExplainedSignature> {
  const [core, sent] = await Promise.all([load(), sentRequest(request)]);
  return core.explainSignature(sent, credentials, options);
}

/**
 * Credentials in a section of the text of an `.edgerc` file.
 *
 * @param section `default` if it is left out.
 * @throws `CredentialsError` if the file cannot be read as one, or lacks the section or a key. It never repeats a value.
 * @example
 * ```ts
 * import { parseEdgerc } from "edgesiem";
 *
 * const text = `[siem]
 * host = akab-example.luna.akamaiapis.net
 * client_token = akab-client-token
 * client_secret = a-secret
 * access_token = akab-access-token
 * `;
 * const { host, maxBody } = await parseEdgerc(text, "siem");
 * console.log(host, maxBody); // akab-example.luna.akamaiapis.net 131072
 * ```
 */
export async function parseEdgerc(text: string, section?: string): Promise<Credentials> {
  return (await load()).parseEdgerc(text, section);
}

/**
 * Credentials in `AKAMAI_*` variables, or `undefined` if none of them is set.
 *
 * @param variables Such as `process.env`.
 * @param section Another than `default` reads `AKAMAI_<SECTION>_*`.
 * @throws `CredentialsError` if some are set and others not.
 * @example
 * ```ts
 * import { credentialsFromEnv } from "edgesiem";
 *
 * const credentials = await credentialsFromEnv({
 *   AKAMAI_HOST: "akab-example.luna.akamaiapis.net",
 *   AKAMAI_CLIENT_TOKEN: "akab-client-token",
 *   AKAMAI_CLIENT_SECRET: "a-secret",
 *   AKAMAI_ACCESS_TOKEN: "akab-access-token",
 * });
 * console.log(credentials?.host); // akab-example.luna.akamaiapis.net
 * ```
 */
export async function credentialsFromEnv(
  variables: Readonly<Record<string, string | undefined>>,
  section?: string,
): Promise<Credentials | undefined> {
  return (await load()).credentialsFromEnv(variables, section);
}

/**
 * Decodes one event of Akamai's SIEM API: its rules, its headers and `custom`. Everything else is as it came. Of Trend Micro Cloud App
 * Security's, with `events: "trend-micro-cas"`, times and lists get the one form of {@link TrendMicroCasEvent}.
 *
 * Numbers become JavaScript's, which are exact to 2^53; {@link convert} gives the text, byte for byte.
 *
 * @param line The event, one complete JSON object.
 * @throws `MalformedEventError` if it is none, or an answer of Trend Micro's API, which a {@link DecodeStream} takes apart.
 * @example
 * ```ts
 * import { decodeEvent } from "edgesiem";
 *
 * const event = await decodeEvent('{"attackData":{"rules":"OTUwMDAy","ruleMessages":"U1FMIGluamVjdGlvbg%3d%3d"}}');
 * console.log(event.attackData?.rules); // [ { rule: '950002', ruleMessage: 'SQL injection' } ]
 *
 * const line = '{"event":"dlp","message":{"mail_message_sender":"a@example.com","detection_time":"2016-07-22T01:51:31"}}';
 * const { message } = await decodeEvent(line, { events: "trend-micro-cas" });
 * console.log(message?.mail_message_sender, message?.detection_time); // [ 'a@example.com' ] 2016-07-22T01:51:31Z
 * ```
 */
export async function decodeEvent(line: string | Uint8Array, options?: DecodeOptions<"akamai-siem">): Promise<DecodedEvent>;
export async function decodeEvent(line: string | Uint8Array, options: DecodeOptions<"trend-micro-cas">): Promise<TrendMicroCasEvent>;
export async function decodeEvent(line: string | Uint8Array, options?: DecodeOptions): Promise<DecodedEvent | TrendMicroCasEvent>;
export async function decodeEvent(line: string | Uint8Array, options?: DecodeOptions): Promise<DecodedEvent | TrendMicroCasEvent> {
  return (await load()).decodeEvent(line, options);
}

/**
 * The documents of one event in a schema: one, or one for each rule if the schema expands them, or none if the filter leaves the
 * event out. They are lines of JSON; of text if the schema is `cef`.
 *
 * @param line The event, one complete JSON object.
 * @param schema A name, or a table with options and, as `events`, whose event it is; `decoded` if left out.
 * @throws `MalformedEventError` if the line is no event, `InvalidArgumentError` for a name that is not known, `ConfigError` for options
 *   and filters that cannot be used.
 * @example
 * ```ts
 * import { convert } from "edgesiem";
 *
 * const line = '{"type":"akamai_siem","attackData":{"rules":"OTUwMDAy%3bMzkwNA%3d%3d"},"httpMessage":{"start":"1491303422"}}';
 * const [document] = await convert(line, "ecs");
 * console.log(JSON.parse(document ?? "").rule.id); // 950002
 * const byRule = await convert(line, { name: "ocsf", expand_rules: true });
 * console.log(byRule.length); // 2
 * ```
 */
export async function convert(line: string | Uint8Array, schema?: SchemaOption, filter?: Filter): Promise<string[]> {
  return (await load()).convert(line, schema, filter);
}

/**
 * Decodes the rule facets of an event's `attackData` into a list of rules.
 *
 * @throws `MalformedEventError` (`too_many_items`) if there are more than 10,000.
 * @example
 * ```ts
 * import { decodeRules } from "edgesiem";
 *
 * const rules = await decodeRules({ rules: "OTUwMDAy%3bMzkwNA%3d%3d", ruleActions: "YWxlcnQ%3d%3bZGVueQ%3d%3d" });
 * console.log(rules); // [ { rule: '950002', ruleAction: 'alert' }, { rule: '3904', ruleAction: 'deny' } ]
 * ```
 */
export async function decodeRules(facets: RuleFacets): Promise<Rule[]> {
  return (await load()).decodeRules(facets);
}

/**
 * Decodes `requestHeaders` or `responseHeaders` of an event's `httpMessage` into a list of headers, in their order.
 *
 * @throws `MalformedEventError` (`too_many_items`) if there are more than 10,000.
 * @example
 * ```ts
 * import { decodeHeaders } from "edgesiem";
 *
 * console.log(await decodeHeaders("Host%3a%20www.example.com%0d%0aDNT%3a%201"));
 * // [ { name: 'Host', value: 'www.example.com' }, { name: 'DNT', value: '1' } ]
 * ```
 */
export async function decodeHeaders(encoded: string): Promise<Header[]> {
  return (await load()).decodeHeaders(encoded);
}

/**
 * Names of the schemas that events can be converted to: Akamai's, unless others are named.
 *
 * @example
 * ```ts
 * import { schemaNames } from "edgesiem";
 *
 * console.log((await schemaNames()).includes("sentinel")); // true
 * console.log(await schemaNames("trend-micro-cas")); // [ 'decoded', 'raw', 'ecs', 'cef', 'ocsf', 'otel' ]
 * ```
 */
export async function schemaNames(events?: EventsName): Promise<SchemaName[]> {
  return (await load()).schemaNames(events);
}
