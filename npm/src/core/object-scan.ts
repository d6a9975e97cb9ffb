/** JSON objects, each on a line of its own, byte by byte. */

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Rewrites byte by byte. It keeps no more than its place, so that objects may be of any size. */
export class ObjectScan {
  /** How many lists and objects are open, the outer array left out. */
  #depth = 0;
  #isInArray: boolean;
  #isEscaped = false;
  /** Whether white space came since `#last`, which is the byte that was written last. */
  #hasGap = false;
  #last = LF;
  isInString: boolean;

  /** @param isWithin Whether it begins where a line begins within an array, and there within a string. */
  constructor(isWithin: { array: boolean; string: boolean } = { array: false, string: false }) {
    this.#isInArray = isWithin.array;
    this.isInString = isWithin.string;
    // How deep a string lies does not matter, as long as it lies in an object.
    if (isWithin.string) this.#depth = Number.MAX_SAFE_INTEGER / 2;
  }

  /** So many bytes become of a chunk at most: a line feed is added behind an object's last byte only, and an object has two bytes; a space may come from the chunk before. */
  mostBytes(chunkBytes: number): number {
    return chunkBytes + (chunkBytes >> 1) + 2;
  }

  /** Takes a byte, writes none to two at `length`, and returns the new length. */
  step(byte: number, out: Uint8Array, length: number): number {
    let end = length;
    if (this.isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.isInString = false;
      out[end++] = this.#last = byte;
      return end;
    }
    if (this.#depth === 0 && this.#isBetween(byte)) {
      // What stands there and is no object is a line too.
      if (this.#last !== LF) out[end++] = this.#last = LF;
      return end;
    }
    if (isBlank(byte)) {
      this.#hasGap = true;
      return end;
    }
    if (this.#hasGap && !isPunctuation(byte) && !isPunctuation(this.#last)) out[end++] = SPACE;
    this.#hasGap = false;
    out[end++] = this.#last = byte;
    if (byte === QUOTE) this.isInString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && this.#depth > 0) {
      this.#depth -= 1;
      if (this.#depth === 0) out[end++] = this.#last = LF;
    }
    return end;
  }

  /** Whether a byte outside of every object only separates objects. */
  #isBetween(byte: number): boolean {
    if (byte === OPEN_LIST && !this.#isInArray) {
      this.#isInArray = true;
      return true;
    }
    if (byte === CLOSE_LIST && this.#isInArray) {
      this.#isInArray = false;
      return true;
    }
    return isBlank(byte) || byte === COMMA;
  }
}

function isBlank(byte: number): boolean {
  return byte === LF || byte === CR || byte === SPACE || byte === TAB;
}

/** Whether white space beside the byte separates nothing. */
function isPunctuation(byte: number): boolean {
  return byte === QUOTE || byte === COMMA || byte === COLON || byte === OPEN_OBJECT || byte === CLOSE_OBJECT || byte === OPEN_LIST || byte === CLOSE_LIST;
}
