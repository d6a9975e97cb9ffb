/**
 * An emulator of Trend Micro Cloud App Security's log API on the loopback interface:
 * `GET /v1/siem/security_events` and the older `GET /siem/v1/security_events`.
 *
 * Where the documentation is silent: `start` and `end` are both part of their window, events come oldest first, a
 * window has what it had when its first page was asked for, a link is good for half an hour, also if its window is no
 * longer allowed by then, and refused with 400 after that, and requests that were throttled do not count.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { FaultQueue, type Fault } from "./faults.ts";
import { LoopbackServer } from "./loopback.ts";
import { Random, mix } from "./random.ts";
import { sendBody } from "./send.ts";
import { errorBody, MESSAGES, type ErrorForm, type ErrorStatus } from "./trend-micro-errors.ts";
import { EVENTS, SERVICES, TrendMicroEvents, type BodyForm } from "./trend-micro-events.ts";
import { OpenPages, pageBody, type Nothing } from "./trend-micro-page.ts";
import { parseTarget, PATHS, type EventsQuery, type PathForm } from "./trend-micro-query.ts";
import { Throttle, type ThrottleOptions } from "./trend-micro-throttle.ts";

export const DEFAULT_TOKEN = "d0c5a1f4-emulated-token-of-cloud-app-security";
const PAGE_LIFETIME_MS = 30 * 60_000;
const REMEMBERED_REQUESTS = 100_000;

export interface TrendMicroOptions {
  seed?: number;
  /** 0 or left out: any free one. */
  port?: number;
  token?: string;
  /** The token is refused from then on, milliseconds since 1970. */
  tokenEndsAtMs?: number;
  /** Events at the start; more come by `append` and by `events.add`. */
  available?: number;
  /** They are spread over this time, which ends two minutes ago; 48 hours if left out. */
  spreadMs?: number;
  /** Which of the services and kinds have events; all of the current documentation if left out. */
  services?: readonly string[];
  kinds?: readonly string[];
  /** 20 a minute and 14,400 a day if left out. */
  throttle?: Partial<ThrottleOptions>;
  /** Sent with 429, seconds; Trend Micro documents none. */
  retryAfterSeconds?: number;
  bodyForm?: BodyForm;
  nothing?: Nothing;
  errorForm?: ErrorForm;
  /** Which path links have, whatever the request's was; samples in the current documentation show the older one. */
  linkPath?: PathForm | "as-asked";
  pageLifetimeMs?: number;
  /** What a page id that has expired is refused with. */
  expiredPageStatus?: 400 | 404;
  /** Whether an event at exactly `end` is part of a window. */
  end?: "inclusive" | "exclusive";
  /** Events can take this long to appear. */
  visibleAfterMs?: number;
  compression?: "if-accepted" | "never";
  /** Serves `/_emulator/state`, `/_emulator/faults` and `/_emulator/append` to anybody. */
  control?: boolean;
  /** The machine's clock, milliseconds. */
  now?: () => number;
}

/** What goes wrong with one of the next authorised requests, or with more of them. */
export interface TrendMicroFault extends Pick<Fault, "times" | "reset" | "respond" | "headers" | "cut" | "bytesPerSecond" | "stallAfterBytes"> {
  error?: ErrorStatus;
  errorForm?: ErrorForm;
  /** Instead of the link to the next page, whether there is one or not. */
  nextLink?: string;
  /** Instead of the newest time. */
  lastTime?: string;
  /** The first event of the page is this long. */
  oversizeBytes?: number;
}

/** The same queue, for the faults of this API. */
class TrendMicroFaults extends FaultQueue {
  override add(...faults: TrendMicroFault[]): void {
    super.add(...faults);
  }

  override take(): TrendMicroFault | undefined {
    return super.take();
  }
}

export interface SeenEventsRequest {
  method: string;
  target: string;
  /** When it came by the emulator's clock, milliseconds. */
  atMs: number;
  authorised: boolean;
  /** 0 if there was no answer. */
  status: number;
  /** Numbers of the events of a 200 answer. */
  numbers: readonly number[];
  outcome: "answered" | "whole" | "cut" | "aborted" | "reset" | "open";
}

export class TrendMicroEmulator extends LoopbackServer {
  readonly token: string;
  readonly events: TrendMicroEvents;
  readonly faults = new TrendMicroFaults();
  /** Requests oldest first, those that were refused included. */
  readonly requests: SeenEventsRequest[] = [];
  readonly statuses: Record<number, number> = {};
  /** Added to the machine's clock. */
  clockOffsetMs = 0;
  bodyForm: BodyForm;
  nothing: Nothing;
  errorForm: ErrorForm;

