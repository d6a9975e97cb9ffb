/** `edgesiem decode`: multi-JSON in, one document a line out. */

import { fstatSync } from "node:fs";
import { availableParallelism } from "node:os";

import { InvalidArgumentError, Option, type Command } from "commander";

import { EVENTS } from "../core/events.ts";
import { ConfigError, load, type Core, type EventsName, type PageOptions, type SchemaName, type SchemaOption } from "../index.ts";
import { decodeInput, type DecodeJob } from "./decode-run.ts";
import { summary, type InputReport } from "./decode-report.ts";
import { DecodeThreads } from "./decode-threads.ts";
import { CommandError, EXIT } from "./exit.ts";
import { findInput, type Input } from "./input.ts";
import { standardOutput } from "./output.ts";
import { pretty } from "./pretty.ts";
import { StatusLine } from "./progress.ts";
import { Rejects } from "./rejects.ts";
import { SCHEMAS, SCHEMAS_BY_RULE, SCHEMAS_OF } from "./schemas.ts";
import { documentsForTerminal, painterFor } from "./terminal.ts";

interface DecodeOptions {
  events: EventsName;
  schema: SchemaName;
  expandRules?: true;
  option?: Record<string, unknown>;
  input: DecodeJob["shape"];
  threads: number;
  rejects?: string;
  pretty?: true;
  json?: true;
}

/** One thread reads and writes for all: more of them would wait for it. */
const MOST_USEFUL_THREADS = 4;
const MOST_THREADS = 64;

const HELP = `
Each FILE is a page as the SIEM API sends it (events, one a line, and a context line at its end), or events over any number of
lines, or an array of them; what begins like gzip is unpacked. Without FILE, or with -, standard input is read.

With --events trend-micro-cas each FILE has events of Trend Micro Cloud App Security, in the same forms, or answers of its API as they
came ({"security_events":[...]}). Of the schemas there are ${anyOf(SCHEMAS_OF["trend-micro-cas"], "and")}.

Documents go to stdout, one a line. A line that is no event is reported on stderr with its number and the reason, and the rest
goes on; --rejects keeps it, but for blank space between tokens and around it. On a terminal, control characters of events appear as JSON escapes; to a pipe or a file every byte goes as it is.

Exit code: 0 all well, 1 some lines were rejected, 2 wrong usage, 3 input or output failed, 141 the reader of stdout went away.

Examples:
  edgesiem decode page.json | jq .attackData.rules
  zcat pages/*.gz | edgesiem decode --schema ocsf > events.ndjson
  edgesiem decode --schema ecs --expand-rules --option event_original=true page.json.gz
  edgesiem decode --events trend-micro-cas --schema ecs answer.json
  edgesiem decode --rejects bad-lines.txt page-1.json page-2.json
  pbpaste | edgesiem decode --pretty`;

/** Adds the command. */
export function register(program: Command): void {
  program
    .command("decode")
    .summary("decode events into documents, one a line")
    .description("Decodes events of the Akamai SIEM API, or of Trend Micro Cloud App Security, into documents, one a line.")
    .argument("[file...]", "files to read; - is standard input")
    .addOption(new Option("-e, --events <name>", "whose events they are").choices(EVENTS).default(EVENTS[0]))
    .addOption(new Option("-s, --schema <name>", "what each event becomes").choices(SCHEMAS).default("decoded"))
    .option("--expand-rules", `a document for each rule of an event instead of one for the event; with --schema ${anyOf(SCHEMAS_BY_RULE)}`)
    .option("-o, --option <key=value>", "an option of the schema, such as event_original=true; may be repeated", collectOption)
    .addOption(new Option("--input <shape>", "how events are separated").choices(["auto", "multi-json", "json"]).default("auto"))
    .addOption(
      new Option("-j, --threads <n>", "how many threads decode long input, among them the one that reads and writes")
        .argParser(threadCount)
        .default(Math.min(availableParallelism(), MOST_USEFUL_THREADS), `the cores, at most ${MOST_USEFUL_THREADS}`),
    )
    .option("--rejects <file>", "keep rejected lines in this file, untouched")
    .option("--pretty", "indent documents; with colours on a terminal")
    .option("--json", "write the summary to stderr as JSON")
    .addHelpText("after", HELP)
    .action(decode);
}

