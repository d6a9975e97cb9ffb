/** Cells of CSV (RFC 4180) that a spreadsheet opens without running anything. */

/**
 * What a spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection), also behind what some of them leave
 * out: blanks, controls such as NUL, and characters without a width.
 */
const FORMULA = /^[\s\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]/;
/** What spreadsheets may take for the end of a cell beside the comma, whether it stands in quotes or not: they look for quotes at its beginning only. */
const SEPARATOR = /([;\t|\r\n])/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/**
 * One cell of CSV. What would be a formula gets an apostrophe in front, also where it would only be one for a spreadsheet that has
 * another separator than the comma.
 *
 * @example
 * ```ts
 * csvCell("=1+1"); // "'=1+1"
 * csvCell("a;=1+1"); // "a;'=1+1"
 * csvCell('5" pipe'); // '"5"" pipe"'
 * ```
 */
export function csvCell(text: string): string {
  const guarded = text.split(SEPARATOR).map(guardedPart).join("");
  return /[",\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function guardedPart(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}
