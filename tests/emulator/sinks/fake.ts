/**
 * What the fakes of receivers share: a server on the loopback interface that unpacks requests, fails as a test has
 * planned, and keeps what the receiver would have stored. What a receiver takes and refuses is each fake's own.
 */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Reply } from "../delivery.ts";
import type { Stored } from "./read.ts";

export interface Incoming {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Without its content encoding. */
  body: Buffer;
  /** Bytes of the body as they came. */
  wireBytes: number;
  nowMs: number;
}

export interface FakeOptions {
  /** Clock that timestamps and tokens are checked by, milliseconds. */
  now?: () => number;
}

/** An answer, or what makes one at the time. */
export type Planned = Reply | (() => Reply);

/** A refusal: thrown by whatever reads a request, answered by the server. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`${reply.status} ${reply.body}`);
    this.reply = reply;
  }
}

/** Larger bodies are not unpacked. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

export abstract class Fake {
  /** Everything that the receiver has stored, in the order of arrival. */
  readonly stored: Stored[] = [];
  readonly counters = { deliveries: 0, taken: 0, planned: 0, refused: 0, lostAnswers: 0, gzip: 0, largestBody: 0, mostRecords: 0 };
  /** What the receiver answered instead of taking a delivery, the planned failures aside. A test of ours should find this empty. */
  readonly refusals: string[] = [];
  /** Bodies of deliveries that were taken, as they were before they were packed. */
  readonly bodies: Buffer[] = [];
  /** How many records were stored of each of them. */
  readonly sizes: number[] = [];
  /** When each delivery came, milliseconds. */
  readonly arrivals: number[] = [];
  /** What went wrong in the fake itself. */
  readonly errors: unknown[] = [];
  /** Records that this is true of are refused for good, in the receiver's own way. */
  poison: (record: Buffer) => boolean = () => false;
  readonly #plan: { planned: Planned | "answer-lost"; left: number }[] = [];
  readonly #now: () => number;
  #server: Server | undefined;

  constructor(options: FakeOptions = {}) {
    this.#now = options.now ?? Date.now;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server?.address() as AddressInfo | undefined)?.port ?? 0}`;
  }

  async up(): Promise<this> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.errors.push(error);
        response.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    this.#server = server;
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Answers the next `times` deliveries with `planned` without looking at them. Plans follow one after the other. */
  fail(planned: Planned, times = 1): this {
    this.#plan.push({ planned, left: times });
    return this;
  }

  /** Breaks the connection instead of answering the next delivery that is taken. */
  loseAnswer(): this {
    this.#plan.push({ planned: "answer-lost", left: 1 });
    return this;
  }

  /** Whether a request brings records, so that planned failures apply to it. */
  protected isDelivery(incoming: Incoming): boolean {
    return incoming.method === "POST";
  }

  /** The answer; throws a `Refusal` for what the receiver does not take. */
  protected abstract answer(incoming: Incoming): Reply;

  /** Which of these records are poison. */
  protected poisoned(records: readonly Stored[]): number[] {
    return records.flatMap((record, index) => (this.poison(record.bytes) ? [index] : []));
  }

  protected keep(records: readonly Stored[]): void {
    this.stored.push(...records);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    const received = await buffer(request).catch(() => undefined);
    // The client gave up in the middle: there is nothing to judge and nobody to answer.
    if (received === undefined) return;
    const { method = "", headers } = request;
    const incoming = { method, path: decodeURI(pathname), query: searchParams, headers, body: received, wireBytes: received.length, nowMs: this.#now() };
    if (!this.isDelivery(incoming)) return send(response, this.#attempt(incoming).reply);
    this.counters.deliveries += 1;
    this.arrivals.push(Date.now());
    const planned = this.#plan[0]?.planned;
    if (planned !== undefined && planned !== "answer-lost") {
      this.#advance();
      this.counters.planned += 1;
      return send(response, typeof planned === "function" ? planned() : planned);
    }
    const before = this.stored.length;
    const { reply, body, refused } = this.#attempt(incoming);
    if (refused) {
      this.counters.refused += 1;
      this.refusals.push(`${reply.status} ${reply.body}`);
    } else {
      const { counters } = this;
      counters.taken += 1;
      counters.gzip += Number(headers["content-encoding"] === "gzip");
      counters.largestBody = Math.max(counters.largestBody, body.length);
      counters.mostRecords = Math.max(counters.mostRecords, this.stored.length - before);
      this.bodies.push(body);
      this.sizes.push(this.stored.length - before);
    }
    if (planned === undefined || refused) return send(response, reply);
    this.#advance();
    this.counters.lostAnswers += 1;
    response.destroy();
  }

  #attempt(incoming: Incoming): { reply: Reply; body: Buffer; refused: boolean } {
    try {
      const body = unpacked(incoming);
      return { reply: this.answer({ ...incoming, body }), body, refused: false };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { reply: error.reply, body: incoming.body, refused: true };
    }
  }

  #advance(): void {
    const next = this.#plan[0]!;
    next.left -= 1;
    if (next.left <= 0) this.#plan.shift();
  }
}

/** All the receivers here take gzip (RFC 1952). None of them says what it answers to another encoding; RFC 9110 section 15.5.16 does. */
function unpacked({ headers, body }: Incoming): Buffer {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return body;
  if (encoding !== "gzip") throw new Refusal({ status: 415, body: `content encoding ${encoding}` });
  try {
    return gunzipSync(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    throw new Refusal({ status: 400, body: "the body is not gzip" });
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  const length = reply.status === 204 ? {} : { "content-length": body.length };
  response.writeHead(reply.status, { ...length, ...reply.headers });
  response.end(body);
}
