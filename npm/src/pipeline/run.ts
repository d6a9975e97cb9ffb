/** All streams of a configuration at once. */

import { InvalidArgumentError } from "../errors.ts";
import { runForever, runOnce } from "./follow.ts";
import type { HostOptions } from "./host.ts";
import { MemoryStore } from "./memory-store.ts";
import { type AnyConfig, Pipeline } from "./pipeline.ts";
import type { RunSummary } from "./reports.ts";

/** What can be set about running a configuration. */
export interface RunPipelineOptions {
  /** Only these streams; all without it. */
  stream?: string | readonly string[] | undefined;
  /** Ends the runs: what was sent is answered, what was accepted is remembered, nothing new is begun. */
  signal?: AbortSignal | undefined;
  /** Goes on asking for new events until the signal is aborted, with a pause of `intervalMs` (60,000) whenever there are none. */
  follow?: boolean | { intervalMs?: number | undefined } | undefined;
  /** Called after each run. */
  onRun?: ((summary: RunSummary) => void) | undefined;
}

/**
 * Runs the streams of a configuration, the same one that the Worker reads, each by itself: one that fails delays no other.
 *
 * Returns the last run of each stream, in the order of the configuration; what went wrong is in them. Without `follow` a stream is done
 * when it has caught up, or when something is in its way. Give it a store that outlives the process, such as `FileStore` of
 * `edgesiem/node`, and the next call goes on where this one ended; without one it begins anew.
 *
 * @throws `ConfigError` with every problem of the configuration; `InvalidArgumentError` if there is no stream of that name.
 *
 * @example
 * ```ts
 * import { runPipeline } from "edgesiem/pipeline";
 *
 * const config = {
 *   streams: [{
 *     id: "prod-waf",
 *     sinks: ["soc"],
 *     source: {
 *       kind: "akamai-siem",
 *       host: "akab-example.luna.akamaiapis.net",
 *       config_ids: [14227],
 *       client_token: { secret: "AKAMAI_CLIENT_TOKEN" },
 *       client_secret: { secret: "AKAMAI_CLIENT_SECRET" },
 *       access_token: { secret: "AKAMAI_ACCESS_TOKEN" },
 *     },
 *     limits: { max_attempts: 1 },
 *   }],
 *   sinks: { soc: { kind: "splunk-hec", url: "https://splunk.example:8088", token: { secret: "SPLUNK_TOKEN" } } },
 * };
 * const fetch = async () => new Response("the example's own network", { status: 401 });
 * const [run] = await runPipeline(config, { secrets: () => "a-value", fetch });
 * console.log(run?.ok, run?.error?.code); // false source_refused
 * ```
 */
export async function runPipeline(config: AnyConfig, host: HostOptions = {}, options: RunPipelineOptions = {}): Promise<RunSummary[]> {
  const { signal, follow } = options;
  // One for all streams, each of which has an instance of its own.
  const shared = { ...host, store: host.store ?? new MemoryStore() };
  const first = await Pipeline.open(config, shared, signal);
  const ids = chosen(first.streams().map(({ id }) => id), options.stream);
  const intervalMs = typeof follow === "object" ? follow.intervalMs : undefined;
  return Promise.all(
    ids.map(async (id, number) => {
      const pipeline = number === 0 ? first : await Pipeline.open(config, shared, signal);
      let last: RunSummary | undefined;
      const onRun = (summary: RunSummary): void => {
        last = summary;
        options.onRun?.(summary);
      };
      const run = (): Promise<RunSummary> => pipeline.run(id);
      if (follow === undefined || follow === false) return runOnce(id, run, { signal, onRun });
      await runForever(id, run, { signal, onRun, intervalMs });
      return last ?? runOnce(id, run, { signal, onRun });
    }),
  );
}

function chosen(known: string[], wanted: string | readonly string[] | undefined): string[] {
  if (wanted === undefined) return known;
  const names = typeof wanted === "string" ? [wanted] : wanted;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return known.filter((id) => names.includes(id));
  throw new InvalidArgumentError(`the configuration has no stream ${JSON.stringify(unknown)}`, {
    code: "invalid_argument",
    retryable: false,
    userAction: `use one of: ${known.join(", ")}`,
  });
}
