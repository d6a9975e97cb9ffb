/** A decoder that tells what each block of lines by itself comes to. */

import type { PageContext, PageCounts, PageDecoder, RejectedLine } from "../index.ts";

/** Some of what came of a block. */
export interface Piece {
  documents: Uint8Array<ArrayBuffer>;
  /** Their numbers begin at 1 with the block. */
  rejected: RejectedLine[];
}

/** What a block whose last line ended comes to. */
export interface BlockEnd {
  /** Lines that are not blank. */
  lines: number;
  /** The context line, if it is the last of them. */
  context: PageContext | null;
  events: number;
  documents: number;
  undecoded: number;
}

/** Takes blocks one after the other; a block is all that comes between two calls of `end`. */
export class BlockDecoder {
  readonly #decoder: PageDecoder;
  /** The decoder's own numbers, which go on, before this block. */
  #linesBefore = 0;
  #before: Pick<PageCounts, "events" | "documents" | "undecoded"> = { events: 0, documents: 0, undecoded: 0 };

  constructor(decoder: PageDecoder) {
    this.#decoder = decoder;
  }

  /** Decodes the next bytes of the block; all pieces are to be taken. An event may become a thousand times as many bytes, a document for each of its rules. */
  *pieces(bytes: Uint8Array): Generator<Piece, void> {
    const decoder = this.#decoder;
    decoder.write(bytes);
    for (let documents = decoder.read(); documents !== undefined; documents = decoder.read()) {
      yield { documents, rejected: decoder.rejected.map((rejected) => ({ ...rejected, line: rejected.line - this.#linesBefore })) };
    }
  }

  /** Ends the block, whose last byte was a line feed. */
  end(): BlockEnd {
    const { context = null } = this.#decoder.finish();
    const { events, documents, undecoded } = this.#decoder.counts;
    const before = this.#before;
    this.#before = { events, documents, undecoded };
    const lines = this.#decoder.lines - this.#linesBefore;
    this.#linesBefore = this.#decoder.lines;
    return { lines, context, events: events - before.events, documents: documents - before.documents, undecoded: undecoded - before.undecoded };
  }

  free(): void {
    this.#decoder.free();
  }
}
