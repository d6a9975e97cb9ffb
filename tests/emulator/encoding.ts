/**
 * How Akamai writes rule facets and headers, and what a receiver must make of them. The two directions are
 * written side by side from the plain value, so that an expectation never passes through a decoder.
 */

/** Spelling of percent-escapes in one event; real data has both. */
export type EscapeCase = "lower" | "upper";

/** Value of one rule in one facet: bytes that travel as base64, or text that is not base64 and travels as it is. */
export type FacetItem = { bytes: Buffer } | { literal: string };

export interface Facet {
  items: FacetItem[];
  /** Ends in a separator although no item follows: seen in real data. */
  trailing: boolean;
  /** Leaves out `=` at the ends of items: seen in the field (elastic/integrations#10084). */
  unpadded: boolean;
}

/** Members of `attackData` that hold facets, with the key that each gets in a decoded rule. */
export const FACETS = {
  rules: "rule",
  ruleVersions: "ruleVersion",
  ruleMessages: "ruleMessage",
  ruleTags: "ruleTag",
  ruleData: "ruleData",
  ruleSelectors: "ruleSelector",
  ruleActions: "ruleAction",
} as const;
export type FacetName = keyof typeof FACETS;
export const FACET_NAMES = Object.keys(FACETS) as FacetName[];

/** One header line. `folded` lines continue the value and begin with white space. */
export type HeaderLine = { name: string; value: Buffer; folded: string[]; space: boolean } | { raw: string };

export type DecodedRule = Record<string, string>;
export type DecodedHeader = { name: string; value: string; valueBase64?: string } | { raw: string };

const LOSSY = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of bytes, and the bytes themselves in base64 where the text cannot carry them. */
function textOf(bytes: Buffer): { text: string; base64: string | undefined } {
  const text = LOSSY.decode(bytes);
  return { text, base64: Buffer.from(text, "utf8").equals(bytes) ? undefined : bytes.toString("base64") };
}

function percent(byte: number, escapes: EscapeCase): string {
  const hex = byte.toString(16).padStart(2, "0");
  return `%${escapes === "lower" ? hex : hex.toUpperCase()}`;
}

/** In a facet `+` stays and `/ = ;` are escaped. */
function escapeBase64(text: string, escapes: EscapeCase): string {
  return text.replace(/[^A-Za-z0-9+]/g, (character) => percent(character.charCodeAt(0), escapes));
}

export function encodeFacet(facet: Facet, escapes: EscapeCase): string {
  const items = facet.items.map((item) => {
    if ("literal" in item) return item.literal;
    const base64 = item.bytes.toString("base64");
    return escapeBase64(facet.unpadded ? base64.replace(/=+$/, "") : base64, escapes);
  });
  return items.join(percent(0x3b, escapes)) + (facet.trailing ? percent(0x3b, escapes) : "");
}

/** The `rules` list that the facets stand for, or `undefined` if there is no facet at all. */
export function decodedRules(facets: ReadonlyMap<FacetName, Facet>, count: number): DecodedRule[] | undefined {
  if (facets.size === 0) return undefined;
  const rules: DecodedRule[] = [];
  for (let k = 0; k < count; k += 1) {
    const rule: DecodedRule = {};
    for (const name of FACET_NAMES) {
      const facet = facets.get(name);
      if (facet === undefined || encodeFacet(facet, "lower") === "") continue;
      const item = facet.items[k];
      if (item === undefined) {
        // A trailing separator makes one more item, and it is empty.
        if (facet.trailing && k === facet.items.length) rule[FACETS[name]] = "";
        continue;
      }
      if ("literal" in item) {
        rule[FACETS[name]] = item.literal;
        continue;
      }
      const { text, base64 } = textOf(item.bytes);
      rule[FACETS[name]] = text;
      if (base64 !== undefined) rule[`${FACETS[name]}Base64`] = base64;
    }
    rules.push(rule);
  }
  const isEmpty = (rule: DecodedRule): boolean => Object.values(rule).every((value) => value === "");
  while (rules.length > 0 && isEmpty(rules.at(-1) ?? {})) rules.pop();
  return rules;
}

/** What each byte becomes in header text; Akamai leaves letters, digits and these alone, `+` among them. */
const HEADER_TEXT: Record<EscapeCase, readonly string[]> = { lower: headerText("lower"), upper: headerText("upper") };

function headerText(escapes: EscapeCase): string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-_.,()*+!$@]/.test(character) ? character : percent(byte, escapes);
  });
}

export function escapeHeaderText(bytes: Buffer, escapes: EscapeCase): string {
  const table = HEADER_TEXT[escapes];
  let out = "";
  for (const byte of bytes) out += table[byte];
  return out;
}

/** Wire form of a header block before escaping. */
export function headerBlock(lines: readonly HeaderLine[], lineBreak: "\r\n" | "\n"): Buffer {
  const parts: Buffer[] = [];
  for (const line of lines) {
    if ("raw" in line) {
      parts.push(Buffer.from(line.raw + lineBreak));
      continue;
    }
    parts.push(Buffer.from(`${line.name}:${line.space ? " " : ""}`), line.value);
    for (const more of line.folded) parts.push(Buffer.from(lineBreak + more));
    parts.push(Buffer.from(lineBreak));
  }
  return Buffer.concat(parts);
}

export function decodedHeaders(lines: readonly HeaderLine[]): DecodedHeader[] {
  return lines.map((line) => {
    if ("raw" in line) return { raw: line.raw };
    const joined = Buffer.concat([line.value, ...line.folded.map((more) => Buffer.from(`\n${more}`))]);
    const { text, base64 } = textOf(joined);
    return { name: line.name, value: text, ...(base64 === undefined ? {} : { valueBase64: base64 }) };
  });
}
