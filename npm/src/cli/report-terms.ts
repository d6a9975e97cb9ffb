/** The client's messages in the words of the command line. */

import { ConfigError, SourceError, type Problem } from "../errors.ts";
import type { CredentialsOptions } from "./credentials.ts";
import { shellWord } from "./shell.ts";

/** The options that say who asks whom. */
export interface AccountOptions extends CredentialsOptions {
  host?: string;
  allowInsecureLoopback?: true;
}

/**
 * A command to type next, with what was typed before to reach the account.
 *
 * @example
 * ```ts
 * commandFor({ section: "soc" }, "stores", "12332"); // "edgesiem report stores 12332 --section soc"
 * ```
 */
export function commandFor({ edgerc, section, host, allowInsecureLoopback }: AccountOptions, ...words: string[]): string {
  const named = Object.entries({ "--edgerc": edgerc, "--section": section, "--host": host });
  const typed = named.flatMap(([option, value]) => (value === undefined ? [] : [option, value]));
  if (allowInsecureLoopback === true) typed.push("--allow-insecure-loopback");
  return ["edgesiem", "report", ...words, ...typed].map(shellWord).join(" ");
}

/** The same error, with options and commands where the client has options and operations; anything else as it is. */
export function inWordsOf(options: AccountOptions, error: unknown): unknown {
  const word = (text: string): string => {
    const terms = termsOf(options);
    return terms.reduce((text, [from, to]) => text.replaceAll(from, to), text);
  };
  if (error instanceof ConfigError) {
    const problems = error.problems.map((problem): Problem => ({ key: problem.key === "host" ? hostOf(options) : problem.key, message: word(problem.message), userAction: word(problem.userAction) }));
    return new ConfigError(error.message, { code: error.code, retryable: false, userAction: word(error.userAction), problems, cause: error });
  }
  if (!(error instanceof SourceError)) return error;
  const { code, retryable, context, userAction } = error;
  return new SourceError(error.message, { code, retryable, context, userAction: word(userAction), cause: error });
}

function termsOf(options: AccountOptions): [from: string, to: string][] {
  const packs = `\`${commandFor(options, "packs")}\``;
  const stores = `\`${commandFor(options, "stores", "PACK")}\``;
  return [
    ["the option host", hostOf(options)],
    ["allowInsecureLoopback: true", "--allow-insecure-loopback"],
    ["the operations report-packs and data-stores list them", `${packs} and ${stores} list them`],
    ["the operation report-packs lists them", `${packs} lists them`],
    ["the operation data-stores lists them", `${stores} lists them`],
    ["with all = true", "with --all"],
    ["set store to", "set --store to"],
    ["set type to dimension or metric beside it", "write dimension: or metric: in front of it"],
    ["with limit and offset", "with --limit and --offset"],
  ];
}

/** Where the host was taken from, in the order of the credentials' search. */
function hostOf({ host, edgerc, section = "default" }: AccountOptions): string {
  if (host !== undefined) return "--host";
  const variable = section.toLowerCase() === "default" ? "AKAMAI_HOST" : `AKAMAI_${section.toUpperCase()}_HOST`;
  if (edgerc === undefined && (process.env[variable] ?? "").trim() !== "") return variable;
  return `host in section ${section} of ${edgerc ?? "~/.edgerc"}`;
}
