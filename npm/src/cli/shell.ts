/** Words of a POSIX shell. */

/**
 * One word that a POSIX shell reads back as `text`, whatever is in it.
 *
 * @example
 * ```ts
 * shellWord("it's"); // "'it'\\''s'"
 * ```
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
