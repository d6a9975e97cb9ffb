/** What of a text can be shown as it is, and what is named instead. */

/**
 * What would not be seen, or would change how its surroundings read: control characters but line feed and tab, marks of
 * direction, invisible and unassigned ones, lone surrogates.
 */
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

export type Piece = string | { mark: string; title: string };

/**
 * A text in pieces: as it is, and marks for what cannot be shown.
 *
 * @param isLine Whether line feeds and tabs are marked too.
 * @example
 * ```ts
 * piecesOf("a\u202eb", true); // ["a", { mark: "⟨U+202E⟩", title: "U+202E" }, "b"]
 * ```
 */
export function piecesOf(text: string, isLine: boolean): Piece[] {
  const pieces: Piece[] = [];
  const special = isLine ? new RegExp(`${SPECIAL.source}|[\\n\\t]`, "gu") : SPECIAL;
  let end = 0;
  for (const match of text.matchAll(special)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push(markOf(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

/** Names of U+0000 to U+001F. */
const CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");

function markOf(character: string): Piece {
  const code = character.codePointAt(0) ?? 0;
  const title = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  // Their names in letters: few fonts have the pictures of control characters.
  return { mark: `⟨${code === 0x7f ? "DEL" : (CONTROLS[code] ?? title)}⟩`, title };
}
