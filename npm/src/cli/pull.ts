/** `edgesiem pull`: streams, pulled, converted and delivered. */

import { Option, type Command } from "commander";
import { MemoryStore } from "../pipeline/memory-store.ts";
import { defaultFetch } from "../pipeline/default-fetch.ts";
import type { HostOptions, PipelineStore } from "../pipeline/host.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { RunSummary } from "../pipeline/reports.ts";
import { chosenStreams, numberOf, openPipeline, readConfig, repeated, withConfig, type ConfigOptions, type Configured } from "./config.ts";
import { CommandError, EXIT, type ExitCode } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import { lockStreams } from "./locks.ts";
import { StatusLine } from "./progress.ts";
import { PullProgress } from "./pull-progress.ts";
import { isQuick, quickConfig, type QuickOptions } from "./quick.ts";
import { runJson, runLine } from "./report-line.ts";
import { shellWord } from "./shell.ts";
import { SourceWatch } from "./source-watch.ts";
import { documentsForTerminal, printable } from "./terminal.ts";
import { SCHEMAS } from "./schemas.ts";

interface PullOptions extends ConfigOptions, QuickOptions {
  stream?: string[];
  once?: true;
  follow?: true;
  interval?: string;
  json?: true;
}

const HELP = `
Where a stream stands is kept in the state's folder: killed at any moment, it goes on from there, and at most one batch per sink
comes twice. One process at a time works on a stream. The quick form (--source) keeps nothing unless --state is given.

Ctrl-C ends it in order, a second one at once. Each run is a line on stderr.

Exit code: 0 all well or ended by Ctrl-C, 1 some events became dead letters, 2 wrong usage or configuration, or another process
works on the stream, 3 a source or sink failed (the checkpoint stays where everything was delivered), 141 the reader of stdout went
away.

Examples:
  edgesiem pull --follow                                     every stream of edgesiem.toml, for good
  edgesiem pull --config /etc/edgesiem.toml --stream prod-waf --secrets-file /etc/edgesiem.env
  edgesiem pull --source akamai-siem --config-id 14227 --to stdout | jq .attackData.clientIP
  edgesiem pull --source akamai-siem --config-id 14227 --schema ocsf --to file:events.ndjson --state ./state

A configuration to begin with is written by \`edgesiem init\`.`;

/** Adds the command. */
export function register(program: Command): void {
  const command = program
    .command("pull")
    .summary("pull events and deliver them")
    .description("Pulls the events of streams, converts them, and delivers them at least once.");
  withConfig(command)
    .option("--stream <id>", "only this stream; may be repeated", repeated)
    .addOption(new Option("--once", "end when every stream has caught up (the default)").conflicts("follow"))
    .option("--follow", "go on until interrupted")
    .option("--interval <s>", "with --follow: seconds between runs that found everything (60)")
    .option("--json", "runs as JSON, one a line")
    .optionsGroup("Quick form, without a configuration:")
    .option("--source <kind>", "akamai-siem")
    .option("--edgerc <file>", "file with credentials (default: AKAMAI_* variables, then ~/.edgerc)")
    .option("--section <name>", "section of that file (default: default)")
    .option("--host <host>", "the API client's host, instead of that of the credentials (AKAMAI_HOST)")
    .option("--config-id <id>", "security configuration; may be repeated", repeated)
    .option("--from <time>", "begin at this time, at most 12 hours ago: RFC 3339, or seconds since 1970")
    .option("--offset <offset>", "begin after this offset")
    .option("--limit <n>", "events to ask for in one request (10,000); requests begin at least a second apart")
    .addOption(new Option("--schema <name>", "what each event becomes (decoded)").choices(SCHEMAS))
    .option("--to <place>", "stdout, file:PATH, or a URL that takes webhooks")
    .option("--signing-secret <name>", "with a URL: variable with the webhook's secret (whsec_…); unsigned without")
    .option("--allow-insecure-loopback", "allow http:// to this machine itself, for tests")
    .addHelpText("after", HELP)
    .action(pull);
}

async function pull(options: PullOptions): Promise<void> {
  if (options.interval !== undefined && options.follow !== true) throw new CommandError("--interval needs --follow", EXIT.usage, "add --follow, or leave it out");
  const intervalMs = options.interval === undefined ? undefined : numberOf("--interval", options.interval, 1, 86_400) * 1000;
  const quick = isQuick(options);
  if (quick && options.config !== undefined) throw new CommandError("--source and --config exclude each other", EXIT.usage, "leave out one of them");
  const configured = quick ? await quickConfig(options) : await readConfig(options);
  process.exitCode = await new Pull(configured, options).run(options.follow === true ? { intervalMs } : undefined);
}

/** A stream's pipeline, and what it hears of its source. */
interface Opened {
  pipeline: Pipeline;
  watch: SourceWatch;
}

/** One call of the command. */
class Pull {
  readonly #configured: Configured;
  readonly #options: PullOptions;
  readonly #status: StatusLine;
  readonly #progress: PullProgress;
  readonly #interrupt: Interrupt;
  #isReaderGone = false;
  #lost: string | undefined;
  #hasDeadLetters = false;

