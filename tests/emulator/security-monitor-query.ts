/** Reads the parameters of a report, and refuses what Akamai's documentation refuses. */

import type { DataStore, Dimension, Metric, ReportPack } from "./security-monitor-catalogue.ts";
import { Refused } from "./security-monitor-errors.ts";
import { parseLocal } from "./security-monitor-time.ts";

/** Windows are shorter than this. */
export const WINDOW_SECONDS = 4 * 3600;
export const MAX_LIMIT = 10_000;
export const DEFAULT_LIMIT = 300;
const MAX_DIMENSIONS = 2;

const NAMED_AGGREGATIONS = { day: 86_400, week: 604_800, month: 2_592_000, year: 31_536_000 } as const;
export type NamedAggregation = keyof typeof NAMED_AGGREGATIONS;

const DIMENSION_CONDITIONS = ["in", "nin", "contains", "ncontains", "starts", "nstarts", "ends", "nends"] as const;
const METRIC_CONDITIONS = ["eq", "neq", "gt", "gte", "lt", "lte"] as const;
export type DimensionCondition = (typeof DIMENSION_CONDITIONS)[number];
export type MetricCondition = (typeof METRIC_CONDITIONS)[number];

export type Filter =
  | { type: "dimension"; dimension: Dimension; condition: DimensionCondition; values: string[] }
  | { type: "metric"; metric: Metric; condition: MetricCondition; values: number[] };

export type Sort = { order: "asc" | "desc" } & ({ type: "dimension"; dimension: Dimension } | { type: "metric"; metric: Metric });

export interface ReportQuery {
  store: DataStore;
  startSeconds: number;
  endSeconds: number;
  /** Seconds of a step of time. */
  aggregation: number;
  named: NamedAggregation | undefined;
  dimensions: Dimension[];
  metrics: Metric[];
  filters: Filter[];
  sorts: Sort[];
  limit: number;
  offset: number;
}

const PARAMETERS = ["startDate", "endDate", "aggregation", "dimensions", "metrics", "limit", "offset", "filterParams", "sortParams"];

function refuse(detail: string): never {
  throw new Refused(400, detail);
}

/**
 * Where the documentation is silent: with neither start nor end it is the newest hour; without metrics it is every
 * metric of the store; without dimensions it is one row; of several stores that would do it is the first.
 */
export function parseReport(search: string, pack: ReportPack, nowSeconds: number): ReportQuery {
  const given = new URLSearchParams(search);
  for (const name of new Set(given.keys())) {
    if (!PARAMETERS.includes(name)) refuse(`${name}: there is no such parameter`);
    if (given.getAll(name).length > 1) refuse(`${name}: given more than once`);
  }
  const dimensionIds = ids(given, "dimensions");
  const metricIds = ids(given, "metrics");
  if (dimensionIds.length > MAX_DIMENSIONS) refuse("dimensions: at most two");
  const store = storeOf(pack, dimensionIds, metricIds);
  const dimensions = dimensionIds.flatMap((id) => store.dimensions.filter((known) => known.id === id));
  const metrics = given.has("metrics") ? metricIds.flatMap((id) => store.metrics.filter((known) => known.id === id)) : [...store.metrics];
  return {
    store,
    ...windowOf(given, pack, store, nowSeconds),
    ...aggregationOf(given, pack, store),
    dimensions,
    metrics,
    filters: list(given, "filterParams").map((item) => filter(item, store)),
    sorts: list(given, "sortParams").map((item) => sort(item, store, dimensions)),
    limit: whole(given, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
    offset: whole(given, "offset", 0, 0, Number.MAX_SAFE_INTEGER),
  };
}

function ids(given: URLSearchParams, name: string): number[] {
  const text = given.get(name);
  if (text === null) return [];
  const parts = text.split(",");
  if (!parts.every((part) => /^\d{1,9}$/.test(part))) refuse(`${name}: must be ids, separated by commas`);
  if (new Set(parts).size !== parts.length) refuse(`${name}: an id is given twice`);
  return parts.map(Number);
}

function storeOf({ dataStores }: ReportPack, dimensionIds: readonly number[], metricIds: readonly number[]): DataStore {
  for (const id of dimensionIds) if (!dataStores.some((store) => has(store.dimensions, id))) refuse(`dimensions: ${id} is unknown`);
  for (const id of metricIds) if (!dataStores.some((store) => has(store.metrics, id))) refuse(`metrics: ${id} is unknown`);
  const found = dataStores.find((store) => dimensionIds.every((id) => has(store.dimensions, id)) && metricIds.every((id) => has(store.metrics, id)));
  return found ?? refuse("dimensions and metrics cannot be combined across data stores");
}

function has(list: readonly { id: number }[], id: number): boolean {
  return list.some((item) => item.id === id);
}

function windowOf(given: URLSearchParams, { timezone }: ReportPack, store: DataStore, nowSeconds: number): Pick<ReportQuery, "startSeconds" | "endSeconds"> {
  const [start, end] = [given.get("startDate"), given.get("endDate")];
  if (start === null && end === null) {
    const endSeconds = Math.floor(nowSeconds / 60) * 60;
    return { startSeconds: endSeconds - 3600, endSeconds };
  }
  if (start === null || end === null) refuse("startDate and endDate: both or neither");
  const startSeconds = parseLocal(start, timezone) ?? refuse("startDate: must be MM/dd/yyyy:HH:mm");
  const endSeconds = parseLocal(end, timezone) ?? refuse("endDate: must be MM/dd/yyyy:HH:mm");
  const seconds = endSeconds - startSeconds;
  if (seconds <= 0) refuse("endDate: must be after startDate");
  if (seconds >= WINDOW_SECONDS) refuse("startDate and endDate: the query period must be under four hours");
  if (seconds > store.maxQueryDurationInMinutes * 60) refuse(`startDate and endDate: the data store allows ${store.maxQueryDurationInMinutes} minutes`);
  return { startSeconds, endSeconds };
}

function aggregationOf(given: URLSearchParams, pack: ReportPack, store: DataStore): Pick<ReportQuery, "aggregation" | "named"> {
  const text = given.get("aggregation");
  if (text === null) return { aggregation: store.aggregationInSeconds, named: undefined };
  if (isNamed(text)) return { aggregation: NAMED_AGGREGATIONS[text], named: text };
  if (!pack.dataStores.some((known) => String(known.aggregationInSeconds) === text)) refuse("aggregation: must be day, week, month, year or that of a data store");
  // Nothing is known between the steps of the store.
  return { aggregation: Math.max(Number(text), store.aggregationInSeconds), named: undefined };
}

function isNamed(text: string): text is NamedAggregation {
  return Object.hasOwn(NAMED_AGGREGATIONS, text);
}

function whole(given: URLSearchParams, name: string, usual: number, least: number, most: number): number {
  const text = given.get(name);
  if (text === null) return usual;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : refuse(`${name}: must be a number from ${least} to ${most}`);
}

function list(given: URLSearchParams, name: string): Record<string, unknown>[] {
  const text = given.get(name);
  if (text === null) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(`${name}: must be JSON`);
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "object" && item !== null && !Array.isArray(item))) {
    refuse(`${name}: must be a list of objects`);
  }
  return value as Record<string, unknown>[];
}

