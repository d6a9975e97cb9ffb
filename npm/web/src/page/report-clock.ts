/** The clock that a report's times are shown on: that of its report pack, as the command shows them. */

import { TimeZone } from "../../../src/cli/time-zone.ts";

export interface Clock {
  /** What the report calls the time zone; `UTC` if it names none, or one that the browser does not know. */
  name: string;
  /** `2014-11-13 00:04`, with seconds where there are some. */
  text(ms: number): string;
}

/**
 * The clock of a time zone by its IANA name or its distance from Greenwich.
 *
 * @example
 * ```ts
 * clockOf("EST5EDT").text(1_415_837_040_000); // "2014-11-12 19:04"
 * clockOf("Middle-earth").name; // "UTC"
 * ```
 */
export function clockOf(timeZone: string): Clock {
  const zone = zoneOf(timeZone) ?? new TimeZone("UTC");
  return { name: zone.name, text: (ms) => zone.wallClock(ms).replace("T", " ").replace(/:00$/, "") };
}

function zoneOf(name: string): TimeZone | undefined {
  try {
    return new TimeZone(name);
  } catch {
    return undefined;
  }
}
