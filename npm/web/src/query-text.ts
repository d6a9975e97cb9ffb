/** The filter as the page's one line of text: read by the engine, written by the charts. */

import { TEXT_COLUMNS, type TextColumn } from "./protocol.ts";

/** What stands before the colon of a term, and the column that it means. */
const FIELDS: Readonly<Record<string, TextColumn>> = {
  ...(Object.fromEntries(TEXT_COLUMNS.map((name) => [name, name])) as Record<TextColumn, TextColumn>),
  rule: "rules",
  ip: "client",
};

/** A term: a minus, a field, and a value in quotes, of which the last may be missing, or without. */
const TERM = /(-?)(?:([A-Za-z]+):)?(?:"((?:[^"\\]|\\.)*)("?)|(\S+))/gs;

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
  for (const [whole, minus = "", field = "", quoted, , plain = ""] of text.matchAll(TERM)) {
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
    else {
      if (field !== "" && !isAddress(whole.slice(minus.length))) problem ??= noField(field);
      terms.push({ kind: "word", text: unescaped(field === "" ? value : whole.slice(minus.length)), isNegated });
    }
  }
  return { terms, problem };
}

/** Whether something with a colon is a URL, or an address of version 6. */
function isAddress(text: string): boolean {
  return /^[a-z]+:\/\//i.test(text) || (/^[\da-f:.]+(?:\/\d+)?$/i.test(text) && /:.*:/s.test(text));
}

function noField(field: string): string {
  const name = field.slice(0, 40);
  return `there is no field ${name}: the term was looked for as a text. Put it in quotes to mean that, or use one of ${[...Object.keys(FIELDS), "from", "to"].join(", ")}`;
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

/** Whether one of a filter's terms is written like that. */
export function hasTerm(filter: string, term: string): boolean {
  return pieces(filter).some(({ whole }) => whole === term);
}

/**
 * Adds a term to a filter, or takes it out if it is there.
 *
 * @example
 * ```ts
 * toggled("sql host:a", "host:a"); // "sql"
 * ```
 */
export function toggled(filter: string, term: string): string {
  return hasTerm(filter, term) ? without(filter, ({ whole }) => whole === term) : joined(filter, term);
}

/** A filter with another time range, in milliseconds since 1970; none if `fromMs` is left out. */
export function withRange(filter: string, fromMs?: number, toMs?: number): string {
  const others = without(filter, ({ field }) => field === "from" || field === "to");
  if (fromMs === undefined || toMs === undefined) return others;
  return joined(others, `from:${new Date(fromMs).toISOString()} to:${new Date(toMs).toISOString()}`);
}

/** A term as it is written, and where. */
interface Piece {
  whole: string;
  /** In small letters; empty if there is none. */
  field: string;
  start: number;
  end: number;
  /** Whether it is in quotes, the last of which is missing. */
  isOpen: boolean;
}

function pieces(filter: string): Piece[] {
  return Array.from(filter.matchAll(TERM), ({ 0: whole, 2: field = "", 4: closing, index }) => ({ whole, field: field.toLowerCase(), start: index, end: index + whole.length, isOpen: closing === "" }));
}

/** A filter without some of its terms. The others stay as they are written. */
function without(filter: string, isUnwanted: (piece: Piece) => boolean): string {
  let left = "";
  let at = 0;
  for (const piece of pieces(filter)) {
    if (!isUnwanted(piece)) continue;
    left += filter.slice(at, piece.start).trimEnd();
    at = piece.end;
  }
  return (left + filter.slice(at)).trim();
}

/** A filter with more at its end. Quotes that are still open are closed, so that it does not become part of what they hold. */
function joined(filter: string, term: string): string {
  const open = pieces(filter).find(({ isOpen }) => isOpen);
  const closed = open === undefined ? filter : `${filter.slice(0, open.end)}" ${filter.slice(open.end)}`;
  return `${closed.trim()} ${term}`.trim();
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