function members(item: Record<string, unknown>, names: readonly string[], at: string): void {
  for (const name of names) if (!Object.hasOwn(item, name)) refuse(`${at}: ${name} is missing`);
  for (const name of Object.keys(item)) if (!names.includes(name)) refuse(`${at}: ${name} is unknown`);
}

function filter(item: Record<string, unknown>, store: DataStore): Filter {
  members(item, ["condition", "id", "type", "values"], "filterParams");
  const { condition, id, type, values } = item;
  if (!Array.isArray(values) || values.length === 0) refuse("filterParams: values must be a list with something in it");
  const given: unknown[] = values;
  if (type === "dimension") {
    const dimension = store.dimensions.find((known) => known.id === id) ?? refuse(`filterParams: the data store has no dimension ${String(id)}`);
    const known = DIMENSION_CONDITIONS.find((name) => name === condition) ?? refuse(`filterParams: ${String(condition)} is no condition of a dimension`);
    if (!given.every((value) => typeof value === "string")) refuse("filterParams: values of a dimension are strings");
    return { type, dimension, condition: known, values: given };
  }
  if (type === "metric") {
    const metric = store.metrics.find((known) => known.id === id) ?? refuse(`filterParams: the data store has no metric ${String(id)}`);
    const known = METRIC_CONDITIONS.find((name) => name === condition) ?? refuse(`filterParams: ${String(condition)} is no condition of a metric`);
    if (!given.every((value) => typeof value === "number")) refuse("filterParams: values of a metric are numbers");
    return { type, metric, condition: known, values: given };
  }
  refuse("filterParams: type must be dimension or metric");
}

function sort(item: Record<string, unknown>, store: DataStore, dimensions: readonly Dimension[]): Sort {
  members(item, ["id", "order", "type"], "sortParams");
  const { id, order, type } = item;
  if (order !== "asc" && order !== "desc") refuse("sortParams: order must be asc or desc");
  if (type === "metric") {
    const metric = store.metrics.find((known) => known.id === id) ?? refuse(`sortParams: the data store has no metric ${String(id)}`);
    return { type, order, metric };
  }
  if (type === "dimension") {
    // Rows have no value of a dimension that they are not broken down by.
    const dimension = dimensions.find((known) => known.id === id) ?? refuse(`sortParams: ${String(id)} is not one of the dimensions of the report`);
    return { type, order, dimension };
  }
  refuse("sortParams: type must be dimension or metric");
}
