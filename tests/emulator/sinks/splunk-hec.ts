/**
 * Splunk's HTTP Event Collector with its raw endpoint, around the endpoint of the emulator's receiver. Raw events are lines, and
 * need a channel ("Format events for HTTP Event Collector"); metadata comes in the query and nowhere else.
 */

import { SplunkEndpoint, hecReply, type HecCode, type SplunkOptions } from "../splunk.ts";
import { jsonReply, type Delivered, type Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { isObject, json, lines, utf8, type Stored } from "./read.ts";
import { hecEvents, isHecTime } from "./hec.ts";

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ENVELOPE = new Set(["event", "time", "host", "source", "sourcetype", "index", "fields"]);
const RAW_QUERY = new Set(["channel", "host", "source", "sourcetype", "index"]);

export interface SplunkEvent extends Stored {
  envelope: Record<string, unknown>;
}

export interface SplunkFakeOptions extends FakeOptions, SplunkOptions {
  /** Indexes that the token may write to. */
  indexes?: readonly string[];
  /** `max_content_length` of the input. */
  maxContentLength?: number;
}

export class SplunkHec extends Fake {
  readonly endpoint: SplunkEndpoint;
  readonly #options: SplunkFakeOptions;

  constructor(options: SplunkFakeOptions) {
    super(options);
    this.#options = options;
    this.endpoint = new SplunkEndpoint(options);
  }

  protected override isDelivery({ method, path }: Incoming): boolean {
    return method === "POST" && !path.endsWith("/ack");
  }

  protected answer(incoming: Incoming): Reply {
    const { path, body } = incoming;
    const limit = this.#options.maxContentLength ?? 838_860_800;
    if (!/^\/services\/collector(\/event(\/1\.0)?|\/raw(\/1\.0)?|\/ack|\/health(\/1\.0)?)?$/.test(path)) throw new Refusal(jsonReply(404, { text: "The requested URL was not found on this server.", code: 404 }));
    if (body.length > limit) throw new Refusal({ status: 413, body: `Content-Length of ${body.length} too large (maximum is ${limit})` });
    if (/\/raw(\/1\.0)?$/.test(path)) return this.#raw(incoming);
    if (/\/(ack|health(\/1\.0)?)$/.test(path)) return this.#judged({ ...incoming, path: path.endsWith("/ack") ? path : "/services/collector/health/1.0" }, []);
    const events = hecEvents(body) ?? [];
    for (const [index, { envelope }] of events.entries()) this.#check(envelope, index);
    return this.#judged({ ...incoming, path: "/services/collector/event" }, events.map(({ envelope }) => envelope));
  }

  #judged(incoming: Incoming, envelopes: readonly Record<string, unknown>[]): Reply {
    const judgement = this.endpoint.judge(incoming);
    if ("reply" in judgement) {
      if (judgement.reply.status >= 400) throw new Refusal(judgement.reply);
      return judgement.reply;
    }
    const events = judgement.documents.map(({ value, bytes }: Delivered, index): SplunkEvent => ({ value, bytes: bytes(), envelope: envelopes[index] ?? {} }));
    const [poisoned] = this.poisoned(events);
    if (poisoned !== undefined) throw new Refusal(judgement.reject(poisoned));
    this.keep(events);
    return judgement.accept();
  }

  /** What the emulator's own endpoint does not look at. */
  #check(envelope: Record<string, unknown>, index: number): void {
    const refuse = (code: HecCode): never => {
      throw new Refusal(hecReply(code, { "invalid-event-number": index }));
    };
    if (Object.keys(envelope).some((name) => !ENVELOPE.has(name)) || !isHecTime(envelope["time"])) refuse(6);
    if (["host", "source", "sourcetype", "index"].some((name) => envelope[name] !== undefined && typeof envelope[name] !== "string")) refuse(6);
    this.#checkIndex(envelope["index"], refuse);
  }

  #checkIndex(index: unknown, refuse: (code: HecCode) => never): void {
    const { indexes } = this.#options;
    if (index !== undefined && indexes !== undefined && !indexes.includes(String(index))) refuse(7);
  }

  /** As the event endpoint would take each line as an event, with the same token and channel. */
  #raw({ query, headers, body, ...rest }: Incoming): Reply {
    const refuse = (code: HecCode): never => {
      throw new Refusal(hecReply(code));
    };
    if (headers.authorization !== `Splunk ${this.#options.token}`) refuse(headers.authorization === undefined ? 2 : 4);
    const channel = String(headers["x-splunk-request-channel"] ?? query.get("channel") ?? "");
    if (channel === "") refuse(10);
    if (!GUID.test(channel)) refuse(11);
    if ([...query.keys()].some((name) => !RAW_QUERY.has(name)) || utf8(body) === undefined) refuse(6);
    this.#checkIndex(query.get("index") ?? undefined, refuse);
    const read = lines(body);
    if (read.length === 0) refuse(5);
    const envelope = Object.fromEntries([...query].filter(([name]) => name !== "channel"));
    const wrapped = Buffer.from(read.map(({ value }) => JSON.stringify({ event: value })).join(""));
    const before = this.stored.length;
    const reply = this.#judged({ ...rest, path: "/services/collector/event", query, headers, body: wrapped }, read.map(() => envelope));
    // A line of JSON is a JSON value to whoever searches it.
    this.stored.splice(before, read.length, ...read.map(({ bytes, value }): SplunkEvent => ({ bytes, value: isObject(json(bytes)) ? json(bytes) : value, envelope })));
    return reply;
  }
}
