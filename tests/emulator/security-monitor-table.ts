/** The seeded table behind the reports: one row a minute and client that did something, the same on every machine. */

import type { DimensionColumn, MetricColumn, Metric } from "./security-monitor-catalogue.ts";
import type { Filter, ReportQuery } from "./security-monitor-query.ts";
import { offsetMs } from "./security-monitor-time.ts";
import { mix } from "./random.ts";

/** With each of them active four minutes out of five, a window of nearly four hours has more than 25,000 rows. */
export const CLIENTS = 150;
const ACTIVE_PERCENT = 80;
const DAY_SECONDS = 86_400;

const PLACES = [
  ["US", "New York"],
  ["US", "San José"],
  ["US", "Ashburn"],
  ["CH", "Zürich"],
  ["DE", "Frankfurt am Main"],
  ["DE", "Köln"],
  ["JP", "東京"],
  ["BR", "São Paulo"],
  ["GB", "London"],
  ["IN", "Mumbai"],
] as const;

/** Clients choose what they ask for, so that a host may be anything: a formula, or commands to a terminal. */
const HOSTS = ["www.example.com", "api.example.com", "shop.example.com", "=1+1.example.com", "\u001b[2Jwww.example.com"] as const;
const POLICIES = ["111_375", "mob_1183", "DFN_667"] as const;

type Values = Record<MetricColumn, number>;

export interface Row {
  dimensions: Record<DimensionColumn, string>;
  metrics: Values;
}

/** What client `n` is called. */
export function clientIp(n: number): string {
  if (n < 50) return `192.0.2.${n + 1}`;
  return n < 100 ? `198.51.100.${n - 49}` : `2001:db8::${(n - 99).toString(16)}`;
}

function at<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new RangeError("the list is empty");
  return item;
}

function entry(seed: number, minute: number, client: number): Row | undefined {
  const chance = mix(mix(seed, client), minute);
  if (chance % 100 >= ACTIVE_PERCENT) return undefined;
  const [country, city] = at(PLACES, mix(seed ^ 0x91ace, client));
  const more = mix(chance, 1);
  // Most do little and few do much.
  const triggered = 1 + (more % 7) * (1 + (client % 11 === 0 ? 40 : 0));
  const denied = (more >>> 8) % (triggered + 1);
  return {
    dimensions: { time: "", client: clientIp(client), country, city, host: at(HOSTS, more >>> 12), policy: at(POLICIES, more >>> 20) },
    metrics: { triggered, denied, warned: triggered - denied, contributing: triggered + ((more >>> 16) % 4) },
  };
}

/** Every row of a report in its order, before paging. */
export function reportRows(seed: number, query: ReportQuery, timeZone: string, nowSeconds: number): Row[] {
  const oldest = nowSeconds - query.store.purgeIntervalInDays * DAY_SECONDS;
  const first = Math.ceil(Math.max(query.startSeconds, oldest) / 60);
  const end = Math.floor(Math.min(query.endSeconds, nowSeconds) / 60);
  const rows = new Map<string, Row>();
  for (let minute = first; minute < end; minute += 1) {
    const time = String(bucket(minute * 60, query, timeZone));
    for (let client = 0; client < CLIENTS; client += 1) {
      const found = entry(seed, minute, client);
      if (found === undefined) continue;
      found.dimensions.time = time;
      if (!query.filters.every((filter) => filter.type === "metric" || fitsDimension(filter, found.dimensions[filter.dimension.column]))) continue;
      const key = query.dimensions.map(({ column }) => found.dimensions[column]).join("\n");
      const row = rows.get(key);
      if (row === undefined) rows.set(key, found);
      else add(row.metrics, found.metrics);
    }
  }
  const fits = ({ metrics }: Row): boolean => query.filters.every((filter) => filter.type === "dimension" || fitsMetric(filter, metrics[filter.metric.column]));
  return [...rows.values()].filter(fits).sort(order(query));
}

/** What the answer says of a metric's column, over every row of the report. */
export function summary(rows: readonly Row[], { column }: Metric): { aggregate: string; peak: string } {
  const [aggregate, peak] = rows.reduce(([sum, most], { metrics }) => [sum + metrics[column], Math.max(most, metrics[column])], [0, 0]);
  return { aggregate: String(aggregate), peak: String(peak) };
}

/** The beginning of the step that an instant lies in; days and what is longer begin by the time zone of the pack. */
function bucket(seconds: number, { aggregation, named }: ReportQuery, timeZone: string): number {
  if (named === undefined) return Math.floor(seconds / aggregation) * aggregation;
  const offset = offsetMs(seconds * 1000, timeZone);
  const local = new Date(seconds * 1000 + offset);
  const day = named === "week" ? local.getUTCDate() - ((local.getUTCDay() + 6) % 7) : local.getUTCDate();
  const start = Date.UTC(local.getUTCFullYear(), named === "year" ? 0 : local.getUTCMonth(), named === "month" || named === "year" ? 1 : day);
  return (start - offset) / 1000;
}

function add(sum: Values, more: Values): void {
  sum.triggered += more.triggered;
  sum.denied += more.denied;
  sum.warned += more.warned;
  sum.contributing += more.contributing;
}

/** A negated condition holds where the plain one does not: for none of the values. */
function fitsDimension({ condition, values }: Extract<Filter, { type: "dimension" }>, actual: string): boolean {
  switch (condition) {
    case "in":
      return values.includes(actual);
    case "nin":
      return !values.includes(actual);
    case "contains":
      return values.some((value) => actual.includes(value));
    case "ncontains":
      return !values.some((value) => actual.includes(value));
    case "starts":
      return values.some((value) => actual.startsWith(value));
    case "nstarts":
      return !values.some((value) => actual.startsWith(value));
    case "ends":
      return values.some((value) => actual.endsWith(value));
    case "nends":
      return !values.some((value) => actual.endsWith(value));
  }
}

function fitsMetric({ condition, values }: Extract<Filter, { type: "metric" }>, actual: number): boolean {
  switch (condition) {
    case "eq":
      return values.includes(actual);
    case "neq":
      return !values.includes(actual);
    case "gt":
      return values.some((value) => actual > value);
    case "gte":
      return values.some((value) => actual >= value);
    case "lt":
      return values.some((value) => actual < value);
    case "lte":
      return values.some((value) => actual <= value);
  }
}

/** Without sorts: newest time first if time is a dimension, and the largest of the first metric first. */
function order({ sorts, dimensions, metrics }: ReportQuery): (a: Row, b: Row) => number {
  const steps: ((a: Row, b: Row) => number)[] = sorts.map((sort) => {
    const sign = sort.order === "asc" ? 1 : -1;
    return sort.type === "metric"
      ? (a, b) => sign * (a.metrics[sort.metric.column] - b.metrics[sort.metric.column])
      : (a, b) => sign * compare(a, b, sort.dimension.column);
  });
  if (sorts.length === 0 && dimensions.some(({ column }) => column === "time")) steps.push((a, b) => compare(b, a, "time"));
  const [first] = metrics;
  if (sorts.length === 0 && first !== undefined) steps.push((a, b) => b.metrics[first.column] - a.metrics[first.column]);
  // Pages would overlap if equal rows had no order.
  for (const { column } of dimensions) steps.push((a, b) => compare(a, b, column));
  return (a, b) => {
    for (const step of steps) {
      const difference = step(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function compare(a: Row, b: Row, column: DimensionColumn): number {
  const [left, right] = [a.dimensions[column], b.dimensions[column]];
  if (column === "time") return Number(left) - Number(right);
  return left === right ? 0 : left < right ? -1 : 1;
}
