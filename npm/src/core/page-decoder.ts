/** A decoder of pages in an instance. */

import { InvalidArgumentError } from "../errors.ts";
import type { PageCounts, PageEnd, PageOptions, RejectedLine } from "../types.ts";
import { bytesOf } from "./bytes.ts";
import { schemaOf } from "./events.ts";
import type { Glue, Instance } from "./instance.ts";

type RawDecoder = InstanceType<Glue["PageDecoder"]>;

/**
 * Decodes pages of events, handed in as chunks that may end anywhere. `Core.pageDecoder` makes it.
 *
 * Documents come as bytes, one a line: JSON, or text if the schema is `cef`. Each event is a line of its own, whosever it is; a
 * `DecodeStream` takes Trend Micro's in other forms too. A line that cannot be read is in
 * {@link PageDecoder.rejected}; the others go on. If the core stops in one of its calls, or in another call that shares its
 * memory, every later call throws `CoreStoppedError`: begin the page again with another decoder.
 *
 * @example
 * ```ts
 * import { load } from "edgesiem";
 *
 * const core = await load();
 * const decoder = core.pageDecoder();
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * decoder.push(bytes('{"attackData":{"rules":"OTUw'));
 * const documents = decoder.push(bytes('MDAy"}}\n{"offset":"318d8"}\n'));
 * console.log(new TextDecoder().decode(documents)); // {"attackData":{"rules":[{"rule":"950002"}]}}
 * console.log(decoder.finish().context); // { offset: '318d8' }
 * decoder.free();
 * ```
 */
export class PageDecoder {
  readonly #instance: Instance;
  #raw: RawDecoder | undefined;

  /** @internal */
  constructor(instance: Instance, { events, schema, filter, maxEventBytes }: PageOptions) {
    if (maxEventBytes !== undefined && !(Number.isInteger(maxEventBytes) && maxEventBytes >= 1 && maxEventBytes < 2 ** 31)) {
      throw new InvalidArgumentError("maxEventBytes: needs a whole number from 1 to 2147483647", {
        code: "invalid_argument",
        retryable: false,
        userAction: "leave it out, or set the longest event that you expect, in bytes",
      });
    }
    const table = schemaOf(schema, events);
    this.#instance = instance;
    this.#raw = instance.call((glue) => new glue.PageDecoder(maxEventBytes, table, filter));
    instance.retain();
  }

  /**
   * Takes the next bytes of the body and returns the documents of the lines that they complete, each with a line feed behind it.
   * Chunks of 64 KiB to 1 MiB are fastest. Documents by rule can be a thousand times as long as their event: `write` and `read` bound
   * what comes at once.
   */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const bytes = bytesOf("chunk", chunk);
    return this.#call((raw) => raw.push(bytes));
  }

  /** Takes the next bytes of the body. Read all that they give before writing more. */
  write(chunk: Uint8Array): void {
    const bytes = bytesOf("chunk", chunk);
    this.#call((raw) => raw.write(bytes));
  }

  /** About a megabyte of the documents of what was written, each with a line feed behind it; `undefined` if there are no more. */
  read(): Uint8Array<ArrayBuffer> | undefined {
    return this.#call((raw) => raw.read());
  }

  /** The body ended. After that the decoder is ready for another one; its numbers go on. */
  finish(): PageEnd {
    return this.#call((raw) => raw.finish());
  }

  /** The lines that the last call of `push`, `read` or `finish` could not read. */
  get rejected(): readonly RejectedLine[] {
    return this.#call((raw) => raw.rejected);
  }

  /** How many lines came so far, without blank ones. It is the number of the newest one. */
  get lines(): number {
    return this.#call((raw) => raw.lines);
  }

  /** How much went through so far. */
  get counts(): PageCounts {
    return this.#call((raw) => raw.counts);
  }

  /** Gives its memory back. Nothing else is to be called afterwards. */
  free(): void {
    const raw = this.#raw;
    if (raw === undefined) return;
    this.#raw = undefined;
    this.#instance.release();
    if (!this.#instance.isStopped) this.#instance.call(() => raw.free());
  }

  #call<T>(work: (raw: RawDecoder) => T): T {
    const raw = this.#raw;
    if (raw === undefined) {
      throw new InvalidArgumentError("the decoder was freed", { code: "invalid_argument", retryable: false, userAction: "make another one" });
    }
    return this.#instance.call(() => work(raw));
  }
}
