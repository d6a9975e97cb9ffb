/** What every schema is tried on: a seeded stream, and events that were made to break things. */

import { EventStream } from "../emulator/events.ts";
import { expectedOf, type Expected } from "../emulator/render.ts";
import { hostileEvents } from "./hostile.ts";

export const SEEDED_EVENTS = 10_000;
const SEED = 20_261_122;
const LONG_LINE_BYTES = 5_000_000;

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** An event as it comes, and what it means: the plain values, in the form of the `decoded` schema. */
export interface Event {
  name: string;
  line: Buffer;
  meant: JsonObject;
  rules: Expected["rules"];
}

function stream(): EventStream {
  return new EventStream({ seed: SEED, firstEventAtMs: 1_791_000_000_000, intervalMs: 1000, configIds: ["14227", "29182"] });
}

/** The first `count` of the 10,000 events. */
export function seededEvents(count: number = SEEDED_EVENTS): Event[] {
  const events = stream();
  return Array.from({ length: count }, (_, i) => {
    const { document, rules } = events.expected(i);
    return { name: `event ${i} of seed ${SEED}`, line: events.line(i), meant: document, rules };
  });
}

function longEvents(): Event[] {
  const events = stream();
  return (["query", "requestHeaders"] as const).map((member, i) => {
    events.lengthen(i, LONG_LINE_BYTES, member);
    const { document, rules } = events.expected(i);
    return { name: `5 MB of ${member}`, line: events.line(i), meant: document, rules };
  });
}

/** Hostile events. A line is the bytes of an attacker and may be 5 MB long. */
export function hostile(): Event[] {
  const made = hostileEvents().map(({ name, plain, edit }) => {
    const { document, rules } = expectedOf(plain);
    return { name, ...edit(plain, document), rules };
  });
  return [...longEvents(), ...made];
}

/** Every event that the tests convert, in the same order each time. */
export function corpus(): Event[] {
  return [...seededEvents(), ...hostile()];
}

