/** Bytes of an input, in chunks, however it is stored. */

/** How much is read at once; the next chunk is read while one is worked on. */
const CHUNK_BYTES = 2 ** 20;

/** Reads a Blob to its end. `onBytes` is told how many bytes of it were read. */
export async function* chunksOf(blob: Blob, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const read = (at: number): Promise<ArrayBuffer> => blob.slice(at, at + CHUNK_BYTES).arrayBuffer();
  let next = blob.size > 0 ? read(0) : undefined;
  for (let at = 0; next !== undefined; at += CHUNK_BYTES) {
    const chunk = new Uint8Array(await next);
    next = at + CHUNK_BYTES < blob.size ? read(at + CHUNK_BYTES) : undefined;
    // Nobody waits for it if the reader stops here.
    next?.catch(() => undefined);
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Reads pieces of a Blob that lie close together, a window at a time. */
export class Windows {
  readonly #blob: Blob;
  readonly #windowBytes: number;
  #start = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(blob: Blob, windowBytes: number) {
    this.#blob = blob;
    this.#windowBytes = windowBytes;
  }

  /** Throws if the file has changed or is gone. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const at = offset - this.#start;
    if (at < 0 || at + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(await this.#blob.slice(offset, offset + Math.max(length, this.#windowBytes)).arrayBuffer());
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}
