/** What a record holds: an event, several within something else, a context line, or a report. */

import type { Core } from "../../../../src/index.ts";
import type { Report } from "../../protocol.ts";
import { reportOf } from "./report.ts";
import { isContextLine, isEvent, unwrapped } from "./unwrap.ts";

export type Content =
  | { kind: "event"; event: Readonly<Record<string, unknown>>; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "wrapped"; texts: string[] }
  | { kind: "context" }
  | { kind: "report"; report: Report };

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
      if (isEvent(event)) return { kind: "event", event, bytes };
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
  const texts = unwrapped(value);
  if (texts.length === 0) throw new Error("it has neither httpMessage nor attackData");
  return { kind: "wrapped", texts };
}

/** What a text is as JSON. What the core said of it is better to know than what the browser says. */
function parsed(text: string, refusal: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal ?? error;
  }
}

/** An event of a record again, on one line. */
export function eventBytes(core: Core, record: Uint8Array<ArrayBuffer>, part: number): Uint8Array<ArrayBuffer> {
  const content = contentOf(core, record);
  if (content.kind === "wrapped") return new TextEncoder().encode(content.texts[part] ?? "");
  if (content.kind !== "event") return new Uint8Array();
  // Strings hold no line breaks, or the event would have been refused.
  return content.bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}
