/** Rows as a table for people, or as CSV for spreadsheets. */

import { csvCell } from "../csv.ts";
import { displayWidth, fittedTo } from "./display-width.ts";
import { printable, type Painter } from "./terminal.ts";

export { csvCell };

/** A column of a table. */
export interface Column {
  name: string;
  /** Numbers stand at the right. */
  align: "left" | "right";
}

/** Nobody reads further, and what is cut says so; CSV and JSON have all of it. */
const MAX_CELL_COLUMNS = 80;

/** Nearly every cell; the rest takes time. */
const PLAIN = /^[\u0020-\u007e]{0,80}$/;

/**
 * Lines of a table, without line feeds: headings, then rows, aligned by what a terminal shows. What others wrote is escaped.
 *
 * @example
 * ```ts
 * [...tableLines([{ name: "Country", align: "left" }, { name: "Denied", align: "right" }], [["US", "7"]], (_, text) => text)];
 * // ["Country  Denied", "US            7"]
 * ```
 */
export function* tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Painter): Generator<string> {
  const shown = (text: string): string => (PLAIN.test(text) ? text : fittedTo(printable(text), MAX_CELL_COLUMNS));
  const headings = columns.map(({ name }) => shown(name));
  const widths = headings.map(displayWidth);
  for (const row of rows) {
    for (let column = 0; column < widths.length; column += 1) widths[column] = Math.max(widths[column] ?? 0, displayWidth(shown(row[column] ?? "")));
  }
  const line = (cells: readonly string[], style: (text: string) => string): string => {
    let text = "";
    for (const [column, { align }] of columns.entries()) {
      const cell = cells[column] ?? "";
      const room = " ".repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)));
      text += (column === 0 ? "" : "  ") + (align === "right" ? room + style(cell) : style(cell) + room);
    }
    return text.trimEnd();
  };
  yield line(headings, (text) => paint("bold", text));
  for (const row of rows) yield line(row.map(shown), (text) => text);
}

/**
 * Lines of CSV (RFC 4180), without their CRLF. What a spreadsheet would run as a formula gets an apostrophe in front, because attackers
 * write these texts.
 *
 * @param isForTerminal Whether control characters are escaped, as on a terminal they have to be.
 */
export function* csvLines(columns: readonly Column[], rows: readonly (readonly string[])[], isForTerminal: boolean): Generator<string> {
  const cell = (text: string): string => csvCell(isForTerminal ? printable(text) : text);
  const headings = columns.map(({ name }) => cell(name)).join(",");
  // A file that begins with these letters is a SYLK file to Excel, which may hold formulas; a quote before them makes it none.
  yield headings.startsWith("ID") ? headings.replace(/^[^,]*/, (first) => `"${first}"`) : headings;
  for (const row of rows) yield columns.map((_, column) => cell(row[column] ?? "")).join(",");
}
