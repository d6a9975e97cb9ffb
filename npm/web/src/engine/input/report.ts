/** Reports of Akamai's Security Monitor. */

import type { Report } from "../../protocol.ts";
import { membersOf, textOf } from "../index/row.ts";

const MOST_COLUMNS = 50;
const MOST_ROWS = 10_000;
const MOST_META = 50;

/**
 * A report, if the value is one: an object with lists of columns and rows.
 *
 * @example
 * ```ts
 * reportOf({ columns: [{ type: "metric", name: "Denied", index: 0 }], rows: [["156"]] })?.rows; // [["156"]]
 * ```
 */
export function reportOf(value: unknown): Report | undefined {
  const { columns, rows, metaData } = membersOf(value);
  if (!Array.isArray(columns) || !Array.isArray(rows)) return undefined;
  const isTable = columns.length > 0 && columns.every((column) => typeof membersOf(column)["name"] === "string") && rows.every((row) => Array.isArray(row));
  if (!isTable) return undefined;
  const kept = columns.slice(0, MOST_COLUMNS).map(membersOf);
  return {
    columns: kept.map((column) => ({
      name: short(column["name"]),
      description: short(column["description"]),
      isMetric: column["type"] === "metric",
      aggregate: short(column["aggregate"]),
      peak: short(column["peak"]),
      unit: short(column["unit"]),
    })),
    rows: rows.slice(0, MOST_ROWS).map((row: unknown[]) => kept.map((column, place) => short(row[typeof column["index"] === "number" ? column["index"] : place]))),
    rowCount: rows.length,
    metaData: Object.entries(membersOf(metaData))
      .slice(0, MOST_META)
      .map(([name, value]) => ({ name: name.slice(0, 200), value: short(value) })),
  };
}

function short(value: unknown): string {
  return textOf(value).slice(0, 500);
}
