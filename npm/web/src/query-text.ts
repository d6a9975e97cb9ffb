/** The filter as the page's one line of text: read by the engine, written by the charts. */

import { TEXT_COLUMNS, type TextColumn } from "./protocol.ts";

/** What stands before the colon of a term, and the column that it means. */
const FIELDS: Readonly<Record<string, TextColumn>> = {
  ...(Object.fromEntries(TEXT_COLUMNS.map((name) => [name, name])) as Record<TextColumn, TextColumn>),
  rule: "rules",
  ip: "client",
};

export type Term =
  /** Somewhere in any column. */
  | { kind: "word"; text: string; isNegated: boolean }
  /** The whole of a column, `*` standing for any text. */
  | { kind: "field"; column: TextColumn; pattern: string; isNegated: boolean }
  | { kind: "from" | "to"; timeMs: number };

export interface Filter {
  terms: Term[];
  problem: string | undefined;
}

/**
 * Reads a filter: words, `field:value` and `-field:value`, `from:` and `to:` with a time. A value with spaces stands in
 * quotes; a backslash takes its meaning from `*`, `"` and itself.
 *
 * @example
 * ```ts
 * parseFilter('sql -rule:950* host:"a b"').terms.length; // 3
 * ```
 */
export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  let problem: string | undefined;
  for (const [whole, minus = "", field = "", quoted, plain = ""] of text.matchAll(/(-?)(?:([A-Za-z]+):)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))/g)) {
    const value = quoted ?? plain;
    const name = field.toLowerCase();
    const isNegated = minus !== "";
    const column = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (name === "from" || name === "to") {
      const timeMs = timeOf(value);
      if (Number.isNaN(timeMs)) problem ??= `${name}: "${value.slice(0, 40)}" is no time; write 2026-11-22T10:00:00Z`;
      else terms.push({ kind: name, timeMs });
    } else if (column !== undefined) terms.push({ kind: "field", column, pattern: value, isNegated });
    // Something with a colon that is no field is a word, such as an address or a URL.
    else terms.push({ kind: "word", text: unescaped(field === "" ? value : whole.slice(minus.length)), isNegated });
  }
  return { terms, problem };
}

/** Whether a time has a date and, with an hour, a time zone; without one it is UTC. */
function timeOf(text: string): number {
  const withoutZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text);
  return Date.parse(withoutZone ? `${text}Z` : text);
}

/**
 * A term that means a column's whole text, whatever is in it.
 *
 * @example
 * ```ts
 * termOf("path", "/a b*"); // 'path:"/a b\\*"'
 * ```
 */
export function termOf(column: TextColumn, text: string): string {
  const name = column === "rules" ? "rule" : column;
  const value = escaped(text);
  return `${name}:${/^[\w.:/%@+,=&?!~()-]+$/.test(value) ? value : `"${value}"`}`;
}

/** Adds a term to a filter, or takes it out if it is there. */
export function toggled(filter: string, term: string): string {
  const padded = ` ${filter} `;
  const without = padded.replace(` ${term} `, " ").trim();
  return padded.includes(` ${term} `) ? without : `${filter.trim()} ${term}`.trim();
}

/** A filter with another time range; none if `fromMs` is left out. */
export function withRange(filter: string, fromMs?: number, toMs?: number): string {
  const others = filter.replace(/(^|\s)(?:from|to):\S*/g, " ").replace(/ {2,}/g, " ").trim();
  if (fromMs === undefined || toMs === undefined) return others;
  return `${others} from:${new Date(fromMs).toISOString()} to:${new Date(toMs).toISOString()}`.trim();
}

/**
 * What a pattern asks of a text, without regard to case. It takes time in proportion to the text's length times the number of
 * stars, whatever the pattern.
 */
export function matcherOf(pattern: string): (text: string) => boolean {
  const parts = pattern.toLowerCase().match(/\\.|\*|[^\\*]+|\\/gs) ?? [];
  const pieces: string[] = [""];
  for (const part of parts) {
    if (part === "*") pieces.push("");
    else pieces[pieces.length - 1] += part.length === 2 && part.startsWith("\\") ? part.slice(1) : part;
  }
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return (text) => text.toLowerCase() === first;
  return (given) => {
    const text = given.toLowerCase();
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function escaped(text: string): string {
  return text.replace(/[\\*"]/g, "\\$&");
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
