/** Where lines that were rewritten come from. */

import { ObjectScan } from "../core/object-scan.ts";

/** So much is kept of a line's source, in bytes: more than an event may have. Of a longer one only the beginning is known. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024;

const LF = 0x0a;

/** A place in a text; numbers begin at 1. */
export interface SourcePlace {
  line: number;
  /** In characters, as editors count; `undefined` if only the line is known. */
  column: number | undefined;
  /** The line in which the value begins. */
  beginsAtLine: number;
}

/** A line that was written. */
interface Begin {
  /** Where its source begins in what is kept; `undefined` if that was longer than what may be kept. */
  offset: number | undefined;
  isInString: boolean;
  /** The line of the source in which it begins; `undefined` as long as `offset` tells it. */
  sourceLine?: number;
}

/** The source of the lines that were written from the newest chunk, and of the one that is not complete. */
export class LineSource {
  #kept = Buffer.alloc(0);
  #keptBytes = 0;
  /** The place where `#kept` begins. */
  #place = { line: 1, column: 1 };
  /** Where the newest chunk begins in `#kept`. */
  #chunkOffset = 0;
  #firstLine = 1;
  #begins: Begin[] = [];
  #isLineOpen = false;

  /** The next chunk, before anything of it is written. */
  add(chunk: Uint8Array): void {
    this.#forget();
    this.#chunkOffset = this.#keptBytes;
    const neededBytes = this.#keptBytes + chunk.length;
    if (neededBytes > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(neededBytes, 2 * this.#kept.length));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    this.#kept.set(chunk, this.#keptBytes);
    this.#keptBytes = neededBytes;
  }

  /** Says that something was written for a byte of the newest chunk, which was in a string or not. */
  wrote(at: number, { isInString, endsLine }: { isInString: boolean; endsLine: boolean }): void {
    if (!this.#isLineOpen) this.#begins.push({ offset: this.#chunkOffset + at, isInString });
    this.#isLineOpen = !endsLine;
  }

  placeOf(line: number, at: number | undefined): SourcePlace {
    const begin = this.#begins[line - this.#firstLine];
    if (begin?.offset === undefined) {
      const known = begin?.sourceLine ?? this.#place.line;
      return { line: known, column: undefined, beginsAtLine: known };
    }
    const beginsAtLine = advanced(this.#place, this.#kept.subarray(0, begin.offset)).line;
    if (at === undefined) return { line: beginsAtLine, column: undefined, beginsAtLine };
    return { ...advanced(this.#place, this.#kept.subarray(0, this.#sourceOf(begin.offset, begin.isInString, at))), beginsAtLine };
  }

  /** Writes the line once more as far as the byte, and returns where its source lies in what is kept. */
  #sourceOf(beginsAt: number, string: boolean, at: number): number {
    const scan = new ObjectScan({ array: true, string });
    const nowhere = new Uint8Array();
    let written = 0;
    for (let offset = beginsAt; offset < this.#keptBytes; offset += 1) {
      written = scan.step(this.#kept[offset] ?? 0, nowhere, written);
      if (written > at) return offset;
    }
    return this.#keptBytes;
  }

  /** Keeps no more than the source of the line that is not complete. */
  #forget(): void {
    const open = this.#isLineOpen ? this.#begins.pop() : undefined;
    this.#firstLine += this.#begins.length;
    this.#begins = [];
    const from = open?.offset ?? this.#keptBytes;
    this.#skip(from);
    if (open === undefined) return;
    const isTooLong = this.#keptBytes > MOST_KEPT_BYTES;
    this.#begins.push(open.offset === undefined ? open : isTooLong ? { ...open, offset: undefined, sourceLine: this.#place.line } : { ...open, offset: 0 });
    if (isTooLong) this.#skip(this.#keptBytes);
  }

  #skip(bytes: number): void {
    if (bytes === 0) return;
    this.#place = advanced(this.#place, this.#kept.subarray(0, bytes));
    this.#kept.copyWithin(0, bytes, this.#keptBytes);
    this.#keptBytes -= bytes;
  }
}

/** The place behind some text. */
function advanced(place: { line: number; column: number }, text: Uint8Array): { line: number; column: number } {
  let { line, column } = place;
  for (const byte of text) {
    if (byte === LF) {
      line += 1;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) column += 1;
  }
  return { line, column };
}
