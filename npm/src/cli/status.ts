/** `edgesiem status`: where streams stand. */

import type { Command } from "commander";
import { chosenStreams, repeated, withConfig, type ConfigOptions } from "./config.ts";
import { EXIT } from "./exit.ts";
import { openState, sayJson } from "./operate.ts";
import { withRun } from "./status-run.ts";
import { isRed, statusTable, type StreamStatus } from "./status-table.ts";
import { register as registerStream } from "./stream.ts";

interface StatusOptions extends ConfigOptions {
  stream?: string[];
  json?: true;
}

const HELP = `
Reads the state's folder and asks nobody; it may be called while a pull goes on. A folder that the quick form of \`pull\` keeps
needs no configuration, only --state; its stream is called quick. LAG is the age of the newest event that was seen.
A run whose process is gone is shown as cut off, not as running, where the stream's lock tells: on the machine that it ran on.

Exit code: 0 all well, 2 wrong usage or configuration, 3 events are late, lost or about to be (a line says RED).

Examples:
  edgesiem status
  edgesiem status --state ./state
  edgesiem status --json | jq '.streams[] | {stream, problems}'`;

/** Adds the command, and `stream`, which changes what this one shows. */
export function register(program: Command): void {
  const command = program.command("status").summary("where streams stand").description("Shows where streams stand, and what is wrong with them.");
  withConfig(command)
    .option("--stream <id>", "only this stream; may be repeated", repeated)
    .option("--json", "everything that is known, as JSON")
    .addHelpText("after", HELP)
    .action(status);
  registerStream(program);
}

async function status(options: StatusOptions): Promise<void> {
  const { configured, pipeline } = await openState(options);
  const streams: StreamStatus[] = [];
  for (const stream of chosenStreams(pipeline, options.stream)) {
    streams.push(await withRun(configured.state, stream, async () => (await pipeline.status(stream)) as unknown as StreamStatus));
  }
  if (options.json === true) sayJson({ streams });
  else process.stdout.write(statusTable(streams));
  process.exitCode = streams.some(isRed) ? EXIT.failed : EXIT.ok;
}
