/**
 * Datadog's log intake, `POST /api/v2/logs`, from its API reference ("Send logs"): sizes, statuses, and what happens to
 * single logs. The reference does not say what an array of more than 1000 logs is answered with; 400 is chosen here.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, mediaType, rfc3339Ms } from "./read.ts";

const MAX_BODY_BYTES = 5_000_000;
const MAX_LOG_BYTES = 1_000_000;
const MAX_LOGS = 1000;
const OLDEST_MS = 18 * 3_600_000;

/** What Datadog answers if it does not take a request. */
export function datadogError(status: number, title: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(status, { errors: [{ status: String(status), title }] }, headers);
}

export class Datadog extends Fake {
  /** Logs that were cut or lost while the request got its 202. */
  readonly silent = { truncated: 0, tooOld: 0 };
  readonly #apiKey: string;

  constructor(options: FakeOptions & { apiKey: string }) {
    super(options);
    this.#apiKey = options.apiKey;
  }

  protected answer({ method, path, headers, body, nowMs }: Incoming): Reply {
    if (path !== "/api/v2/logs") throw new Refusal(datadogError(404, "Not Found"));
    if (method !== "POST") throw new Refusal(datadogError(405, "Method Not Allowed"));
    const key = headers["dd-api-key"];
    if (key === undefined) throw new Refusal(datadogError(401, "Unauthorized"));
    if (key !== this.#apiKey) throw new Refusal(datadogError(403, "Forbidden"));
    if (body.length > MAX_BODY_BYTES) throw new Refusal(datadogError(413, "Payload Too Large"));
    if (mediaType(headers) !== "application/json") throw new Refusal(datadogError(400, "Bad Request: content type"));
    const read = json(body);
    if (!Array.isArray(read) || read.length === 0 || !read.every(isObject)) throw new Refusal(datadogError(400, "Bad Request: not a list of logs"));
    if (read.length > MAX_LOGS) throw new Refusal(datadogError(400, "Bad Request: too many logs"));
    for (const log of read) {
      for (const name of ["ddsource", "ddtags", "hostname", "service", "message"]) {
        if (log[name] !== undefined && typeof log[name] !== "string") throw new Refusal(datadogError(400, `Bad Request: ${name} is no string`));
      }
    }
    const logs = arrayRecords(body);
    if (this.poisoned(logs).length > 0) throw new Refusal(datadogError(400, "Bad Request"));
    const current = logs.filter(({ value }) => isCurrent((value as { timestamp?: unknown }).timestamp, nowMs));
    this.silent.tooOld += logs.length - current.length;
    this.silent.truncated += current.filter(({ bytes }) => bytes.length > MAX_LOG_BYTES).length;
    this.keep(current.filter(({ bytes }) => bytes.length <= MAX_LOG_BYTES));
    return jsonReply(202, {});
  }
}

/** A `timestamp` is milliseconds or ISO 8601; without one the log has the time of its arrival. */
function isCurrent(timestamp: unknown, nowMs: number): boolean {
  if (timestamp === undefined) return true;
  const ms = typeof timestamp === "number" ? timestamp : rfc3339Ms(timestamp);
  return ms !== undefined && Number.isInteger(ms) && ms >= nowMs - OLDEST_MS;
}
