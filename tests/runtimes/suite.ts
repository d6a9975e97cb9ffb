/** What holds in every runtime. Nothing here is Node's: the same file runs in a page and in a Worker. */

import { arguments_ } from "./checks/arguments.ts";
import { streams } from "./checks/streams.ts";
import { traps } from "./checks/traps.ts";
import { vectorChecks } from "./checks/vectors.ts";
import type { Check } from "./context.ts";

export const checks: readonly Check[] = [...vectorChecks, ...arguments_, ...streams, ...traps];

/** The check of that name. */
export function check(name: string): Check {
  const found = checks.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no check "${name}"`);
  return found;
}
