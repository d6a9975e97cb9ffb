/** Events within other JSON: what Splunk, XSOAR and others put around them, and the answers of Trend Micro's API. */

import type { Family } from "../../protocol.ts";

/**
 * Members in which an event may stand as a text, the surest first: those of Splunk, of Elastic's agents, of XSOAR, of Sentinel, and of
 * forwarders. Any other text may be an attacker's, such as a field that a SIEM took out of the event.
 */
const CARRIERS = ["_raw", "event.original", "original", "rawEvent", "rawJSON", "RawData", "raw", "message", "@message", "event", "log", "line", "body", "stringValue", "payload", "textPayload"];
/** Lists of which each element is an event of Trend Micro's: what stands deeper is an attacker's. */
const ANSWER_LISTS = ["security_events", "securityEvents"];
/** Deeper, nothing is looked for. */
const MOST_DEPTH = 4;
/** So many events are taken out of one record. */
export const MOST_PARTS = 250_000;

/** Whose event an object is by itself, if it is one. */
export function familyOf(value: unknown): Family | undefined {
  if (!isObject(value)) return undefined;
  if (isObject(value["httpMessage"]) || isObject(value["attackData"])) return "akamai-siem";
  if (!isObject(value["message"])) return undefined;
  const { log_item_id: id, service, event } = value;
  return typeof id === "string" || (typeof service === "string" && typeof event === "string") ? "trend-micro-cas" : undefined;
}

/** Whose event an object within others is: less alike ones are taken for something else. */
function innerFamilyOf(value: Record<string, unknown>): Family | undefined {
  const family = familyOf(value);
  return family === "akamai-siem" && !(isObject(value["httpMessage"]) && isObject(value["attackData"])) ? undefined : family;
}

/** An event that was within something else. */
export interface Wrapped {
  family: Family;
  text: string;
}

/** Whether an object is the last line of a page. */
export function isContextLine(value: unknown): boolean {
  return isObject(value) && typeof value["offset"] === "string" && Object.values(value).every((member) => typeof member !== "object");
}

/**
 * The events within a value. An event of Akamai's is an object with `httpMessage` and `attackData`; one of Trend Micro's has a
 * `message`, and an id, or a service and an event. They are up to four levels deep, also in arrays and in texts that hold JSON, which
 * give them byte for byte. Texts are read only of the members that are known to carry events, and of one object only the first that does.
 *
 * @example
 * ```ts
 * unwrapped({ result: { _raw: '{"attackData":{},"httpMessage":{}}' } }); // [{ family: "akamai-siem", text: '{"attackData":{},"httpMessage":{}}' }]
 * ```
 */
export function unwrapped(value: unknown): Wrapped[] {
  const found: Wrapped[] = [];
  collect(value, 0, found);
  return found;
}

function collect(value: unknown, depth: number, found: Wrapped[]): void {
  if (depth > MOST_DEPTH || found.length >= MOST_PARTS) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, depth + 1, found);
    return;
  }
  if (!isObject(value)) return;
  const family = innerFamilyOf(value);
  if (family !== undefined) {
    found.push({ family, text: JSON.stringify(value) });
    return;
  }
  for (const name of CARRIERS) {
    const text = Object.hasOwn(value, name) ? textOf(value[name]) : undefined;
    const before = found.length;
    if (text !== undefined) collectText(text, depth + 1, found);
    // What stands beside it was taken out of it.
    if (found.length > before) return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (ANSWER_LISTS.includes(name) && Array.isArray(member)) collectElements(member, found);
    else collect(member, depth + 1, found);
  }
}

/** A text, also where it is the only one of a list, as Elastic writes fields. */
function textOf(value: unknown): string | undefined {
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof only === "string" ? only : undefined;
}

function collectElements(elements: readonly unknown[], found: Wrapped[]): void {
  for (const element of elements) {
    if (found.length >= MOST_PARTS) return;
    const family = isObject(element) ? innerFamilyOf(element) : undefined;
    if (family !== undefined) found.push({ family, text: JSON.stringify(element) });
  }
}

function collectText(text: string, depth: number, found: Wrapped[]): void {
  if (depth > MOST_DEPTH || found.length >= MOST_PARTS) return;
  if (!/attackData|log_item_id|"message"/.test(text)) return;
  const start = text.search(/[{[]/);
  if (start === -1) return;
  const json = text.slice(start);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return;
  }
  const family = isObject(value) ? innerFamilyOf(value) : undefined;
  if (family === undefined) collect(value, depth + 1, found);
  else found.push({ family, text: json });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
