/** Exit codes, and what a command that fails says. */

import { ConfigError, EdgeSiemError } from "../errors.ts";
import { printable } from "./terminal.ts";

/** What the command's exit code means. */
export const EXIT = {
  /** All well. */
  ok: 0,
  /** Some of the input was rejected; the rest was handled. */
  rejected: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** A source or a sink failed; the checkpoint has not moved past what was not delivered. */
  failed: 3,
  /** Who read the output went away: what a shell reports of programs that SIGPIPE ended. */
  brokenPipe: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Ends a command with a message and what to do.
 *
 * @example
 * ```ts
 * throw new CommandError("cannot read events.json: no such file", EXIT.failed, "check the path");
 * ```
 */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** What the reader should do; empty if the message says it all. */
  readonly userAction: string;

  constructor(message: string, exitCode: ExitCode, userAction = "") {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
    this.userAction = userAction;
  }
}

/** Codes of errors that the command line, the configuration or the credentials caused. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "config",
  "missing_secret",
  "edgerc_syntax",
  "edgerc_section_missing",
  "credentials_missing",
  "credentials_invalid",
  "invalid_argument",
  "unknown_schema",
]);

/** The exit code that fits what was thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  if (isBrokenPipe(error)) return EXIT.brokenPipe;
  if (error instanceof EdgeSiemError && USAGE_CODES.has(error.code)) return EXIT.usage;
  return EXIT.failed;
}

/** Whether who read the output went away: nothing is said of that. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "EPIPE";
}

/**
 * What is said of an error on stderr, with its line breaks: every line begins with `edgesiem: ` or is indented below one.
 * What others wrote is escaped. Empty for a broken pipe.
 */
export function describeError(error: unknown): string {
  if (isBrokenPipe(error)) return "";
  if (!(error instanceof Error)) return `edgesiem: ${printable(String(error))}\n`;
  const problems = problemsOf(error);
  const lines = problems.length > 0 ? problems : [error.message, actionOf(error)];
  const [first = "", ...rest] = lines.map((line) => printable(line));
  // With several problems, what to do stands below each.
  const depth = (index: number): string => (problems.length > 2 && index % 2 === 0 ? "    " : "  ");
  const said = [`edgesiem: ${first}`, ...rest.map((line, index) => (line === "" ? "" : depth(index) + line)).filter((line) => line !== "")];
  // An error that nobody foresaw is of use only with the place where it happened.
  const isForeseen = error instanceof CommandError || error instanceof EdgeSiemError || "code" in error;
  if (!isForeseen) said.push(...(error.stack ?? "").split("\n").slice(1, 6).map((line) => printable(line)));
  return `${said.join("\n")}\n`;
}

function actionOf(error: object): string {
  const { userAction } = error as { userAction?: unknown };
  return typeof userAction === "string" ? userAction : "";
}

/** All that is wrong with a configuration, what to do below each; its message repeats the first. */
function problemsOf(error: Error): string[] {
  if (!(error instanceof ConfigError)) return [];
  return error.problems.flatMap(({ key, message, userAction }) => [`${key}: ${message}`, userAction]);
}

/**
 * Why the system refused something, without the code and the call that Node puts around it.
 *
 * @example
 * ```ts
 * reasonOf(new Error("ENOENT: no such file or directory, open 'x'")); // "no such file or directory"
 * ```
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}
