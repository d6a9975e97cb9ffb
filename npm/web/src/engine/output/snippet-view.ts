/** A lone facet or header block, decoded. */

import type { Core } from "../../../../src/index.ts";
import type { HeaderView, Snippet } from "../../protocol.ts";
import { membersOf, textOf } from "../index/row.ts";
import { snippetKind, trimmedSnippet } from "../input/snippet.ts";
import { textView } from "./text-view.ts";

const MOST_ITEMS = 1000;

/** Decodes a text that is no JSON; `undefined` if it is neither. */
export function snippetOf(core: Core, given: string): Snippet | undefined {
  const text = trimmedSnippet(given);
  const kind = snippetKind(text);
  if (kind === "headers") return { kind, headers: headerViews(core.decodeHeaders(text)) };
  if (kind !== "facet") return undefined;
  // Any facet is decoded the same way; this member stands for all of them.
  const items = core.decodeRules({ rules: text }).slice(0, MOST_ITEMS).map(membersOf);
  return { kind: "items", items: items.map((item) => textView(textOf(item["rule"]), item["ruleBase64"])) };
}

/** Decoded headers as they are shown. */
export function headerViews(headers: unknown, most = MOST_ITEMS): HeaderView[] {
  if (!Array.isArray(headers)) return [];
  return headers.slice(0, most).map((header) => {
    const { name, value, valueBase64, raw, rawBase64, nameBase64 } = membersOf(header);
    if (name === undefined) return { name: undefined, value: textView(textOf(raw), rawBase64) };
    return { name: textView(textOf(name), nameBase64), value: textView(textOf(value), valueBase64) };
  });
}