async function decode(files: string[], options: DecodeOptions): Promise<void> {
  if (options.pretty === true && options.schema === "cef") {
    throw new CommandError("--pretty is for JSON, and documents of cef are text", EXIT.usage, "leave out --pretty");
  }
  if (files.filter((file) => file === "-").length > 1) throw new CommandError("standard input can be read only once", EXIT.usage, "name - once");
  const core = await load();
  const { events } = options;
  const pageOptions = { events, schema: schemaOption(options) } satisfies PageOptions;
  // Before any file is touched: an option that the schema does not have is refused.
  checkSchema(core, pageOptions, options);
  const inputs = (files.length === 0 ? ["-"] : files).map(findInput);
  // Before a file is emptied.
  refuseCircle(inputs);
  const rejects = options.rejects === undefined ? undefined : new Rejects(options.rejects, inputs);
  const output = standardOutput();
  const status = new StatusLine(process.stderr, { isShown: process.stdout.isTTY !== true });
  const threads = options.threads > 1 ? new DecodeThreads(options.threads - 1, pageOptions) : undefined;
  const reports: InputReport[] = [];
  for (const input of inputs) {
    sayIfWaiting(input);
    const decoder = core.pageDecoder(pageOptions);
    const say = (line: string): void => (options.json === true ? undefined : status.print(line));
    const job: DecodeJob = { decoder, threads, events, shape: options.input, output, present: presenter(options), rejects, status, say };
    const report = await decodeInput(input, job);
    decoder.free();
    reports.push(report);
    status.clear();
    if (options.json !== true) process.stderr.write(summary(report, events));
  }
  await threads?.end();
  rejects?.close();
  if (options.json === true) process.stderr.write(`${documentsForTerminal(JSON.stringify({ inputs: reports }))}\n`);
  if (reports.some((report) => report.rejected > 0)) process.exitCode = EXIT.rejected;
}

function sayIfWaiting(input: Input): void {
  if (input.isTerminal) process.stderr.write("edgesiem: reading events from the terminal; end them with Ctrl-D on a line of its own\n");
}

function threadCount(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_THREADS) throw new InvalidArgumentError(`It is not a whole number from 1 to ${MOST_THREADS}.`);
  return count;
}

function collectOption(pair: string, options: Record<string, unknown> = {}): Record<string, unknown> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("It is not of the form key=value.");
  return { ...options, [key]: /^(?:true|false|\d{1,15})$/.test(value) ? (JSON.parse(value) as unknown) : value };
}

/** Refuses what the core refuses, in the words of the command line. */
function checkSchema(core: Core, pageOptions: PageOptions, { events, schema, expandRules }: DecodeOptions): void {
  if (!SCHEMAS_OF[events].includes(schema)) {
    throw new CommandError(`--schema ${schema} does not go with --events ${events}`, EXIT.usage, `use --schema ${anyOf(SCHEMAS_OF[events])}`);
  }
  if (expandRules === true && events !== "akamai-siem") {
    throw new CommandError(`--expand-rules does not go with --events ${events}, which have no rules`, EXIT.usage, "leave out --expand-rules");
  }
  if (expandRules === true && !SCHEMAS_BY_RULE.some((name) => name === schema)) {
    throw new CommandError(`--expand-rules does not go with ${schema}; use --schema ${anyOf(SCHEMAS_BY_RULE)}`, EXIT.usage);
  }
  try {
    core.pageDecoder(pageOptions).free();
  } catch (error) {
    const [problem] = error instanceof ConfigError ? error.problems : [];
    const [, key] = /^schema\.(.+)$/.exec(problem?.key ?? "") ?? [];
    if (problem === undefined || key === undefined) throw error;
    throw new CommandError(`--option ${key}: ${problem.message}`, EXIT.usage, "correct the option or leave it out");
  }
}

function anyOf(names: readonly string[], word = "or"): string {
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1) ?? ""}`;
}

/** The core checks it. */
function schemaOption(options: DecodeOptions): SchemaOption {
  const table = { ...options.option, ...(options.expandRules === true ? { expand_rules: true } : {}) };
  return (Object.keys(table).length === 0 ? options.schema : { ...table, name: options.schema }) as SchemaOption;
}

/** What is done to documents before they are written: nothing, unless a person reads them. */
function presenter(options: DecodeOptions): DecodeJob["present"] {
  const isTerminal = process.stdout.isTTY === true;
  if (!isTerminal && options.pretty !== true) return (documents) => documents;
  const paint = painterFor(process.stdout);
  // One byte a character where no person reads: then no byte can change, whatever it is.
  const encoding = isTerminal ? "utf8" : "latin1";
  return (documents) => {
    const text = Buffer.from(documents.buffer, documents.byteOffset, documents.byteLength).toString(encoding);
    const safe = isTerminal ? documentsForTerminal(text) : text;
    if (options.pretty !== true) return Buffer.from(safe, encoding);
    const lines = safe.split("\n").filter((line) => line !== "");
    return Buffer.from(lines.map((line) => pretty(line, paint)).join(""), encoding);
  };
}

/** What is appended to a file while it is read has no end. */
function refuseCircle(inputs: readonly Input[]): void {
  const stdout = fstatSync(1);
  const same = stdout.isFile() ? inputs.find(({ identity }) => identity === `${stdout.dev}:${stdout.ino}`) : undefined;
  if (same !== undefined) throw new CommandError(`${same.name} is both input and output`, EXIT.usage, "write to another file");
}
