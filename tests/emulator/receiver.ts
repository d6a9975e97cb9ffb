/** Accepts what EdgeSIEM delivers, checks it, and misbehaves on request. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { jsonReply, type Endpoint, type Incoming, type Judgement, type Reply } from "./delivery.ts";
import { SplunkEndpoint, type SplunkOptions } from "./splunk.ts";
import { Tally, type TallyOptions } from "./tally.ts";
import { WebhookEndpoint } from "./webhook.ts";

export interface ReceiverOptions extends TallyOptions {
  /** 0 or left out: any free one. */
  port?: number;
  webhookSecret?: string;
  splunk?: Partial<SplunkOptions>;
  /** Serves `/_emulator/state` to anybody. */
  control?: boolean;
  /** Clock that webhook timestamps are checked by, milliseconds. */
  now?: () => number;
}

export const DEFAULT_WEBHOOK_SECRET = "whsec_d2ViaG9vayBzZWNyZXQgb2YgdGhlIGVtdWxhdG9y";
export const DEFAULT_SPLUNK_TOKEN = "12345678-1234-1234-1234-123456789abc";

/** Larger bodies are not unpacked. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

export class Receiver {
  readonly webhookSecret: string;
  readonly splunkToken: string;
  readonly webhook: WebhookEndpoint;
  readonly splunk: SplunkEndpoint;
  readonly tally: Tally;
  readonly counters = {
    posts: 0,
    batches: 0,
    refused: 0,
    rejected: 0,
    droppedAnswers: 0,
    bytes: 0,
    largestBatchEvents: 0,
    largestBatchBytes: 0,
    inFlight: 0,
    maxInFlight: 0,
  };
  /** What went wrong in the receiver itself; a test should find this empty. */
  readonly errors: unknown[] = [];
  /** Batches with one of these events are rejected for good. */
  readonly poison = new Set<number>();
  /** Larger bodies get 413. */
  maxBodyBytes = Infinity;
  /** Batches with more events get 413. */
  maxBatchEvents = Infinity;
  /** This many batches are taken and their connection is broken instead of an answer. */
  dropNextAnswers = 0;
  /**
   * What happens to the delivery with this number, counted from 0 over all that reach the receiver: it is answered
   * without a look at it, or it is judged as ever and its connection is broken instead of the answer.
   */
  readonly planned = new Map<number, Reply | "answer-lost">();

  readonly #options: ReceiverOptions;
  readonly #refusals: { reply: Reply; left: number }[] = [];
  #held: (() => void)[] | undefined;
  #server: Server | undefined;
  #port: number;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.webhookSecret = options.webhookSecret ?? DEFAULT_WEBHOOK_SECRET;
    this.splunkToken = options.splunk?.token ?? DEFAULT_SPLUNK_TOKEN;
    this.webhook = new WebhookEndpoint(this.webhookSecret);
    this.splunk = new SplunkEndpoint({ ...options.splunk, token: this.splunkToken });
    this.tally = new Tally(options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before if there was one. */
  async up(): Promise<this> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.errors.push(error);
        response.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Stops listening and breaks every connection: new ones are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async close(): Promise<void> {
    this.release();
    await this.down();
  }

  /** Answers the next `times` deliveries with `reply` without looking at them. */
  refuseNext(reply: Reply, times = 1): void {
    this.#refusals.push({ reply, left: times });
  }

  /** From now on, answers wait for `release()`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  state(): Record<string, unknown> {
    const { counters, tally, webhook, splunk } = this;
    return { counters, tally: tally.counters, mismatches: tally.mismatches, webhook: webhook.counters, splunk: splunk.counters };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://receiver");
    if (pathname === "/_emulator/state" && this.#options.control) return send(response, jsonReply(200, this.state()));
    const endpoint = this.#endpoint(pathname);
    if (endpoint === undefined) return send(response, jsonReply(404, { error: "no such endpoint" }));

    const isDelivery = request.method === "POST" && pathname !== "/services/collector/ack";
    const number = this.counters.posts;
    if (isDelivery) {
      this.counters.posts += 1;
      this.counters.inFlight += 1;
      this.counters.maxInFlight = Math.max(this.counters.maxInFlight, this.counters.inFlight);
      response.once("close", () => (this.counters.inFlight -= 1));
    }
    const received = await buffer(request).catch(() => undefined);
    // The client gave up in the middle: there is nothing to judge and nobody to answer.
    if (received === undefined) return;
    const reply = isDelivery ? this.#deliver(endpoint, request, received, pathname, searchParams, number) : this.#ask(endpoint, request, received, pathname, searchParams);
    const held = this.#held;
    if (held !== undefined && isDelivery) await new Promise<void>((resolve) => held.push(resolve));
    if (reply === undefined) response.destroy();
    else send(response, reply);
  }

  #endpoint(path: string): Endpoint | undefined {
    if (path === "/webhook") return this.webhook;
    return /^\/services\/collector\/(event|ack|health\/1\.0)$/.test(path) ? this.splunk : undefined;
  }

  #ask(endpoint: Endpoint, request: IncomingMessage, body: Buffer, path: string, query: URLSearchParams): Reply {
    const judgement = endpoint.judge(this.#incoming(request, body, path, query));
    return "reply" in judgement ? judgement.reply : jsonReply(405, { error: "not a delivery" });
  }

  /** The answer, or `undefined` if there shall be none. */
  #deliver(endpoint: Endpoint, request: IncomingMessage, received: Buffer, path: string, query: URLSearchParams, number: number): Reply | undefined {
    const { counters, tally } = this;
    const planned = this.planned.get(number);
    this.planned.delete(number);
    if (typeof planned === "object") {
      counters.refused += 1;
      return planned;
    }
    const refusal = this.#refusals[0];
    if (refusal !== undefined) {
      refusal.left -= 1;
      if (refusal.left <= 0) this.#refusals.shift();
      counters.refused += 1;
      return refusal.reply;
    }
    let body: Buffer;
    try {
      const isGzip = request.headers["content-encoding"] === "gzip";
      body = isGzip ? gunzipSync(received, { maxOutputLength: MAX_UNPACKED_BYTES }) : received;
    } catch {
      counters.refused += 1;
      return jsonReply(400, { error: "the body is not gzip" });
    }
    if (body.length > this.maxBodyBytes) {
      counters.refused += 1;
      return jsonReply(413, { error: `the body is larger than ${this.maxBodyBytes} bytes` });
    }
    const judgement: Judgement = endpoint.judge(this.#incoming(request, body, path, query));
    if ("reply" in judgement) {
      counters.refused += 1;
      return judgement.reply;
    }
    if (judgement.documents.length > this.maxBatchEvents) {
      counters.refused += 1;
      return jsonReply(413, { error: `there are more than ${this.maxBatchEvents} events` });
    }
    const numbers = judgement.documents.map((document) => tally.numberOf(document));
    const poisoned = numbers.findIndex((number) => number !== undefined && this.poison.has(number));
    if (poisoned !== -1) {
      counters.rejected += 1;
      return judgement.reject(poisoned);
    }
    judgement.documents.forEach((document, k) => tally.count(document, numbers[k]));
    counters.batches += 1;
    counters.bytes += body.length;
    counters.largestBatchEvents = Math.max(counters.largestBatchEvents, numbers.length);
    counters.largestBatchBytes = Math.max(counters.largestBatchBytes, body.length);
    const reply = judgement.accept();
    if (planned !== "answer-lost") {
      if (this.dropNextAnswers <= 0) return reply;
      this.dropNextAnswers -= 1;
    }
    counters.droppedAnswers += 1;
    return undefined;
  }

  #incoming(request: IncomingMessage, body: Buffer, path: string, query: URLSearchParams): Incoming {
    return { method: request.method ?? "", path, query, headers: request.headers, body, nowMs: (this.#options.now ?? Date.now)() };
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  const length = reply.status === 204 ? {} : { "content-length": body.length };
  response.writeHead(reply.status, { ...length, ...reply.headers });
  response.end(body);
}

/** Starts the receiver on the loopback interface. */
export function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  return new Receiver(options).up();
}
