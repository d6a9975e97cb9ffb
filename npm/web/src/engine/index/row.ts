/** What the table shows of an event. */

import type { Family, TextColumn } from "../../protocol.ts";
import { MOST_RULES, rulesText } from "../../rules-text.ts";

export interface Row {
  family: Family;
  /** Milliseconds since 1970; NaN if the event has no time. */
  timeMs: number;
  /** What is left out is "". */
  texts: Partial<Record<TextColumn, string>>;
  rules: RuleSummary;
}

/** What the columns and the charts need of an event's rules. */
export interface RuleSummary {
  /** Ids, as {@link rulesText} writes them. */
  readonly ids: string;
  /** Rules with what they say. */
  readonly messages: readonly (readonly [rule: string, message: string])[];
  /** The strongest of their actions. */
  readonly action: string;
}

export const NO_RULES: RuleSummary = { ids: "", messages: [], action: "" };

type Members = Readonly<Record<string, unknown>>;

/** From the strongest on; an event without `appliedAction` is shown with the strongest action of its rules. */
const ACTIONS = ["deny", "tarpit", "abort", "slow", "challenge", "alert", "monitor", "none"];

/**
 * Reads the columns of a decoded event of Akamai's. Nothing about its shape is taken for granted.
 *
 * @param rules What is known of its rules.
 *
 * @example
 * ```ts
 * rowOf({ httpMessage: { start: "1491303422", host: "www.example.com" } }).texts.host; // "www.example.com"
 * ```
 */
export function rowOf(event: Members, rules = summaryOf(membersOf(event["attackData"])["rules"])): Row {
  const attack = membersOf(event["attackData"]);
  const http = membersOf(event["httpMessage"]);
  return {
    family: "akamai-siem",
    timeMs: timeOf(http["start"]),
    texts: {
      client: textOf(attack["clientIP"]),
      method: textOf(http["method"]),
      host: textOf(http["host"]),
      path: textOf(http["path"]),
      query: textOf(http["query"]),
      action: textOf(attack["appliedAction"]) || rules.action,
      country: textOf(membersOf(event["geo"])["country"]),
      status: textOf(http["status"]),
      rules: rules.ids,
    },
    rules,
  };
}

/** Sums up decoded rules. */
export function summaryOf(given: unknown): RuleSummary {
  if (!Array.isArray(given) || given.length === 0) return NO_RULES;
  const rules = given.map(membersOf);
  const ids = new Set<string>();
  const messages: [string, string][] = [];
  for (const rule of rules) {
    const id = textOf(rule["rule"]).replaceAll("\n", " ");
    if (id === "" || ids.has(id)) continue;
    ids.add(id);
    if (messages.length < MOST_RULES) messages.push([id, textOf(rule["ruleMessage"])]);
  }
  return { ids: rulesText([...ids]), messages, action: strongest(rules) };
}

/** An object's members; none of what is no object. */
export function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** A text, number or truth value as text; anything else is "". */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function timeOf(start: unknown): number {
  const text = textOf(start);
  return text === "" ? Number.NaN : Math.round(Number(text) * 1000);
}

function strongest(rules: readonly Members[]): string {
  let best = ACTIONS.length;
  let text = "";
  for (const rule of rules.slice(0, MOST_RULES)) {
    const action = textOf(rule["ruleAction"]);
    const place = ACTIONS.findIndex((name) => action.startsWith(name));
    const rank = place === -1 ? ACTIONS.length : place;
    if (text === "" || rank < best) [best, text] = [rank, action];
  }
  return text;
}
