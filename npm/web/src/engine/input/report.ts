/** Reports of Akamai's Security Monitor: answers of its API, or what `edgesiem report data --format json` writes. */

import type { Report } from "../../protocol.ts";
import { membersOf, textOf } from "../index/row.ts";

const MOST_COLUMNS = 50;
const MOST_ROWS = 10_000;
const MOST_META = 50;

type Members = Readonly<Record<string, unknown>>;

/** What is shown in words of its own, and not as it is called. */
const KNOWN_META = ["aggregation", "timeZone", "timezone", "startTimeInEpoch", "start", "endTimeInEpoch", "end", "reportPack", "pack", "hasMoreData"];

/**
 * A report, if the value is one: an object with lists of columns and rows. Without data it has neither, but says of what.
 *
 * @example
 * ```ts
 * reportOf({ columns: [{ type: "metric", name: "Denied", index: 0 }], rows: [["156"]] })?.rows; // [["156"]]
 * ```
 */
export function reportOf(value: unknown): Report | undefined {
  const members = membersOf(value);
  const { columns, rows } = members;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return undefined;
  const meta: Members = { ...membersOf(members["metaData"]), ...membersOf(members["metadata"]) };
  const isOfColumns = columns.length > 0 || (rows.length === 0 && KNOWN_META.some((name) => Object.hasOwn(meta, name)));
  const isTable = isOfColumns && columns.every((column) => typeof membersOf(column)["name"] === "string") && rows.every((row) => Array.isArray(row));
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
    offset: numberOf(members["offset"]) ?? 0,
    hasMore: members["more"] === true || meta["hasMoreData"] === true,
    ...factsOf(members, meta),
  };
}

/** What is known of the rows. */
function factsOf(members: Members, meta: Members): Pick<Report, "pack" | "startMs" | "endMs" | "aggregationS" | "timeZone" | "metaData"> {
  const pack = short(meta["reportPack"]) || short(meta["pack"]) || short(members["pack"]);
  const timeMs = (...names: string[]): number | undefined => {
    const seconds = names.map((name) => numberOf(meta[name])).find((seconds) => seconds !== undefined);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return {
    pack,
    startMs: timeMs("startTimeInEpoch", "start"),
    endMs: timeMs("endTimeInEpoch", "end"),
    aggregationS: numberOf(meta["aggregation"]),
    timeZone: short(meta["timeZone"]) || short(meta["timezone"]),
    metaData: Object.entries(meta)
      .filter(([name]) => !KNOWN_META.includes(name))
      .slice(0, MOST_META)
      .map(([name, value]) => ({ name: name.slice(0, 200), value: short(value) })),
  };
}

/** A number from 0 on, such as seconds since 1970 up to the year 2286, also written as a text. */
function numberOf(value: unknown): number | undefined {
  const text = textOf(value);
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function short(value: unknown): string {
  return textOf(value).slice(0, 500);
}
