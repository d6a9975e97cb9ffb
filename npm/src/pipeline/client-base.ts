/** What the clients of all sources have in common: events one by one, through the same pipeline that delivers them elsewhere. */

import { ConfigError, CoreStoppedError, EdgeSiemError, InvalidArgumentError, fromCore, type Problem } from "../errors.ts";
import type { Filter, SchemaOption } from "../types.ts";
import { ObservedStore, type Gap } from "./client-store.ts";
import { reworded, secretNamedAt } from "./config-words.ts";
import { defaultFetch } from "./default-fetch.ts";
import { runForever, runOnce } from "./follow.ts";
import { Handover } from "./handover.ts";
import { patientFetch } from "./patient-fetch.ts";
import { Pipeline } from "./pipeline.ts";
import type { RunError, RunSummary } from "./reports.ts";

/** Name of the client's only stream. */
const STREAM = "client";
const REPLAY = "window";

/** What can be set about a client, whatever its source is. */
export interface EventClientOptions {
  /** Begin at this time, as far back as the source has events; a number is seconds since 1970. */
  from?: Date | number | undefined;
  /** End with the events of this time; needs `from`. */
  to?: Date | number | undefined;
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

/** What a client says of its source. */
export interface ClientSource {
  /** The keys of `[streams.source]`, without `start_from`. A secret is named as it is in `secrets`. */
  readonly table: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Where to take an empty secret from. */
  readonly secretAdvice: string;
  /** The source's bookmark to begin at; `undefined` to begin where the source does. */
  readonly cursor?: unknown;
  /** The options behind the source's keys, where they are called otherwise. */
  readonly names: Readonly<Record<string, string>>;
}

/** Events of one source. */
export abstract class EventClient<T> implements AsyncIterable<T> {
  readonly #options: EventClientOptions;
  readonly #source: ClientSource;
  readonly #store: ObservedStore;
  #isTaking = false;

  /** @throws {@link InvalidArgumentError} `to` without `from`, and other options that no pipeline would be asked about. */
  protected constructor(options: EventClientOptions, source: ClientSource) {
    if (options.to !== undefined && options.from === undefined) {
      throw invalid("`to` needs `from`", "say when the window begins, or leave the end out");
    }
    if (options.to !== undefined && options.follow !== undefined && options.follow !== false) {
      throw invalid("a window with an end cannot be followed", "leave out `to` or `follow`");
    }
    for (const name of ["from", "to"] as const) {
      const time: unknown = options[name];
      const isTime = time === undefined || (time instanceof Date ? Number.isFinite(time.getTime()) : Number.isFinite(time));
      if (!isTime) throw invalid(`\`${name}\` is no time`, "use a Date, or seconds since 1970");
    }
    this.#options = { ...options };
    this.#source = source;
    this.#store = new ObservedStore(STREAM, { cursor: source.cursor, onGap: options.onGap, onRejected: options.onRejected });
  }

  /** Lines that could not be read. */
  get rejected(): number {
    return this.#store.rejected;
  }

  /** The source's bookmark after the last page that was taken whole; `undefined` before the first. */
  protected get lastCursor(): unknown {
    return this.#store.cursor;
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
      secrets: this.#source.secrets,
      fetch: patientFetch(options.fetch ?? defaultFetch, end),
      places: ["stdout"] as const,
      write: ({ body }: { body: Uint8Array }) => handover.write(body),
    };
    const config = configOf(options, this.#source);
    const pipeline = await Pipeline.open(config, host, end).catch((error: unknown) => {
      throw error instanceof ConfigError ? reworded(error, (problems) => problems.map((problem) => ofOptions(problem, config, this.#source))) : error;
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

function* lines(body: Uint8Array): Generator<string> {
  const text = new TextDecoder().decode(body);
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const stop = end === -1 ? text.length : end;
    if (stop > start) yield text.slice(start, stop);
    start = stop + 1;
  }
}

function configOf(options: EventClientOptions, { table, secrets }: ClientSource): Record<string, unknown> {
  const { from, to, schema, filter } = options;
  const named = Object.keys(secrets).map((name) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), { secret: name }]);
  return {
    allow_insecure_loopback: options.allowInsecureLoopback === true,
    streams: [
      {
        id: STREAM,
        schema: schema ?? "decoded",
        ...(filter === undefined ? {} : { filter }),
        sinks: ["events"],
        source: {
          ...table,
          ...Object.fromEntries(named),
          ...(from === undefined || to !== undefined ? {} : { start_from: secondsOf(from) }),
        },
      },
    ],
    sinks: { events: { kind: "stdout" } },
  };
}

/** A problem of the configuration that the options made, as one of the options. */
function ofOptions({ key, message, userAction }: Problem, config: object, { names, secretAdvice }: ClientSource): Problem {
  const named = key
    .replace(/^streams\[0\]\.(source\.)?/, "")
    .replace(/^[a-z_]+/, (name) => (key.includes(".source.") && Object.hasOwn(names, name) ? (names[name] ?? name) : name));
  if (secretNamedAt(config, key) !== undefined) return { key: named, message: "it is empty", userAction: secretAdvice };
  const words = (text: string): string => text.replaceAll("allow_insecure_loopback = true", "allowInsecureLoopback: true");
  return { key: named, message: words(message), userAction: words(userAction) };
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

/** An option that means nothing. */
export function invalid(message: string, userAction: string): InvalidArgumentError {
  return new InvalidArgumentError(message, { code: "invalid_argument", retryable: false, userAction });
}

/** Refuses what is no whole number: the configuration would be told that it is no number at all. */
export function wholeNumber(option: string, value: number | undefined, range: string): void {
  if (value !== undefined && !Number.isInteger(value)) throw invalid(`\`${option}\` is no whole number`, `leave it out, or use ${range}`);
}

/** The members that are set: a configuration takes absence, not `undefined`. */
export function whatIsSet(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
