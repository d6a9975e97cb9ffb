/** Which rows a filter leaves. Texts are compared once each, however many rows have them. */

import { TEXT_COLUMNS, type TextColumn } from "../../protocol.ts";
import { matcherOf, type Term } from "../../query-text.ts";
import { ruleIdsOf } from "../../rules-text.ts";
import type { EventIndex } from "../index/event-index.ts";

type RowTest = (row: number) => boolean;

/**
 * A test of rows. Words and negated terms must all hold; of the other terms on one column one must. It knows texts that come
 * into the index later.
 */
export function rowFilter(index: EventIndex, terms: readonly Term[]): RowTest {
  const tests: RowTest[] = [];
  const wanted = new Map<TextColumn, ((text: string) => boolean)[]>();
  for (const term of terms) {
    if (term.kind === "word") {
      const text = term.text.toLowerCase();
      if (text !== "") tests.push(wordTest(index, text, term.isNegated));
    } else if (term.kind === "field") {
      const matches = matcherOf(term.pattern);
      if (term.isNegated) tests.push(columnTest(index, term.column, (text) => !holds(term.column, text, matches)));
      else wanted.set(term.column, [...(wanted.get(term.column) ?? []), (text) => holds(term.column, text, matches)]);
    } else {
      const { kind, timeMs } = term;
      // NaN is on neither side.
      tests.push(kind === "from" ? (row) => index.times.at(row) >= timeMs : (row) => index.times.at(row) < timeMs);
    }
  }
  for (const [column, alternatives] of wanted) tests.push(columnTest(index, column, (text) => alternatives.some((matches) => matches(text))));
  return (row) => tests.every((test) => test(row));
}

/** Of an event's rules any one counts. */
function holds(column: TextColumn, text: string, matches: (text: string) => boolean): boolean {
  return column === "rules" ? ruleIdsOf(text).some(matches) : matches(text);
}

function columnTest(index: EventIndex, column: TextColumn, matches: (text: string) => boolean): RowTest {
  const coded = index.columns[column];
  const answer = remembered(index, column, matches);
  return (row) => answer(coded.at(row));
}

function wordTest(index: EventIndex, word: string, isNegated: boolean): RowTest {
  const columns = TEXT_COLUMNS.map((column) => {
    const coded = index.columns[column];
    const answer = remembered(index, column, (text) => (column === "rules" ? saysWord(index, text, word) : text.toLowerCase().includes(word)));
    return (row: number): boolean => answer(coded.at(row));
  });
  return (row) => columns.some((test) => test(row)) !== isNegated;
}

/** Whether one of the rules has the word in its id or its message. */
function saysWord(index: EventIndex, rules: string, word: string): boolean {
  return ruleIdsOf(rules).some((rule) => rule.toLowerCase().includes(word) || (index.messages.get(rule)?.toLowerCase().includes(word) ?? false));
}

/** The answers for the texts of a column, by code. */
function remembered(index: EventIndex, column: TextColumn, matches: (text: string) => boolean): (code: number) => boolean {
  const { dictionary } = index.columns[column];
  let known = new Uint8Array(dictionary.size);
  return (code) => {
    if (code >= known.length) {
      const more = new Uint8Array(Math.max(dictionary.size, known.length * 2));
      more.set(known);
      known = more;
    }
    const answer = known[code];
    if (answer !== 0) return answer === 2;
    const isMatch = matches(dictionary.textOf(code));
    known[code] = isMatch ? 2 : 1;
    return isMatch;
  };
}