  constructor(configured: Configured, options: PullOptions) {
    this.#configured = configured;
    this.#options = options;
    this.#status = new StatusLine(process.stderr, { isShown: process.stdout.isTTY !== true && options.json !== true });
    this.#progress = new PullProgress(() => this.#status.show(() => this.#progress.text()));
    this.#interrupt = new Interrupt(() => {
      if (options.json !== true) this.#status.print("edgesiem: ending when what was sent is answered; once more ends at once");
    });
  }

  /** @param follow Whether it goes on for good, and how long the pauses are. */
  async run(follow: { intervalMs: number | undefined } | undefined): Promise<ExitCode> {
    const { FileStore } = await import("../node/file-store.ts");
    const { state } = this.#configured;
    const store = state === "" ? new MemoryStore() : new FileStore(state);
    const host = await this.#host(store);
    const open = async (): Promise<Opened> => {
      const watch = new SourceWatch((text) => this.#sayWait(text));
      return { watch, pipeline: await openPipeline(this.#configured, { ...host, fetch: watch.over(defaultFetch) }, this.#interrupt.signal) };
    };
    const first = await open();
    const streams = chosenStreams(first.pipeline, this.#options.stream);
    const release = state === "" ? async (): Promise<void> => undefined : await lockStreams(state, streams, (stream) => this.#onLost(stream));
    try {
      // Each has an instance for itself: one that stops takes no other with it.
      const runs = streams.map(async (stream, number) => {
        const { pipeline, watch } = number === 0 ? first : await open();
        watch.stream = stream;
        return this.#stream(stream, () => pipeline.run(stream).finally(() => watch.end()), follow);
      });
      const isWell = (await Promise.all(runs)).every((well) => well);
      if (state === "") await this.#sayWhereItStands(store);
      return this.#exitCode(isWell);
    } finally {
      this.#status.clear();
      await release();
      this.#interrupt.close();
    }
  }

  /** Whether its last run did all that it should. */
  async #stream(stream: string, run: () => Promise<RunSummary>, follow: { intervalMs: number | undefined } | undefined): Promise<boolean> {
    const { runForever, runOnce } = await import("../pipeline/follow.ts");
    const options = { signal: this.#interrupt.signal, onRun: (summary: RunSummary, waitMs: number) => this.#say(summary, waitMs) };
    if (follow === undefined) return (await runOnce(stream, run, options)).ok;
    await runForever(stream, run, { ...options, intervalMs: follow.intervalMs });
    return true;
  }

  /** One for all streams: of two that write to the same place, one waits. */
  async #host(store: PipelineStore): Promise<HostOptions> {
    const { localPlaces } = await import("../node/places.ts");
    const shown = process.stdout.isTTY === true ? { shown: escaped } : {};
    const { places, write } = localPlaces(shown);
    return {
      store: this.#progress.watch(store),
      secrets: this.#configured.secrets,
      places,
      write: async (request) => {
        const answer = await write(request);
        if (answer.status === 410) {
          this.#isReaderGone = true;
          this.#interrupt.end();
        }
        return answer;
      },
    };
  }

  #say(summary: RunSummary, waitMs: number): void {
    this.#hasDeadLetters ||= summary.report.dead_lettered > 0;
    // What a shell's pipes end with is nothing to talk about.
    if (this.#isReaderGone) return;
    const gaps = this.#progress.takeGaps(summary.stream);
    if (this.#options.json === true) return this.#status.print(runJson(summary));
    const isOver = this.#interrupt.signal.aborted;
    const isKept = this.#configured.state !== "";
    this.#status.print(runLine(summary, { waitMs: isOver ? 0 : waitMs, gaps, isKept, isBrief: process.stderr.isTTY === true }));
  }

  /** Whoever reads a log learns it from the run's line, when it is over. */
  #sayWait(text: string): void {
    if (this.#options.json !== true && process.stderr.isTTY === true) this.#status.print(text);
  }

  #onLost(stream: string): void {
    this.#lost = stream;
    this.#interrupt.end();
  }

  async #sayWhereItStands(store: PipelineStore): Promise<void> {
    const { keys } = await store.list("checkpoint/", 1);
    const text = keys[0] === undefined ? undefined : await store.get(keys[0]);
    const stored = text === undefined ? undefined : (JSON.parse(text) as { checkpoint?: { cursor?: { offset?: unknown } } });
    const offset = stored?.checkpoint?.cursor?.offset;
    if (typeof offset !== "string" || this.#isReaderGone) return;
    if (this.#options.json === true) this.#status.print(JSON.stringify({ event: "offset", offset }));
    else this.#status.print(`edgesiem: nothing was kept; to go on from here: --offset ${printable(shellWord(offset))}`);
  }

  #exitCode(isWell: boolean): ExitCode {
    if (this.#isReaderGone) return EXIT.brokenPipe;
    if (this.#lost !== undefined) {
      throw new CommandError(`another process took the stream ${this.#lost}`, EXIT.failed, "let one process at a time work on it; was this one stopped for a minute?");
    }
    if (this.#interrupt.came) return EXIT.ok;
    if (!isWell) return EXIT.failed;
    return this.#hasDeadLetters ? EXIT.rejected : EXIT.ok;
  }
}

function escaped(body: Uint8Array): Uint8Array {
  return Buffer.from(documentsForTerminal(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8")));
}

