/** Events over time by action. */

import type { TimeChart } from "../../protocol.ts";
import type { EventIndex } from "../index/event-index.ts";

/** Widths that people read well, in milliseconds. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WIDTHS = [10, 100, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY];
const MOST_BUCKETS = 150;
const MOST_ACTIONS = 7;
/** Attackers do not write the time, but clocks may be wrong, and one event of 1970 would squeeze all others into a corner. */
const EARLIEST_MS = Date.UTC(2000, 0);
const LATEST_MS = Date.UTC(2100, 0);
/** Rows between two steps. */
const STEP = 65_536;

/** Counts the rows of a view, which `rowAt` gives by their number. Yields between steps. */
export function* histogram(index: EventIndex, count: number, rowAt: (at: number) => number): Generator<undefined, TimeChart> {
  const coded = index.columns.action;
  const { dictionary } = coded;
  let first = Infinity;
  let last = -Infinity;
  const byAction = new Map<number, number>();
  for (let at = 0; at < count; at += 1) {
    const row = rowAt(at);
    const timeMs = index.times.at(row);
    if (isPlausible(timeMs)) {
      if (timeMs < first) first = timeMs;
      if (timeMs > last) last = timeMs;
    }
    const code = coded.at(row);
    byAction.set(code, (byAction.get(code) ?? 0) + 1);
    if (at % STEP === STEP - 1) yield undefined;
  }
  const ranked = [...byAction].sort((a, b) => b[1] - a[1]);
  const shown = ranked.slice(0, ranked.length > MOST_ACTIONS + 1 ? MOST_ACTIONS : ranked.length);
  const isEmpty = first > last;
  const widthMs = isEmpty ? SECOND : (WIDTHS.find((width) => Math.floor(last / width) - Math.floor(first / width) < MOST_BUCKETS) ?? 365 * DAY);
  const startMs = isEmpty ? 0 : Math.floor(first / widthMs) * widthMs;
  const buckets = isEmpty ? 0 : Math.floor((last - startMs) / widthMs) + 1;
  const actions = shown.map(([code, count]) => ({ name: dictionary.textOf(code), isOthers: false, count, counts: new Array<number>(buckets).fill(0) }));
  const others = ranked.slice(shown.length).reduce((sum, [, count]) => sum + count, 0);
  if (others > 0) actions.push({ name: "", isOthers: true, count: others, counts: new Array<number>(buckets).fill(0) });
  const seriesOf = new Map(shown.map(([code], series) => [code, series]));
  let withoutTime = 0;
  for (let at = 0; at < count; at += 1) {
    if (at % STEP === STEP - 1) yield undefined;
    const row = rowAt(at);
    const timeMs = index.times.at(row);
    if (!isPlausible(timeMs)) {
      withoutTime += 1;
      continue;
    }
    const counts = actions[seriesOf.get(coded.at(row)) ?? actions.length - 1]?.counts;
    const bucket = Math.floor((timeMs - startMs) / widthMs);
    if (counts !== undefined) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { startMs, widthMs, buckets, actions, withoutTime };
}

function isPlausible(timeMs: number): boolean {
  return timeMs >= EARLIEST_MS && timeMs < LATEST_MS;
}
