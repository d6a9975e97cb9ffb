/** The browser's decompressor of one gzip member, which says what each piece becomes. */

export class Inflater {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  #next: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;
  /** How much came out so far. */
  bytes = 0;
  /** Whether it refused something: a break of the data, or what follows the member. */
  isBroken = false;

  constructor() {
    const { readable, writable } = new DecompressionStream("gzip");
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    this.#next = this.#reader.read();
  }

  /** All that a piece becomes. Throws, and is broken, if the data is. */
  push(piece: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return this.#taken(this.#writer.write(piece));
  }

  /** All that is left. Throws, and is broken, if the member has not ended. */
  finish(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return this.#taken(this.#writer.close());
  }

  async cancel(): Promise<void> {
    this.#next.catch(() => undefined);
    await this.#reader.cancel().catch(() => undefined);
  }

  /** What comes out until `written` is done and nothing is left. A stream that fails drops what nobody has taken. */
  async *#taken(written: Promise<void>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const idle = written.then(turn);
    idle.catch(() => undefined);
    for (;;) {
      const result = await Promise.race([this.#next, idle]).catch((error: unknown) => {
        this.isBroken = true;
        throw error;
      });
      if (result === undefined || result.done) return;
      this.#next = this.#reader.read();
      this.#next.catch(() => undefined);
      this.bytes += result.value.length;
      yield result.value;
    }
  }
}

/** Resolves after what is under way; a timer would be held back by browsers. */
function turn(): Promise<undefined> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });
}
