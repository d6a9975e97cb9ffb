/**
 * LogScale's HEC API, `POST /api/v1/ingest/hec` and its raw variant, from its documentation ("Ingesting with HTTP Event
 * Collector", "Ingesting with Raw HEC", "Limits"). A large event is cut and the request still succeeds: `silent` counts that.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { member } from "../json-spans.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { isObject, lines, utf8, type Stored } from "./read.ts";
import { hecEvents, isHecTime, type HecEvent } from "./hec.ts";

const MAX_EVENT_BYTES = 1_000_000;
const ENDPOINTS = ["/api/v1/ingest/hec", "/services/collector", "/services/collector/event"];
const RAW = ["/api/v1/ingest/hec/raw", "/services/collector/raw"];
const TEXTS = ["host", "source", "sourcetype", "timezone", "index"];

const refused = (status: number, text: string): Refusal => new Refusal({ status, headers: { "content-type": "text/plain" }, body: text });

/** When it lags too far behind (`MAX_INGEST_DELAY_SECONDS`). */
export const LOGSCALE_BEHIND: Reply = { status: 503, body: "Ingest delay is too high" };

export interface LogScaleEvent extends Stored {
  envelope: Record<string, unknown>;
}

export class LogScale extends Fake {
  readonly silent = { truncated: 0 };
  readonly #token: string;
  readonly #repository: string;

  constructor(options: FakeOptions & { token: string; repository: string }) {
    super(options);
    this.#token = options.token;
    this.#repository = options.repository;
  }

  protected answer({ method, path, headers, body }: Incoming): Reply {
    if (![...ENDPOINTS, ...RAW].includes(path)) throw refused(404, "The requested resource could not be found.");
    if (method !== "POST") throw refused(405, "HTTP method not allowed, supported methods: POST");
    if (headers.authorization === undefined) throw refused(401, "The supplied authentication is missing");
    if (headers.authorization !== `Bearer ${this.#token}`) throw refused(401, "The supplied authentication is invalid");
    if (utf8(body) === undefined) throw refused(400, "not UTF-8");
    const events = RAW.includes(path) ? lines(body).map((line): LogScaleEvent => ({ ...line, envelope: {} })) : this.#envelopes(body);
    if (events.length === 0) throw refused(400, "no events");
    if (this.poisoned(events).length > 0) throw refused(400, "could not handle input");
    this.silent.truncated += events.filter(({ bytes }) => bytes.length > MAX_EVENT_BYTES).length;
    this.keep(events.filter(({ bytes }) => bytes.length <= MAX_EVENT_BYTES));
    return jsonReply(200, { text: "Success", code: 0 });
  }

  #envelopes(body: Buffer): LogScaleEvent[] {
    const events = hecEvents(body);
    if (events === undefined) throw refused(400, "could not handle input: malformed JSON");
    return events.map((event) => this.#read(event));
  }

  #read({ bytes, envelope }: HecEvent): LogScaleEvent {
    const { event, time, fields, index } = envelope;
    if (event === undefined || event === null) throw refused(400, "could not handle input: no event");
    if (!isHecTime(time)) throw refused(400, "could not handle input: time");
    if (fields !== undefined && !isObject(fields)) throw refused(400, "could not handle input: fields");
    if (TEXTS.some((name) => envelope[name] !== undefined && typeof envelope[name] !== "string")) throw refused(400, "could not handle input: metadata");
    if (index !== undefined && index !== this.#repository) throw refused(403, `index ${String(index)} is not the token's repository`);
    const unknown = Object.keys(envelope).find((name) => !["event", "time", "fields", ...TEXTS].includes(name));
    if (unknown !== undefined) throw refused(400, `could not handle input: ${unknown}`);
    const span = member(bytes, 0, "event");
    return { envelope, value: event, bytes: bytes.subarray(span?.start, span?.end) };
  }
}
