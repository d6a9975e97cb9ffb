/**
 * An emulator of Akamai's SIEM API on the loopback interface: `GET /siem/v1/configs/{configId}`.
 *
 * Every set of known configurations sees the same one stream, because positions and limits of several streams
 * at once would say nothing more about a client.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { Authenticator, type Credentials } from "./auth.ts";
import { EventStream } from "./events.ts";
import { FaultQueue, type Fault } from "./faults.ts";
import { LoopbackServer } from "./loopback.ts";
import { OffsetTokens } from "./offsets.ts";
import { contextLine, pageBody } from "./page.ts";
import { PROBLEMS, problemDocument, type ProblemName } from "./problems.ts";
import { parseTarget, type Query } from "./query.ts";
import { mix } from "./random.ts";
import { sendBody } from "./send.ts";
import { Timeline } from "./timeline.ts";

/** How long events are kept and offsets are valid (Akamai's documentation). */
export const RETENTION_MS = 12 * 3600 * 1000;
/** Time mode leaves out what is younger (Akamai's documentation of `to`). */
export const NEWEST_LEFT_OUT_MS = 5000;

const REMEMBERED_REQUESTS = 10_000;

export interface RateLimit {
  requests: number;
  perMs: number;
  /** Sends `Retry-After` with this many seconds; Akamai sends none. */
  retryAfterSeconds?: number;
}

export interface SiemOptions {
  seed?: number;
  /** 0 or left out: any free one. */
  port?: number;
  /** Events that are stored at the start, the last of them a minute ago. */
  available?: number;
  /** Time from one event to the next; 1 if left out. */
  intervalMs?: number;
  /** Time of the first event; left out, it follows from the two above and the clock. */
  firstEventAtMs?: number;
  /** Stores this many events a second from the start on. */
  eventsPerSecond?: number;
  credentials?: Credentials;
  configIds?: readonly string[];
  /** Configurations that exist but not for this user. */
  forbiddenConfigIds?: readonly string[];
  /** Where `offset=NULL` begins. */
  nullOffset?: "oldest" | "now";
  /** Events by which a response may exceed its limit. */
  overshoot?: number;
  compression?: "if-accepted" | "never";
  rateLimit?: RateLimit;
  /** Serves `/_emulator/faults`, `/_emulator/append` and `/_emulator/state` to anybody. */
  control?: boolean;
  /** The machine's clock, milliseconds. */
  now?: () => number;
}

export interface SeenRequest {
  method: string;
  target: string;
  headers: Record<string, string>;
  authorised: boolean;
  /** 0 if there was no answer. */
  status: number;
  /** Events of a 200 response. */
  events: number;
  outcome: "answered" | "whole" | "cut" | "aborted" | "reset" | "open";
}

export const DEFAULT_CREDENTIALS: Credentials = {
  clientToken: "akab-client-token-xxx-xxxxxxxxxxxxxxxx",
  clientSecret: "Y2xpZW50IHNlY3JldCBvZiB0aGUgZW11bGF0b3I=",
  accessToken: "akab-access-token-xxx-xxxxxxxxxxxxxxxx",
};

export class SiemEmulator extends LoopbackServer {
  readonly credentials: Credentials;
  readonly configIds: readonly string[];
  readonly events: EventStream;
  readonly faults = new FaultQueue();
  /** The newest requests for events, oldest first. */
  readonly requests: SeenRequest[] = [];
  readonly counters = { requests: 0, refused: 0, events: 0, bytes: 0, whole: 0, cut: 0, aborted: 0, reset: 0, inFlight: 0, maxInFlight: 0 };
  readonly statuses: Record<number, number> = {};
  /** Added to the machine's clock: signatures, `Date` and storage times go by the sum. */
  clockOffsetMs = 0;
  rateLimit: RateLimit | undefined;
  /** The offset of the last response that was handed to the network as a whole. */
  lastOffset: string | undefined;
  /** Events in whole responses. */
  served = 0;

  readonly #options: SiemOptions;
  readonly #timeline = new Timeline();
  readonly #tokens: OffsetTokens;
  readonly #authenticator: Authenticator;
  #agedMs = 0;
  #expiredTokens = 0;
  #producedUntilMs: number;
  #answeredAtMs: number[] = [];

  constructor(options: SiemOptions) {
    super(options.port);
    this.#options = options;
    this.credentials = options.credentials ?? DEFAULT_CREDENTIALS;
    this.configIds = options.configIds ?? ["14227", "29182"];
    this.rateLimit = options.rateLimit;
    const seed = options.seed ?? 1;
    const intervalMs = options.intervalMs ?? 1;
    const count = options.available ?? 0;
    const lastAtMs = this.now() - 60_000;
    const firstEventAtMs = options.firstEventAtMs ?? lastAtMs - Math.ceil(count * intervalMs);
    this.events = new EventStream({ seed, firstEventAtMs, intervalMs, configIds: this.configIds });
    this.#timeline.append(count, firstEventAtMs, firstEventAtMs + count * intervalMs);
    this.#tokens = new OffsetTokens(seed);
    this.#authenticator = new Authenticator(this.credentials);
    this.#producedUntilMs = this.now();
  }

