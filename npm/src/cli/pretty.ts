/** JSON documents, indented and coloured for readers; values and their writing stay as they are. */

import type { Painter } from "./terminal.ts";

const INDENT = "  ";
/** Documents nest some ten levels deep. One of an attacker's may nest as deep as a line is long, and indentation would square that. */
const MAX_INDENT_LEVELS = 32;
const NEW_LINES: readonly string[] = Array.from({ length: MAX_INDENT_LEVELS + 1 }, (_, level) => `\n${INDENT.repeat(level)}`);
/** So many parts are joined at once: an event of an attacker's may have millions, which as strings of their own take a hundred times the room. */
const JOINED_PARTS = 4096;

const BLANK = /\s/;
const COLON = /\s*:/y;
const EMPTY = /\s*[\]}]/y;
const SCALAR = /[^\s",:[\]{}]+/y;

/**
 * One line of JSON over several lines, with a line feed at the end.
 *
 * @example
 * ```ts
 * pretty('{"a":[1,2]}', (_style, text) => text); // '{\n  "a": [\n    1,\n    2\n  ]\n}\n'
 * ```
 */
export function pretty(document: string, paint: Painter): string {
  const joined: string[] = [];
  let out: string[] = [];
  let level = 0;
  let at = 0;
  const newLine = (): string => NEW_LINES[Math.min(level, MAX_INDENT_LEVELS)] ?? "\n";
  while (at < document.length) {
    if (out.length >= JOINED_PARTS) {
      joined.push(out.join(""));
      out = [];
    }
    const character = document.charAt(at);
    if (character === '"') {
      const string = document.slice(at, endOfString(document, at));
      at += string.length;
      const colon = matchAt(COLON, document, at);
      at += colon.length;
      out.push(colon === "" ? paint("green", string) : `${paint("blue", string)}: `);
    } else if (character === "{" || character === "[") {
      at += 1;
      const close = matchAt(EMPTY, document, at);
      at += close.length;
      level += close === "" ? 1 : 0;
      out.push(character, close === "" ? newLine() : close.trim());
    } else if (character === "}" || character === "]") {
      at += 1;
      level = Math.max(0, level - 1);
      out.push(newLine(), character);
    } else if (character === ",") {
      at += 1;
      out.push(",", newLine());
    } else if (BLANK.test(character)) {
      at += 1;
    } else {
      // A colon without a name before it is not JSON; it is shown as it is.
      const scalar = matchAt(SCALAR, document, at) || character;
      at += scalar.length;
      out.push(paint("yellow", scalar));
    }
  }
  out.push("\n");
  joined.push(out.join(""));
  return joined.join("");
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** The position behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charAt(quote - 1 - backslashes) === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}
