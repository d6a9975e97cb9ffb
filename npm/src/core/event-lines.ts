/** Trend Micro's events in whatever form they come, as one event a line. */

import { UnwrappedAnswers } from "./answers.ts";
import { ObjectScan } from "./object-scan.ts";

/** The byte order mark of UTF-8, which editors on Windows put before a text. */
const MARK: readonly number[] = [0xef, 0xbb, 0xbf];

/**
 * Puts each event on a line of its own: those of answers, of lists, and those that follow each other. It refuses nothing: what is no
 * event becomes a line too, for the decoder to reject.
 *
 * @example
 * ```ts
 * const lines = new EventLines();
 * new TextDecoder().decode(lines.push(new TextEncoder().encode('{"security_events":[{"a":\n1},{}]}'))); // '{"a":1}\n{}\n'
 * ```
 */
export class EventLines {
  readonly #answers = new UnwrappedAnswers();
  readonly #scan = new ObjectScan();
  /** How many bytes of a byte order mark came, as long as nothing else did. */
  #ofMark = 0;
  #isBegun = false;

  /** The next bytes, rewritten; a byte order mark at the beginning goes. */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#lines(this.#answers.push(this.#isBegun ? chunk : this.#unmarked(chunk)));
  }

  /** The input ended: what was held back, rewritten. The last line may lack its line feed. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#lines(this.#isBegun ? this.#answers.finish() : Uint8Array.from(MARK.slice(0, this.#ofMark)));
  }

  #unmarked(chunk: Uint8Array): Uint8Array {
    let at = 0;
    while (at < chunk.length && chunk[at] === MARK[this.#ofMark]) {
      at += 1;
      this.#ofMark += 1;
    }
    const isWhole = this.#ofMark === MARK.length;
    this.#isBegun = isWhole || at < chunk.length;
    const rest = chunk.subarray(at);
    // What only began like a mark is for the decoder to reject.
    return isWhole || !this.#isBegun ? rest : Uint8Array.from([...MARK.slice(0, this.#ofMark), ...rest]);
  }

  #lines(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#scan.mostBytes(chunk.length));
    let length = 0;
    for (const byte of chunk) length = this.#scan.step(byte, out, length);
    return out.subarray(0, length);
  }
}
