/** Chunks of bytes into records: lines, or JSON objects over any number of lines. Chunks may end anywhere. */

/** A longer record is skipped and rejected. */
export const MOST_RECORD_BYTES = 64 * 2 ** 20;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface FramedRecord {
  /** Good until the next record is asked for. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where it begins in the input. */
  offset: number;
  /** Longer than `bytes`, if the record is too long. */
  length: number;
}

/** What frames; `finish` gives what the input ends with. */
export interface Framer {
  push(chunk: Uint8Array<ArrayBuffer>): Iterable<FramedRecord>;
  finish(): Iterable<FramedRecord>;
}

/** The part of a record that came in earlier chunks. */
class Carry {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  length = 0;

  add(piece: Uint8Array<ArrayBuffer>): void {
    // What is too long is only counted, but for a beginning to show.
    if (this.length + piece.length <= MOST_RECORD_BYTES) this.#pieces.push(piece.slice());
    else if (this.length <= MOST_RECORD_BYTES) this.#pieces = [joined([...this.#pieces, piece.slice(0, 256)]).slice(0, 256)];
    this.length += piece.length;
  }

  /** All of it and `last`; it is empty afterwards. */
  take(last: Uint8Array<ArrayBuffer>): { bytes: Uint8Array<ArrayBuffer>; length: number } {
    if (this.length === 0 && last.length <= MOST_RECORD_BYTES) return { bytes: last, length: last.length };
    this.add(last);
    const taken = { bytes: joined(this.#pieces), length: this.length };
    this.#pieces = [];
    this.length = 0;
    return taken;
  }
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Lines that are not blank. */
export class LineFramer implements Framer {
  readonly #carry = new Carry();
  /** Of the next byte. */
  #offset: number;

  /** @param offset Where the first chunk begins. */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  *push(chunk: Uint8Array<ArrayBuffer>): Generator<FramedRecord> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const record = this.#record(chunk.subarray(start, end));
      this.#offset += 1;
      start = end + 1;
      if (record !== undefined) yield record;
    }
    const rest = chunk.subarray(start);
    this.#offset += rest.length;
    if (rest.length > 0) this.#carry.add(rest);
  }

  *finish(): Generator<FramedRecord> {
    const record = this.#record(new Uint8Array());
    if (record !== undefined) yield record;
  }

  #record(last: Uint8Array<ArrayBuffer>): FramedRecord | undefined {
    this.#offset += last.length;
    const { bytes, length } = this.#carry.take(last);
    if (bytes.every(isBlank)) return undefined;
    return { bytes, offset: this.#offset - length, length };
  }
}

/** Objects: those of a top-level array, and those that follow each other. What lies between objects and is no JSON becomes a record too. */
export class ObjectFramer implements Framer {
  readonly #carry = new Carry();
  #offset: number;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Within something between objects that is neither white space nor punctuation. */
  #isInJunk = false;

  /** @param offset Where the first chunk begins. */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  *push(chunk: Uint8Array<ArrayBuffer>): Generator<FramedRecord> {
    // Where the record that is open begins in this chunk.
    let start = this.#depth > 0 || this.#isInJunk ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (this.#depth > 0) {
        if (byte === QUOTE) this.#isInString = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
        else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
          this.#depth -= 1;
          if (this.#depth === 0) {
            yield this.#record(chunk.subarray(start, at + 1), at + 1);
            start = -1;
          }
        }
      } else if (this.#isInJunk) {
        if (byte !== LF && byte !== OPEN_OBJECT) continue;
        yield this.#record(chunk.subarray(start, at), at);
        this.#isInJunk = false;
        start = -1;
        if (byte === OPEN_OBJECT) at -= 1;
      } else if (byte === OPEN_OBJECT) {
        this.#depth = 1;
        start = at;
      } else if (!isBlank(byte) && byte !== COMMA && byte !== OPEN_LIST && byte !== CLOSE_LIST) {
        this.#isInJunk = true;
        start = at;
      }
    }
    if (start !== -1) this.#carry.add(chunk.subarray(start));
    this.#offset += chunk.length;
  }

  *finish(): Generator<FramedRecord> {
    if (this.#carry.length > 0) yield this.#record(new Uint8Array(), 0);
  }

  #record(last: Uint8Array<ArrayBuffer>, end: number): FramedRecord {
    const { bytes, length } = this.#carry.take(last);
    return { bytes, offset: this.#offset + end - length, length };
  }
}

/** Whether a byte is white space to JSON. */
export function isBlank(byte: number): boolean {
  return byte === LF || byte === CR || byte === SPACE || byte === TAB;
}
