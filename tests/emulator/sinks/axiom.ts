/**
 * Axiom's `POST /v1/datasets/<dataset>/ingest` and, for edge deployments, `POST /v1/ingest/<dataset>`, from its documentation
 * ("Ingest data", "API limits", "Limits and requirements"). Events that it cannot take are counted in a 200, and named by nothing
 * but their time.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, lines, mediaType, rfc3339Ms, type Stored } from "./read.ts";

const MAX_EVENT_BYTES = 1_000_000;
const MAX_EVENTS = 10_000;
const MAX_FIELD_NAME_BYTES = 200;

/** How Axiom words a refusal. */
export function axiomError(code: number, message: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(code, { code, message }, headers);
}

/** 429 with the time at which the window ends, in whole seconds since 1970; there is no `retry-after`. */
export function axiomRateLimited(resetSeconds: number): Reply {
  const headers = { "x-ratelimit-scope": "organization", "x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(resetSeconds) };
  return jsonReply(429, { message: "rate limit exceeded" }, headers);
}

const refused = (...error: Parameters<typeof axiomError>): Refusal => new Refusal(axiomError(...error));

export interface AxiomEvent extends Stored {
  timeMs: number | undefined;
}

export class Axiom extends Fake {
  readonly #dataset: string;
  readonly #token: string;

  constructor(options: FakeOptions & { dataset: string; token: string }) {
    super(options);
    this.#dataset = options.dataset;
    this.#token = options.token;
  }

  protected answer({ method, path, headers, body, nowMs }: Incoming): Reply {
    const found = /^\/v1\/datasets\/([^/]+)\/ingest$/.exec(path) ?? /^\/v1\/ingest\/([^/]+)$/.exec(path);
    if (found === null) throw refused(404, "not found");
    if (method !== "POST") throw refused(405, "method not allowed");
    if (headers.authorization === undefined) throw refused(401, "no authentication");
    if (headers.authorization !== `Bearer ${this.#token}`) throw refused(403, "forbidden");
    if (found[1] !== this.#dataset) throw refused(404, "dataset not found");
    const events = readEvents(mediaType(headers), body);
    if (events.length === 0) throw refused(400, "no events");
    if (events.length > MAX_EVENTS) throw refused(413, `more than ${MAX_EVENTS} events`);
    const failures: { timestamp: string; error: string }[] = [];
    for (const event of events) {
      const { _time: time } = event.value as { _time?: unknown };
      const timeMs = rfc3339Ms(time);
      const error = this.#problem(event, time, timeMs);
      if (error === undefined) this.keep([{ ...event, timeMs } as AxiomEvent]);
      else failures.push({ timestamp: new Date(timeMs ?? nowMs).toISOString(), error });
    }
    return jsonReply(200, { ingested: events.length - failures.length, failed: failures.length, failures, processedBytes: body.length, blocksCreated: 0, walLength: 2 });
  }

  #problem({ value, bytes }: Stored, time: unknown, timeMs: number | undefined): string | undefined {
    if (bytes.length > MAX_EVENT_BYTES) return "event is too large";
    if (time !== undefined && timeMs === undefined) return "_time is not RFC 3339";
    if (longestName(value as Record<string, unknown>) > MAX_FIELD_NAME_BYTES) return "a field name is too long";
    return this.poison(bytes) ? "the event is not acceptable" : undefined;
  }
}

function readEvents(type: string, body: Buffer): Stored[] {
  if (type === "application/json") {
    if (!Array.isArray(json(body))) throw refused(400, "the body is no JSON array");
  } else if (type !== "application/x-ndjson") throw refused(415, "unsupported content type");
  const events = type === "application/json" ? arrayRecords(body) : lines(body).map(({ bytes }) => ({ bytes, value: json(bytes) }));
  if (!events.every(({ value }) => isObject(value))) throw refused(400, "an event is no JSON object");
  return events;
}

/** Members of members become fields with dots. */
function longestName(value: Record<string, unknown>, prefix = 0): number {
  return Object.entries(value).reduce((longest, [name, member]) => {
    const bytes = prefix + Buffer.byteLength(name);
    return Math.max(longest, isObject(member) ? longestName(member, bytes + 1) : bytes);
  }, 0);
}
