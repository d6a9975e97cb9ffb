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

/** The step of reports that do not say theirs, seconds. */
const USUAL_STEP_S = 60;
/** A report of four hours has 240 times; those that others made up do not fill the memory. */
const MAX_REMEMBERED = 1_000;

/** What is known of a report beside its answer. */
export interface ReportView {
  format: Format;
  window: Window;
  /** The pack's, if it was asked for: an answer without rows does not say. */
  timeZone: string | undefined;
  /** Whether somebody wanted no more rows than these. */
  isLimited: boolean;
}

/** A report's clock. */
interface Clock {
  zone: TimeZone;
  /** What the pack calls its time zone; empty if nobody said. */
  name: string;
  /** Whether it is that of the pack, and not that of Greenwich for want of a better one. */
  isOfPack: boolean;
}

/** Writes the rows to stdout, and to stderr how many they are. */
export async function showReport(report: Report, view: ReportView): Promise<void> {
  const { format } = view;
  const clock = clockOf(report, view);
  const headings = report.columns.map((column) => (isMetric(column) ? ([textOf(column.name), "right"] as [string, "right"]) : textOf(column.name)));
  const times = report.columns.map(isTime);
  const timeText = remembered((ms) => (format === "csv" ? clock.zone.timestamp(ms) : clockText(clock.zone.wallClock(ms))));
  const cell = (value: Value, at: number): string => {
    const ms = times[at] === true ? msOf(value) : undefined;
    return ms === undefined ? textOf(value) : timeText(ms);
  };
  const rows = format === "json" ? [] : report.rows.map((row) => row.map(cell));
  await showTable(format, report, headings, rows);
  if (format === "table" && process.stdout.isTTY === true) await write(drawn(report, clock.zone, process.stdout.columns || 80), "\n");
  tell(report, view, clock);
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

function clockOf({ metadata }: Report, { timeZone = "" }: ReportView): Clock {
  const name = textOf(metadata.timezone) || timeZone;
  try {
    return { zone: new TimeZone(name), name, isOfPack: true };
  } catch {
    return { zone: new TimeZone("UTC"), name, isOfPack: false };
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
  const isPart = report.more || report.offset > 0;
  const notes = [others.length === 0 ? "" : `added over ${others.join(" and ")}`, isPart ? "of these rows only" : ""];
  const series = report.columns.flatMap((column, at): Series[] =>
    isMetric(column) ? [seriesOf(column, pointsOf(report.rows, timeAt, at))] : [],
  );
  if (series.length === 0) return [];
  const { aggregation, start, end } = report.metadata;
  const step = aggregation !== undefined && aggregation > 0 ? aggregation : USUAL_STEP_S;
  const times = extent(series.flatMap(({ points }) => points), step);
  // Where rows are missing, there is no blank that would mean that nothing happened. A step that the window begins within is written
  // under its own beginning, and may end after the window.
  const span = isPart ? { ...times, step } : { start: Math.min(start ?? times.start, times.start), end: Math.max(end ?? times.end, times.end), step };
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

/** A line of the chart. What it says of the numbers is about those that are drawn: the API's own figures are about all rows. */
function seriesOf({ name, unit }: ReportColumn, points: Point[]): Series {
  const sums = new Map<number, number>();
  for (const [at, value] of points) sums.set(at, (sums.get(at) ?? 0) + value);
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  const peak = [...sums.values()].reduce((most, value) => Math.max(most, value), 0);
  const facts = points.length === 0 ? "" : `total ${rounded(total)}, peak ${rounded(peak)}`;
  return { name: textOf(name), points, facts: unit === undefined || facts === "" ? facts : `${facts}, in ${unit}` };
}

/** Without the digits that adding fractions makes. */
function rounded(number: number): string {
  return String(Math.round(number * 1000) / 1000);
}

/** How many rows they are, of which time, and how to get the others. */
function tell(report: Report, { format, window: { start, end }, isLimited }: ReportView, { name, isOfPack }: Clock): void {
  const { rows, more, metadata, offset } = report;
  const from = start.replace("T", " ");
  const until = end.startsWith(start.slice(0, 10)) ? end.slice(11) : end.replace("T", " ");
  const window = `${from} to ${until} ${name === "" ? "on the report pack's clock" : name}`;
  const step = metadata.aggregation === undefined ? "" : `, aggregated by ${metadata.aggregation} s`;
  const amount = rows.length === 0 ? "no data" : `${thousands(rows.length)} ${rows.length === 1 ? "row" : "rows"}`;
  const utc = !isOfPack && format !== "json" && report.columns.some(isTime) ? "; times in the rows are UTC" : "";
  const next = !more ? "" : isLimited ? `; there are more, the next with --offset ${offset + rows.length}` : "; there are more, add --all";
  const about = format === "table" && process.stdout.isTTY === true ? "\n" : "";
  process.stderr.write(`${about}edgesiem: ${printable(`${amount}, ${window}${step}${utc}${next}`)}\n`);
}
