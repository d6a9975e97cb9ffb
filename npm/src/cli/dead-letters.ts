/** `edgesiem dead-letters`: what could not be delivered. */

import type { Command } from "commander";
import type { LetterKey, Letters } from "../pipeline/reports.ts";
import { numberOf, oneStream, openPipeline, readConfig, withConfig, type ConfigOptions } from "./config.ts";
import { CommandError, EXIT } from "./exit.ts";
import { lockStreams } from "./locks.ts";
import { openState, sayJson } from "./operate.ts";
import { thousands } from "./report-line.ts";
import { printable } from "./terminal.ts";

interface LetterOptions extends ConfigOptions {
  stream?: string;
  json?: true;
}

interface ListOptions extends LetterOptions {
  after?: string;
  limit: string;
}

interface ChoiceOptions extends LetterOptions {
  all?: true;
  sink?: string;
}

interface DeleteOptions extends ChoiceOptions {
  confirm?: string;
}

/** One letter in a listing, as far as it is shown. */
interface Listed {
  id: string;
  sink: string | null;
  reason: string;
  kept_at: string;
  bytes: number;
}

const LIST_HELP = `
Examples:
  edgesiem dead-letters list --stream prod-waf
  edgesiem dead-letters list --stream prod-waf --limit 10000 --json > letters.json`;

const LETTERS_HELP = `
A letter is named ID/SINK, as \`list\` shows it; SINK is - for a line that could not be read.`;

/** Adds the command. */
export function register(program: Command): void {
  const letters = program.command("dead-letters").summary("list, show, send again or delete what could not be delivered").description("Events that a sink refused for good, and lines that could not be read.");
  const common = (command: Command): Command => withConfig(command).option("--stream <id>", "whose letters; may be left out if the configuration has one stream");

  common(letters.command("list"))
    .description("Lists dead letters, one a line.")
    .option("--after <place>", "go on where the listing before ended")
    .option("--limit <n>", "at most so many", "50")
    .option("--json", "as JSON, with what they hold")
    .addHelpText("after", LIST_HELP)
    .action(list);
  common(letters.command("show"))
    .description("Prints one letter whole, as JSON.")
    .argument("<letter>", "ID/SINK")
    .addHelpText("after", LETTERS_HELP)
    .action(show);
  common(letters.command("replay"))
    .description("Sends letters again, and deletes those that are accepted. No pull of the stream may go on meanwhile.")
    .argument("[letter...]", "ID/SINK")
    .option("--sink <name>", "all of this sink; - for those that could not be read")
    .option("--all", "all of them")
    .option("--json", "the answer as JSON")
    .addHelpText("after", LETTERS_HELP)
    .action(replay);
  common(letters.command("delete"))
    .description("Deletes letters for good.")
    .argument("[letter...]", "ID/SINK")
    .option("--sink <name>", "all of this sink; - for those that could not be read")
    .option("--all", "all of them")
    .option("--confirm <id>", "the stream's id (required)")
    .option("--json", "the answer as JSON")
    .addHelpText("after", LETTERS_HELP)
    .action(remove);
}

async function list(options: ListOptions): Promise<void> {
  const limit = numberOf("--limit", options.limit, 1, 10_000);
  const { pipeline } = await openState(options);
  const stream = oneStream(pipeline, options.stream);
  const found: Listed[] = [];
  let after = options.after ?? null;
  do {
    const page = (await pipeline.operate(stream, { list_letters: { after, limit: Math.min(limit - found.length, 50) } })) as { dead_letters: Listed[]; after: string | null };
    found.push(...page.dead_letters);
    after = page.after;
  } while (after !== null && found.length < limit);
  if (options.json === true) return sayJson({ dead_letters: found, after });
  if (found.length === 0) process.stderr.write("edgesiem: no dead letters\n");
  const lines = found.map(({ id, sink, reason, kept_at: keptAt, bytes }) => `${id}/${sink ?? "-"}  ${keptAt}  ${thousands(bytes)} bytes  ${reason}`);
  process.stdout.write(lines.map((line) => `${printable(line, 300)}\n`).join(""));
  if (after !== null) process.stderr.write(`edgesiem: there are more: --after ${printable(after)}\n`);
}

