/** Where the commands that work on streams have their configuration, secrets and state from. */

import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import * as util from "node:util";
import type { Command } from "commander";
import { TomlError, parse } from "smol-toml";
import { ConfigError, type Problem } from "../errors.ts";
import { reworded, secretNamedAt } from "../pipeline/config-words.ts";
import type { HostOptions } from "../pipeline/host.ts";
import type { AnyConfig, Pipeline } from "../pipeline/pipeline.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";

/** Options that say what to work on, the same for every command. */
export interface ConfigOptions {
  config?: string;
  secretsFile?: string;
  /** The other name of `secretsFile`: what Node 20 takes for itself wherever it stands. */
  state?: string;
}

/** A configuration, and what belongs to it. */
export interface Configured {
  config: AnyConfig;
  /** What it is called in messages. */
  name: string;
  secrets: Readonly<Record<string, string | undefined>>;
  /** The folder of states, from the root on. */
  state: string;
  /** How a problem is called where somebody typed options instead of a configuration. */
  reword?: (problem: Problem) => Problem;
}

export const DEFAULT_CONFIG = "edgesiem.toml";
const STATE_FOLDER = ".edgesiem";
const NO_CONFIG = `\`edgesiem init\` writes an example of a configuration; another file is named with --config`;

/** Adds the options that {@link readConfig} reads. */
export function withConfig(command: Command): Command {
  return command
    .option("-c, --config <file>", `configuration of the streams (${DEFAULT_CONFIG}); a wrangler.toml will do`)
    .option("--secrets-file <file>", "read secrets (NAME=value, one a line) from this file too; what the environment has comes first")
    .option("--state <dir>", `folder of checkpoints and dead letters (${STATE_FOLDER} beside the configuration)`);
}

/** Reads the configuration's file, the secrets and the place of the state. What is in it is checked by the pipeline. */
export async function readConfig(options: ConfigOptions): Promise<Configured> {
  const path = resolve(options.config ?? DEFAULT_CONFIG);
  const text = await read(path, options.config === undefined ? NO_CONFIG : "check the path and the permissions");
  return {
    config: tableOf(path, text),
    name: basename(path),
    secrets: await readSecrets(options),
    state: options.state === undefined ? resolve(dirname(path), STATE_FOLDER) : named("--state", options.state),
  };
}

/** A path that somebody typed; an empty one would be the current folder. */
export function named(option: string, path: string): string {
  if (path === "") throw new CommandError(`${option} is empty`, EXIT.usage, "name a path");
  return resolve(path);
}

/** The environment, and the variables of a file that it does not have. */
export async function readSecrets(options: Pick<ConfigOptions, "secretsFile">): Promise<Readonly<Record<string, string | undefined>>> {
  const { secretsFile } = options;
  if (secretsFile === undefined) return process.env;
  const text = await read(secretsFile, "check the path and the permissions");
  refuseNameless(secretsFile, text);
  return { ...util.parseEnv(text), ...process.env };
}

/** Refuses a line that is no `NAME=value`, with which the parser would make a name of two lines. The line itself may hold a secret. */
function refuseNameless(path: string, text: string): void {
  // Values in quotes may have line breaks.
  const values = /=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)/g;
  const lines = text.replaceAll(values, (value) => `=${value.replaceAll(/[^\n]/g, "")}`).split(/\r\n|\n|\r/);
  const isGood = (line: string): boolean => /^\s*(?:#.*|(?:export\s+)?[^\s=#]+[ \t]*=.*)?$/.test(line);
  const wrong = lines.findIndex((line) => !isGood(line));
  if (wrong !== -1) throw new CommandError(`${path}, line ${wrong + 1}: it is not NAME=value`, EXIT.usage, "correct the line, or put # before it");
}

/** Opens a pipeline, and says every problem of the configuration at once if it cannot be used. */
export async function openPipeline(configured: Configured, host: HostOptions, signal?: AbortSignal): Promise<Pipeline> {
  const { Pipeline } = await import("../pipeline/pipeline.ts");
  try {
    return await Pipeline.open(configured.config, host, signal);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw reworded(error, (problems) => inOurWords(problems, configured), `${configured.name}: `);
  }
}

