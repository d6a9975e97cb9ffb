/** How the fakes of receivers read a body: strictly, and without losing which bytes a record came as. */

import type { IncomingHttpHeaders } from "node:http";
import { concatenated, elements, type Span } from "../json-spans.ts";

/** One record as the receiver stores it. */
export interface Stored {
  value: unknown;
  /** As it came, byte for byte. */
  bytes: Buffer;
}

/** The media type of a request, without its parameters. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
}

/** The body as text, or `undefined` if it is not UTF-8. */
export function utf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** The body as one JSON value, or `undefined` if it is none. */
export function json(body: Buffer): unknown {
  const text = utf8(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(body: Buffer, { start, end }: Span): Stored {
  const bytes = body.subarray(start, end);
  return { bytes, value: json(bytes) };
}

/** The elements of the array that begins at `start`; the body has been read as JSON before. */
export function arrayRecords(body: Buffer, start = body.indexOf("[")): Stored[] {
  return elements(body, start).map((span) => at(body, span));
}

/** JSON values one after the other, or `undefined` if it is anything else. */
export function concatenatedRecords(body: Buffer): Stored[] | undefined {
  try {
    const records = [...concatenated(body)].map((span) => at(body, span));
    return records.every(({ value }) => value !== undefined) ? records : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Lines without the empty ones. */
export function lines(body: Buffer): Stored[] {
  const out: Stored[] = [];
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(0x0a, start);
    const end = found === -1 ? body.length : found;
    const bytes = body.subarray(start, body[end - 1] === 0x0d ? end - 1 : end);
    if (bytes.length > 0) out.push({ bytes, value: bytes.toString("utf8") });
    start = end + 1;
  }
  return out;
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 of a timestamp as RFC 3339 has it, or `undefined` if it is none. */
export function rfc3339Ms(value: unknown): number | undefined {
  if (typeof value !== "string" || !RFC3339.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
