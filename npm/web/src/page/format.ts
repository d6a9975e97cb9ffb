/** Numbers, times and names for readers. */

import type { Column } from "../protocol.ts";

/** Columns that are not called by their names, which the filter takes. */
export const HEADINGS: Readonly<Partial<Record<Column, string>>> = { subject: "file or subject" };

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  for (; value >= 1000 && unit < UNITS.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

/** `1 event`, `2 events`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** In UTC, as `2017-04-04 10:57:02.000`; empty if there is none. */
export function time(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "";
  return new Date(ms).toISOString().replace("T", " ").replace(/(?:\.000)?Z$/, "");
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
