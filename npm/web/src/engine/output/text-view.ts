/** Texts as they are shown: cut, with their bytes where they are not UTF-8. */

import type { TextView } from "../../protocol.ts";

/** Longer texts are shown by their beginning, and copied whole. */
const MOST_UNITS = 16_384;
const MOST_HEX_BYTES = 4096;

/** A text as it is shown. `base64` has its bytes where the text cannot carry them. */
export function textView(text: string, base64?: unknown): TextView {
  const view = { text: text.length > MOST_UNITS ? text.slice(0, MOST_UNITS) : text, length: text.length };
  return typeof base64 === "string" ? { ...view, hex: hexOf(base64) } : view;
}

/** Any JSON value as it is shown. */
export function valueView(value: unknown): TextView {
  return textView(typeof value === "string" ? value : (JSON.stringify(value, undefined, 1) ?? ""));
}

function hexOf(base64: string): string {
  let binary: string;
  try {
    binary = atob(base64.slice(0, Math.ceil(MOST_HEX_BYTES / 3) * 4));
  } catch {
    return "";
  }
  return Array.from(binary.slice(0, MOST_HEX_BYTES), (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
}
