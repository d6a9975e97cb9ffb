/**
 * Honeycomb's `POST /1/batch/<dataset>` and `GET /1/auth`, from its documentation ("Create Events", "API Errors", "Rate Limits") and
 * the limits that its own library keeps (libhoney: 5 MB a batch). Each event of a batch has a status of its own.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { member } from "../json-spans.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, mediaType, rfc3339Ms, type Stored } from "./read.ts";

const MAX_BODY_BYTES = 5_000_000;
const MAX_EVENT_BYTES = 1_000_000;
const MAX_COLUMNS = 2000;
/** Times further ahead are replaced by that of the arrival. */
const NEWEST_MS = 3_600_000;

/** How an endpoint of version 1 words a refusal. */
export function honeycombError(status: number, error: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(status, { status, type: `https://api.honeycomb.io/problems/${status}`, title: error, error }, headers);
}

const refused = (...error: Parameters<typeof honeycombError>): Refusal => new Refusal(honeycombError(...error));

export interface HoneycombEvent extends Stored {
  timeMs: number | undefined;
}

export class Honeycomb extends Fake {
  /** Events whose time was replaced. */
  readonly silent = { retimed: 0 };
  /** Events that get 429 in a batch that is otherwise taken, for so many batches. */
  throttled: (event: Buffer) => boolean = () => false;
  throttledBatches = 0;
  readonly #key: string;

  constructor(options: FakeOptions & { key: string }) {
    super(options);
    this.#key = options.key;
  }

  protected answer({ method, path, headers, body, nowMs }: Incoming): Reply {
    const dataset = /^\/1\/batch\/([^/]+)$/.exec(path)?.[1];
    if (dataset === undefined && path !== "/1/auth") throw refused(404, "not found");
    if (headers["x-honeycomb-team"] !== this.#key) throw refused(401, "unknown API key - check your credentials");
    if (dataset === undefined) return jsonReply(200, { api_key_access: { events: true }, team: { slug: "team" }, environment: { slug: "test" } });
    if (method !== "POST") throw refused(405, "method not allowed");
    if (mediaType(headers) !== "application/json") throw refused(415, "unsupported content type");
    if (body.length > MAX_BODY_BYTES) throw refused(413, "request body is too large");
    const read = json(body);
    if (!Array.isArray(read)) throw refused(400, "request body is malformed and cannot be read as JSON");
    if (read.length === 0) throw refused(400, "request body should not be empty");
    const isThrottling = this.throttledBatches > 0;
    if (isThrottling) this.throttledBatches -= 1;
    const answers = arrayRecords(body).map((event) => this.#take(event, nowMs, isThrottling));
    return jsonReply(200, answers);
  }

  #take({ value, bytes }: Stored, nowMs: number, isThrottling: boolean): { status: number; error?: string } {
    const problem = eventProblem(value, bytes);
    if (problem !== undefined) return { status: 400, error: problem };
    if (this.poison(bytes)) return { status: 400, error: "Request body is malformed and cannot be read." };
    if (isThrottling && this.throttled(bytes)) return { status: 429, error: "event dropped due to rate limiting" };
    const { data, time } = value as { data: unknown; time?: string };
    const timeMs = time === undefined ? undefined : rfc3339Ms(time);
    if (timeMs !== undefined && timeMs > nowMs + NEWEST_MS) this.silent.retimed += 1;
    const span = member(bytes, 0, "data");
    const stored: HoneycombEvent = { value: data, bytes: bytes.subarray(span?.start, span?.end), timeMs };
    this.keep([stored]);
    return { status: 202 };
  }
}

function eventProblem(event: unknown, bytes: Buffer): string | undefined {
  if (!isObject(event) || !isObject(event["data"])) return "Request body is malformed and cannot be read.";
  if (Object.keys(event["data"]).length === 0) return "Request body should not be empty.";
  if (Object.keys(event["data"]).length > MAX_COLUMNS) return "Event has too many columns.";
  if (bytes.length > MAX_EVENT_BYTES) return "Event exceeds max event size.";
  const { time, samplerate } = event;
  if (time !== undefined && rfc3339Ms(time) === undefined) return "Event has an invalid time.";
  if (samplerate !== undefined && !(Number.isInteger(samplerate) && Number(samplerate) >= 1)) return "Event has an invalid sample rate.";
  return undefined;
}