async function show(letter: string, options: LetterOptions): Promise<void> {
  const { pipeline } = await openState(options);
  const stream = oneStream(pipeline, options.stream);
  const found = JSON.stringify(await pipeline.operate(stream, { show_letter: keyOf(letter) }), undefined, 2);
  // Its line breaks are ours; what else could do harm is escaped in JSON already, or not shown to a terminal.
  process.stdout.write(process.stdout.isTTY === true ? `${found.split("\n").map((line) => printable(line, 100_000)).join("\n")}\n` : `${found}\n`);
}

async function replay(letters: string[], options: ChoiceOptions): Promise<void> {
  const chosen = choice(letters, options);
  // A state without its configuration will not do: it has no sinks.
  const configured = await readConfig(options);
  const { FileStore } = await import("../node/file-store.ts");
  const { localPlaces } = await import("../node/places.ts");
  const pipeline = await openPipeline(configured, { store: new FileStore(configured.state), secrets: configured.secrets, ...localPlaces() });
  const stream = oneStream(pipeline, options.stream);
  const release = await lockStreams(configured.state, [stream], () => process.exit(EXIT.failed));
  const sum = { tried: 0, accepted: 0, refused: 0 };
  try {
    for (;;) {
      const answer = (await pipeline.operate(stream, { redeliver: chosen })) as Redelivered;
      sum.tried += answer.tried;
      sum.accepted += answer.accepted;
      sum.refused += answer.refused_count;
      if (options.json === true) sayJson(answer);
      else for (const { id, sink, reason } of answer.refused) process.stderr.write(`${printable(`${id}/${sink}: ${reason}`)}\n`);
      if (answer.error !== null) throw new CommandError(answer.error.message, EXIT.failed, answer.error.user_action);
      if (answer.accepted_but_not_deleted) throw new CommandError("some letters were accepted and could not be deleted", EXIT.failed, "look at the state's folder, then delete them by hand");
      // Those that were refused stay, so that more is only there if something was accepted.
      if (!answer.more || answer.accepted === 0) break;
    }
  } finally {
    await release();
  }
  if (options.json !== true) process.stdout.write(`sent again: ${thousands(sum.tried)}, accepted: ${thousands(sum.accepted)}, refused: ${thousands(sum.refused)}\n`);
  process.exitCode = sum.refused > 0 ? EXIT.rejected : EXIT.ok;
}

/** What comes of sending letters again. */
interface Redelivered {
  tried: number;
  accepted: number;
  refused: { id: string; sink: string; reason: string }[];
  refused_count: number;
  more: boolean;
  accepted_but_not_deleted: boolean;
  error: null | { message: string; user_action: string };
}

async function remove(letters: string[], options: DeleteOptions): Promise<void> {
  const chosen = choice(letters, options);
  const { pipeline } = await openState(options);
  const stream = oneStream(pipeline, options.stream);
  if (options.confirm !== stream) throw new CommandError(`letters of ${stream} are deleted for good`, EXIT.usage, `add --confirm ${stream}; \`edgesiem dead-letters list --json\` shows what they hold`);
  let deleted = 0;
  for (;;) {
    const answer = (await pipeline.operate(stream, { delete_letters: chosen })) as { deleted: number; more: boolean };
    deleted += answer.deleted;
    if (!answer.more || answer.deleted === 0) break;
  }
  if (options.json === true) sayJson({ deleted });
  else process.stdout.write(`deleted: ${thousands(deleted)}\n`);
}

function choice(letters: readonly string[], { all, sink }: ChoiceOptions): Letters {
  const given = [letters.length > 0, all === true, sink !== undefined].filter((is) => is).length;
  if (given !== 1) throw new CommandError("it is not said which letters are meant", EXIT.usage, "name some as ID/SINK, or use --sink NAME, or --all");
  if (all === true) return "all";
  return sink === undefined ? { these: letters.map(keyOf) } : { sink: sinkOf(sink) };
}

function keyOf(letter: string): LetterKey {
  const [, id, sink] = /^([0-9a-f]{32})\/(.+)$/.exec(letter) ?? [];
  if (id !== undefined && sink !== undefined) return { id, sink: sinkOf(sink) };
  throw new CommandError(`${letter} names no dead letter`, EXIT.usage, "use ID/SINK as `edgesiem dead-letters list` shows them");
}

/** `-` stands for the letters that no sink refused, because they could not be read. */
function sinkOf(name: string): string | null {
  return name === "-" ? null : name;
}
