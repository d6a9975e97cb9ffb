/** A plain event as Akamai's line, and as the document in EdgeSIEM's `decoded` schema. */

import {
  decodedHeaders,
  decodedRules,
  encodeFacet,
  escapeHeaderText,
  headerBlock,
  type DecodedHeader,
  type DecodedRule,
  type HeaderLine,
} from "./encoding.ts";
import type { PlainEvent } from "./plain.ts";

type Json = string | number | Json[] | { [key: string]: Json };
type JsonObject = Record<string, Json>;

function wireHeaders(plain: PlainEvent, lines: readonly HeaderLine[]): string {
  const block = headerBlock(lines, plain.lineBreak);
  const text = block.toString("utf8");
  const needsNoEscapes = !text.includes("%") && Buffer.from(text, "utf8").equals(block);
  return plain.headersUnescaped && needsNoEscapes ? text : escapeHeaderText(block, plain.escapes);
}

function ordered(plain: PlainEvent, members: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const name of plain.order) {
    const value = members[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

function stringify(plain: PlainEvent, value: JsonObject): string {
  // Line breaks inside of strings are escaped, so every one that is left is layout.
  let text = plain.json === "spaced" ? JSON.stringify(value, null, 1).replace(/\n\s*/g, " ") : JSON.stringify(value);
  if (plain.json === "ascii") {
    text = text.replaceAll("/", "\\/").replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  }
  // JavaScript cannot keep the `.0` of a number. Quotes in values are escaped, so this is the member.
  return plain.numericVersion ? text.replace(/"version":( ?)"1\.0"/, '"version":$11.0') : text;
}

/** The line without its line break. */
export function renderLine(plain: PlainEvent): string {
  const facets: JsonObject = {};
  for (const [name, facet] of plain.facets) facets[name] = encodeFacet(facet, plain.escapes);
  const members: JsonObject = {
    attackData: { ...plain.attack, ...facets },
    httpMessage: {
      ...plain.http,
      requestHeaders: wireHeaders(plain, plain.requestHeaders),
      ...(plain.responseHeaders && { responseHeaders: wireHeaders(plain, plain.responseHeaders) }),
    },
    format: "json",
    type: "akamai_siem",
    version: "1.0",
    ...plain.others,
    ...(plain.custom && { custom: plain.custom.wire }),
  };
  return stringify(plain, ordered(plain, members));
}

/** What a receiver of the `decoded` schema must get for an event. */
export interface Expected {
  requestId: string;
  /** `undefined`: the event has no rule facet at all, and `attackData` stays as it is. */
  rules: DecodedRule[] | undefined;
  requestHeaders: DecodedHeader[];
  responseHeaders: DecodedHeader[] | undefined;
  custom: Record<string, string> | undefined;
  /** The whole document; the order of members counts. */
  document: JsonObject;
}

export function expectedOf(plain: PlainEvent): Expected {
  const rules = decodedRules(plain.facets, plain.ruleCount);
  const requestHeaders = decodedHeaders(plain.requestHeaders);
  const responseHeaders = plain.responseHeaders && decodedHeaders(plain.responseHeaders);
  const members: JsonObject = {
    attackData: { ...plain.attack, ...(rules && { rules }) },
    httpMessage: { ...plain.http, requestHeaders, ...(responseHeaders && { responseHeaders }) },
    format: "json",
    type: "akamai_siem",
    version: plain.numericVersion ? 1 : "1.0",
    ...plain.others,
    ...(plain.custom && { custom: plain.custom.decoded }),
  };
  const requestId = plain.http["requestId"] ?? "";
  return { requestId, rules, requestHeaders, responseHeaders, custom: plain.custom?.decoded, document: ordered(plain, members) };
}
