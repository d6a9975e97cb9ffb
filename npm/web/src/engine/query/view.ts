/** The rows that a filter leaves, in an order. */

import type { Sort } from "../../protocol.ts";
import type { Filter } from "../../query-text.ts";
import { Tops } from "../aggregate/tops.ts";
import type { EventIndex } from "../index/event-index.ts";
import { Growable } from "../index/growable.ts";
import { ordered } from "./order.ts";
import { rowFilter } from "./row-filter.ts";

/** Rows between two steps. */
const STEP = 4096;

export class RowSet {
  readonly sort: Sort;
  readonly tops: Tops;
  /** In the order of the input. */
  readonly #rows = new Growable<Uint32Array<ArrayBuffer>>(Uint32Array);
  readonly #index: EventIndex;
  readonly #isLeft: (row: number) => boolean;
  #scanned = 0;
  #order: Uint32Array<ArrayBuffer> | undefined;

  constructor(index: EventIndex, filter: Filter, sort: Sort) {
    this.#index = index;
    this.sort = sort;
    this.tops = new Tops(index);
    this.#isLeft = rowFilter(index, filter.terms);
  }

  /** Rows that {@link RowSet.rowAt} gives. */
  get count(): number {
    return this.#order?.length ?? this.#rows.length;
  }

  /** The row at a position of the table. */
  rowAt(position: number): number {
    return this.#order?.[position] ?? this.#rows.at(position);
  }

  /** The row at a place in the order of the input. */
  inputRowAt(at: number): number {
    return this.#rows.at(at);
  }

  /** Rows in the order of the input. */
  get inputCount(): number {
    return this.#rows.length;
  }

  /** Takes in the rows that came since. Yields between steps. */
  *update(): Generator<undefined, void> {
    while (this.#scanned < this.#index.length) {
      const row = this.#scanned;
      this.#scanned += 1;
      if (this.#isLeft(row)) {
        this.#rows.push(row);
        this.tops.add(row);
      }
      if (this.#scanned % STEP === 0) yield undefined;
    }
    const { by, descending } = this.sort;
    if (by === "input" && !descending) return;
    if (this.#order?.length === this.#rows.length) return;
    this.#order = yield* ordered(this.#index, this.#rows.copy(), this.sort);
  }
}