/** What to do about secrets is said once, at the end; the core has a Worker's users in mind. */
function inOurWords(problems: readonly Problem[], { config, name, secrets, reword }: Configured): Problem[] {
  const isMissing = (secret: string | undefined): secret is string => secret !== undefined && (secrets[secret] ?? "").trim() === "";
  const about = (problem: Problem): Problem => (reword === undefined ? ofFile({ ...problem, key: `${name}: ${problem.key}` }) : reword(problem));
  const others = problems.filter(({ key }) => !isMissing(secretNamedAt(config, key)));
  const unset = problems.filter((problem) => !others.includes(problem));
  const names = [...new Set(unset.map(({ key }) => secretNamedAt(config, key)).filter(isMissing))];
  const isLast = (number: number): boolean => number === unset.length - 1;
  return [...others.map(about), ...unset.map((problem, number) => ({ ...about(problem), userAction: isLast(number) ? howToSet(names) : "" }))];
}

/** Where the key goes that allows http:// to this machine: one that is written at the end of a file belongs to its last table. */
function ofFile({ key, message, userAction }: Problem): Problem {
  const line = "allow_insecure_loopback = true";
  const place = "above the first [[streams]]: it is about the whole configuration";
  if (key.endsWith(".allow_insecure_loopback")) return { key, message, userAction: `move ${line} ${place}` };
  const [refusal, rest] = message.split(`; use https://, or set ${line}`, 2);
  if (refusal === undefined || rest === undefined) return { key, message, userAction };
  return { key, message: refusal, userAction: `use https://; for a test on this machine write ${line} ${place}` };
}

function howToSet(names: readonly string[]): string {
  const lines = names.map((name) => `${name}=…`).join(", ");
  return names.length === 1
    ? `set the environment variable ${names[0] ?? ""}, or put ${lines} into a file and give it with --secrets-file`
    : `set these environment variables, or put ${lines} into a file, one a line, and give it with --secrets-file`;
}

/** The streams that were asked for, all without a name. */
export function chosenStreams(pipeline: Pipeline, wanted: readonly string[] | undefined): string[] {
  const known = pipeline.streams().map(({ id }) => id);
  if (wanted === undefined || wanted.length === 0) return known;
  for (const name of wanted) {
    if (!known.includes(name)) throw new CommandError(`there is no stream ${name}`, EXIT.usage, `the configuration has: ${known.join(", ")}`);
  }
  return known.filter((id) => wanted.includes(id));
}

/** The stream that is meant where one has to be: the only one, if none is named. */
export function oneStream(pipeline: Pipeline, wanted: string | undefined): string {
  const [first, second] = chosenStreams(pipeline, wanted === undefined ? undefined : [wanted]);
  if (first !== undefined && second === undefined) return first;
  const known = pipeline.streams().map(({ id }) => id);
  throw new CommandError("--stream is missing", EXIT.usage, `the configuration has: ${known.join(", ")}`);
}

/** Collects an option that may be repeated. */
export function repeated(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A time as RFC 3339 or in seconds since 1970, in milliseconds. */
export function timeOf(option: string, text: string): number {
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new CommandError(`${option} ${text} is no time`, EXIT.usage, "write 2026-11-22T10:00:00Z, or seconds since 1970");
}

/** A whole number within bounds. */
export function numberOf(option: string, text: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new CommandError(`${option} ${text} is out of range`, EXIT.usage, `use a whole number from ${least} to ${most}`);
}

async function read(path: string, userAction: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${reasonOf(error)}`, EXIT.usage, userAction);
  }
}

/** The whole file, or its table `vars.EDGESIEM` if it is that of a Worker. */
function tableOf(path: string, text: string): AnyConfig {
  try {
    const table = parse(text);
    const { vars } = table;
    const isOfWorker = typeof vars === "object" && "EDGESIEM" in vars;
    const found = isOfWorker ? vars.EDGESIEM : table;
    refuseEndless(found, "");
    return typeof found === "object" && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its later lines show the place, which may hold a secret.
    const [first = "it is no TOML"] = error.message.split("\n");
    throw new CommandError(`${basename(path)}:${error.line}:${error.column}: ${first}`, EXIT.usage, "correct the file; https://toml.io has the rules");
  }
}

/** More tables inside of each other than any configuration has. */
const MAX_DEPTH = 100;

/** TOML has numbers that JSON has not; as JSON they would be no value at all, and a default would take their place. */
function refuseEndless(value: unknown, key: string, depth = 0): void {
  if (depth > MAX_DEPTH) throw new CommandError("the configuration has too many tables inside of each other", EXIT.usage, "correct the file; no key has more than a few dots");
  if (typeof value === "number" && !Number.isFinite(value)) throw new CommandError(`${key}: ${value} is no number for a configuration`, EXIT.usage, "write a whole number");
  if (typeof value !== "object" || value === null) return;
  const at = (name: string): string => (Array.isArray(value) ? `${key}[${name}]` : key === "" ? name : `${key}.${name}`);
  for (const [name, member] of Object.entries(value)) refuseEndless(member, at(name), depth + 1);
}
