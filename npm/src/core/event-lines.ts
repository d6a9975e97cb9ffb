/** Trend Micro's events in whatever form they come, as one event a line. */

import { UnwrappedAnswers } from "./answers.ts";
import { ObjectScan } from "./object-scan.ts";

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

  /** The next bytes, rewritten. */
  push(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#lines(this.#answers.push(chunk));
  }

  /** The input ended: what was held back, rewritten. The last line may lack its line feed. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#lines(this.#answers.finish());
  }

  #lines(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#scan.mostBytes(chunk.length));
    let length = 0;
    for (const byte of chunk) length = this.#scan.step(byte, out, length);
    return out.subarray(0, length);
  }
}
