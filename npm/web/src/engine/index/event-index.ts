/** All events by number: where each lies, and what the table shows of it. No event is kept as an object. */

import { TEXT_COLUMNS, type Family, type TextColumn } from "../../protocol.ts";
import { MOST_RULES_UNITS } from "../../rules-text.ts";
import { CodedColumn } from "./coded-column.ts";
import { Dictionary, MOST_TEXTS, copied } from "./dictionary.ts";
import { Growable } from "./growable.ts";
import type { Row, RuleSummary } from "./row.ts";

/** So many events are kept; some 80 bytes of memory each, beside their texts. */
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

export class EventIndex {
  readonly times = new Growable<Float64Array<ArrayBuffer>>(Float64Array);
  readonly columns = Object.fromEntries(TEXT_COLUMNS.map((name) => [name, columnOf(name)])) as Readonly<Record<TextColumn, CodedColumn>>;
  /** How many events of each family there are. */
  readonly families: Record<Family, number> = { "akamai-siem": 0, "trend-micro-cas": 0 };
  /** What each rule says, as far as it was seen. */
  readonly messages = new Map<string, string>();
  /** Those of the event before. */
  #noted: RuleSummary | undefined;
  readonly #inputs = new Growable<Uint16Array<ArrayBuffer>>(Uint16Array);
  readonly #offsets = new Growable<Float64Array<ArrayBuffer>>(Float64Array);
  readonly #lengths = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array);
  readonly #parts = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array);

  get length(): number {
    return this.times.length;
  }

  add({ input, offset, length, part }: Place, row: Row): void {
    this.#inputs.push(input);
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#parts.push(part);
    for (const name of TEXT_COLUMNS) this.columns[name].push(row.texts[name] ?? "");
    this.families[row.family] += 1;
    this.#note(row.rules);
    this.times.push(row.timeMs);
  }

  #note(rules: RuleSummary): void {
    if (rules === this.#noted) return;
    this.#noted = rules;
    for (const [rule, message] of rules.messages) {
      if (message !== "" && this.messages.size < 65_536 && !this.messages.has(rule)) this.messages.set(copied(rule), copied(message.slice(0, 200)));
    }
  }

  placeOf(row: number): Place {
    return { input: this.#inputs.at(row), offset: this.#offsets.at(row), length: this.#lengths.at(row), part: this.#parts.at(row) };
  }

  /** Texts of a row in the order of TEXT_COLUMNS. */
  textsOf(row: number): string[] {
    return TEXT_COLUMNS.map((name) => this.columns[name].textAt(row));
  }
}

/** Rules are counted each by itself, so that a text of them is not cut within one. */
function columnOf(name: TextColumn): CodedColumn {
  return new CodedColumn(name === "rules" ? new Dictionary(MOST_TEXTS, MOST_RULES_UNITS) : undefined);
}
