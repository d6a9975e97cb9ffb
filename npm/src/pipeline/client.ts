/** Akamai's SIEM events one by one, through the same pipeline that delivers them elsewhere. */

import { ConfigError, CoreStoppedError, EdgeSiemError, InvalidArgumentError, fromCore, type Problem } from "../errors.ts";
import type { DecodedEvent, Filter, SchemaOption } from "../types.ts";
import { reworded, secretNamedAt } from "./config-words.ts";
import { defaultFetch } from "./default-fetch.ts";
import { runForever, runOnce } from "./follow.ts";
import { Handover } from "./handover.ts";
import type { PipelineStore } from "./host.ts";
import { MemoryStore } from "./memory-store.ts";
import { patientFetch } from "./patient-fetch.ts";
import { Pipeline } from "./pipeline.ts";
import type { RunError, RunSummary } from "./reports.ts";

/** Name of the client's only stream. */
const STREAM = "client";
const REPLAY = "window";

/** Events that the source no longer had when it was asked. */
export interface Gap {
  /** When it was noticed, milliseconds since 1970. */
  detected_at: number;
  /** Why, in words. */
  reason: string;
  /** Time of the last event before it, if it is known. */
  last_event_at: number | null;
  /** From when on events were asked for again. */
  resumed_from: number;
}

/** What a client needs, and what can be set about it. */
export interface AkamaiSiemClientOptions {
  /** The API client's host, such as `akab-….luna.akamaiapis.net`. */
  host: string;
  clientToken: string;
  clientSecret: string;
  accessToken: string;
  /** Ids of the security configurations. An offset belongs to this set. */
  configIds: readonly (number | string)[];
  /** Begin with the events after this offset, which an earlier client or another connector kept. */
  offset?: string | undefined;
  /** Begin at this time, no more than 12 hours ago; a number is seconds since 1970. Without it and `offset`, where the API begins. */
  from?: Date | number | undefined;
  /** End with the events of this time; needs `from`. */
  to?: Date | number | undefined;
  /** Events to ask for at once, up to 600,000; 10,000 if it is not set. */
  limit?: number | undefined;
  /** How events are written: a name, or a table with options such as `{ name: "ocsf", expand_rules: true }`; `decoded` if it is not set. */
  schema?: SchemaOption | undefined;
  /** Which events are left out, and which members, as in `[streams.filter]` of `edgesiem.toml`. */
  filter?: Filter | undefined;
  /** Go on asking for new events, with a pause of `intervalMs` (60,000) whenever there are none. */
  follow?: boolean | { intervalMs?: number | undefined } | undefined;
  /** Ends the iteration, which then rejects with the signal's reason, and every request. */
  signal?: AbortSignal | undefined;
  /** Called when the source no longer had what it was asked for: events may be missing. */
  onGap?: ((gap: Gap) => void) | undefined;
  /** Called for a line that cannot be read, with what is known of it: `reason`, `line`, and `raw` or `raw_base64`. */
  onRejected?: ((line: Readonly<Record<string, unknown>>) => void) | undefined;
  /** Called when something went wrong that passes by itself; only with `follow`, which tries again. */
  onError?: ((error: EdgeSiemError) => void) | undefined;
  /** Sends requests; the global one if it is not set. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Allows `http://` to this machine itself, for tests. */
  allowInsecureLoopback?: boolean | undefined;
}

/**
 * Pulls events from Akamai's SIEM API: an async iterable of documents.
 *
 * Retries, cut pages, clocks that are wrong and offsets that expired are taken care of as in the Worker. The source is read no
 * faster than events are taken; at most some megabytes are held. Leaving the loop ends the run and its connections.
 *
 * {@link AkamaiSiemClient.offset} is where to go on from. It moves page by page: whoever begins there again misses nothing, and may see the
 * events of the last page twice.
 *
 * `T` is what the schema writes: with another than `decoded`, say so (`new AkamaiSiemClient<string>({ schema: "cef", … })`).
 *
 * The loop rejects with `SourceError` and the like if something is in the way that does not pass by itself.
 *
 * @example
 * ```ts
 * import { AkamaiSiemClient } from "edgesiem/pipeline";
 *
 * const client = new AkamaiSiemClient({
 *   host: "akab-example.luna.akamaiapis.net",
 *   clientToken: "akab-client-token",
 *   clientSecret: "a-secret",
 *   accessToken: "akab-access-token",
 *   configIds: [14227],
 *   // The example's own network, which has a page without events.
 *   fetch: async () => new Response('{"total":0,"offset":"an-offset"}\n'),
 * });
 * for await (const event of client) console.log(event);
 * console.log(client.offset); // an-offset
 * ```
 */
