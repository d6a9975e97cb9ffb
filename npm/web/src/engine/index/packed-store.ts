/** Bytes that cannot be read again from where they came, such as those of a compressed file, packed in blocks. */

/** A block is packed when it has so many bytes. */
const BLOCK_BYTES = 2 ** 20;
/** Past so many packed bytes nothing more is kept. */
export const MOST_PACKED_BYTES = 512 * 2 ** 20;
/** Offsets are the block's number times this, and the position in the block. Records are shorter. */
const BLOCK_STRIDE = 2 ** 27;

interface Block {
  /** Missing when there was no room. */
  packed: Promise<Blob> | undefined;
}

/** Keeps records, packed. Blobs, because browsers put large ones on disk. */
export class PackedStore {
  readonly #blocks: Block[] = [];
  #open: Uint8Array<ArrayBuffer>[] = [];
  #openBytes = 0;
  #packedBytes = 0;
  #packing: Promise<unknown> = Promise.resolve();
  #cached: { block: number; bytes: Promise<Uint8Array<ArrayBuffer>> } | undefined;

  /** Whether all that was added is kept. */
  get isWhole(): boolean {
    return this.#packedBytes < MOST_PACKED_BYTES;
  }

  /** Keeps a copy and returns the offset to read it by. */
  add(record: Uint8Array): number {
    const offset = this.#blocks.length * BLOCK_STRIDE + this.#openBytes;
    this.#open.push(record.slice());
    this.#openBytes += record.length;
    if (this.#openBytes >= BLOCK_BYTES) this.#close();
    return offset;
  }

  /** Resolves when what was added is packed. Waiting for it bounds what lies unpacked. */
  async settled(): Promise<void> {
    await this.#packing;
  }

  /** What lies at an offset; `undefined` if there was no room for it. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const block = Math.floor(offset / BLOCK_STRIDE);
    const start = offset % BLOCK_STRIDE;
    const bytes = block === this.#blocks.length ? joined(this.#open, this.#openBytes) : await this.#unpacked(block);
    return bytes?.slice(start, start + length);
  }

  #close(): void {
    const bytes = joined(this.#open, this.#openBytes);
    this.#open = [];
    this.#openBytes = 0;
    if (!this.isWhole) {
      this.#blocks.push({ packed: undefined });
      return;
    }
    const packed = pack(bytes);
    this.#blocks.push({ packed });
    this.#packing = packed.then((blob) => {
      this.#packedBytes += blob.size;
    });
  }

  async #unpacked(block: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#cached?.block === block) return this.#cached.bytes;
    const packed = await this.#blocks[block]?.packed;
    if (packed === undefined) return undefined;
    const bytes = new Response(packed.stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer().then((buffer) => new Uint8Array(buffer));
    this.#cached = { block, bytes };
    return bytes;
  }
}

function pack(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"))).blob();
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
