/** How often each text occurs among the rows of a view. */

import { TOP_COLUMNS, type Top, type TopColumn } from "../../protocol.ts";
import { ruleIdsOf } from "../../rules-text.ts";
import type { EventIndex } from "../index/event-index.ts";
import { Growable } from "../index/growable.ts";

const MOST_ENTRIES = 8;

type Counts = Record<TopColumn, Growable<Uint32Array<ArrayBuffer>>>;

export class Tops {
  readonly #index: EventIndex;
  readonly #counts: Counts;

  constructor(index: EventIndex) {
    this.#index = index;
    this.#counts = Object.fromEntries(TOP_COLUMNS.map((name) => [name, new Growable<Uint32Array<ArrayBuffer>>(Uint32Array)])) as Counts;
  }

  add(row: number): void {
    for (const name of TOP_COLUMNS) this.#counts[name].increment(this.#index.columns[name].at(row));
  }

  /** The most frequent texts of each column. */
  read(): Record<TopColumn, Top> {
    return Object.fromEntries(TOP_COLUMNS.map((name) => [name, name === "rules" ? this.#rules() : this.#texts(name)])) as Record<TopColumn, Top>;
  }

  #texts(name: TopColumn): Top {
    const counts = this.#counts[name];
    const { dictionary } = this.#index.columns[name];
    const best: { code: number; count: number }[] = [];
    let distinct = 0;
    for (let code = 0; code < counts.length; code += 1) {
      const count = counts.at(code);
      if (count === 0) continue;
      distinct += 1;
      if (best.length === MOST_ENTRIES && count <= (best.at(-1)?.count ?? 0)) continue;
      insert(best, { code, count });
    }
    return { distinct, entries: best.map(({ code, count }) => ({ text: dictionary.textOf(code), count, note: "" })) };
  }

  /** Of an event with several rules each one counts. */
  #rules(): Top {
    const counts = this.#counts.rules;
    const { dictionary } = this.#index.columns.rules;
    const byRule = new Map<string, number>();
    for (let code = 0; code < counts.length; code += 1) {
      const count = counts.at(code);
      if (count === 0) continue;
      for (const rule of ruleIdsOf(dictionary.textOf(code))) byRule.set(rule, (byRule.get(rule) ?? 0) + count);
    }
    const best: { text: string; count: number }[] = [];
    for (const [text, count] of byRule) {
      if (best.length < MOST_ENTRIES || count > (best.at(-1)?.count ?? 0)) insert(best, { text, count });
    }
    return { distinct: byRule.size, entries: best.map((entry) => ({ ...entry, note: this.#index.messages.get(entry.text) ?? "" })) };
  }
}

function insert<T extends { count: number }>(best: T[], entry: T): void {
  const place = best.findIndex(({ count }) => count < entry.count);
  best.splice(place === -1 ? best.length : place, 0, entry);
  if (best.length > MOST_ENTRIES) best.pop();
}
