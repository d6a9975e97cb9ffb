/** What a record holds: an event, several within something else, a context line, or a report. */

import type { Core, SchemaOption } from "../../../../src/index.ts";
import type { Family, Report, Schema } from "../../protocol.ts";
import { rowOf, type Row } from "../index/row.ts";
import { trendRowOf } from "../index/trend-row.ts";
import type { PartReader } from "./record-memory.ts";
import { reportOf } from "./report.ts";
import { familyOf, isContextLine, unwrapped, type Wrapped } from "./unwrap.ts";

type Members = Readonly<Record<string, unknown>>;

export type Content =
  | { kind: "event"; family: Family; event: Members; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "wrapped"; events: Wrapped[] }
  | { kind: "context" }
  | { kind: "report"; report: Report };

/** An event as it came, on one line. */
export interface EventBytes {
  family: Family;
  bytes: Uint8Array<ArrayBuffer>;
}

const OPEN_OBJECT = 0x7b;
/** No event is longer; what is may hold many. */
const MOST_EVENT_BYTES = 16 * 2 ** 20;

/** Reads a record. Throws an Error that says why it is no event. */
export function contentOf(core: Core, record: Uint8Array<ArrayBuffer>): Content {
  // Collectors put a time or a host before the event.
  const bytes = record.subarray(Math.max(record.indexOf(OPEN_OBJECT), 0));
  let refusal: unknown;
  if (bytes.length <= MOST_EVENT_BYTES) {
    try {
      const event = core.decodeEvent(bytes);
      const family = familyOf(event);
      if (family === "akamai-siem") return { kind: "event", family, event, bytes };
      if (family !== undefined) return { kind: "event", family, event: decoded(core, family, bytes), bytes };
    } catch (error) {
      refusal = error;
    }
  }
  const text = new TextDecoder().decode(bytes);
  // The core refuses a context line, because it is no event.
  if (refusal !== undefined && !text.includes('"offset"')) throw refusal;
  const value = parsed(text, refusal);
  if (isContextLine(value)) return { kind: "context" };
  if (refusal !== undefined) throw refusal;
  const report = reportOf(value);
  if (report !== undefined) return { kind: "report", report };
  const events = unwrapped(value);
  if (events.length === 0 && !isAnswer(value)) throw new Error("it is no event of Akamai's, which has httpMessage or attackData, nor one of Trend Micro's, which has message, service and event");
  return { kind: "wrapped", events };
}

/** Whether a value is an answer of Trend Micro's API, which may hold no events at all. */
function isAnswer(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const members: Members = { ...value };
  return Array.isArray(members["security_events"] ?? members["securityEvents"]);
}

/** An event of a family, decoded. */
export function decoded(core: Core, family: Family, line: string | Uint8Array): Members {
  if (family === "akamai-siem") return core.decodeEvent(line);
  return JSON.parse(core.convert(line, { name: "decoded", events: family })[0] ?? "{}") as Members;
}

/** What the table shows of a decoded event. */
export function rowOfFamily(family: Family, event: Members): Row {
  return family === "akamai-siem" ? rowOf(event) : trendRowOf(event);
}

/** A schema for the events of a family. Throws an Error if they cannot be written in it. */
export function schemaOf(family: Family, schema: Schema): SchemaOption {
  if (family === "akamai-siem") return schema;
  if (schema === "elastic-integration" || schema === "sentinel") throw new Error(`the schema ${schema} is not for events of Trend Micro's`);
  return { name: schema, events: family };
}

/** What a text is as JSON. What the core said of it is better to know than what the browser says. */
function parsed(text: string, refusal: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal ?? error;
  }
}

/**
 * The events of a record again, each on one line. Taking a record apart takes time in proportion to all of it: of one with many events it
 * is to be done once.
 *
 * @returns The event of a part; it throws an Error if there is none.
 */
export function eventsOf(core: Core, record: Uint8Array<ArrayBuffer>): { isWrapped: boolean; read: PartReader } {
  const content = contentOf(core, record);
  if (content.kind === "wrapped") {
    const { events } = content;
    return { isWrapped: true, read: (part) => wrappedBytes(events[part]) };
  }
  if (content.kind !== "event") throw changed();
  const { family, bytes } = content;
  // Strings hold no line breaks, or the event would have been refused.
  return { isWrapped: false, read: () => ({ family, bytes: bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)) }) };
}

function wrappedBytes(found: Wrapped | undefined): EventBytes {
  if (found === undefined) throw changed();
  return { family: found.family, bytes: new TextEncoder().encode(found.text) };
}

function changed(): Error {
  return new Error("the file has changed since it was read; open it again");
}
