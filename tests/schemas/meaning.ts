/** What an event means, piece by piece, to be looked for in its documents. */

import assert from "node:assert/strict";
import type { Event, Json, JsonObject } from "./corpus.ts";

export const SECTIONS = ["attackData", "httpMessage", "geo", "botData", "clientData", "identity", "userRiskData"];

/** Members that are not single values. */
const LISTS = new Set(["attackData.rules", "httpMessage.requestHeaders", "httpMessage.responseHeaders", "custom"]);

export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

/** An own member: names come from outside, and `__proto__` is one of them. */
export function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The value at `path`, whose names have no dots. */
export function at(value: Json | undefined, path: string): Json | undefined {
  return path.split(".").reduce(member, value);
}

/** Half of a surrogate pair is U+FFFD in what is well-formed. */
export function wellFormed(value: Json): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toWellFormed(), wellFormed(one)]));
  return value;
}

/** A value that is neither empty nor null, under its path. */
export interface Leaf {
  path: string;
  value: Json;
  /** As text; JSON if it is no string. */
  text: string;
}

export function leaves(meant: JsonObject): Leaf[] {
  const found: Leaf[] = [];
  const add = (path: string, value: Json): void => {
    if (LISTS.has(path) || value === null || value === "") return;
    const whole = wellFormed(value);
    found.push({ path: path.toWellFormed(), value: whole, text: typeof whole === "string" ? whole : JSON.stringify(whole) });
  };
  for (const [name, value] of Object.entries(meant)) {
    if (SECTIONS.includes(name) && isObject(value)) {
      for (const [inner, one] of Object.entries(value)) add(`${name}.${inner}`, one);
    } else {
      add(name, value);
    }
  }
  return found;
}

/** Whether `kept`, a text of a document, is the value: as text, or as its JSON. */
export function isKept(leaf: Leaf, kept: Json | undefined): boolean {
  if (kept === leaf.text) return true;
  if (typeof leaf.value === "string" || typeof kept !== "string") return false;
  try {
    assert.deepEqual(wellFormed(JSON.parse(kept) as Json), leaf.value);
    return true;
  } catch {
    return false;
  }
}

/** Where a schema has a member: whether the document says `text` there. */
export type Places<Document> = Readonly<Record<string, (document: Document, text: string) => boolean>>;

/** Paths of `event` that are found neither in their place nor among what has none. */
export function lost<Document>(event: Event, document: Document, places: Places<Document>, unmapped: (path: string) => Json | undefined): string[] {
  return leaves(event.meant)
    .filter((leaf) => {
      const place = Object.hasOwn(places, leaf.path) ? places[leaf.path] : undefined;
      return !place?.(document, leaf.text) && !isKept(leaf, unmapped(leaf.path));
    })
    .map(({ path, text }) => `${path} ${JSON.stringify(text.slice(0, 80))}`);
}

/** The rules of an event without facets that are empty, and without rules that have no other, each facet named by `name`. */
export function rulesOf(event: Event, name: (facet: string) => string = (facet) => facet): JsonObject[] {
  return (event.rules ?? [])
    .map((rule) => Object.fromEntries(Object.entries(rule).filter(([, text]) => text !== "").map(([facet, text]) => [name(facet), text])))
    .filter((rule) => Object.keys(rule).length > 0);
}

export type HeaderLine = { name: string; value: string } | { raw: string };

export function headersOf(event: Event, which: "requestHeaders" | "responseHeaders"): HeaderLine[] {
  return wellFormed((at(event.meant, `httpMessage.${which}`) ?? []) as Json) as HeaderLine[];
}

/** `HTTP/1.1`, `http/2` and `h2` in one spelling. */
export const protocolOf = (text: string): string => (/^h[23]$/i.test(text) ? `http/${text[1]}` : text.toLowerCase());

/** `tls1.3` and `TLSv1.3` in one spelling. */
export const tlsOf = (text: string): string => text.toLowerCase().replace(/^(tls|ssl)v/, "$1");

/** Milliseconds since 1970 of seconds with a fraction. */
export const millisOf = (seconds: string): number => Math.floor(Number(`${seconds}e3`));

/** Fails with the first few problems, and says how many documents were looked at. */
export class Findings {
  #count = 0;
  #documents = 0;
  readonly #first: string[] = [];

  document(name: string, problems: readonly string[]): void {
    this.#documents += 1;
    this.#count += problems.length;
    for (const problem of problems) if (this.#first.length < 10) this.#first.push(`${name}: ${problem}`);
  }

  none(what: string, context: { diagnostic(message: string): void }): void {
    assert.ok(this.#documents > 0, "no document");
    context.diagnostic(`${what}: ${this.#documents} documents, ${this.#count} errors`);
    assert.equal(this.#count, 0, this.#first.join("\n"));
  }
}
