/** The rules of an event as one text of the index: written by the engine, shown by the page. */

/** An event may have ten thousand rules; these are shown, counted and looked for. */
export const MOST_RULES = 32;
/** Longer ids are cut; the event itself keeps them whole. */
const MOST_ID_UNITS = 256;
/** No text of {@link rulesText} is longer. */
export const MOST_RULES_UNITS = MOST_RULES * (MOST_ID_UNITS + 1) + 16;

/**
 * Ids, one a line, and behind an empty line how many there were beyond the first MOST_RULES. An empty line stands for nothing else: no id is
 * empty or has a line break within.
 *
 * @param ids Each once.
 * @example
 * ```ts
 * rulesText(["950002", "950006"]); // "950002\n950006"
 * ```
 */
export function rulesText(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_RULES).map((id) => (id.length > MOST_ID_UNITS ? `${id.slice(0, MOST_ID_UNITS - 1)}…` : id));
  return ids.length > MOST_RULES ? `${shown.join("\n")}\n\n${ids.length - MOST_RULES}` : shown.join("\n");
}

/**
 * The ids of a text that {@link rulesText} wrote: one empty id if the event has no rules.
 *
 * @example
 * ```ts
 * ruleIdsOf("950002\n\n7"); // ["950002"]
 * ```
 */
export function ruleIdsOf(text: string): string[] {
  return (text.split("\n\n", 1)[0] ?? "").split("\n");
}

/**
 * The rules on one line, for readers.
 *
 * @param separator What stands between two ids.
 * @example
 * ```ts
 * shownRules("950002\n950006\n\n7", " "); // "950002 950006 and 7 more"
 * ```
 */
export function shownRules(text: string, separator: string): string {
  const leftOut = text.split("\n\n", 2)[1];
  return [...ruleIdsOf(text), ...(leftOut === undefined ? [] : [`and ${leftOut} more`])].join(separator);
}
