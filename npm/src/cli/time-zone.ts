/** Times of a time zone that is not this machine's. */

/** Offsets change at quarters of an hour, nowhere in between. */
const QUARTER_MS = 15 * 60_000;
/** Reports cover hours; times that others made up do not fill the memory. */
const MAX_REMEMBERED = 10_000;

const FIXED = /^(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?$/i;

/**
 * A time zone by its IANA name, also an old one such as `EST5EDT`, or by its distance from Greenwich (`GMT+5:30`).
 *
 * @example
 * ```ts
 * new TimeZone("EST5EDT").wallClock(1_415_837_040_000); // "2014-11-12T19:04:00"
 * ```
 */
export class TimeZone {
  readonly name: string;
  readonly #offsetMs: (ms: number) => number;
  readonly #offsets = new Map<number, number>();

  /** @throws RangeError if nobody here knows the zone. */
  constructor(name: string) {
    this.name = name;
    const [, sign, hours, minutes = "0"] = FIXED.exec(name.trim()) ?? [];
    if (hours === undefined) this.#offsetMs = offsetBy(name.trim());
    else {
      // Kiribati's Line Islands are the furthest from Greenwich, by 14 hours.
      if (Number(hours) > 14 || Number(minutes) > 59) throw new RangeError(`no clock is so far from Greenwich: ${JSON.stringify(name)}`);
      const fixed = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
      this.#offsetMs = () => fixed;
    }
  }

  /** What a clock there shows at `ms` since 1970: `2014-11-12T19:04:00`. */
  wallClock(ms: number): string {
    return new Date(ms + this.#offsetAt(ms)).toISOString().slice(0, 19);
  }

  /** The same with the distance from Greenwich (RFC 3339): `2014-11-12T19:04:00-05:00`. */
  timestamp(ms: number): string {
    const minutes = Math.round(this.#offsetAt(ms) / 60_000);
    const distance = Math.abs(minutes);
    const digits = (number: number): string => String(number).padStart(2, "0");
    const offset = minutes === 0 ? "Z" : `${minutes < 0 ? "-" : "+"}${digits(Math.floor(distance / 60))}:${digits(distance % 60)}`;
    return `${this.wallClock(ms)}${offset}`;
  }

  /** Whether clocks there are changed between two times. */
  changesBetween(startMs: number, endMs: number): boolean {
    return this.#offsetAt(startMs) !== this.#offsetAt(endMs);
  }

  #offsetAt(ms: number): number {
    const quarter = Math.floor(ms / QUARTER_MS);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const offset = this.#offsetMs(quarter * QUARTER_MS);
    if (this.#offsets.size >= MAX_REMEMBERED) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }
}

function offsetBy(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - ms;
  };
}
