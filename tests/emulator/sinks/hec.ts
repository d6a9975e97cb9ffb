/** What Splunk's event collector and LogScale's likeness of it have in common: objects one after the other. */

import { type Stored, concatenatedRecords, isObject } from "./read.ts";

export interface HecEvent extends Stored {
  envelope: Record<string, unknown>;
}

/** Objects, or the number of the first that is none, or `undefined` if the body is not JSON values one after the other. */
export function hecEvents(body: Buffer): HecEvent[] | undefined {
  const records = concatenatedRecords(body);
  if (records === undefined || !records.every(({ value }) => isObject(value))) return undefined;
  return records.map((record) => ({ ...record, envelope: record.value as Record<string, unknown> }));
}

/** Seconds, as a number or as text that is one. */
export function isHecTime(time: unknown): boolean {
  return time === undefined || ((typeof time === "number" || (typeof time === "string" && time !== "")) && Number.isFinite(Number(time)) && Number(time) >= 0);
}
