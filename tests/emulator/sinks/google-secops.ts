/**
 * The method `logs.import` of the Chronicle API of Google SecOps, and the token endpoint of Google's accounts for services, from
 * Google's documentation (REST reference of `projects.locations.instances.logTypes.logs.import` and of `Log`; "Chronicle API
 * ingestion methods": the same logs sent again have the same batch id and are not forwarded; "Using OAuth 2.0 for Server to
 * Server Applications"; AIP-193 for the form of errors).
 */

import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { jsonReply, type Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, mediaType, rfc3339Ms, utf8, type Stored } from "./read.ts";
import { member } from "../json-spans.ts";
import { Tokens, form } from "./tokens.ts";

/** Of the services behind Google's front end. */
const MAX_BODY_BYTES = 4_000_000;
const SCOPES = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/chronicle"];
const LOG_MEMBERS = new Set(["name", "data", "logEntryTime", "collectionTime", "environmentNamespace", "labels", "additionals"]);

export interface GoogleSecOpsOptions extends FakeOptions {
  /** `projects/…/locations/…/instances/…`. */
  instance: string;
  logType: string;
  forwarder?: string;
  /** E-mail address and public key (PEM) of the service account. */
  account: string;
  publicKey: string;
  /** Audience of assertions; the fake's own token endpoint if it is not set. */
  audience?: string;
}

