/**
 * The Logs Ingestion API of Azure Monitor, which Microsoft Sentinel is fed by, and the token endpoint of Microsoft Entra, from
 * Microsoft's documentation ("Logs Ingestion API in Azure Monitor", "Azure Monitor service limits", "OAuth 2.0 client credentials
 * flow", "Microsoft Entra authentication and authorization error codes"). What the service would drop or cut without a word is in
 * `silent`.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, mediaType } from "./read.ts";
import { Tokens, form } from "./tokens.ts";

const MAX_BYTES = 1_048_576;
const MAX_FIELD_BYTES = 65_536;

export type ColumnType = "string" | "dynamic" | "datetime" | "int" | "long" | "real" | "boolean";

export interface SentinelOptions extends FakeOptions {
  tenant: string;
  clientId: string;
  clientSecret: string;
  dcr: string;
  stream: string;
  /** `streamDeclarations` of the rule. */
  columns: Record<string, ColumnType>;
  /** Of tokens, milliseconds. */
  tokenLifetimeMs?: number;
}

/** How the API words a refusal. */
export function azureError(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(status, { error: { code, message } }, headers);
}

const refused = (...error: Parameters<typeof azureError>): Refusal => new Refusal(azureError(...error));

function entraError(status: number, error: string, aadsts: number, text: string): Refusal {
  return new Refusal(jsonReply(status, { error, error_description: `AADSTS${aadsts}: ${text}`, error_codes: [aadsts] }));
}

export class Sentinel extends Fake {
  readonly tokens: Tokens;
  /** Records with columns that the stream does not declare, and fields that are cut at 64 KB. */
  readonly silent = { undeclared: new Set<string>(), cut: 0 };
  /** Whether the application has the role Monitoring Metrics Publisher on the rule. */
  hasRole = true;
  readonly #options: SentinelOptions;

  constructor(options: SentinelOptions) {
    super(options);
    this.#options = options;
    this.tokens = new Tokens(options.tokenLifetimeMs ?? 3_599_000);
  }

  protected override isDelivery({ path }: Incoming): boolean {
    return path.startsWith("/dataCollectionRules/");
  }

  protected answer(incoming: Incoming): Reply {
    return incoming.path.endsWith("/oauth2/v2.0/token") ? this.#token(incoming) : this.#logs(incoming);
  }

  #token({ method, path, headers, body, nowMs }: Incoming): Reply {
    const { tenant, clientId, clientSecret } = this.#options;
    if (method !== "POST") throw entraError(400, "invalid_request", 900561, "The endpoint only accepts POST requests.");
    if (path !== `/${tenant}/oauth2/v2.0/token`) throw entraError(400, "invalid_request", 90002, "Tenant not found.");
    if (mediaType(headers) !== "application/x-www-form-urlencoded") throw entraError(400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.");
    const parameters = form(body);
    if (parameters === undefined) throw entraError(400, "invalid_request", 90019, "Duplicate parameters.");
    if (parameters.get("grant_type") !== "client_credentials") throw entraError(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
    if (parameters.get("client_id") !== clientId) throw entraError(400, "unauthorized_client", 700016, "Application was not found in the directory.");
    if (parameters.get("client_secret") !== clientSecret) throw entraError(401, "invalid_client", 7000215, "Invalid client secret provided.");
    if (parameters.get("scope") !== "https://monitor.azure.com/.default") throw entraError(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.");
    const { token, seconds } = this.tokens.give(nowMs);
    return jsonReply(200, { token_type: "Bearer", expires_in: seconds, ext_expires_in: seconds, access_token: token });
  }

  #logs({ method, path, query, headers, body, wireBytes, nowMs }: Incoming): Reply {
    const { dcr, stream, columns } = this.#options;
    const [, rules, rule, streams, name, ...rest] = path.split("/");
    if (rules !== "dataCollectionRules" || streams !== "streams" || rest.length > 0) throw refused(404, "NotFound", "Resource not found.");
    if (method !== "POST") throw refused(405, "MethodNotAllowed", "");
    if (query.get("api-version") !== "2023-01-01") throw refused(400, "InvalidApiVersion", "The api-version is not supported.");
    if (headers.authorization === undefined) throw refused(401, "MissingToken", "The authentication token is missing.");
    if (!this.tokens.isKnown(headers.authorization, nowMs)) throw refused(401, "InvalidToken", "The authentication token is invalid or has expired.");
    if (rule !== dcr) throw refused(404, "NotFound", `Data collection rule with immutable Id '${rule}' not found.`);
    if (!this.hasRole) throw refused(403, "OperationFailed", `The authentication token provided does not have access to ingest data for the data collection rule with immutable Id '${dcr}'.`);
    if (name !== stream) throw refused(400, "InvalidStream", `The stream ${name} was not configured for the Data Collection Rule`);
    if (mediaType(headers) !== "application/json") throw refused(415, "UnsupportedMediaType", "Content type must be application/json.");
    const bytes = Math.max(body.length, wireBytes);
    if (bytes > MAX_BYTES) throw refused(413, "ContentLengthLimitExceeded", `Maximum allowed content length: ${MAX_BYTES} bytes (1 MB). Provided content length: ${bytes} bytes.`);
    const id = headers["x-ms-client-request-id"];
    if (id !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(id))) throw refused(400, "InvalidRequestId", "x-ms-client-request-id is no GUID.");
    const read = json(body);
    if (!Array.isArray(read) || read.length === 0 || !read.every(isObject)) throw refused(400, "InvalidRequestBody", "The body is not an array of records.");
    const records = arrayRecords(body);
    if (this.poisoned(records).length > 0) throw refused(400, "InvalidRequestBody", "A record is not acceptable.");
    for (const record of read) this.#look(record, columns);
    this.keep(records);
    return { status: 204, body: "" };
  }

  #look(record: Record<string, unknown>, columns: Record<string, ColumnType>): void {
    for (const [name, value] of Object.entries(record)) {
      const type = columns[name];
      if (type === undefined || !/^[A-Za-z]\w{0,44}$/.test(name) || !fits(value, type)) this.silent.undeclared.add(name);
      // A dynamic column is taken to pieces, each of which is a string of its own.
      const strings = isObject(value) ? Object.values(value) : [value];
      this.silent.cut += strings.filter((text) => typeof text === "string" && Buffer.byteLength(text) > MAX_FIELD_BYTES).length;
    }
  }
}

function fits(value: unknown, type: ColumnType): boolean {
  if (value === null || type === "dynamic") return true;
  if (type === "datetime") return typeof value === "string" && !Number.isNaN(Date.parse(value));
  if (type === "string" || type === "boolean") return typeof value === type;
  return typeof value === "number" && (type === "real" || Number.isInteger(value));
}
