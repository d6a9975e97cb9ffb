/** Rows as CSV (RFC 4180) that a spreadsheet opens without running anything. */

import type { Column } from "../../protocol.ts";
import type { Row } from "../index/row.ts";

/** The first line. */
export function csvHeading(columns: readonly Column[]): string {
  return `${columns.join(",")}\r\n`;
}

/** A row, with its line break. */
export function csvLine(row: Row, columns: readonly Column[]): string {
  const cells = columns.map((column) => {
    if (column !== "time") return (row.texts[column] ?? "").replaceAll("\n", column === "rules" ? " " : "\n");
    return Number.isFinite(row.timeMs) && Math.abs(row.timeMs) <= 8.64e15 ? new Date(row.timeMs).toISOString() : "";
  });
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * A cell. What a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises (CSV Injection); what has a
 * quote, a comma or a line break stands in quotes.
 *
 * @example
 * ```ts
 * csvCell('=HYPERLINK("https://evil.example")'); // `"'=HYPERLINK(""https://evil.example"")"`
 * ```
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n\t;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
