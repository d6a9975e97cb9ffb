/** The line at the bottom of a terminal that says how far long work is. */

const REDRAW_MS = 100;
/** Work that is over sooner needs no progress. */
const QUIET_MS = 500;

const ERASE_LINE = "\r\u001b[K";

/** A stream that may be a terminal. */
export interface StatusStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/**
 * One line that is written over and over, on a terminal only; elsewhere it writes nothing.
 *
 * @example
 * ```ts
 * const status = new StatusLine(process.stderr);
 * status.show(() => `${formatBytes(done)} of ${formatBytes(all)}`);
 * status.print("a message above the line");
 * status.clear();
 * ```
 */
export class StatusLine {
  readonly #stream: StatusStream;
  readonly #isShown: boolean;
  /** When it may be drawn again, by `performance.now()`. */
  #nextMs: number;
  #isDrawn = false;

  /** `isShown`: whether to show it at all, for commands whose documents go to the same terminal. */
  constructor(stream: StatusStream, options: { isShown?: boolean } = {}) {
    this.#stream = stream;
    this.#isShown = stream.isTTY === true && options.isShown !== false;
    this.#nextMs = performance.now() + QUIET_MS;
  }

  /** Draws the line if the last time is long enough ago. The text must be printable already; what is too long is cut. */
  show(text: () => string): void {
    if (!this.#isShown) return;
    const now = performance.now();
    if (now < this.#nextMs) return;
    this.#nextMs = now + REDRAW_MS;
    const columns = this.#stream.columns || 80;
    this.#stream.write(ERASE_LINE + text().slice(0, Math.max(1, columns - 1)));
    this.#isDrawn = true;
  }

  /** Writes a line of its own, above the status line if that is drawn. */
  print(line: string): void {
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the line away. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write(ERASE_LINE);
    this.#isDrawn = false;
  }
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/**
 * Bytes in powers of 1000, with three digits or so.
 *
 * @example
 * ```ts
 * formatBytes(1_234_567); // "1.23 MB"
 * ```
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? "B"}`;
}

/**
 * A time for readers: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`.
 *
 * @example
 * ```ts
 * formatDuration(185_000); // "3 min 5 s"
 * ```
 */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * How far work over bytes is: amount, rate, and the time that is left if the whole is known.
 *
 * @example
 * ```ts
 * byteProgress(250e6, 1e9, 1000); // "250 MB of 1.00 GB, 250 MB/s, 3.0 s left"
 * ```
 */
export function byteProgress(doneBytes: number, allBytes: number | undefined, elapsedMs: number): string {
  const perMs = elapsedMs > 0 ? doneBytes / elapsedMs : 0;
  const rate = `${formatBytes(perMs * 1000)}/s`;
  if (allBytes === undefined || perMs === 0) return `${formatBytes(doneBytes)}, ${rate}`;
  const leftMs = Math.max(0, allBytes - doneBytes) / perMs;
  return `${formatBytes(doneBytes)} of ${formatBytes(allBytes)}, ${rate}, ${formatDuration(leftMs)} left`;
}
