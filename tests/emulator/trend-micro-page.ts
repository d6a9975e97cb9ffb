/** The body of one answer, and the pages that are still to come. */

import type { BodyForm, TrendMicroEvents } from "./trend-micro-events.ts";
import type { EventsQuery } from "./trend-micro-query.ts";
import { Random, mix } from "./random.ts";

/** How an answer says that there is nothing: no further page, no newest log item. */
export type Nothing = "empty" | "null" | "null-text" | "absent";

/** What is left of a window that is read page by page: what it had when its first page was asked for. */
export interface OpenPage {
  query: Omit<EventsQuery, "pageId">;
  numbers: readonly number[];
  issuedAtMs: number;
}

/** Page ids: opaque, and good for one customer and one window. */
export class OpenPages {
  readonly #random: Random;
  readonly #pages = new Map<string, OpenPage>();

  constructor(seed: number) {
    this.#random = new Random(mix(seed, 0x9a6e));
  }

  issue(page: OpenPage): string {
    // With what a query string has to escape.
    const id = `${this.#random.text(24)}+/${this.#random.text(6)}==`;
    this.#pages.set(id, page);
    return id;
  }

  find(id: string): OpenPage | undefined {
    return this.#pages.get(id);
  }

  forget(holds: (page: OpenPage) => boolean): void {
    for (const [id, page] of this.#pages) if (holds(page)) this.#pages.delete(id);
  }
}

export interface BodyParts {
  events: TrendMicroEvents;
  form: BodyForm;
  numbers: readonly number[];
  currentLink: string;
  /** `undefined` after the last page. */
  nextLink: string | undefined;
  /** Instead of the time of the newest event on the page. */
  lastTime: string | undefined;
  nothing: Nothing;
  traceId: string;
  /** The first event is made this long, if it is shorter. */
  oversizeBytes: number | undefined;
}

/** The whole body, in pieces. */
export function* pageBody(parts: BodyParts): Generator<Buffer> {
  const { events, form, numbers, currentLink, nextLink, nothing, traceId } = parts;
  const names =
    form === "snake"
      ? { current: "current_link", next: "next_link", list: "security_events" }
      : { current: "selfLink", next: "nextLink", list: "securityEvents" };
  const members: string[] = [];
  const put = (name: string, value: string | undefined): void => {
    const text = value === undefined ? emptyText(nothing) : JSON.stringify(value);
    if (text !== undefined) members.push(`"${name}": ${text}`);
  };
  put(names.current, currentLink);
  put(names.next, nextLink);
  if (form === "snake") put("last_log_item_generation_time", parts.lastTime ?? newest(events, numbers));
  // The order of members has no meaning: some answers give what comes after the list here.
  const later = mix(numbers.length, currentLink.length) % 2 === 0 ? members.splice(1) : [];
  yield Buffer.from(`{\n ${members.join(",\n ")}${members.length === 0 ? "" : ","}\n "${names.list}": [`);
  for (const [k, number] of numbers.entries()) {
    const element = events.element(number, form);
    yield Buffer.from((k === 0 ? "\n  " : ",\n  ") + (k === 0 ? lengthened(element, parts.oversizeBytes) : element));
  }
  if (form === "snake") later.push(`"traceId": ${JSON.stringify(traceId)}`);
  yield Buffer.from(`\n ]${later.map((member) => `,\n ${member}`).join("")}\n}\n`);
}

function newest(events: TrendMicroEvents, numbers: readonly number[]): string | undefined {
  const last = numbers.at(-1);
  return last === undefined ? undefined : new Date(events.entry(last).generatedAtMs).toISOString();
}

function emptyText(nothing: Nothing): string | undefined {
  switch (nothing) {
    case "empty":
      return '""';
    case "null":
      return "null";
    case "null-text":
      return '"null"';
    case "absent":
      return undefined;
  }
}

function lengthened(element: string, bytes: number | undefined): string {
  const more = (bytes ?? 0) - Buffer.byteLength(element) - ',"padding":""'.length;
  return more <= 0 ? element : element.replace(/\s*}$/, (end) => `,"padding":"${"a".repeat(more)}"${end}`);
}
