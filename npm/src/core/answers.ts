/** Answers of Trend Micro's Log Retrieval API, without what is around their events. */

import { isListName } from "./events.ts";

/** So much of an object may come before its list of events, in bytes. Answers have some links there, each of a few hundred. */
const MOST_HELD_BYTES = 64 * 1024;
const LONGEST_NAME = 32;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * What a byte belongs to:
 *
 * - `between`: nothing, what separates values, or a value that is no object;
 * - `unknown`: an object that may be an answer, and is held back;
 * - `plain`: an object that is none;
 * - `around`: an answer, but not its list;
 * - `list`: an answer's list of events.
 */
type Place = "between" | "unknown" | "plain" | "around" | "list";

/**
 * Puts a space in the place of every byte of an answer that is not of its events: `{"next_link":"","security_events":[{},{}]}`
 * becomes `{},{}` with white space around it. In all as many bytes come out as went in, and line breaks stay, so that places keep
 * their numbers. What is no answer goes through as it is: events, lists of them, and what is no JSON.
 *
 * An answer is told by its list, so that an object is held back until it ends, or until 64 KiB of it came.
 *
 * @example
 * ```ts
 * const answers = new UnwrappedAnswers();
 * const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
 * text(answers.push(new TextEncoder().encode('{"traceId":"1","security_'))); // ""
 * text(answers.push(new TextEncoder().encode('events":[{"event":"dlp"}]}'))).trim(); // '{"event":"dlp"}'
 * ```
 */
export class UnwrappedAnswers {
  #place: Place = "between";
  /** How many lists and objects are open, those outside of every object left out. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The last string of the outer object, while it is short enough to be the name of the list. */
  #name = "";
  /** Whether `#name` is followed by nothing but a colon so far. */
  #isNamed = false;
  readonly #held = new Uint8Array(MOST_HELD_BYTES);
  #heldBytes = 0;

  /** Whether what came so far ends within an answer. */
  get isWithinAnswer(): boolean {
    return this.#place === "around" || this.#place === "list";
  }

  /** The next bytes, as far as it is known what they belong to. */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    // What is held back is written first if it is at all, and need not be made room for in each of many small chunks.
    let out = new Uint8Array(this.#heldBytes === 0 ? chunk.length : 0);
    let length = 0;
    const release = (isAnswer: boolean): void => {
      const held = this.#held.subarray(0, this.#heldBytes);
      if (out.length === 0) out = new Uint8Array(held.length + chunk.length);
      out.set(isAnswer ? held.map(blanked) : held, length);
      length += held.length;
      this.#heldBytes = 0;
    };
    for (const byte of chunk) {
      const before = this.#place;
      const isOfEvents = this.#step(byte);
      if (this.#place === "unknown") {
        if (this.#heldBytes === MOST_HELD_BYTES) {
          this.#place = "plain";
          release(false);
        } else {
          this.#held[this.#heldBytes] = byte;
          this.#heldBytes += 1;
          continue;
        }
      } else if (before === "unknown") release(this.#place === "list");
      out[length] = isOfEvents ? byte : blanked(byte);
      length += 1;
    }
    return out.subarray(0, length);
  }

  /** The input ended: what was held back. */
  finish(): Uint8Array<ArrayBuffer> {
    const held = this.#held.slice(0, this.#heldBytes);
    this.#heldBytes = 0;
    return held;
  }

  /** Takes a byte, and tells whether it goes through as it is. */
  #step(byte: number): boolean {
    const isPassed = this.#place !== "around";
    if (this.#isInString) {
      this.#stepInString(byte);
      return isPassed;
    }
    if (byte === QUOTE) {
      this.#isInString = true;
      if (this.#depth === 1) this.#name = "";
      return isPassed;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) return this.#open(byte, isPassed);
    if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) return this.#close(isPassed);
    if (byte === COLON) this.#isNamed = this.#depth === 1;
    else if (byte === COMMA) this.#isNamed = false;
    return isPassed;
  }

  #stepInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInString = false;
      return;
    }
    if (this.#depth === 1 && this.#name.length < LONGEST_NAME) this.#name += String.fromCharCode(byte);
  }

  #open(byte: number, isPassed: boolean): boolean {
    // Lists outside of every object only separate.
    if (this.#depth === 0 && byte === OPEN_LIST) return isPassed;
    if (this.#depth === 0) this.#place = "unknown";
    const isList = this.#depth === 1 && byte === OPEN_LIST && this.#isNamed && isListName(this.#name);
    this.#depth += 1;
    this.#isNamed = false;
    if (!isList || (this.#place !== "unknown" && this.#place !== "around")) return isPassed;
    this.#place = "list";
    return false;
  }

  #close(isPassed: boolean): boolean {
    if (this.#depth === 0) return isPassed;
    this.#depth -= 1;
    if (this.#place === "list" && this.#depth === 1) {
      this.#place = "around";
      return false;
    }
    if (this.#depth === 0) this.#place = "between";
    return isPassed;
  }
}

function blanked(byte: number): number {
  return byte === LF || byte === CR ? byte : SPACE;
}
