/**
 * Splunk's HTTP Event Collector: `/services/collector/event`, `/ack` and `/health`, with the answers of
 * Splunk's documentation ("Troubleshoot HTTP Event Collector", table of possible error codes).
 */

import { jsonReply, type Delivered, type Endpoint, type Incoming, type Judgement, type Reply } from "./delivery.ts";
import { concatenated, member } from "./json-spans.ts";

const CODES = {
  0: [200, "Success"],
  1: [403, "Token disabled"],
  2: [401, "Token is required"],
  3: [401, "Invalid authorization"],
  4: [403, "Invalid token"],
  5: [400, "No data"],
  6: [400, "Invalid data format"],
  7: [400, "Incorrect index"],
  8: [500, "Internal server error"],
  9: [503, "Server is busy"],
  10: [400, "Data channel is missing"],
  11: [400, "Invalid data channel"],
  12: [400, "Event field is required"],
  13: [400, "Event field cannot be blank"],
  14: [400, "ACK is disabled"],
  15: [400, "Error in handling indexed fields"],
  17: [200, "HEC is healthy"],
  18: [503, "HEC is unhealthy, queues are full"],
} as const;
export type HecCode = keyof typeof CODES;

/** The answer that Splunk gives with a code. */
export function hecReply(code: HecCode, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Reply {
  const [status, text] = CODES[code];
  return jsonReply(status, { text, code, ...more }, headers);
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface SplunkOptions {
  token: string;
  /**
   * Indexer acknowledgement: `off`, or after how many polls a batch is acknowledged (0: at once). `Infinity`
   * acknowledges nothing until `acknowledge()`.
   */
  acknowledgeAfterPolls?: number | "off";
}

export class SplunkEndpoint implements Endpoint {
  readonly counters = { tokenFailures: 0, polls: 0 };
  /** Answers as Splunk does when it is overloaded, health included. */
  queuesAreFull = false;
  acknowledgeAfterPolls: number | "off";
  readonly #token: string;
  /** Polls left for each batch that has not been reported yet, by channel. */
  readonly #channels = new Map<string, { next: number; pollsLeft: Map<number, number> }>();

  constructor(options: SplunkOptions) {
    this.#token = options.token;
    this.acknowledgeAfterPolls = options.acknowledgeAfterPolls ?? "off";
  }

  /** Acknowledges every batch taken so far. */
  acknowledge(): void {
    for (const { pollsLeft } of this.#channels.values()) {
      for (const id of pollsLeft.keys()) pollsLeft.set(id, 0);
    }
  }

  judge(incoming: Incoming): Judgement {
    const refusal = this.#tokenProblem(incoming.headers.authorization);
    if (refusal !== undefined) {
      this.counters.tokenFailures += 1;
      return { reply: hecReply(refusal) };
    }
    switch (incoming.path) {
      case "/services/collector/health/1.0":
        return { reply: hecReply(this.queuesAreFull ? 18 : 17) };
      case "/services/collector/ack":
        return { reply: this.#ack(incoming) };
      default:
        return this.queuesAreFull ? { reply: hecReply(9) } : this.#events(incoming);
    }
  }

  #tokenProblem(authorization: string | undefined): HecCode | undefined {
    if (authorization === undefined) return 2;
    const match = /^Splunk (\S+)$/.exec(authorization);
    if (match === null) return 3;
    return match[1] === this.#token ? undefined : 4;
  }

  #events(incoming: Incoming): Judgement {
    if (incoming.method !== "POST") return { reply: jsonReply(405, { text: "Method Not Allowed", code: 405 }) };
    const channel = channelOf(incoming);
    if (this.acknowledgeAfterPolls !== "off" || channel !== "") {
      if (channel === "") return { reply: hecReply(10) };
      if (!GUID.test(channel)) return { reply: hecReply(11) };
    }
    const documents: Delivered[] = [];
    try {
      for (const { start, end } of concatenated(incoming.body)) {
        const read = readEnvelope(incoming.body, start, end);
        if (typeof read === "number") return { reply: hecReply(read, { "invalid-event-number": documents.length }) };
        documents.push(read);
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { reply: hecReply(6, { "invalid-event-number": documents.length }) };
    }
    if (documents.length === 0) return { reply: hecReply(5) };
    return {
      documents,
      accept: () => (this.acknowledgeAfterPolls === "off" ? hecReply(0) : hecReply(0, { ackId: this.#take(channel) })),
      reject: (index) => hecReply(6, { "invalid-event-number": index }),
    };
  }

  #take(channel: string): number {
    let state = this.#channels.get(channel);
    if (state === undefined) this.#channels.set(channel, (state = { next: 0, pollsLeft: new Map() }));
    const id = state.next;
    state.next += 1;
    state.pollsLeft.set(id, this.acknowledgeAfterPolls === "off" ? Infinity : this.acknowledgeAfterPolls);
    return id;
  }

  #ack(incoming: Incoming): Reply {
    if (incoming.method !== "POST") return jsonReply(405, { text: "Method Not Allowed", code: 405 });
    if (this.acknowledgeAfterPolls === "off") return hecReply(14);
    const channel = channelOf(incoming);
    if (channel === "") return hecReply(10);
    if (!GUID.test(channel)) return hecReply(11);
    let ids: unknown;
    try {
      ids = (JSON.parse(incoming.body.toString("utf8")) as { acks?: unknown } | null)?.acks;
    } catch {
      return hecReply(6);
    }
    if (!Array.isArray(ids) || !ids.every(Number.isInteger)) return hecReply(6);
    this.counters.polls += 1;
    const pollsLeft = this.#channels.get(channel)?.pollsLeft ?? new Map<number, number>();
    const acks: Record<string, boolean> = {};
    for (const id of ids as number[]) {
      const left = pollsLeft.get(id) ?? Infinity;
      acks[id] = left <= 0;
      // Splunk forgets an acknowledgement once it was reported.
      if (left <= 0) pollsLeft.delete(id);
      else if (pollsLeft.has(id)) pollsLeft.set(id, left - 1);
    }
    return jsonReply(200, { acks });
  }
}

function channelOf({ headers, query }: Incoming): string {
  return String(headers["x-splunk-request-channel"] ?? query.get("channel") ?? "");
}

function readEnvelope(body: Buffer, start: number, end: number): Delivered | HecCode {
  const envelope = JSON.parse(body.toString("utf8", start, end)) as Record<string, unknown> | null;
  if (typeof envelope !== "object" || envelope === null || Array.isArray(envelope)) return 6;
  const { event, time, fields } = envelope;
  if (event === undefined) return 12;
  if (event === null || event === "") return 13;
  const timeSeconds = time === undefined ? undefined : Number(time);
  if (timeSeconds !== undefined && !Number.isFinite(timeSeconds)) return 6;
  if (fields !== undefined && !isFlat(fields)) return 15;
  return {
    value: event,
    bytes: () => {
      const span = member(body, start, "event");
      return body.subarray(span?.start, span?.end);
    },
    ...(timeSeconds !== undefined && { timeSeconds }),
  };
}

/** Indexed fields are strings, numbers and booleans, or lists of them; no objects. */
function isFlat(fields: unknown): boolean {
  const isScalar = (value: unknown): boolean => value !== null && typeof value !== "object";
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return false;
  return Object.values(fields).every((value: unknown) => isScalar(value) || (Array.isArray(value) && value.every(isScalar)));
}
