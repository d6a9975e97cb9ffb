/** Whose events there are, and how to tell them apart. */

import type { EventsName, SchemaOption, SchemaTable } from "../types.ts";
import { bytesOf, invalidArgument } from "./bytes.ts";

/** Names of the kinds of events, which are those of their sources; the first is meant where none is named. */
export const EVENTS = ["akamai-siem", "trend-micro-cas"] as const satisfies readonly EventsName[];

/** How much of a text is looked at, in bytes. */
const LOOK_BYTES = 64 * 1024;

/** Members that only an answer of Trend Micro's API has, in its newer and its older spelling: the list of its events. */
const LISTS = ["security_events", "securityEvents"] as const;
const AKAMAI_MEMBERS = ["attackData", "httpMessage"] as const;

/**
 * Whose events a text holds, told by the names of members of its first object: an event, alone or in a list, or an answer of the
 * API. `undefined` if they do not tell. No more than the first 64 KiB are looked at.
 *
 * @example
 * ```ts
 * import { eventsOf } from "edgesiem";
 *
 * console.log(eventsOf('[{"attackData":{"rules":"OTUwMDAy"}}]')); // akamai-siem
 * console.log(eventsOf('{"next_link":"","security_events":[]}')); // trend-micro-cas
 * console.log(eventsOf('{"log_item_id":"1","service":"box","event":"dlp","message":{}}')); // trend-micro-cas
 * console.log(eventsOf('{"offset":"318d8"}')); // undefined
 * ```
 */
export function eventsOf(beginning: string | Uint8Array): EventsName | undefined {
  if (typeof beginning !== "string") bytesOf("beginning", beginning);
  const seen = new Set<string>();
  for (const name of membersOfFirst(beginning)) {
    seen.add(name);
    if (AKAMAI_MEMBERS.some((known) => name === known)) return "akamai-siem";
    if (LISTS.some((known) => name === known) || name === "log_item_id") return "trend-micro-cas";
    // An event without an id; of these names each alone is anybody's.
    if (seen.has("message") && seen.has("event") && seen.has("service")) return "trend-micro-cas";
  }
  return undefined;
}

/** Whether the first object of a text is an answer of Trend Micro's API, as far as its beginning tells. */
export function isAnswer(beginning: string | Uint8Array): boolean {
  for (const name of membersOfFirst(beginning)) if (isListName(name)) return true;
  return false;
}

/** Whether a member of an answer is the list of its events. */
export function isListName(name: string): boolean {
  return LISTS.some((known) => name === known);
}

/** Names of the members of the first object, in a list or not, as they are written; of a text that is no JSON, some or none. */
function* membersOfFirst(beginning: string | Uint8Array): Generator<string, void> {
  const text = typeof beginning === "string" ? beginning.slice(0, LOOK_BYTES) : new TextDecoder().decode(beginning.subarray(0, LOOK_BYTES));
  const start = /^[\ufeff\s[]*\{/.exec(text)?.[0].length;
  if (start === undefined) return;
  let depth = 1;
  // Strings, each with what makes it a name if it is one; brackets; and a string that does not end.
  for (const [token, name, colon] of text.slice(start).matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[[\]{}]|"/gs)) {
    if (name !== undefined) {
      if (depth === 1 && colon !== undefined) yield name;
    } else if (token === '"') return;
    else depth += token === "{" || token === "[" ? 1 : -1;
    if (depth === 0) return;
  }
}

/** A schema as the core takes it: with `events` in its table, where they are named and are not those that are meant anyway. */
export function schemaOf(schema: SchemaOption | null | undefined, events: EventsName | undefined): SchemaOption | undefined {
  if (events === undefined) return schema ?? undefined;
  if (!EVENTS.includes(events)) throw invalidArgument("events", "there are no such events", `use one of ${EVENTS.join(", ")}`);
  const table = typeof schema === "object" && schema !== null ? schema : { name: schema ?? "decoded" };
  const named = "events" in table ? table.events : undefined;
  if (named !== undefined && named !== events) throw invalidArgument("events", "the schema names others", "name them once, in `events` or in `schema`");
  // Which schemas there are for which events the core checks.
  return { ...table, events } as SchemaTable;
}

/** Whose events a schema is for, as it is written. */
export function eventsNamed(schema: SchemaOption | null | undefined, events: EventsName | undefined): EventsName {
  const table = schemaOf(schema, events);
  return (typeof table === "object" ? table.events : undefined) ?? EVENTS[0];
}