export class AkamaiSiemClient<T = DecodedEvent> implements AsyncIterable<T> {
  readonly #options: AkamaiSiemClientOptions;
  readonly #store: ObservedStore;
  #isTaking = false;

  /** @throws {@link InvalidArgumentError} `to` without `from`. The other options are checked when the iteration begins. */
  constructor(options: AkamaiSiemClientOptions) {
    if (options.to !== undefined && options.from === undefined) {
      throw invalid("`to` needs `from`", "say when the window begins, or leave the end out");
    }
    if (options.to !== undefined && options.follow !== undefined && options.follow !== false) {
      throw invalid("a window with an end cannot be followed", "leave out `to` or `follow`");
    }
    if (options.limit !== undefined && !Number.isInteger(options.limit)) throw invalid("`limit` is no whole number", "leave it out, or use 1 to 600000");
    for (const name of ["from", "to"] as const) {
      const time: unknown = options[name];
      const isTime = time === undefined || (time instanceof Date ? Number.isFinite(time.getTime()) : Number.isFinite(time));
      if (!isTime) throw invalid(`\`${name}\` is no time`, "use a Date, or seconds since 1970");
    }
    if (options.offset !== undefined && options.from !== undefined) throw invalid("`offset` and `from` exclude each other", "leave one of them out");
    this.#options = { ...options };
    this.#store = new ObservedStore(options);
  }

  /** Where to go on from: every event before it was taken. `undefined` before the first page was taken whole. */
  get offset(): string | undefined {
    return this.#store.offset;
  }

  /** Lines that could not be read. */
  get rejected(): number {
    return this.#store.rejected;
  }

  /** Goes on after the last page that was taken whole. One loop at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (this.#isTaking) throw invalid("somebody else takes this client's events", "make a client for each loop");
    this.#isTaking = true;
    try {
      yield* this.#events();
    } finally {
      this.#isTaking = false;
    }
  }

  async *#events(): AsyncGenerator<T, void, undefined> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const handover = new Handover();
    const end = new AbortController();
    const onAbort = (): void => {
      handover.end(signal?.reason);
      end.abort();
    };
    signal?.addEventListener("abort", onAbort);
    const running = this.#run(handover, end.signal).then(
      () => handover.end(),
      (error: unknown) => handover.end(error),
    );
    try {
      for (let batch = await handover.take(); batch !== undefined; batch = await handover.take()) {
        let taken: "taken" | "gone" = "gone";
        try {
          for (const line of lines(batch.body)) {
            yield this.#parse(line);
            signal?.throwIfAborted();
          }
          taken = "taken";
        } finally {
          batch.answer(taken);
        }
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      handover.end();
      end.abort();
      await running;
    }
  }

  async #run(handover: Handover, end: AbortSignal): Promise<void> {
    const options = this.#options;
    const host = {
      store: this.#store,
      secrets: secretsOf(options),
      fetch: patientFetch(options.fetch ?? defaultFetch, end),
      places: ["stdout"] as const,
      write: ({ body }: { body: Uint8Array }) => handover.write(body),
    };
    const config = configOf(options);
    const pipeline = await Pipeline.open(config, host, end).catch((error: unknown) => {
      throw error instanceof ConfigError ? reworded(error, (problems) => problems.map((problem) => ofOptions(problem, config))) : error;
    });
    const { from, to, follow } = options;
    const run = (): Promise<RunSummary> =>
      from !== undefined && to !== undefined
        ? pipeline.replay(STREAM, { name: REPLAY, from: secondsOf(from) * 1000, to: secondsOf(to) * 1000 })
        : pipeline.run(STREAM);
    if (follow === undefined || follow === false) {
      const { error } = await runOnce(STREAM, run, { signal: end });
      if (error !== null && !end.aborted) throw errorOf(error);
      return;
    }
    let fatal: EdgeSiemError | undefined;
    const stop = new AbortController();
    const onRun = ({ error }: RunSummary): void => {
      if (error === null || end.aborted) return;
      if (error.retryable) return options.onError?.(errorOf(error));
      fatal = errorOf(error);
      stop.abort();
    };
    end.addEventListener("abort", () => stop.abort());
    await runForever(STREAM, run, { signal: stop.signal, onRun, intervalMs: follow === true ? undefined : follow.intervalMs });
    if (fatal !== undefined) throw fatal;
  }

  /** Documents of all schemas but CEF are JSON. The type is the caller's word for what the schema writes. */
  #parse(line: string): T {
    return (nameOf(this.#options.schema) === "cef" ? line : JSON.parse(line)) as T;
  }
}

/** A store in memory that notices what concerns the client. */
class ObservedStore implements PipelineStore {
  readonly exact = true;
  readonly #entries = new MemoryStore();
  readonly #options: AkamaiSiemClientOptions;
  offset: string | undefined;
  rejected = 0;