  override close(): Promise<void> {
    this.faults.release();
    return super.close();
  }

  /** The emulator's clock, milliseconds. */
  now(): number {
    return (this.#options.now ?? Date.now)() + this.clockOffsetMs;
  }

  /** Events stored so far, those that are no longer kept included. */
  get available(): number {
    this.#produce();
    return this.#timeline.available;
  }

  /** Stores `count` more events now. */
  append(count: number): void {
    this.#produce();
    this.#timeline.append(count, this.#storageNow(), this.#storageNow());
  }

  /** Everything stored and every offset gets older by `ms`. The clock stays: signatures remain valid. */
  advance(ms: number): void {
    this.#produce();
    this.#agedMs += ms;
    this.#producedUntilMs += ms;
  }

  /** Every offset issued so far is too old from now on; the events stay. */
  expireOffsets(): void {
    this.#expiredTokens = this.#tokens.issued;
  }

  /** How many events of the stream lie before an offset that this emulator issued. */
  positionOf(offset: string): number | undefined {
    return this.#tokens.read(offset, setOf(this.configIds))?.position;
  }

  state(): Record<string, unknown> {
    const { lastOffset, served, available, counters, statuses, requests } = this;
    return { lastOffset, served, available, pendingFaults: this.faults.pending, counters, statuses, requests: requests.slice(-100) };
  }

  #storageNow(): number {
    return this.now() + this.#agedMs;
  }

