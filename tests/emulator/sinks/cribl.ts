/**
 * Cribl Stream's HTTP source, `POST /cribl/_bulk`, from its documentation ("HTTP/S (Bulk API) Source"): JSON objects one a line,
 * `_raw` and `_time` of which Cribl knows, and a payload of at most 2 MB. A token comes as it is, without a scheme.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { member } from "../json-spans.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { isObject, json, lines, mediaType, utf8, type Stored } from "./read.ts";

const MAX_BODY_BYTES = 2_000_000;

const refused = (status: number, error: string): Refusal => new Refusal(jsonReply(status, { success: false, error }));

/** When what is behind it blocks. */
export const CRIBL_BLOCKED: Reply = { status: 503, body: "Server is busy, blocked" };

export interface CriblEvent extends Stored {
  event: Record<string, unknown>;
}

export class Cribl extends Fake {
  readonly #token: string | undefined;

  constructor(options: FakeOptions & { token?: string }) {
    super(options);
    this.#token = options.token;
  }

  protected answer({ method, path, headers, body }: Incoming): Reply {
    if (path !== "/cribl/_bulk") throw refused(404, "not found");
    if (method !== "POST") throw refused(405, "method not allowed");
    if (this.#token !== undefined && headers.authorization !== this.#token) throw refused(403, "forbidden");
    if (!["application/x-ndjson", "application/json"].includes(mediaType(headers))) throw refused(415, "content type");
    if (body.length > MAX_BODY_BYTES) throw refused(413, "payload too large");
    if (utf8(body) === undefined) throw refused(400, "not UTF-8");
    const events = lines(body).map(readEvent);
    if (events.length === 0) throw refused(400, "no events");
    if (this.poisoned(events).length > 0) throw refused(400, "invalid event");
    this.keep(events);
    return jsonReply(200, { success: true, items: events.length });
  }
}

function readEvent({ bytes }: Stored): CriblEvent {
  const event = json(bytes);
  if (!isObject(event)) throw refused(400, "a line is no JSON object");
  const { _raw: raw, _time: time } = event;
  if (time !== undefined && (typeof time !== "number" || time < 0)) throw refused(400, "_time is no number of seconds");
  if (raw !== undefined && typeof raw !== "string") throw refused(400, "_raw is no string");
  const span = member(bytes, 0, "_raw");
  return { event, value: raw ?? event, bytes: span === undefined ? bytes : bytes.subarray(span.start, span.end) };
}
