/** How reports are shown: for people, for spreadsheets, for programs. */

import { once } from "node:events";
import { sparkline, type Point, type Span } from "./sparkline.ts";
import { csvLines, tableLines, type Column } from "./table.ts";
import { displayWidth } from "./display-width.ts";
import { documentsForTerminal, painterFor, printable } from "./terminal.ts";

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

/** A heading; numbers stand at the right. */
export type Heading = string | [name: string, align: "right"];

/** So much is handed to the system at once. */
const CHUNK_CHARS = 65_536;

/**
 * Writes rows, or what they were made of, to stdout.
 *
 * @param answer The API's, which is what JSON shows.
 */
export async function showTable(format: Format, answer: unknown, headings: readonly Heading[], rows: readonly (readonly string[])[]): Promise<void> {
  const columns = headings.map((heading): Column => (typeof heading === "string" ? { name: heading, align: "left" } : { name: heading[0], align: heading[1] }));
  const isTerminal = process.stdout.isTTY === true;
  switch (format) {
    case "json":
      return write([isTerminal ? documentsForTerminal(JSON.stringify(answer)) : JSON.stringify(answer)], "\n");
    case "csv":
      return write(csvLines(columns, rows, isTerminal), "\r\n");
    case "table":
      return rows.length === 0 ? undefined : write(tableLines(columns, rows, painterFor(process.stdout)), "\n");
  }
}

/** What a cell shows of a value. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A metric over time. */
export interface Series {
  name: string;
  points: readonly Point[];
  /** What stands behind it. */
  facts: string;
}

/** What stands below the bars. */
export interface Axis {
  /** When they begin and end, as it is shown. */
  begin: string;
  end: string;
  /** What one has to know to read them; may be empty. */
  note: string;
}

/**
 * A line of bars for each metric, aligned, and below them the axis. None if there is not enough to draw.
 *
 * @param columns Of the terminal.
 */
export function seriesLines(series: readonly Series[], span: Span, { begin, end, note }: Axis, columns: number): string[] {
  const names = series.map(({ name }) => printable(name, 40));
  const facts = series.map(({ facts }) => printable(facts, 80));
  const nameWidth = Math.max(...names.map(displayWidth));
  const barColumns = Math.max(10, columns - nameWidth - Math.max(...facts.map(displayWidth)) - 5);
  const bars = series.map(({ points }) => sparkline(points, span, barColumns));
  const width = Math.max(...bars.map((bar) => bar.length));
  if (width < 2) return [];
  const pad = (text: string, to: number): string => text + " ".repeat(Math.max(0, to - displayWidth(text)));
  const lines = bars.map((bar, at) => `${pad(names[at] ?? "", nameWidth)}  ${pad(bar, width)}  ${facts[at] ?? ""}`.trimEnd());
  const between = Math.max(1, width - displayWidth(begin) - displayWidth(end));
  return [...lines, `${" ".repeat(nameWidth + 2)}${begin}${" ".repeat(between)}${end}  ${printable(note, 80)}`.trimEnd()];
}

/** Writes lines to stdout no faster than its reader takes them. */
export async function write(lines: Iterable<string>, lineEnd: string): Promise<void> {
  let chunk = "";
  const flush = async (): Promise<void> => {
    const isTaken = process.stdout.write(chunk);
    chunk = "";
    if (!isTaken) await once(process.stdout, "drain");
  };
  for (const line of lines) {
    chunk += line + lineEnd;
    if (chunk.length >= CHUNK_CHARS) await flush();
  }
  if (chunk !== "") await flush();
}
