/** The rows of a report, and its metrics drawn over time. */

import type { Report } from "../pipeline/security-monitor.ts";
import { thousands } from "./report-line.ts";
import { seriesLines, showTable, textOf, write, type Format, type Series } from "./report-view.ts";
import type { Window } from "./report-window.ts";
import type { Point } from "./sparkline.ts";
import { printable } from "./terminal.ts";
import { TimeZone } from "./time-zone.ts";

type ReportColumn = Report["columns"][number];
type Value = Report["rows"][number][number];

/** JavaScript knows no later time, seconds (ECMA-262, "Time Values and Time Range"). */
const LAST_S = 8.64e12;
/** The step of reports that do not say theirs, seconds. */
const USUAL_STEP_S = 60;
/** A report of four hours has 240 times; those that others made up do not fill the memory. */
const MAX_REMEMBERED = 1_000;

/** Writes the rows to stdout, and to stderr how many they are. */
export async function showReport(report: Report, { format, window }: { format: Format; window: Window }): Promise<void> {
  const zone = zoneOf(report);
  const headings = report.columns.map((column) => (isMetric(column) ? ([textOf(column.name), "right"] as [string, "right"]) : textOf(column.name)));
  const times = report.columns.map(isTime);
  const clock = remembered((ms) => (format === "csv" ? zone.timestamp(ms) : clockText(zone.wallClock(ms))));
  const cell = (value: Value, at: number): string => {
    const ms = times[at] === true ? msOf(value) : undefined;
    return ms === undefined ? textOf(value) : clock(ms);
  };
  const rows = format === "json" ? [] : report.rows.map((row) => row.map(cell));
  await showTable(format, report, headings, rows);
  if (format !== "table") return tell(report, window, zone, format);
  if (process.stdout.isTTY === true) await write(drawn(report, zone, process.stdout.columns || 80), "\n");
  tell(report, window, zone, format);
}

/** The same time stands in many rows. */
function remembered(textOf: (ms: number) => string): (ms: number) => string {
  const known = new Map<number, string>();
  return (ms) => {
    const text = known.get(ms) ?? textOf(ms);
    if (known.size < MAX_REMEMBERED) known.set(ms, text);
    return text;
  };
}

/** In the zone of the report, or of Greenwich if nobody here knows it. */
function zoneOf({ metadata }: Report): TimeZone {
  try {
    return new TimeZone(metadata.timezone ?? "UTC");
  } catch {
    return new TimeZone("UTC");
  }
}

function isMetric({ type }: ReportColumn): boolean {
  return type === "metric";
}

function isTime(column: ReportColumn): boolean {
  return !isMetric(column) && column.name?.trim().toLowerCase() === "time";
}

/** Milliseconds of what the API writes as seconds since 1970; `undefined` for anything else. */
function msOf(value: Value | undefined): number | undefined {
  const text = textOf(value);
  return /^\d{1,10}$/.test(text) ? Number(text) * 1000 : undefined;
}

/** `2014-11-13 00:04`, with seconds where there are some. */
function clockText(wallClock: string): string {
  return wallClock.replace("T", " ").replace(/:00$/, "");
}

/** Each metric over time, if the report has times. */
function drawn(report: Report, zone: TimeZone, columns: number): string[] {
  const timeAt = report.columns.findIndex(isTime);
  if (timeAt === -1 || report.rows.length === 0) return [];
  const others = report.columns.filter((column) => !isMetric(column) && !isTime(column)).map(({ name }) => textOf(name));
  const notes = [others.length === 0 ? "" : `added over ${others.join(" and ")}`, report.more ? "of these rows only" : ""];
  const series = report.columns.flatMap((column, at): Series[] =>
    isMetric(column) ? [{ name: textOf(column.name), points: pointsOf(report.rows, timeAt, at), facts: factsOf(column) }] : [],
  );
  if (series.length === 0) return [];
  const { aggregation, start, end } = report.metadata;
  const step = aggregation !== undefined && aggregation > 0 ? aggregation : USUAL_STEP_S;
  const times = extent(series.flatMap(({ points }) => points), step);
  // A step that the window begins within is written under its own beginning.
  const span = { start: Math.min(start ?? times.start, times.start), end: end ?? times.end, step };
  // What the API said of itself may be anything.
  if (!(span.start >= 0 && span.start <= LAST_S && span.end >= 0 && span.end <= LAST_S)) return [];
  const clock = (seconds: number): string => zone.wallClock(seconds * 1000).slice(11, 16);
  const axis = { begin: clock(span.start), end: clock(span.end), note: notes.filter((text) => text !== "").join(", ") };
  const lines = seriesLines(series, span, axis, columns);
  return lines.length === 0 ? [] : ["", ...lines];
}

function pointsOf(rows: Report["rows"], timeAt: number, at: number): Point[] {
  return rows.flatMap((row): Point[] => {
    const ms = msOf(row[timeAt]);
    const text = textOf(row[at]);
    return ms === undefined || !/^\d+(?:\.\d+)?$/.test(text) ? [] : [[ms / 1000, Number(text)]];
  });
}

function extent(points: readonly Point[], step: number): { start: number; end: number } {
  const [start, last] = points.reduce(([least, most], [at]) => [Math.min(least, at), Math.max(most, at)], [Infinity, -Infinity]);
  return { start, end: last + step };
}

function factsOf({ aggregate, peak, unit }: ReportColumn): string {
  const facts = [aggregate === undefined ? "" : `total ${textOf(aggregate)}`, peak === undefined ? "" : `peak ${textOf(peak)}`, unit === undefined ? "" : `in ${textOf(unit)}`];
  return facts.filter((fact) => fact !== "").join(", ");
}

/** How many rows they are, of which time, and how to get the others. */
function tell(report: Report, { start, end }: Window, zone: TimeZone, format: Format): void {
  const { rows, more, metadata } = report;
  const from = start.replace("T", " ");
  const until = end.startsWith(start.slice(0, 10)) ? end.slice(11) : end.replace("T", " ");
  const window = `${from} to ${until} ${textOf(metadata.timezone) || zone.name}`;
  const step = metadata.aggregation === undefined ? "" : `, aggregated by ${metadata.aggregation} s`;
  const amount = rows.length === 0 ? "no data" : `${thousands(rows.length)} ${rows.length === 1 ? "row" : "rows"}`;
  const next = more ? "; there are more, add --all" : "";
  const about = format === "table" && process.stdout.isTTY === true ? "\n" : "";
  process.stderr.write(`${about}edgesiem: ${printable(`${amount}, ${window}${step}${next}`)}\n`);
}
