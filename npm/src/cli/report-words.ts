/** What was typed to say what a report is about: lists of names, conditions, orders. */

import type { IdOrName, ReportFilter, ReportSort } from "../pipeline/security-monitor.ts";
import { CommandError, EXIT } from "./exit.ts";

type Condition = ReportFilter["condition"];
type Kind = NonNullable<ReportFilter["type"]>;

/** Signs for the conditions of metrics. */
const SIGNS: ReadonlyMap<string, Condition> = new Map([
  ["=", "eq"],
  ["==", "eq"],
  ["!=", "neq"],
  [">", "gt"],
  [">=", "gte"],
  ["<", "lt"],
  ["<=", "lte"],
]);

/** The conditions of metrics, whose values are numbers. */
const OF_METRICS: ReadonlySet<Condition> = new Set(SIGNS.values());

const OF_DIMENSIONS: readonly Condition[] = ["in", "nin", "contains", "ncontains", "starts", "nstarts", "ends", "nends"];
const CONDITIONS: ReadonlyMap<string, Condition> = new Map([...OF_METRICS, ...OF_DIMENSIONS].map((condition) => [condition, condition]));

const CONDITION = /(?:\s*(>=|<=|!=|==?|>|<)\s*|\s+((?:not\s+|n)?(?:in|contains|starts(?:\s+with)?|ends(?:\s+with)?)|n?eq|gte?|lte?)\s+)/i;
const UNQUOTED = new RegExp(`^(.+?)${CONDITION.source}(.*)$`, "is");
const QUOTED = new RegExp(`^((?:dimension:|metric:)?"(?:[^"]|"")*")${CONDITION.source}(.*)$`, "is");

/** A word of a list. */
interface Word {
  text: string;
  /** In quotes, digits are a name too. */
  isQuoted: boolean;
}

/**
 * Reads `Time, "Client IP", 957`.
 *
 * @param option Its name, for the message.
 * @throws CommandError if a name is empty or a quote is not closed.
 * @example
 * ```ts
 * readNames("--dimensions", "Time,957"); // ["Time", 957]
 * ```
 */
export function readNames(option: string, text: string): IdOrName[] {
  return words(option, text).map((word) => nameOf(option, word));
}

/**
 * Reads a condition: `Country in US,DE`, `City not contains "Washington, DC"`, `Requests Denied > 50`, `metric:552 <= 3`.
 *
 * @throws CommandError if it is none.
 */
export function readFilter(option: string, text: string): ReportFilter {
  const [, left, sign, word, right = ""] = (text.trimStart().startsWith('"') || /^\s*(?:dimension|metric):"/i.test(text) ? QUOTED : UNQUOTED).exec(text.trim()) ?? [];
  const condition = sign === undefined ? wordOf(word ?? "") : SIGNS.get(sign);
  if (left === undefined || condition === undefined) {
    const action = "write NAME CONDITION VALUES, such as 'Country in US,DE' or 'Requests Denied > 50'; a name that reads like a condition goes into double quotes";
    throw new CommandError(`${option} ${text} has no condition`, EXIT.usage, action);
  }
  const written = words(option, right);
  // `Country = US` can only be about a dimension, for which it is called otherwise.
  const isText = (sign === "=" || sign === "==" || sign === "!=") && written.some(({ text }) => !isNumber(text));
  const meant: Condition = isText ? (sign === "!=" ? "nin" : "in") : condition;
  return { ...subjectOf(option, left), condition: meant, values: written.map((value) => valueOf(option, meant, value)) };
}

/**
 * Reads `Country,-Requests Denied`: ascending, descending behind a minus sign.
 *
 * @throws CommandError if a name is empty or a quote is not closed.
 */
export function readSorts(option: string, text: string): ReportSort[] {
  return words(option, text).map(({ text, isQuoted }) => {
    const isDescending = !isQuoted && text.startsWith("-");
    const name = isDescending ? text.slice(1).trim() : text;
    return { ...(isQuoted ? { by: name } : subjectOf(option, name)), order: isDescending ? "desc" : "asc" };
  });
}

/** `Country`, `957`, `dimension:43`, `"Signed in Users"`. */
function subjectOf(option: string, text: string): { by: IdOrName; type?: Kind } {
  const [, type, name = ""] = /^(?:(dimension|metric):)?(.*)$/is.exec(text.trim()) ?? [];
  const [first, second] = words(option, name.startsWith('"') ? name : `"${name.replaceAll('"', '""')}"`);
  if (first === undefined || second !== undefined) throw new CommandError(`${option} ${text} names more than one`, EXIT.usage, "write one name in front of the condition");
  const by = nameOf(option, { text: first.text.trim(), isQuoted: name.startsWith('"') });
  return type === undefined ? { by } : { by, type: type.toLowerCase() as Kind };
}

/** `not contains`, `ncontains`, `starts with`. */
function wordOf(word: string): Condition | undefined {
  return CONDITIONS.get(word.toLowerCase().replace(/^not\s+/, "n").replace(/\s+with$/, ""));
}

function valueOf(option: string, condition: Condition, { text }: Word): string | number {
  if (text === "") throw new CommandError(`${option}: a value is empty`, EXIT.usage, "write the values behind the condition, separated by commas");
  if (!OF_METRICS.has(condition)) return text;
  if (isNumber(text)) return Number(text);
  throw new CommandError(`${option}: ${text} is no number`, EXIT.usage, "compare metrics with numbers; dimensions take in, contains, starts and ends, or not in and so on");
}

function isNumber(text: string): boolean {
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text);
}

function nameOf(option: string, { text, isQuoted }: Word): IdOrName {
  if (text === "") throw new CommandError(`${option}: a name is empty`, EXIT.usage, "write names or ids, separated by commas");
  return !isQuoted && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Words between commas; those in double quotes may have commas in them, and quotes that are written twice. */
function words(option: string, text: string): Word[] {
  const found: Word[] = [];
  const word = /\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(,|$)/y;
  for (;;) {
    const [, quoted, bare = "", end] = word.exec(text) ?? [];
    if (end === undefined) throw new CommandError(`${option} ${text}: a quote is not closed, or stands within a word`, EXIT.usage, 'put whole words into double quotes, and write a quote in them twice: "5 "" pipe", Boston');
    found.push(quoted === undefined ? { text: bare.trim(), isQuoted: false } : { text: quoted.replaceAll('""', '"'), isQuoted: true });
    if (end === "") return found;
  }
}
