/**
 * What others wrote, on its way to a terminal.
 *
 * Attackers write the events and influence answers: an escape sequence of theirs could rewrite the screen, set the clipboard
 * or hide what follows.
 */

import { styleText } from "node:util";

/**
 * Controls (C0, DEL, C1), bidirectional and invisible formatting, line separators, byte order marks and tags: the same
 * characters that the core escapes in its messages.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** The same without the line feed, which separates documents. */
const UNSAFE_IN_DOCUMENT =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * `text` on one line for a message or a log: unsafe characters are written as `\u{1b}`, and at most `maxChars` characters of
 * it are shown, followed by `…` if there were more.
 *
 * @example
 * ```ts
 * printable("\u001b[31mred\n"); // "\\u{1b}[31mred\\u{a}"
 * ```
 */
export function printable(text: string, maxChars = 2000): string {
  // A character has at most two units, so what is looked at stays bounded, however long the text is.
  const characters = [...text.slice(0, 2 * maxChars + 2)];
  const shown = characters.length > maxChars ? `${characters.slice(0, maxChars).join("")}…` : characters.join("");
  return shown.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * Documents, one a line, for a terminal: unsafe characters other than the line feed become JSON escapes, so that a document of
 * JSON still means the same.
 *
 * @example
 * ```ts
 * documentsForTerminal('{"path":"/\u009b2J"}\n'); // '{"path":"/\\u009b2J"}\n'
 * ```
 */
export function documentsForTerminal(text: string): string {
  return text.replace(UNSAFE_IN_DOCUMENT, (character) => {
    let escaped = "";
    for (let unit = 0; unit < character.length; unit += 1) {
      escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** A stream as far as colours are concerned: `process.stdout`, `process.stderr`. */
export interface MaybeTerminal {
  isTTY?: boolean;
  hasColors?(): boolean;
}

/** Writes text in a style, or leaves it as it is. */
export type Painter = (style: Parameters<typeof styleText>[0], text: string) => string;

/**
 * Colours for a stream: only on a terminal that has them, and never with `NO_COLOR`.
 *
 * @example
 * ```ts
 * const paint = painterFor(process.stderr);
 * process.stderr.write(`${paint("red", "failed")}\n`);
 * ```
 */
export function painterFor(stream: MaybeTerminal): Painter {
  if (!hasColours(stream)) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** Whether what is written to the stream may have colours. */
export function hasColours(stream: MaybeTerminal): boolean {
  if (process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "") return false;
  return stream.isTTY === true && stream.hasColors?.() === true;
}