  constructor(options: AkamaiSiemClientOptions) {
    this.#options = options;
    this.offset = options.offset;
  }

  get(key: string): Promise<string | undefined> {
    return this.#entries.get(key);
  }

  async put(key: string, value: string, ttlSeconds?: number): Promise<void> {
    if (key.startsWith("dead-letter/")) {
      // Kept nowhere: they would add up in memory, and whoever wants them gets them here.
      this.rejected += 1;
      this.#options.onRejected?.(JSON.parse(value) as Record<string, unknown>);
      return;
    }
    await this.#entries.put(key, value, ttlSeconds);
    if (key.startsWith("gap/")) this.#options.onGap?.(JSON.parse(value) as Gap);
    if (key !== `checkpoint/${STREAM}`) return;
    const { checkpoint } = JSON.parse(value) as { checkpoint?: { cursor?: { offset?: unknown } } };
    const offset = checkpoint?.cursor?.offset;
    if (typeof offset === "string") this.offset = offset;
  }

  delete(key: string): Promise<void> {
    return this.#entries.delete(key);
  }

  list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string }> {
    return this.#entries.list(prefix, limit, cursor);
  }
}

function* lines(body: Uint8Array): Generator<string> {
  const text = new TextDecoder().decode(body);
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const stop = end === -1 ? text.length : end;
    if (stop > start) yield text.slice(start, stop);
    start = stop + 1;
  }
}

function configOf(options: AkamaiSiemClientOptions): Record<string, unknown> {
  const { host, configIds, offset, from, to, limit, schema, filter } = options;
  const secret = (name: string): object => ({ secret: name });
  return {
    allow_insecure_loopback: options.allowInsecureLoopback === true,
    streams: [
      {
        id: STREAM,
        schema: schema ?? "decoded",
        ...(filter === undefined ? {} : { filter }),
        sinks: ["events"],
        source: {
          kind: "akamai-siem",
          host,
          config_ids: [...configIds],
          client_token: secret("clientToken"),
          client_secret: secret("clientSecret"),
          access_token: secret("accessToken"),
          ...(limit === undefined ? {} : { limit }),
          ...(offset === undefined ? {} : { start_offset: offset }),
          ...(from === undefined || to !== undefined ? {} : { start_from: secondsOf(from) }),
        },
      },
    ],
    sinks: { events: { kind: "stdout" } },
  };
}

/** The options behind the keys of a problem. */
const OPTIONS: readonly [key: RegExp, option: string][] = [
  [/^streams\[0\]\.source\.start_offset$/, "offset"],
  [/^streams\[0\]\.source\.start_from$/, "from"],
  [/^streams\[0\]\.source\.config_ids\b/, "configIds"],
  [/^streams\[0\]\.source\.client_token$/, "clientToken"],
  [/^streams\[0\]\.source\.client_secret$/, "clientSecret"],
  [/^streams\[0\]\.source\.access_token$/, "accessToken"],
  [/^streams\[0\]\.(?:source\.)?/, ""],
];

/** A problem of the configuration that the options made, as one of the options. */
function ofOptions({ key, message, userAction }: Problem, config: object): Problem {
  const [pattern, option] = OPTIONS.find(([pattern]) => pattern.test(key)) ?? [];
  const named = pattern === undefined || option === undefined ? key : key.replace(pattern, option);
  if (secretNamedAt(config, key) !== undefined) return { key: named, message: "it is empty", userAction: "take it from the API client's credentials" };
  const words = (text: string): string => text.replaceAll("allow_insecure_loopback = true", "allowInsecureLoopback: true");
  return { key: named, message: words(message), userAction: words(userAction) };
}

function secretsOf({ clientToken, clientSecret, accessToken }: AkamaiSiemClientOptions): Record<string, string> {
  return { clientToken, clientSecret, accessToken };
}

function secondsOf(time: Date | number): number {
  return Math.floor(typeof time === "number" ? time : time.getTime() / 1000);
}

function nameOf(schema: SchemaOption | undefined): string | undefined {
  return typeof schema === "object" ? schema.name : schema;
}

function errorOf({ code, message, context, user_action: userAction, retryable }: RunError): EdgeSiemError {
  if (code === "core_stopped") return new CoreStoppedError(message);
  const made = fromCore(Object.assign(new Error(message), { code, userAction, retryable, context }));
  return made instanceof EdgeSiemError ? made : new EdgeSiemError(message, { code, retryable, userAction, context });
}

function invalid(message: string, userAction: string): InvalidArgumentError {
  return new InvalidArgumentError(message, { code: "invalid_argument", retryable: false, userAction });
}
