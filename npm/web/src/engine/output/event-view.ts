/** One event as the page shows it. Everything in it is bounded, whatever the event holds. */

import type { Core } from "../../../../src/index.ts";
import type { EventView, MemberView, RuleView } from "../../protocol.ts";
import { membersOf, textOf } from "../index/row.ts";
import { decoded as decodedOf, rowOfFamily, type EventBytes } from "../input/record.ts";
import { headerViews } from "./snippet-view.ts";
import { textView, valueView } from "./text-view.ts";

const MOST_RULES = 200;
const MOST_HEADERS = 300;
const MOST_PAIRS = 300;
const MOST_MEMBERS = 400;
const MOST_RAW_UNITS = 262_144;

/** What a facet of the raw event becomes. */
const FACETS = ["rules", "ruleVersions", "ruleMessages", "ruleTags", "ruleData", "ruleSelectors", "ruleActions"];

export type EventDetails = Omit<EventView, "position" | "row" | "texts" | "name" | "offset">;

/** Decodes an event and lays it out. */
export function eventDetails(core: Core, { family, bytes }: EventBytes): EventDetails {
  const text = new TextDecoder().decode(bytes);
  const raw = membersOf(JSON.parse(text));
  const decoded = decodedOf(core, family, bytes);
  const attack = membersOf(decoded["attackData"]);
  const http = membersOf(decoded["httpMessage"]);
  const rules = Array.isArray(attack["rules"]) ? attack["rules"] : [];
  const [requestHeaders, responseHeaders] = [http["requestHeaders"], http["responseHeaders"]];
  const query = textOf(http["query"]);
  const { views, count } = memberViews(raw, decoded);
  return {
    family,
    timeMs: rowOfFamily(family, decoded).timeMs,
    bytes: bytes.length,
    rules: rules.slice(0, MOST_RULES).map((rule) => ruleView(membersOf(rule))),
    ruleCount: rules.length,
    requestHeaders: headerViews(requestHeaders, MOST_HEADERS),
    requestHeaderCount: Array.isArray(requestHeaders) ? requestHeaders.length : 0,
    responseHeaders: headerViews(responseHeaders, MOST_HEADERS),
    responseHeaderCount: Array.isArray(responseHeaders) ? responseHeaders.length : 0,
    query: query === "" ? undefined : { raw: textView(query), pairs: pairsOf(query) },
    members: views,
    memberCount: count,
    rawText: { text: text.slice(0, MOST_RAW_UNITS), length: text.length },
  };
}

function ruleView(rule: Readonly<Record<string, unknown>>): RuleView {
  const names = Object.keys(rule).filter((name) => !(name.endsWith("Base64") && name.slice(0, -6) in rule));
  return { members: names.slice(0, 30).map((name) => ({ name, value: textView(textOf(rule[name]), rule[`${name}Base64`]) })) };
}

/** Names and values of a query as a server reads them, once decoded; what is no UTF-8 keeps its bytes. */
function pairsOf(query: string): { name: ReturnType<typeof textView>; value: ReturnType<typeof textView> }[] {
  return query
    .split("&", MOST_PAIRS)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return { name: percentDecoded(at === -1 ? pair : pair.slice(0, at)), value: percentDecoded(at === -1 ? "" : pair.slice(at + 1)) };
    });
}

function percentDecoded(text: string): ReturnType<typeof textView> {
  const bytes = new TextEncoder().encode(text.replaceAll("+", " "));
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const digits = bytes[at] === 0x25 ? String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : "";
    if (/^[0-9a-f]{2}$/i.test(digits)) {
      bytes[length] = Number.parseInt(digits, 16);
      at += 2;
    } else bytes[length] = bytes[at] ?? 0;
    length += 1;
  }
  const decoded = bytes.subarray(0, length);
  try {
    return textView(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decoded));
  } catch {
    const view = textView(new TextDecoder("utf-8", { ignoreBOM: true }).decode(decoded));
    return { ...view, hex: Array.from(decoded.subarray(0, 1024), (byte) => byte.toString(16).padStart(2, "0")).join(" ") };
  }
}

/** The members of both events, two levels deep, in the order of the raw one. */
function memberViews(raw: Readonly<Record<string, unknown>>, decoded: Readonly<Record<string, unknown>>): { views: MemberView[]; count: number } {
  const [before, after] = [flat(raw), flat(decoded)];
  const views: MemberView[] = [];
  const shown = new Set<string>();
  for (const [path, value] of before) {
    const isFacet = path.startsWith("attackData.") && FACETS.includes(path.slice(11)) && typeof value === "string";
    const decodedPath = isFacet ? "attackData.rules" : path;
    // The list of rules stands beside the first of the facets that it came from.
    const isShown = shown.has(decodedPath);
    shown.add(decodedPath);
    views.push({ path, raw: valueView(value), decoded: isShown || !after.has(decodedPath) ? undefined : valueView(after.get(decodedPath)), decodedPath });
    if (views.length === MOST_MEMBERS) break;
  }
  return { views, count: before.size };
}

function flat(event: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [name, value] of Object.entries(event)) {
    const inner = Object.entries(membersOf(value));
    if (inner.length === 0) members.set(name, value);
    for (const [key, member] of inner) members.set(`${name}.${key}`, member);
  }
  return members;
}
