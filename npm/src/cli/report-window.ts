/** The window of time that a report is about, as the API wants it: on the clocks of the report pack. */

import { CommandError, EXIT } from "./exit.ts";
import { Faults } from "./report-faults.ts";
import { TimeZone } from "./time-zone.ts";

/** The options that say it. */
export interface WindowOptions {
  start?: string | undefined;
  end?: string | undefined;
  last?: string | undefined;
}

/** A window on the clocks of a report pack, to the minute: `2014-11-13T00:05`. */
export interface Window {
  start: string;
  end: string;
  /** What the user should know of it; empty if there is nothing. */
  warning: string;
}

/** How long a report reaches back if nobody says. */
export const DEFAULT_LAST = "1h";

/** A year has fewer; no report may be longer than four hours. */
const MAX_MINUTES = 1_000_000;

/**
 * Reads a duration such as `2h`, `45m` or `1h30m`, in minutes.
 *
 * @param option Its name, for the message.
 */
export function durationMinutes(option: string, text: string): number {
  const [, hours, minutes] = /^(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?$/.exec(text.trim()) ?? [];
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if ((hours !== undefined || minutes !== undefined) && total > 0 && total <= MAX_MINUTES) return total;
  throw new CommandError(`${option} ${text} is no duration`, EXIT.usage, "write hours and minutes, such as 2h, 45m or 1h30m");
}

/** A window of the same length on no clock in particular; `undefined` if its length depends on the pack's clock. */
export function unplacedWindow(options: WindowOptions, nowMs: number): Window | undefined {
  const { start, end } = options;
  const window = windowOf(options, new TimeZone("UTC"), nowMs);
  return start !== undefined && end !== undefined && isAbsolute(start) !== isAbsolute(end) ? undefined : window;
}

/** Whether the window can be said without knowing the pack's time zone. */
export function isOnPackClock({ start, end, last }: WindowOptions): boolean {
  return last === undefined && start !== undefined && end !== undefined && !isAbsolute(start) && !isAbsolute(end);
}

/**
 * The window that the options mean.
 *
 * `--start` and `--end` are on the pack's clocks, unless they say how far from Greenwich they are. `--last` ends with the minute that is
 * over, or with `--end`.
 *
 * @param zone The pack's; not needed if {@link isOnPackClock}.
 * @throws CommandError or ConfigError for times and combinations that mean nothing, with all of them.
 */
export function windowOf(options: WindowOptions, zone: TimeZone | undefined, nowMs: number): Window {
  const { start, end } = options;
  const last = options.last ?? (start === undefined && end === undefined ? DEFAULT_LAST : undefined);
  const faults = new Faults();
  if (last !== undefined) {
    if (start !== undefined || end !== undefined) faults.add(new CommandError("--last goes without --start and --end", EXIT.usage, "leave one or the other out"));
    const minutes = faults.attempt(() => durationMinutes("--last", last));
    faults.throwAny();
    return lastMinutes(minutes ?? 0, zoneOr(zone), nowMs);
  }
  if (start === undefined) faults.add(new CommandError("--start is missing", EXIT.usage, "say when the window begins, or how long it is: --last 1h"));
  const from = start === undefined ? undefined : faults.attempt(() => clockTime("--start", start, zone));
  if (end === undefined) faults.add(new CommandError("--end is missing", EXIT.usage, "say when the window ends, less than four hours after --start"));
  const until = end === undefined ? undefined : faults.attempt(() => clockTime("--end", end, zone));
  faults.throwAny();
  const window = { start: from ?? "", end: until ?? "", warning: "" };
  if (start !== undefined && end !== undefined && isAbsolute(start) && isAbsolute(end) && minuteOf(end) - minuteOf(start) !== minuteOf(`${window.end}Z`) - minuteOf(`${window.start}Z`)) {
    throw new CommandError(
      `clocks in ${zoneOr(zone).name} were changed within this window, which would be ${window.start} to ${window.end} to the API`,
      EXIT.usage,
      "ask for the time before the change and for the time after it, or write both times on the report pack's clock",
    );
  }
  return window;
}

/** The API takes whole minutes. */
function minuteOf(absolute: string): number {
  return Math.floor(Date.parse(absolute) / 60_000);
}

/** Whether clocks showed the same at another time, because they were set back. Lord Howe Island does so by half an hour. */
function comesTwice(ms: number, zone: TimeZone): boolean {
  const shown = zone.wallClock(ms);
  return [-60, -30, 30, 60].some((minutes) => zone.wallClock(ms + minutes * 60_000) === shown);
}

function lastMinutes(minutes: number, zone: TimeZone, nowMs: number): Window {
  const endMs = Math.floor(nowMs / 60_000) * 60_000;
  const startMs = endMs - minutes * 60_000;
  const isUnsure = zone.changesBetween(startMs, endMs) || comesTwice(startMs, zone) || comesTwice(endMs, zone);
  const warning = isUnsure
    ? `clocks in ${zone.name} were changed within this window or next to it; the API takes times without saying which, so that it may be an hour off`
    : "";
  return { start: toMinute(zone.wallClock(startMs)), end: toMinute(zone.wallClock(endMs)), warning };
}

/** A time that was typed, on the clock of the pack. */
function clockTime(option: string, text: string, zone: TimeZone | undefined): string {
  if (isAbsolute(text)) {
    const ms = Date.parse(text);
    if (Number.isFinite(ms)) {
      const onClock = toMinute(zoneOr(zone).wallClock(ms));
      if (!comesTwice(ms, zoneOr(zone))) return onClock;
      throw new CommandError(
        `${option} ${text} is ${onClock} on the report pack's clock, which came twice that day`,
        EXIT.usage,
        `the API cannot be told which one is meant: choose another time, or write ${option} ${onClock} to leave it to the API`,
      );
    }
  }
  const american = /^(\d\d)\/(\d\d)\/(\d{4}):(\d\d):(\d\d)$/.exec(text);
  const [, year, month, day, hour, minute] = american === null ? (/^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)$/.exec(text) ?? []) : [text, american[3], american[1], american[2], american[4], american[5]];
  const time = `${year}-${month}-${day}T${hour}:${minute}`;
  const ms = Date.parse(`${time}Z`);
  // What has no 30 February gives another day.
  if (year !== undefined && Number.isFinite(ms) && toMinute(new Date(ms).toISOString()) === time) return time;
  throw new CommandError(`${option} ${text} is no time`, EXIT.usage, "write 2026-11-22T10:00 for the clock of the report pack, or 2026-11-22T10:00Z for UTC");
}

/** Whether a time says where on earth it is. */
function isAbsolute(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
}

function toMinute(wallClock: string): string {
  return wallClock.slice(0, 16);
}

function zoneOr(zone: TimeZone | undefined): TimeZone {
  if (zone !== undefined) return zone;
  throw new CommandError("nobody here knows the time zone of this report pack", EXIT.usage, "say the window on its clocks: --start 2026-11-22T10:00 --end 2026-11-22T11:00");
}