const STATUS = { 400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE" } as const;

/** How Google's APIs word a refusal. */
export function googleError(code: keyof typeof STATUS, message: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(code, { error: { code, message, status: STATUS[code] } }, headers);
}

const refused = (...error: Parameters<typeof googleError>): Refusal => new Refusal(googleError(...error));
const noGrant = (error: string, text: string): Refusal => new Refusal(jsonReply(400, { error, error_description: text }));

export interface SecOpsLog extends Stored {
  log: Record<string, unknown>;
}

export class GoogleSecOps extends Fake {
  readonly tokens = new Tokens(3_599_000);
  /** Batches that came again with the same logs and were not forwarded. */
  repeatedBatches = 0;
  readonly #options: GoogleSecOpsOptions;
  readonly #key: KeyObject;
  readonly #batches = new Set<string>();

  constructor(options: GoogleSecOpsOptions) {
    super(options);
    this.#options = options;
    this.#key = createPublicKey(options.publicKey);
  }

  get tokenUri(): string {
    return `${this.origin}/token`;
  }

  protected override isDelivery({ path }: Incoming): boolean {
    return path.endsWith(":import");
  }

  protected answer(incoming: Incoming): Reply {
    return incoming.path === "/token" ? this.#token(incoming) : this.#import(incoming);
  }

  #token({ method, headers, body, nowMs }: Incoming): Reply {
    const parameters = mediaType(headers) === "application/x-www-form-urlencoded" ? form(body) : undefined;
    if (method !== "POST" || parameters === undefined) throw noGrant("invalid_request", "Bad Request");
    if (parameters.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") throw noGrant("unsupported_grant_type", "Invalid grant_type");
    const [header = "", claims = "", signature = "", ...rest] = (parameters.get("assertion") ?? "").split(".");
    const read = (part: string): unknown => (/^[\w-]+$/.test(part) ? json(Buffer.from(part, "base64url")) : undefined);
    const [head, claim] = [read(header), read(claims)];
    if (!isObject(head) || !isObject(claim) || rest.length > 0) throw noGrant("invalid_grant", "Bad Request");
    const isSigned = head["alg"] === "RS256" && head["typ"] === "JWT" && verify("sha256", Buffer.from(`${header}.${claims}`), this.#key, Buffer.from(signature, "base64url"));
    if (!isSigned) throw noGrant("invalid_grant", "Invalid JWT Signature.");
    if (claim["iss"] !== this.#options.account) throw noGrant("invalid_grant", "Invalid grant: account not found");
    if (claim["aud"] !== (this.#options.audience ?? this.tokenUri)) throw noGrant("invalid_grant", "Invalid JWT: wrong audience");
    const [issued, ends] = [Number(claim["iat"]), Number(claim["exp"])];
    // An hour at most, and clocks may differ by some minutes.
    if (!(ends > nowMs / 1000 && ends - issued <= 3600 && issued <= nowMs / 1000 + 300)) throw noGrant("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.");
    if (!String(claim["scope"]).split(" ").some((scope) => SCOPES.includes(scope))) throw noGrant("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    const { token, seconds } = this.tokens.give(nowMs);
    return jsonReply(200, { access_token: token, expires_in: seconds, token_type: "Bearer" });
  }

  #import({ method, path, headers, body, nowMs }: Incoming): Reply {
    const { instance, logType } = this.#options;
    const parent = /^\/v1(?:alpha|beta)?\/(.+)\/logTypes\/([A-Z0-9_]+)\/logs:import$/.exec(path);
    if (parent === null || method !== "POST") throw refused(404, "Requested entity was not found.");
    if (!this.tokens.isKnown(headers.authorization, nowMs)) throw refused(401, "Request had invalid authentication credentials.");
    if (parent[1] !== instance) throw refused(403, "Permission 'chronicle.logs.import' denied on resource (or it may not exist).");
    if (parent[2] !== logType) throw refused(404, `log type ${parent[2]} not found`);
    if (mediaType(headers) !== "application/json") throw refused(400, "Invalid content type.");
    if (body.length > MAX_BODY_BYTES) throw refused(400, `Request payload size exceeds the limit: ${MAX_BODY_BYTES} bytes.`);
    const logs = this.#logs(body);
    if (this.poisoned(logs).length > 0) throw refused(400, "Request contains an invalid argument.");
    const batch = createHash("sha256");
    for (const { bytes } of logs) batch.update(createHash("sha256").update(bytes).digest());
    const id = batch.digest("hex");
    if (this.#batches.has(id)) this.repeatedBatches += 1;
    else this.keep(logs);
    this.#batches.add(id);
    return jsonReply(200, {});
  }

  #logs(body: Buffer): SecOpsLog[] {
    const read = json(body);
    const source = isObject(read) ? read["inlineSource"] : undefined;
    if (!isObject(read) || !isObject(source) || !Array.isArray(source["logs"]) || source["logs"].length === 0) throw refused(400, "Invalid JSON payload received.");
    const unknown = [...Object.keys(read).filter((name) => !["inlineSource", "hint"].includes(name)), ...Object.keys(source).filter((name) => !["logs", "forwarder", "sourceFilename"].includes(name))];
    if (unknown.length > 0) throw refused(400, `Invalid JSON payload received. Unknown name "${unknown[0]}": Cannot find field.`);
    if (source["forwarder"] !== this.#options.forwarder) throw refused(404, "forwarder not found");
    const inline = member(body, body.indexOf("{"), "inlineSource")?.start ?? 0;
    return arrayRecords(body, member(body, inline, "logs")?.start).map(({ value }) => readLog(value));
  }
}

function readLog(log: unknown): SecOpsLog {
  if (!isObject(log)) throw refused(400, "Invalid JSON payload received.");
  const unknown = Object.keys(log).find((name) => !LOG_MEMBERS.has(name));
  if (unknown !== undefined) throw refused(400, `Invalid JSON payload received. Unknown name "${unknown}" at 'inline_source.logs[0]': Cannot find field.`);
  const { data, logEntryTime, collectionTime } = log;
  if (typeof data !== "string" || data === "" || Buffer.from(data, "base64").toString("base64") !== data) throw refused(400, "Invalid value at 'inline_source.logs[0].data' (TYPE_BYTES), Base64 decoding failed.");
  for (const time of [logEntryTime, collectionTime]) {
    if (time !== undefined && rfc3339Ms(time) === undefined) throw refused(400, "Invalid value at 'inline_source.logs[0]' (type.googleapis.com/google.protobuf.Timestamp).");
  }
  if (collectionTime !== undefined && logEntryTime !== undefined && rfc3339Ms(collectionTime)! < rfc3339Ms(logEntryTime)!) throw refused(400, "collection_time is before log_entry_time");
  const bytes = Buffer.from(data, "base64");
  if (utf8(bytes) === undefined) throw refused(400, "log data is not valid UTF-8");
  return { log, bytes, value: bytes.toString("utf8") };
}
