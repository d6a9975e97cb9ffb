/** Pages of events as streams of the platform, with back-pressure and bounded memory. */

import { load } from "./core/core.ts";
import { invalidArgument, bytesOf } from "./core/bytes.ts";
import { EventLines } from "./core/event-lines.ts";
import { eventsNamed } from "./core/events.ts";
import type { PageDecoder } from "./core/page-decoder.ts";
import { pumped, type Work } from "./core/pumped.ts";
import type { JsonObject, PageContext, PageCounts, PageOptions, RejectedLine } from "./types.ts";

/** So much of a chunk goes into the core at once, in bytes. */
const SLICE_BYTES = 1024 * 1024;
/** So many objects may wait for a reader. */
const WAITING_OBJECTS = 64;

/** What can be set about a {@link DecodeStream}. */
export interface DecodeStreamOptions<As extends "bytes" | "objects" = "bytes" | "objects"> extends PageOptions {
  /** `bytes`: documents with a line feed behind each (NDJSON), in chunks; the default. `objects`: each document parsed. */
  as?: As | undefined;
  /** Called with each line that cannot be read, or each part of one that is too long. What it throws ends the stream. */
  onRejected?: ((line: RejectedLine) => void) | undefined;
}

/** What can be set about a {@link MultiJsonStream}. */
export type MultiJsonStreamOptions = Pick<DecodeStreamOptions, "events" | "maxEventBytes" | "onRejected">;

/** How much went through a stream so far. */
export interface StreamCounts extends PageCounts {
  /** Bytes that were written to it. */
  bytesIn: number;
  /** Bytes of the documents that came out of it. */
  bytesOut: number;
}

/**
 * Decodes bodies of Akamai's SIEM API: bytes in, documents out. Chunks may end anywhere. With `events: "trend-micro-cas"` it takes
 * answers of Trend Micro's Log Retrieval API, and its events one after the other or in a list.
 *
 * It is a `TransformStream` for `pipeThrough`. Nothing is decoded before somebody reads, what is not read holds the writer back, and
 * memory is bounded: the longest line (`maxEventBytes`), a chunk, and a few megabytes of documents. A line that cannot be read
 * goes to `onRejected`; the others go on. Options that cannot be used, and a core that stops, end the stream with an error.
 *
 * The context line, the last of a page of Akamai's, is in {@link DecodeStream.context} when the stream has ended.
 *
 * @example
 * ```ts
 * import { DecodeStream } from "edgesiem";
 *
 * const page = '{"attackData":{"rules":"OTUwMDAy"}}\nno event\n{"offset":"318d8","total":2}\n';
 * const decoder = new DecodeStream({ as: "objects", onRejected: ({ line, reason }) => console.log(`line ${line}: ${reason}`) });
 * const body = new Response(page).body; // Such as of `fetch`.
 * for await (const event of body?.pipeThrough(decoder) ?? []) console.log(JSON.stringify(event));
 * console.log(decoder.context?.offset, decoder.counts.rejected); // 318d8 1
 *
 * const answer = Response.json({ next_link: "", security_events: [{ event: "dlp", message: { detection_time: "2026-11-22T09:30:31" } }] });
 * const events = new DecodeStream({ events: "trend-micro-cas", schema: "ecs", as: "objects" });
 * for await (const event of answer.body?.pipeThrough(events) ?? []) console.log(event["@timestamp"]);
 * // 2026-11-22T09:30:31.000Z
 * ```
 */
