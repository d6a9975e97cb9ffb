/** The order of rows by a column, made in steps, so that other work can be done between them. */

import type { Column, Sort } from "../../protocol.ts";
import type { EventIndex } from "../index/event-index.ts";

/** Comparisons between two steps. */
const STEP = 8192;

/**
 * Sorts rows by a column, equal ones in the order of the input. Events without a time come last. Yields between steps.
 *
 * @returns The rows in their order.
 */
export function* ordered(index: EventIndex, rows: Uint32Array<ArrayBuffer>, { by, descending }: Sort): Generator<undefined, Uint32Array<ArrayBuffer>> {
  if (by === "input") return descending ? rows.reverse() : rows;
  const keys = yield* keysOf(index, by);
  const sign = descending ? -1 : 1;
  const key = (row: number): number => keys(row);
  return yield* mergeSorted(rows, (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === y) return 0;
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
    return Number.isNaN(y) ? -1 : (x - y) * sign;
  });
}

/** A number for each row that sorts as its text or time does. */
function* keysOf(index: EventIndex, by: Column): Generator<undefined, (row: number) => number> {
  if (by === "time") return (row) => index.times.at(row);
  const coded = index.columns[by];
  const { dictionary } = coded;
  const texts = yield* mergeSorted(
    Uint32Array.from({ length: dictionary.size }, (_, code) => code),
    (a, b) => {
      const [x, y] = [dictionary.textOf(a), dictionary.textOf(b)];
      return x < y ? -1 : x > y ? 1 : 0;
    },
  );
  const ranks = new Uint32Array(texts.length);
  for (const [rank, code] of texts.entries()) ranks[code] = rank;
  return (row) => ranks[coded.at(row)] ?? 0;
}

/** Sorts stably, from runs of one on. */
function* mergeSorted(given: Uint32Array<ArrayBuffer>, compare: (a: number, b: number) => number): Generator<undefined, Uint32Array<ArrayBuffer>> {
  let from = given;
  let to: Uint32Array<ArrayBuffer> = new Uint32Array(given.length);
  let steps = 0;
  for (let width = 1; width < given.length; width *= 2) {
    for (let start = 0; start < given.length; start += 2 * width) {
      const middle = Math.min(start + width, given.length);
      const end = Math.min(start + 2 * width, given.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at += 1) {
        const [a, b] = [from[left] ?? 0, from[right] ?? 0];
        const takeLeft = left < middle && (right >= end || compare(a, b) <= 0);
        to[at] = takeLeft ? a : b;
        if (takeLeft) left += 1;
        else right += 1;
        steps += 1;
        if (steps % STEP === 0) yield undefined;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