  #produce(): void {
    const rate = this.#options.eventsPerSecond ?? 0;
    const until = this.#storageNow();
    const count = Math.floor(((until - this.#producedUntilMs) * rate) / 1000);
    if (count <= 0) return;
    const reached = this.#producedUntilMs + (count * 1000) / rate;
    this.#timeline.append(count, this.#producedUntilMs, reached);
    this.#producedUntilMs = reached;
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    response.setHeader("date", new Date(this.now()).toUTCString());
    if (request.url?.startsWith("/_emulator/")) return this.#control(request, response);

    const seen: SeenRequest = {
      method: request.method ?? "",
      target: request.url ?? "",
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      authorised: false,
      status: 0,
      events: 0,
      outcome: "open",
    };
    this.requests.push(seen);
    if (this.requests.length > REMEMBERED_REQUESTS) this.requests.shift();
    this.counters.requests += 1;
    this.counters.inFlight += 1;
    this.counters.maxInFlight = Math.max(this.counters.maxInFlight, this.counters.inFlight);
    request.resume();
    try {
      await this.#answer(seen, request, response);
    } finally {
      this.counters.inFlight -= 1;
    }
  }

  async #answer(seen: SeenRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request;
    const unauthorised = this.#authenticator.problem(headers.authorization, seen.method, headers.host ?? "", seen.target, this.now());
    if (unauthorised !== undefined) return this.#refuse(seen, response, unauthorised);
    seen.authorised = true;

    const fault = this.faults.take();
    for (const [name, value] of Object.entries(fault?.headers ?? {})) response.setHeader(name, value);
    if (fault?.reset) {
      seen.outcome = "reset";
      this.counters.reset += 1;
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.problem !== undefined) return this.#refuse(seen, response, fault.problem);
    if (fault?.respond !== undefined) {
      const { status, headers: extra = {}, body = "" } = fault.respond;
      return this.#send(seen, response, status, extra, Buffer.from(body));
    }

    if (seen.method !== "GET") return this.#refuse(seen, response, "method-not-allowed");
    const query = parseTarget(seen.target);
    if (query === undefined) return this.#refuse(seen, response, "not-found");
    if (typeof query === "string") return this.#refuse(seen, response, query);
    const configuration = this.#configurationProblem(query.configIds);
    if (configuration !== undefined) return this.#refuse(seen, response, configuration);
    if (this.#isTooOften()) {
      if (this.rateLimit?.retryAfterSeconds !== undefined) response.setHeader("retry-after", this.rateLimit.retryAfterSeconds);
      return this.#refuse(seen, response, "too-many-requests");
    }
    const range = this.#range(query);
    if (typeof range === "string") return this.#refuse(seen, response, range);
    await this.#page(seen, request, response, query, range, fault);
  }

  async #page(
    seen: SeenRequest,
    request: IncomingMessage,
    response: ServerResponse,
    query: Query,
    range: { start: number; end: number },
    fault: Fault | undefined,
  ): Promise<void> {
    const total = Math.min(range.end - range.start, query.limit + (this.#options.overshoot ?? 0));
    const end = range.start + total;
    const isFull = total >= query.limit;
    const sequence = this.#tokens.issued;
    const offset = this.#tokens.issue(end, this.#storageNow(), setOf(query.configIds));
    const shownTotal = fault?.context === "wrong-total" ? total + 1 : total;
    const limit = isFull && fault?.context !== "without-limit" ? query.limit : undefined;
    const context = contextLine(mix(this.events.options.seed, sequence), shownTotal, offset, limit);

    const gzip = this.#options.compression !== "never" && /\bgzip\b/.test(String(request.headers["accept-encoding"]));
    response.statusCode = seen.status = 200;
    this.#count(200);
    response.setHeader("content-type", "application/json");
    if (gzip) response.setHeader("content-encoding", "gzip");
    const body = pageBody({ events: this.events, start: range.start, end, context, fault });
    seen.events = total;
    seen.outcome = await sendBody(response, body, gzip, fault, this.faults, (bytes) => (this.counters.bytes += bytes));
    this.counters[seen.outcome] += 1;
    if (seen.outcome !== "whole") return;
    this.counters.events += total;
    this.served += total;
    if (fault?.context !== "missing") this.lastOffset = offset;
  }

  #range(query: Query): { start: number; end: number } | ProblemName {
    this.#produce();
    const storageNow = this.#storageNow();
    const available = this.#timeline.available;
    const oldest = this.#timeline.firstSince(storageNow - RETENTION_MS);
    if ("fromMs" in query.mode) {
      const { fromMs, toMs } = query.mode;
      // Requests go by the clock, which is younger than the storage by what `advance` added. A second is
      // allowed because `from` has whole seconds.
      if (fromMs < this.now() - RETENTION_MS - 1000) return "from-too-old";
      const newest = Math.min(toMs ?? Infinity, this.now() - NEWEST_LEFT_OUT_MS);
      const start = Math.max(oldest, this.#timeline.firstSince(fromMs + this.#agedMs));
      return { start, end: Math.max(start, this.#timeline.firstSince(newest + this.#agedMs)) };
    }
    if (query.mode.offset === "NULL") return { start: this.#options.nullOffset === "now" ? available : oldest, end: available };
    const offset = this.#tokens.read(query.mode.offset, setOf(query.configIds));
    if (offset === undefined) return "missing-parameters";
    const isExpired = offset.sequence < this.#expiredTokens || storageNow - offset.issuedAtMs > RETENTION_MS || offset.position < oldest;
    return isExpired ? "offset-too-old" : { start: offset.position, end: available };
  }

  #configurationProblem(ids: readonly string[]): ProblemName | undefined {
    const forbidden = this.#options.forbiddenConfigIds ?? [];
    if (ids.some((id) => !this.configIds.includes(id) && !forbidden.includes(id))) return "not-found";
    return ids.some((id) => forbidden.includes(id)) ? "unauthorized" : undefined;
  }

  #isTooOften(): boolean {
    if (this.rateLimit === undefined) return false;
    const now = this.now();
    const { requests, perMs } = this.rateLimit;
    this.#answeredAtMs = this.#answeredAtMs.filter((at) => now - at < perMs);
    if (this.#answeredAtMs.length >= requests) return true;
    this.#answeredAtMs.push(now);
    return false;
  }

  #refuse(seen: SeenRequest, response: ServerResponse, name: ProblemName): void {
    const host = String(seen.headers["host"]);
    const facts = { method: seen.method, host, target: seen.target, count: this.counters.requests, nowMs: this.now() };
    this.#send(seen, response, PROBLEMS[name].status, { "content-type": "application/problem+json" }, problemDocument(name, facts));
  }

  #send(seen: SeenRequest, response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer): void {
    seen.status = status;
    seen.outcome = "answered";
    this.#count(status);
    if (status >= 400) this.counters.refused += 1;
    response.writeHead(status, { "content-length": body.length, ...headers });
    response.end(body);
  }

  #count(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    const reply = (status: number, document: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(document));
    };
    if (!this.#options.control) return reply(404, { error: "the control endpoints are not enabled" });
    if (route === "GET /_emulator/state") return reply(200, this.state());
    const body = await json(request).catch(() => undefined);
    if (route === "POST /_emulator/faults") {
      if (!Array.isArray(body)) return reply(400, { error: "expected a JSON list of faults" });
      this.faults.add(...(body as Fault[]));
      return reply(200, { pendingFaults: this.faults.pending });
    }
    if (route === "POST /_emulator/append") {
      const count = (body as { count?: unknown } | null | undefined)?.count;
      if (!Number.isSafeInteger(count)) return reply(400, { error: "expected {\"count\": number of events}" });
      this.append(count as number);
      return reply(200, { available: this.available });
    }
    return reply(404, { error: "no such control endpoint" });
  }
}

/** Offsets belong to a set of configurations, in whatever order it is written. */
function setOf(configIds: readonly string[]): string {
  return [...new Set(configIds)].sort().join(";");
}

/** Starts the emulator on the loopback interface. */
export function startSiem(options: SiemOptions = {}): Promise<SiemEmulator> {
  return new SiemEmulator(options).listen();
}
