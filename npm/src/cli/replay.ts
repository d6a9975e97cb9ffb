/** `edgesiem replay`: a window of time once more. */

import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { PipelineStore } from "../pipeline/host.ts";
import type { RunSummary } from "../pipeline/reports.ts";
import { chosenStreams, openPipeline, readConfig, timeOf, withConfig, type ConfigOptions } from "./config.ts";
import { CommandError, EXIT, type ExitCode } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import { lockStreams } from "./locks.ts";
import { runJson, runLine } from "./report-line.ts";
import { documentsForTerminal, printable } from "./terminal.ts";

interface ReplayOptions extends ConfigOptions {
  stream: string;
  from: string;
  to: string;
  json?: true;
}

const HELP = `
What is sent is marked with the replay's name where the sink has a place for it. The stream's own checkpoint does not move, and a
pull of the same stream may go on meanwhile. A replay that was interrupted goes on when the same command is given again. What could
not be delivered is among the stream's dead letters then.

Akamai keeps events for 12 hours, Trend Micro for 72. Trend Micro counts the requests of all clients of a customer together, 20 a
minute, and each pull and each replay keeps only to its own requests_per_minute: choose 10 at most where a replay runs beside a pull,
so that both together stay within the 20.

Exit code: 0 all well or interrupted, 1 some events became dead letters, 2 wrong usage or configuration, 3 a source or sink failed.

Example:
  edgesiem replay --stream prod-waf --from 2026-11-22T10:00:00Z --to 2026-11-22T11:00:00Z`;

/** Adds the command. */
export function register(program: Command): void {
  const command = program.command("replay").summary("deliver a window of time again").description("Delivers the events of a window of time again, beside the live stream.");
  withConfig(command)
    .requiredOption("--stream <id>", "whose events (required)")
    .requiredOption("--from <time>", "events from this time on: RFC 3339, or seconds since 1970 (required)")
    .requiredOption("--to <time>", "events up to this time (required)")
    .option("--json", "runs as JSON, one a line")
    .addHelpText("after", HELP)
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  const { stream } = options;
  const [from, to] = [timeOf("--from", options.from), timeOf("--to", options.to)];
  if (from >= to) throw new CommandError("--from is not before --to", EXIT.usage, "exchange them");
  const configured = await readConfig(options);
  const { FileStore } = await import("../node/file-store.ts");
  const { localPlaces } = await import("../node/places.ts");
  const { runOnce } = await import("../pipeline/follow.ts");
  // The same window has the same name, so that the command goes on with what it began.
  const name = `r${createHash("sha256").update(JSON.stringify([stream, from, to])).digest("hex").slice(0, 15)}`;
  const folder = join(configured.state, "replays", name);
  const store = new FileStore(folder);
  const interrupt = new Interrupt(() => process.stderr.write("edgesiem: ending when what was sent is answered; the same command goes on with it\n"));
  const shown = process.stdout.isTTY === true ? { shown: (body: Uint8Array) => Buffer.from(documentsForTerminal(Buffer.from(body).toString("utf8"))) } : {};
  const host = { store, secrets: configured.secrets, ...localPlaces(shown) };
  const pipeline = await openPipeline(configured, host, interrupt.signal);
  chosenStreams(pipeline, [stream]);
  const release = await lockStreams(folder, [stream], () => interrupt.end());
  let deadLetters = 0;
  const onRun = (summary: RunSummary): void => {
    deadLetters += summary.report.dead_lettered;
    process.stderr.write(`${options.json === true ? runJson(summary) : runLine(summary, { isBrief: process.stderr.isTTY === true })}\n`);
  };
  let last: RunSummary;
  try {
    last = await runOnce(stream, () => pipeline.replay(stream, { name, from, to }), { signal: interrupt.signal, onRun });
    if (last.ok && last.report.caught_up) await keepLetters(stream, store, new FileStore(configured.state));
  } finally {
    await release();
    interrupt.close();
  }
  if (last.ok && last.report.caught_up) {
    await rm(folder, { recursive: true, force: true });
    if (options.json !== true) process.stderr.write(`edgesiem: the replay ${printable(name)} is done\n`);
  }
  process.exitCode = interrupt.came ? EXIT.ok : exitCode(last, deadLetters);
}

function exitCode({ ok, error }: RunSummary, deadLetters: number): ExitCode {
  // A window that cannot be had was asked for on the command line.
  if (error?.code === "config") return EXIT.usage;
  if (!ok) return EXIT.failed;
  return deadLetters > 0 ? EXIT.rejected : EXIT.ok;
}

/** Hands the replay's dead letters to the stream, which has a key for each: nothing of its own is overwritten but the same letter. */
async function keepLetters(stream: string, from: PipelineStore, to: PipelineStore): Promise<void> {
  for (const prefix of [`dead-letter/${stream}/`, `dead-letter-optional/${stream}/`]) {
    let cursor: string | undefined;
    do {
      const page = await from.list(prefix, 1000, cursor);
      for (const key of page.keys) {
        const value = await from.get(key);
        if (value !== undefined) await to.put(key, value);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}
