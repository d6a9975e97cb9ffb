/** Rows as CSV (RFC 4180) that a spreadsheet opens without running anything. */

import { csvCell } from "../../../../src/csv.ts";
import type { Column } from "../../protocol.ts";
import { shownRules } from "../../rules-text.ts";
import type { Row } from "../index/row.ts";

/** The first line. */
export function csvHeading(columns: readonly Column[]): string {
  return `${columns.join(",")}\r\n`;
}

/** A row, with its line break. */
export function csvLine(row: Row, columns: readonly Column[]): string {
  const cells = columns.map((column) => {
    if (column === "time") return Number.isFinite(row.timeMs) && Math.abs(row.timeMs) <= 8.64e15 ? new Date(row.timeMs).toISOString() : "";
    const text = row.texts[column] ?? "";
    return column === "rules" ? shownRules(text, " ") : text;
  });
  return `${cells.map(csvCell).join(",")}\r\n`;
}
