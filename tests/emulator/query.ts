/** Reads the target of a fetch request as Akamai documents it. */

import type { ProblemName } from "./problems.ts";

export const MAX_LIMIT = 600_000;
export const DEFAULT_LIMIT = 10_000;

export interface Query {
  configIds: string[];
  limit: number;
  mode: { offset: string } | { fromMs: number; toMs: number | undefined };
}

const PARAMETERS = ["offset", "limit", "from", "to"];

function integer(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** `undefined` if the path is not the API's; time wins over offset if both are given. */
export function parseTarget(target: string): Query | ProblemName | undefined {
  const match = /^\/siem\/v1\/configs\/([^/?]+)(?:\?(.*))?$/.exec(target);
  if (match === null) return undefined;
  const [, segment = "", search = ""] = match;
  const configIds = segment.replaceAll(/%3b/gi, ";").split(";");
  if (!configIds.every((id) => /^\d+$/.test(id))) return "missing-parameters";
  const given = new URLSearchParams(search);
  const names = [...given.keys()];
  if (names.some((name) => !PARAMETERS.includes(name)) || new Set(names).size !== names.length) return "missing-parameters";

  const limit = integer(given.get("limit") ?? String(DEFAULT_LIMIT));
  if (limit === undefined || limit < 1 || limit > MAX_LIMIT) return "missing-parameters";
  const from = given.get("from");
  const to = given.get("to");
  if (from !== null) {
    const fromSeconds = integer(from);
    const toSeconds = to === null ? undefined : integer(to);
    if (fromSeconds === undefined || (to !== null && (toSeconds === undefined || toSeconds <= fromSeconds))) return "missing-parameters";
    return { configIds, limit, mode: { fromMs: fromSeconds * 1000, toMs: toSeconds === undefined ? undefined : toSeconds * 1000 } };
  }
  const offset = given.get("offset");
  if (offset === null || offset === "" || to !== null) return "missing-parameters";
  return { configIds, limit, mode: { offset } };
}
