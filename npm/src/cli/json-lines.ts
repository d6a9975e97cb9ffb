/** Events over any number of lines, or in an array, as one event a line: what an editor or a browser's tools give an analyst. */

import { isAnswer } from "../core/events.ts";
import type { EventsName } from "../index.ts";
import { LineSource, type SourcePlace } from "./line-source.ts";
import { ObjectScan } from "../core/object-scan.ts";

const LF = 0x0a;

/**
 * Puts each JSON object on a line of its own: those of a top-level array, and those that simply follow each other. White space
 * between the tokens of an object goes, but for one space where two tokens would become one; strings stay as they are. It
 * refuses nothing: what is no JSON stays so, for the decoder to reject.
 *
 * @example
 * ```ts
 * const lines = new ObjectLines();
 * lines.push(Buffer.from('[{\n"a": 1},{}]')).toString(); // '{"a":1}\n{}\n'
 * lines.placeOf(1, 5); // { line: 2, column: 6, beginsAtLine: 1 }
 * ```
 */
export class ObjectLines {
  readonly #scan = new ObjectScan();
  readonly #source = new LineSource();

  /** The next bytes, rewritten. */
  push(chunk: Uint8Array): Buffer {
    this.#source.add(chunk);
    const out = Buffer.allocUnsafe(this.#scan.mostBytes(chunk.length));
    let length = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const { isInString } = this.#scan;
      const before = length;
      length = this.#scan.step(chunk[at] ?? 0, out, length);
      if (length > before) this.#source.wrote(at, { isInString, endsLine: out[length - 1] === LF });
    }
    return out.subarray(0, length);
  }

  /**
   * Where a byte of a line that was written comes from; to be asked before the next `push`.
   *
   * @param line The line's number, from 1 on.
   * @param at The byte's position in it, from 0 on; left out, the line's beginning is meant.
   */
  placeOf(line: number, at?: number): SourcePlace {
    return this.#source.placeOf(line, at);
  }
}

/** How the events of an input are separated. */
export type InputShape = "multi-json" | "json";

/** How much of an input is looked at to tell its shape, in bytes: more than the indentation before an event. */
const LOOK_BYTES = 4096;

/**
 * What the beginning of an input looks like, or `undefined` if that takes more of it. `json`: an array, or an object whose
 * first line leaves it open between two tokens, as indented JSON does; a line of multi-JSON that was cut ends inside of one,
 * nearly always. An answer of Trend Micro's API is `json` too.
 *
 * @example
 * ```ts
 * shapeOf(Buffer.from('{\n  "attackData": {}\n}'), "akamai-siem"); // "json"
 * ```
 */
export function shapeOf(beginning: Uint8Array, events: EventsName): InputShape | undefined {
  if (events === "trend-micro-cas" && isAnswer(beginning.subarray(0, LOOK_BYTES))) return "json";
  const text = Buffer.from(beginning.subarray(0, LOOK_BYTES)).toString("latin1").trimStart();
  if (text.startsWith("[")) return "json";
  const end = text.indexOf("\n");
  if (end === -1) return beginning.length < LOOK_BYTES ? undefined : "multi-json";
  return /^\{(?:.*[{[,])?$/.test(text.slice(0, end).trimEnd()) ? "json" : "multi-json";
}

/**
 * Whether the beginning of an input is that of what stands between the braces of an event, as a selection with the mouse is.
 *
 * @example
 * ```ts
 * isInsideOfObject(Buffer.from('"attackData": {')); // true
 * ```
 */
export function isInsideOfObject(beginning: Uint8Array): boolean {
  return /^\s*"\w{1,100}"\s*:/.test(Buffer.from(beginning.subarray(0, LOOK_BYTES)).toString("latin1"));
}