export class DecodeStream<As extends "bytes" | "objects" = "bytes">
  implements TransformStream<Uint8Array, As extends "objects" ? JsonObject : Uint8Array<ArrayBuffer>>
{
  /** Documents. */
  readonly readable: ReadableStream<As extends "objects" ? JsonObject : Uint8Array<ArrayBuffer>>;
  /** The body, in chunks of any size; 64 KiB and more are fastest. */
  readonly writable: WritableStream<Uint8Array>;
  readonly #decoding: Decoding;

  /** @throws `InvalidArgumentError` for `as: "objects"` with the schema `cef`, whose documents are text, and for an `onRejected` that is no function. */
  constructor(given?: DecodeStreamOptions<As> | null) {
    const options: DecodeStreamOptions<As> = given ?? {};
    const { as = "bytes", schema, onRejected } = options;
    if (onRejected !== undefined && typeof onRejected !== "function") throw invalidArgument("onRejected", "needs a function", "pass one, or leave it out");
    if (as !== "bytes" && as !== "objects") throw invalidArgument("as", 'needs "bytes" or "objects"', "see the type of the argument");
    if (as === "objects" && (typeof schema === "object" ? schema.name : schema) === "cef") {
      throw invalidArgument("as", "documents of the schema cef are text, not objects", 'use as: "bytes", or another schema');
    }
    this.#decoding = new Decoding(options);
    // What comes out is what `as` says, which a conditional type cannot be told.
    const { readable, writable } = as === "bytes" ? pumped(this.#decoding, 0) : pumped(parsed(this.#decoding), WAITING_OBJECTS);
    this.readable = readable as typeof this.readable;
    this.writable = writable;
  }

  /** The context line, when the stream has ended with one. Without one, the body was cut: ask for the same offset again. */
  get context(): PageContext | undefined {
    return this.#decoding.context;
  }

  /** How much went through so far. */
  get counts(): StreamCounts {
    return { ...this.#decoding.counts };
  }
}

/**
 * Splits bodies of Akamai's SIEM API, or with `events` of Trend Micro's, into events as they came: bytes in, one object an event out, nothing decoded. In all
 * else it is a {@link DecodeStream} of objects.
 *
 * @example
 * ```ts
 * import { MultiJsonStream } from "edgesiem";
 *
 * const events = new MultiJsonStream();
 * const body = new Response('{"attackData":{"rules":"OTUwMDAy"}}\n{"offset":"318d8"}\n').body;
 * for await (const event of body?.pipeThrough(events) ?? []) console.log(event["attackData"]); // { rules: 'OTUwMDAy' }
 * console.log(events.context); // { offset: '318d8' }
 * ```
 */
export class MultiJsonStream extends DecodeStream<"objects"> {
  constructor(options?: MultiJsonStreamOptions | null) {
    const { events, maxEventBytes, onRejected } = options ?? {};
    super({ events, schema: "raw", as: "objects", maxEventBytes, onRejected });
  }
}

/** Chunks into documents. */
class Decoding implements Work<Uint8Array, Uint8Array<ArrayBuffer>> {
  readonly #options: DecodeStreamOptions;
  #decoder: PageDecoder | undefined;
  /** What makes lines of forms that are none; missing where events come in lines only. */
  #lines: EventLines | undefined;
  context: PageContext | undefined;
  counts: StreamCounts = { events: 0, documents: 0, filtered: 0, undecoded: 0, rejected: 0, bytesIn: 0, bytesOut: 0 };

  constructor(options: DecodeStreamOptions) {
    this.#options = { ...options };
  }

  async start(): Promise<void> {
    const core = await load();
    const { schema, events } = this.#options;
    if (eventsNamed(schema, events) === "trend-micro-cas") this.#lines = new EventLines();
    this.#decoder = core.pageDecoder(this.#options);
  }

  *chunk(given: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    const chunk = bytesOf("chunk", given);
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      const slice = chunk.subarray(at, at + SLICE_BYTES);
      this.counts.bytesIn += slice.length;
      yield* this.#decoded(this.#lines?.push(slice) ?? slice);
    }
  }

  *end(): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    if (this.#lines !== undefined) yield* this.#decoded(this.#lines.finish());
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    const { decoded, context } = decoder.finish();
    this.#note(decoder, decoded);
    this.context = context;
    if (decoded.length > 0) yield decoded;
  }

  *#decoded(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    decoder.write(bytes);
    for (let documents = decoder.read(); documents !== undefined; documents = decoder.read()) {
      this.#note(decoder, documents);
      if (documents.length > 0) yield documents;
    }
  }

  free(): void {
    this.#decoder?.free();
    this.#decoder = undefined;
  }

  #note(decoder: PageDecoder, documents: Uint8Array): void {
    const { bytesIn, bytesOut } = this.counts;
    this.counts = { ...decoder.counts, bytesIn, bytesOut: bytesOut + documents.length };
    const { onRejected } = this.#options;
    if (onRejected !== undefined) for (const line of decoder.rejected) onRejected(line);
  }
}

/** The same, with each document parsed. */
function parsed(decoding: Decoding): Work<Uint8Array, JsonObject> {
  function* objects(pieces: Iterable<Uint8Array>): Generator<JsonObject, void, undefined> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (const piece of pieces) {
      // A document never holds a line feed, and a piece ends with one.
      for (const document of decoder.decode(piece).split("\n")) if (document !== "") yield JSON.parse(document) as JsonObject;
    }
  }
  return {
    start: () => decoding.start(),
    chunk: (chunk) => objects(decoding.chunk(chunk)),
    end: () => objects(decoding.end()),
    free: () => decoding.free(),
  };
}
