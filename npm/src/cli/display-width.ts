/** How many columns of a terminal a text takes. */

/**
 * Characters of two columns: the blocks that East Asian Width calls wide or full-width (Unicode Standard Annex 11), and what is shown
 * as an emoji by itself, of which the runtime keeps the table.
 */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** Characters that join or change the one before them, and have no column of their own. */
const WITHOUT_COLUMN = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** Asks for the coloured picture of a character that is text by itself. */
const EMOJI_VARIANT = "\ufe0f";

const PLAIN = /^[\u0020-\u007e]*$/;

const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * Columns that a terminal gives to `text`, which has no control characters.
 *
 * @example
 * ```ts
 * displayWidth("東京"); // 4
 * ```
 */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of GRAPHEMES.segment(text)) columns += widthOf(segment);
  return columns;
}

/**
 * The beginning of `text` that fits into so many columns, with `…` as its last where it had to be cut.
 *
 * @example
 * ```ts
 * fittedTo("Requests Denied", 10); // "Requests …"
 * ```
 */
export function fittedTo(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let fitted = "";
  let left = columns - 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    fitted += segment;
  }
  return `${fitted}…`;
}

function widthOf(grapheme: string): number {
  if (WITHOUT_COLUMN.test(grapheme)) return 0;
  return WIDE.test(grapheme) || (grapheme.includes(EMOJI_VARIANT) && /^\p{Emoji}/u.test(grapheme)) ? 2 : 1;
}
