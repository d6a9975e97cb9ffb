/** A column of texts: a number for each row. */

import { Dictionary } from "./dictionary.ts";
import { Growable } from "./growable.ts";

/** A column that is empty in all rows so far takes no memory: events of a family do not have the columns of the other one. */
export class CodedColumn {
  readonly dictionary: Dictionary;
  readonly #codes = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array, 0);
  readonly #empty: number;
  #length = 0;

  /** @param dictionary Of its texts; one for usual texts if left out. */
  constructor(dictionary = new Dictionary()) {
    this.dictionary = dictionary;
    this.#empty = dictionary.codeOf("");
  }

  push(text: string): void {
    const code = text === "" ? this.#empty : this.dictionary.codeOf(text);
    this.#length += 1;
    if (code === this.#empty && this.#codes.length === 0) return;
    if (this.#codes.length === 0) this.#codes.fill(this.#empty, this.#length - 1);
    this.#codes.push(code);
  }

  /** The code of a row. */
  at(row: number): number {
    return row < this.#codes.length ? this.#codes.at(row) : this.#empty;
  }

  textAt(row: number): string {
    return this.dictionary.textOf(this.at(row));
  }
}
