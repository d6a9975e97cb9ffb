/** Events over any number of lines, or in an array, as one event a line: what an editor or a browser's tools give an analyst. */

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

/**
 * Puts each JSON object on a line of its own: those of a top-level array, and those that simply follow each other. Line breaks
 * between the tokens of an object become spaces; all other bytes stay. It keeps no more than its place, so that objects may be
 * of any size, and it refuses nothing: what is no JSON stays so, for the decoder to reject.
 *
 * @example
 * ```ts
 * const lines = new ObjectLines();
 * lines.push(Buffer.from('[{\n"a":1},{}]')); // '{ "a":1}\n{}\n'
 * ```
 */
export class ObjectLines {
  /** How many lists and objects are open, the outer array left out. */
  #depth = 0;
  #isInArray = false;
  #isInString = false;
  #isEscaped = false;

  /** The next bytes, rewritten; there are as many as came or more. */
  push(chunk: Uint8Array): Uint8Array {
    // A line feed is added behind an object's last byte only, and an object has two bytes.
    const out = Buffer.allocUnsafe(chunk.length + (chunk.length >> 1) + 1);
    let length = 0;
    for (const byte of chunk) {
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
        out[length++] = byte;
        continue;
      }
      if (this.#depth === 0 && this.#isBetween(byte)) continue;
      out[length++] = byte === LF || byte === CR ? SPACE : byte;
      if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) out[length++] = LF;
      }
    }
    return out.subarray(0, length);
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
    return byte === LF || byte === CR || byte === SPACE || byte === TAB || byte === COMMA;
  }
}

/** How the events of an input are separated. */
export type InputShape = "multi-json" | "json";

/** How much of an input is looked at to tell its shape, in bytes: more than the indentation before an event. */
const LOOK_BYTES = 4096;

/**
 * What the beginning of an input looks like, or `undefined` if that takes more of it. `json`: an array, or an object whose
 * first line leaves it open between two tokens, as indented JSON does; a line of multi-JSON that was cut ends inside of one,
 * nearly always.
 *
 * @example
 * ```ts
 * shapeOf(Buffer.from('{\n  "attackData": {}\n}')); // "json"
 * ```
 */
export function shapeOf(beginning: Uint8Array): InputShape | undefined {
  const text = Buffer.from(beginning.subarray(0, LOOK_BYTES)).toString("latin1").trimStart();
  if (text.startsWith("[")) return "json";
  const end = text.indexOf("\n");
  if (end === -1) return beginning.length < LOOK_BYTES ? undefined : "multi-json";
  return /^\{(?:.*[{[,])?$/.test(text.slice(0, end).trimEnd()) ? "json" : "multi-json";
}
