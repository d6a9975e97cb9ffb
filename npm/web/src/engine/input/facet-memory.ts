/** Rules of events, decoded once for all events that have the same. */

import type { Core } from "../../../../src/index.ts";
import { NO_RULES, summaryOf, type RuleSummary } from "../index/row.ts";

/** Attackers may vary what rules fire, so that what is remembered is bounded: by entries, and UTF-16 units of each. */
const MOST_ENTRIES = 4096;
const MOST_UNITS = 4096;

/** Facets that no column shows. */
export const UNSHOWN_FACETS = ["ruleData", "ruleTags", "ruleSelectors", "ruleVersions"] as const;

export class FacetMemory {
  readonly #core: Core;
  readonly #known = new Map<string, RuleSummary>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * What the rules of an undecoded `attackData` are summed up to.
   *
   * @throws an Error if a facet is no text; such events are read by the decoder.
   */
  summaryOf(attack: Readonly<Record<string, unknown>>): RuleSummary {
    const { rules = "", ruleMessages = "", ruleActions = "" } = attack;
    const areTexts = UNSHOWN_FACETS.every((name) => typeof (attack[name] ?? "") === "string" && attack[name] !== null);
    if (!areTexts || typeof rules !== "string" || typeof ruleMessages !== "string" || typeof ruleActions !== "string") throw new Error("a facet that is no text");
    if (rules === "" && ruleMessages === "" && ruleActions === "") return NO_RULES;
    const key = `${rules.length},${ruleMessages.length};${rules}${ruleMessages}${ruleActions}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = summaryOf(this.#core.decodeRules({ rules, ruleMessages, ruleActions }));
    if (this.#known.size >= MOST_ENTRIES) this.#known.clear();
    if (key.length <= MOST_UNITS) this.#known.set(key, found);
    return found;
  }
}
