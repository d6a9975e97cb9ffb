/** The streams of a configuration, ready to run. */

import type { EdgeSiemConfig } from "../config-types.ts";
import { hostOf, type HostOptions, type PipelineHost } from "./host.ts";
import { Instance, type RawPipeline } from "./instance.ts";
import { sharedModule } from "./module.ts";
import type { CheckReport, Operation, RunSummary, StreamInfo } from "./reports.ts";

/** A configuration; what was read from a file need not have the type, it is checked in any case. */
export type AnyConfig = EdgeSiemConfig | Readonly<Record<string, unknown>>;

/** What can be set about a run. */
export interface RunOptions {
  /** No page is begun later than so many milliseconds after the start; `budget.wall_s` of the configuration otherwise. */
  wallMs?: number | undefined;
}

/** A window of time that is delivered again. */
export interface ReplayWindow {
  /** At most 24 letters and digits. It marks what is sent. */
  name: string;
  /** Events from this time on, milliseconds since 1970. */
  from: number;
  /** Events up to this time, milliseconds since 1970. */
  to: number;
}

/**
 * The streams of a configuration over a host.
 *
 * Each pipeline has an instance of the WebAssembly module for itself, in which one run of each stream may go on at a time. All calls
 * reject with one of this package's errors; if the instance stops (`CoreStoppedError`), the next call works on a fresh one.
 *
 * @example
 * ```ts
 * import { MemoryStore, Pipeline } from "edgesiem/pipeline";
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
 *   }],
 *   sinks: { soc: { kind: "splunk-hec", url: "https://splunk.example:8088", token: { secret: "SPLUNK_TOKEN" } } },
 * };
 * const pipeline = await Pipeline.open(config, { store: new MemoryStore(), secrets: () => "a-value" });
 * console.log(pipeline.streams().map(({ id, schema }) => `${id} as ${schema}`)); // [ 'prod-waf as decoded' ]
 * ```
 */
export class Pipeline {
  readonly #config: object;
  readonly #host: PipelineHost;
  readonly #streams: StreamInfo[];
  #instance: Promise<Instance>;

  private constructor(config: object, host: PipelineHost, instance: Instance, streams: StreamInfo[]) {
    this.#config = config;
    this.#host = host;
    this.#instance = Promise.resolve(instance);
    this.#streams = streams;
  }

  /**
   * Reads a configuration (the keys of `edgesiem.toml`, as a plain object) and gets ready.
   *
   * @param host What is left out is the runtime's own: `fetch`, the clock, and a store in memory.
   * @param signal Ends runs that are under way: what was sent is answered, what was accepted is remembered, nothing new is begun.
   * @throws `ConfigError` with every problem of the configuration.
   */
  static async open(config: AnyConfig, host: HostOptions = {}, signal?: AbortSignal): Promise<Pipeline> {
    // A copy: what is changed later would be read when an instance has to be replaced.
    const kept = structuredClone(config);
    const complete = hostOf(host, signal);
    const instance = await Instance.open(await sharedModule(), ({ Pipeline }) => new Pipeline(kept, complete));
    const streams = await instance.call((pipeline) => pipeline.streams());
    return new Pipeline(kept, complete, instance, streams);
  }

  /** The streams, in the order of the configuration. */
  streams(): StreamInfo[] {
    return structuredClone(this.#streams);
  }

  /**
   * One run of a stream from its checkpoint on: until the source has no more events, the budget is used up, something has to be
   * mended, or the signal of {@link Pipeline.open} is aborted. What went wrong is in the summary; it rejects only if the run
   * could not begin.
   */
  run(stream: string, options: RunOptions = {}): Promise<RunSummary> {
    return this.#call((pipeline) => pipeline.run(stream, options.wallMs));
  }

  /**
   * Delivers a window of time again, marked with its name. The store has to be the replay's own: the live checkpoint does not move,
   * and a replay that was broken off goes on where it was. Call it until `report.caught_up`.
   */
  replay(stream: string, window: ReplayWindow): Promise<RunSummary> {
    return this.#call((pipeline) => pipeline.replay(stream, window.name, window.from, window.to));
  }

  /** Where a stream stands, how its runs went, its gaps and dead letters, and `problems`: as the Worker's `GET /status` has it. */
  status(stream: string): Promise<Record<string, unknown>> {
    return this.#call((pipeline) => pipeline.status(stream));
  }

  /** The source's bookmark, for `akamai-siem` `{ offset }` or `{ from, to? }`; `undefined` before the first page. */
  cursor(stream: string): Promise<Record<string, unknown> | undefined> {
    return this.#call((pipeline) => pipeline.cursor(stream));
  }

  /** Asks the source for a page of one event and each sink whether it is there. Delivers nothing and changes nothing. */
  check(stream: string): Promise<CheckReport> {
    return this.#call((pipeline) => pipeline.check(stream));
  }

  /** Does what an operator asks for; the answers are those of the Worker's HTTP surface. */
  operate(stream: string, operation: Operation): Promise<unknown> {
    return this.#call((pipeline) => pipeline.operate(stream, operation));
  }

  async #call<T>(work: (pipeline: RawPipeline) => Promise<T>): Promise<T> {
    const spent = this.#instance;
    const instance = await spent;
    // Of several calls that find it stopped, the first one has it replaced.
    if (instance.isStopped && this.#instance === spent) this.#instance = this.#fresh(spent);
    return (await this.#instance).call(work);
  }

  async #fresh(spent: Promise<Instance>): Promise<Instance> {
    try {
      return await Instance.open(await sharedModule(), ({ Pipeline }) => new Pipeline(this.#config, this.#host));
    } catch (error) {
      this.#instance = spent;
      throw error;
    }
  }
}
