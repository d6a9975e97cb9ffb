/** What is wrong with a command line, told at once. */

import { ConfigError, type Problem } from "../errors.ts";
import { CommandError } from "./exit.ts";

/**
 * Collects what is wrong with options, so that nobody has to correct them one by one.
 *
 * @example
 * ```ts
 * const faults = new Faults();
 * const minutes = faults.attempt(() => durationMinutes("--last", "soon")); // undefined
 * faults.throwAny(); // "--last soon is no duration"
 * ```
 */
export class Faults {
  readonly #thrown: (CommandError | ConfigError)[] = [];

  get isEmpty(): boolean {
    return this.#thrown.length === 0;
  }

  /** What `work` gives; `undefined` if it throws what users can correct, which is kept. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.add(error);
      return undefined;
    }
  }

  /** Keeps what users can correct, and throws anything else. */
  add(error: unknown): void {
    if (!(error instanceof CommandError) && !(error instanceof ConfigError)) throw error;
    this.#thrown.push(error);
  }

  /** Throws all of it, if there is any. */
  throwAny(): void {
    const [first, ...rest] = this.#thrown;
    if (first === undefined) return;
    if (rest.length === 0) throw first;
    const problems = this.#thrown.flatMap(problemsOf);
    throw new ConfigError(first.message, { code: "config", retryable: false, userAction: problems[0]?.userAction ?? "", problems, cause: first });
  }
}

function problemsOf(error: CommandError | ConfigError): readonly Problem[] {
  if (error instanceof ConfigError) return error.problems;
  // Messages begin with their option.
  const [, key = "", message = error.message] = /^(--[a-z-]+):? (.*)$/s.exec(error.message) ?? [];
  return [{ key, message, userAction: error.userAction }];
}