  readonly #options: TrendMicroOptions;
  readonly #pages: OpenPages;
  readonly #throttle: Throttle;
  readonly #random: Random;

  constructor(options: TrendMicroOptions = {}) {
    super(options.port);
    const seed = options.seed ?? 1;
    this.#options = options;
    this.token = options.token ?? DEFAULT_TOKEN;
    this.bodyForm = options.bodyForm ?? "snake";
    this.nothing = options.nothing ?? "empty";
    this.errorForm = options.errorForm ?? "full";
    this.events = new TrendMicroEvents({ seed, visibleAfterMs: options.visibleAfterMs ?? 0 });
    this.#pages = new OpenPages(seed);
    this.#throttle = new Throttle({ perMinute: 20, perDay: 14_400, counting: "sliding", ...options.throttle });
    this.#random = new Random(mix(seed, 0x7e4d));
    const untilMs = this.now() - 120_000;
    this.append(options.available ?? 0, untilMs - (options.spreadMs ?? 48 * 3_600_000), untilMs);
  }

  /** The emulator's clock, milliseconds. */
  now(): number {
    return (this.#options.now ?? Date.now)() + this.clockOffsetMs;
  }

  /** Adds events of any service and kind, spread over a time; some share their instant, some are at whole minutes. */
  append(count: number, fromMs = this.now(), toMs = fromMs): void {
    const { services = SERVICES, kinds = EVENTS } = this.#options;
    const random = this.#random;
    const stepMs = (toMs - fromMs) / Math.max(1, count);
    let combination: [service: string, kind: string] = [random.pick(services), random.pick(kinds)];
    let atMs = fromMs;
    for (let k = 0; k < count; k += 1) {
      const isSameInstant = k > 0 && random.chance(25);
      if (!isSameInstant) {
        combination = [random.pick(services), random.pick(kinds)];
        atMs = Math.floor(fromMs + k * stepMs);
        const minute = Math.floor(atMs / 60_000) * 60_000;
        if (random.chance(10) && minute >= fromMs) atMs = minute;
      }
      this.events.add(...combination, atMs);
    }
  }

  /** Every link given out so far is refused from now on. */
  expirePages(): void {
    this.#pages.forget(() => true);
  }

  state(): Record<string, unknown> {
    const { statuses, requests, events } = this;
    return { events: events.count, pendingFaults: this.faults.pending, statuses, requests: requests.slice(-100) };
  }

  override close(): Promise<void> {
    this.faults.release();
    return super.close();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: target = "", headers } = request;
    const now = this.now();
    response.sendDate = false;
    response.setHeader("date", new Date(now).toUTCString());
    if (target.startsWith("/_emulator/")) return this.#control(request, response);
    const seen: SeenEventsRequest = { method, target, atMs: now, authorised: false, status: 0, numbers: [], outcome: "open" };
    this.requests.push(seen);
    if (this.requests.length > REMEMBERED_REQUESTS) this.requests.shift();
    request.resume();

    if (!this.#isAuthorised(headers.authorization, now)) return this.#refuse(seen, response, 401);
    seen.authorised = true;
    if (!this.#throttle.take(now)) {
      const { retryAfterSeconds } = this.#options;
      if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
      return this.#refuse(seen, response, 429);
    }
    const fault = this.faults.take();
    for (const [name, value] of Object.entries(fault?.headers ?? {})) response.setHeader(name, value);
    if (fault?.reset === true) {
      seen.outcome = "reset";
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.error !== undefined) return this.#refuse(seen, response, fault.error, MESSAGES[fault.error], fault.errorForm);
    if (fault?.respond !== undefined) {
      const { status, headers: more = {}, body = "" } = fault.respond;
      return this.#send(seen, response, status, more, body);
    }
    const query = parseTarget(target, now);
    if (query === undefined) return this.#refuse(seen, response, 404);
    if (method !== "GET") return this.#refuse(seen, response, 405);
    if ("message" in query) return this.#refuse(seen, response, 400, query.message);
    await this.#page(seen, request, response, query, fault);
  }

  #isAuthorised(authorization: string | undefined, now: number): boolean {
    return authorization === `Bearer ${this.token}` && now < (this.#options.tokenEndsAtMs ?? Infinity);
  }

  async #page(seen: SeenEventsRequest, request: IncomingMessage, response: ServerResponse, query: EventsQuery, fault: TrendMicroFault | undefined): Promise<void> {
    const now = seen.atMs;
    const { pageLifetimeMs = PAGE_LIFETIME_MS, expiredPageStatus = 400, linkPath = "as-asked" } = this.#options;
    this.#pages.forget(({ issuedAtMs }) => now - issuedAtMs > pageLifetimeMs);
    const { pageId, ...window } = query;
    const open = pageId === undefined ? undefined : this.#pages.find(pageId);
    if (pageId !== undefined && open === undefined) return this.#refuse(seen, response, expiredPageStatus, "page_id is unknown or has expired");
    if (open !== undefined && !isSameWindow(open.query, window)) return this.#refuse(seen, response, 400, "page_id belongs to another request");

    const all = open?.numbers ?? this.#window(window, now);
    const numbers = all.slice(0, query.limit);
    const rest = all.slice(query.limit);
    const base = `http://${request.headers.host ?? ""}`;
    const path = PATHS[linkPath === "as-asked" ? query.path : linkPath];
    const nextId = rest.length === 0 ? undefined : this.#pages.issue({ query: window, numbers: rest, issuedAtMs: now });
    const nextLink = nextId === undefined ? undefined : `${base}${path}?${parametersOf(window)}&page_id=${encodeURIComponent(nextId)}`;
    const body = pageBody({
      events: this.events,
      form: this.bodyForm,
      numbers,
      currentLink: base + seen.target,
      nextLink: fault?.nextLink ?? nextLink,
      lastTime: fault?.lastTime,
      nothing: this.nothing,
      traceId: this.#traceId(),
      oversizeBytes: fault?.oversizeBytes,
    });
    const gzip = this.#options.compression !== "never" && /\bgzip\b/.test(String(request.headers["accept-encoding"]));
    response.statusCode = seen.status = 200;
    seen.numbers = numbers;
    this.#count(200);
    response.setHeader("content-type", "application/json");
    if (gzip) response.setHeader("content-encoding", "gzip");
    seen.outcome = await sendBody(response, body, gzip, fault, this.faults, () => undefined);
  }

