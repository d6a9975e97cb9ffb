/** Times of reports: `MM/dd/yyyy:HH:mm` in the time zone of a report pack. */

const FORMAT = /^(\d\d)\/(\d\d)\/(\d{4}):(\d\d):(\d\d)$/;

/** Seconds since 1970, or `undefined` if the text is no such time. A time that daylight saving repeats is the first of the two. */
export function parseLocal(text: string, timeZone: string): number | undefined {
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  if (new Date(wall).toISOString().slice(0, 16) !== `${match[3]}-${match[1]}-${match[2]}T${match[4]}:${match[5]}`) return undefined;
  // The offset is known only at an instant: that of the day before finds the first of two, that of the day after one that is left out.
  const offsets = [wall - 86_400_000, wall + 86_400_000].map((at) => offsetMs(at, timeZone));
  const found = offsets.map((offset) => wall - offset).find((at) => at + offsetMs(at, timeZone) === wall);
  return (found ?? wall - (offsets[0] ?? 0)) / 1000;
}

/** An instant, in seconds, as reports are asked for. */
export function formatLocal(seconds: number, timeZone: string): string {
  const at = seconds * 1000;
  const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(new Date(at + offsetMs(at, timeZone)).toISOString()) ?? [];
  return `${month}/${day}/${year}:${time}`;
}

/** What local time is ahead of UTC at an instant. */
export function offsetMs(atMs: number, timeZone: string): number {
  const parts = Object.fromEntries(formatter(timeZone).formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formatters.set(timeZone, made);
  return made;
}
