/** Numbers over time in one line of text. */

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** A number at a time, seconds since 1970. */
export type Point = readonly [atSeconds: number, value: number];

/** What a line is drawn over. Times are seconds since 1970. */
export interface Span {
  start: number;
  /** Not itself a part of it. */
  end: number;
  /** Between two points. */
  step: number;
}

/**
 * A line of bars, one for each step, or for several if there are more steps than columns: their mean, in which steps without points
 * count as nothing. The highest bar is the greatest number, and a bar without any points is a blank. Points of the same step are added;
 * those outside of the span are left out.
 *
 * @param columns At most so many characters.
 * @example
 * ```ts
 * sparkline([[0, 1], [60, 8], [180, 4]], { start: 0, end: 240, step: 60 }, 80); // "▁█ ▄"
 * ```
 */
export function sparkline(points: Iterable<Point>, { start, end, step }: Span, columns: number): string {
  const steps = Math.ceil((end - start) / step);
  if (!(steps > 0) || !Number.isFinite(steps) || columns < 1) return "";
  const stepsPerBar = Math.ceil(steps / columns);
  const bars = new Array<number | undefined>(Math.ceil(steps / stepsPerBar)).fill(undefined);
  for (const [at, value] of points) {
    if (at < start || at >= end || !Number.isFinite(value)) continue;
    const bar = Math.floor((at - start) / step / stepsPerBar);
    // The last one may be of fewer steps.
    bars[bar] = (bars[bar] ?? 0) + value / Math.min(stepsPerBar, steps - bar * stepsPerBar);
  }
  const highest = bars.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return bars.map((value) => (value === undefined ? " " : barOf(value, highest))).join("");
}

/** Of nothing at all the lowest one; the lowest one is for nothing alone if it can be told from the rest. */
function barOf(value: number, highest: number): string {
  const level = highest === 0 || value <= 0 ? 0 : Math.max(0, Math.ceil((value / highest) * BARS.length) - 1);
  return BARS[level] ?? BARS[0];
}
