/** `edgesiem stream`: what an operator changes about a stream. */

import type { Command } from "commander";
import type { Operation } from "../pipeline/reports.ts";
import { chosenStreams, timeOf, withConfig, type ConfigOptions } from "./config.ts";
import { CommandError, EXIT } from "./exit.ts";
import { openState, sayJson } from "./operate.ts";
import { printable } from "./terminal.ts";

interface StreamOptions extends ConfigOptions {
  json?: true;
}

interface ResetOptions extends StreamOptions {
  from?: string;
  confirm?: string;
}

interface GapOptions extends StreamOptions {
  acknowledge?: string;
}

/** One gap, as far as it is shown. */
interface Gap {
  id: number;
  detected_at: number;
  reason: string;
  acknowledged_at: number | null;
}

/** Adds the command. */
export function register(program: Command): void {
  const stream = program
    .command("stream")
    .summary("pause, resume or reset a stream, look at its gaps")
    .description("Changes a stream's state. A pull that goes on heeds it with its next run.");
  const common = (command: Command): Command => withConfig(command).argument("<id>", "the stream").option("--json", "the answer as JSON");

  common(stream.command("pause"))
    .description("Begins no new run until the stream is resumed. The source's retention goes on.")
    .action((id: string, options: StreamOptions) => operate(id, options, { pause: { abort: false } }, () => `${id} is paused`));
  common(stream.command("resume"))
    .description("Ends a pause.")
    .action((id: string, options: StreamOptions) => operate(id, options, "resume", () => `${id} is resumed`));
  common(stream.command("reset"))
    .description("Forgets the offset and what sinks have of the page. Without --from the stream begins anew, and what you have is sent again.")
    .option("--from <time>", "begin at this time: RFC 3339, or seconds since 1970. What lies before it is never asked for")
    .option("--confirm <id>", "the stream's id once more (required)")
    .action(reset);
  common(stream.command("gaps"))
    .description("Shows what the source no longer had when it was asked.")
    .option("--acknowledge <ids>", "say that somebody knows: all, or numbers with commas between them")
    .action(gaps);
}

async function operate(id: string, options: StreamOptions, operation: Operation, said: (answer: unknown) => string | string[]): Promise<void> {
  const { pipeline } = await openState(options);
  chosenStreams(pipeline, [id]);
  const answer = await pipeline.operate(id, operation);
  if (options.json === true) sayJson(answer);
  else process.stdout.write([said(answer)].flat().map((line) => `${printable(line)}\n`).join(""));
}

async function reset(id: string, options: ResetOptions): Promise<void> {
  if (options.confirm !== id) {
    throw new CommandError(`a reset of ${id} forgets where it stands`, EXIT.usage, `add --confirm ${id}; gaps, dead letters and totals stay`);
  }
  const from = options.from === undefined ? null : timeOf("--from", options.from);
  const where = options.from === undefined ? "at its beginning" : `at ${options.from}`;
  await operate(id, options, { reset: { from } }, () => `${id} begins anew ${where}`);
}

async function gaps(id: string, options: GapOptions): Promise<void> {
  if (options.acknowledge === undefined) {
    return operate(id, options, "list_gaps", (answer) => {
      const { gaps: found } = answer as { gaps: Gap[] };
      return found.length === 0 ? "no gaps" : found.map(shown);
    });
  }
  const these = options.acknowledge === "all" ? undefined : options.acknowledge.split(",").map(Number);
  if (these?.some((number) => !Number.isSafeInteger(number) || number < 0) === true) {
    throw new CommandError(`--acknowledge ${options.acknowledge} names no gaps`, EXIT.usage, "use all, or numbers with commas between them");
  }
  await operate(id, options, { acknowledge_gaps: these === undefined ? "all" : { these } }, (answer) => `acknowledged: ${(answer as { acknowledged: number }).acknowledged}`);
}

function shown({ id, detected_at: at, reason, acknowledged_at: acknowledged }: Gap): string {
  return `${id}  ${new Date(at).toISOString()}  ${acknowledged === null ? "open" : "acknowledged"}  ${reason}`;
}
