/** Problems of a configuration that the user never wrote: in the words of what was written instead. */

import { ConfigError, type Problem } from "../errors.ts";

/**
 * The same error with other problems. Its message names the first of them.
 *
 * @param about What stands before the message, such as the name of a file.
 */
export function reworded(error: ConfigError, reword: (problems: readonly Problem[]) => readonly Problem[], about = ""): ConfigError {
  const problems = reword(error.problems);
  const [first] = problems;
  if (first === undefined) return error;
  const more = problems.length === 1 ? "" : `; and ${problems.length - 1} more`;
  const userAction = problems.find((problem) => problem.userAction !== "")?.userAction ?? error.userAction;
  return new ConfigError(`${about}${first.key}: ${first.message}${more}`, { code: error.code, retryable: false, userAction, problems, cause: error });
}

/** What a configuration has at the path of a problem, such as `streams[0].source.client_token`. */
export function valueAt(config: unknown, path: string): unknown {
  let value = config;
  for (const [part] of path.matchAll(/[^.[\]]+/g)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** The secret that is named at the path of a problem; `undefined` if there is no such name. */
export function secretNamedAt(config: unknown, path: string): string | undefined {
  const name = valueAt(config, `${path}.secret`);
  return typeof name === "string" ? name : undefined;
}