  #window({ service, event, startMs, endMs }: Omit<EventsQuery, "pageId">, now: number): number[] {
    const last = this.#options.end === "exclusive" ? endMs - 1 : endMs;
    return this.events.select(service, event, ({ generatedAtMs, visibleAtMs }) => generatedAtMs >= startMs && generatedAtMs <= last && visibleAtMs <= now);
  }

  #refuse(seen: SeenEventsRequest, response: ServerResponse, status: ErrorStatus, message: string = MESSAGES[status], form: ErrorForm = this.errorForm): void {
    const { contentType, body } = errorBody(status, message, form, this.#traceId());
    this.#send(seen, response, status, { "content-type": contentType }, body);
  }

  #send(seen: SeenEventsRequest, response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
    seen.status = status;
    seen.outcome = "answered";
    this.#count(status);
    response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
    response.end(body);
  }

  #count(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  #traceId(): string {
    return `634810de-341e-4f33-b94e-${this.requests.length.toString(16).padStart(12, "0")}`;
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    const reply = (status: number, document: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(document));
    };
    if (this.#options.control !== true) return reply(404, { error: "the control endpoints are not enabled" });
    if (route === "GET /_emulator/state") return reply(200, this.state());
    const body: unknown = await json(request).catch(() => undefined);
    if (route === "POST /_emulator/faults") {
      if (!Array.isArray(body)) return reply(400, { error: "expected a JSON list of faults" });
      this.faults.add(...(body as TrendMicroFault[]));
      return reply(200, { pendingFaults: this.faults.pending });
    }
    if (route === "POST /_emulator/append") {
      const count = (body as { count?: unknown } | null | undefined)?.count;
      if (!Number.isSafeInteger(count)) return reply(400, { error: 'expected {"count": number of events}' });
      this.append(count as number);
      return reply(200, { events: this.events.count });
    }
    return reply(404, { error: "no such control endpoint" });
  }
}

function parametersOf({ service, event, startMs, endMs, limit }: Omit<EventsQuery, "pageId">): URLSearchParams {
  return new URLSearchParams({ service, event, start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString(), limit: String(limit) });
}

/** A link is followed as it is: nothing may be changed, nothing added. */
function isSameWindow(issued: Omit<EventsQuery, "pageId">, asked: Omit<EventsQuery, "pageId">): boolean {
  return parametersOf(issued).toString() === parametersOf(asked).toString();
}

/** Starts the emulator on the loopback interface. */
export function startTrendMicro(options: TrendMicroOptions = {}): Promise<TrendMicroEmulator> {
  return new TrendMicroEmulator(options).listen();
}
