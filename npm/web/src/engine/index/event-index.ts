/** All events by number: where each lies, and what the table shows of it. No event is kept as an object. */

import { TEXT_COLUMNS, type TextColumn } from "../../protocol.ts";
import { Dictionary } from "./dictionary.ts";
import { Growable } from "./growable.ts";
import type { Row } from "./row.ts";

/** So many events are kept; some 64 bytes of memory each, beside their texts. */
export const MOST_EVENTS = 2 ** 23;

/** Where an event lies. */
export interface Place {
  /** Number of the input. */
  input: number;
  /** Where its record begins: in the file, or as {@link PackedStore} says. */
  offset: number;
  /** Bytes of the record. */
  length: number;
  /** Which of the events within the record it is. */
  part: number;
}

export interface CodedColumn {
  readonly dictionary: Dictionary;
  readonly codes: Growable<Uint32Array<ArrayBuffer>>;
}

export class EventIndex {
  readonly times = new Growable<Float64Array<ArrayBuffer>>(Float64Array);
  readonly columns: Readonly<Record<TextColumn, CodedColumn>>;
  /** What each rule says, as far as it was seen. */
  readonly messages = new Map<string, string>();
  readonly #inputs = new Growable<Uint16Array<ArrayBuffer>>(Uint16Array);
  readonly #offsets = new Growable<Float64Array<ArrayBuffer>>(Float64Array);
  readonly #lengths = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array);
  readonly #parts = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array);

  constructor() {
    const column = (): CodedColumn => ({ dictionary: new Dictionary(), codes: new Growable<Uint32Array<ArrayBuffer>>(Uint32Array) });
    this.columns = Object.fromEntries(TEXT_COLUMNS.map((name) => [name, column()])) as Record<TextColumn, CodedColumn>;
  }

  get length(): number {
    return this.times.length;
  }

  add({ input, offset, length, part }: Place, row: Row): void {
    this.#inputs.push(input);
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#parts.push(part);
    for (const name of TEXT_COLUMNS) {
      const { dictionary, codes } = this.columns[name];
      codes.push(dictionary.codeOf(row.texts[name]));
    }
    for (const [rule, message] of row.messages) {
      if (message !== "" && this.messages.size < 65_536 && !this.messages.has(rule)) this.messages.set(rule, JSON.parse(JSON.stringify(message.slice(0, 200))) as string);
    }
    this.times.push(row.timeMs);
  }

  placeOf(row: number): Place {
    return { input: this.#inputs.at(row), offset: this.#offsets.at(row), length: this.#lengths.at(row), part: this.#parts.at(row) };
  }

  /** Texts of a row in the order of TEXT_COLUMNS. */
  textsOf(row: number): string[] {
    return TEXT_COLUMNS.map((name) => {
      const { dictionary, codes } = this.columns[name];
      return dictionary.textOf(codes.at(row));
    });
  }
}
