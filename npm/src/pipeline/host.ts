/** What a pipeline needs of its surroundings, and what it gets where the caller names nothing. */

import { defaultFetch } from "./default-fetch.ts";
import { MemoryStore } from "./memory-store.ts";

/** What the pipeline needs of its surroundings. */
export interface PipelineHost {
  /** Sends exactly this request, as the global `fetch` does. Redirects are answers (`redirect: "manual"`). */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Places of this machine that can be written to. The sinks `file` and `stdout` are refused without theirs. */
  places?: readonly ("file" | "stdout")[] | undefined;
  /** Appends `body` to a place and answers when it is safe there. `localPlaces` of `edgesiem/node` does it. */
  write?(request: WriteRequest): Promise<WriteAnswer>;
  /** Value of a secret that the configuration names; `undefined` if there is none. */
  secret(name: string): string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits. It may come back early when the run should end. */
  sleep(ms: number): Promise<void>;
  /** Why the run should end now, asked between two steps; `undefined` to go on. */
  ending?(): string | undefined;
  /** What survives a run. */
  store: PipelineStore;
}

/** Bytes for a place of this machine. */
export interface WriteRequest {
  place: "file" | "stdout";
  /** Path of the file; empty for `stdout`. */
  path: string;
  body: Uint8Array;
}

/** How a write ended: 200 if every byte is there; 5xx passes by itself; others are for somebody to mend. */
export interface WriteAnswer {
  status: number;
  /** What went wrong. */
  message?: string | undefined;
}

/**
 * A key-value namespace.
 *
 * `MemoryStore` and, in `edgesiem/node`, `FileStore` are two of them; Workers KV behind these methods is one that is not exact.
 */
export interface PipelineStore {
  /**
   * Whether a read always gives the last write, a write is safe when it is answered, writes of one key take effect in the order
   * in which they were asked for, and nobody else runs a stream on it. Then a run that is killed repeats at most one batch a sink.
   */
  readonly exact: boolean;
  get(key: string): Promise<string | undefined>;
  /** `ttlSeconds`: after which the value may be forgotten. */
  put(key: string, value: string, ttlSeconds?: number): Promise<void>;
  /** Also if there is none. */
  delete(key: string): Promise<void>;
  /** At most `limit` (no more than 1000) keys that begin with `prefix`, in the order of their UTF-8 bytes, after those that gave `cursor`. */
  list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string | undefined }>;
}

/** A host, of which everything may be left out that the runtime has. */
export interface HostOptions extends Partial<Omit<PipelineHost, "secret">> {
  /** Values of the secrets that the configuration names. `process.env` is one. */
  secrets?: Readonly<Record<string, string | undefined>> | ((name: string) => string | undefined) | undefined;
}

/** For so long, a request to the source that says nothing keeps a run from ending when it should. */
const SILENCE_MS = 5_000;

/**
 * The host that is meant by `options`. When `signal` is aborted the run ends as soon as what was sent is answered: waits are cut
 * short, and a source that says nothing is given up.
 */
export function hostOf(options: HostOptions, signal?: AbortSignal): PipelineHost {
  const { secrets, places } = options;
  const send = options.fetch?.bind(options) ?? defaultFetch;
  const sleep = options.sleep?.bind(options);
  const patience = signal === undefined ? undefined : new Patience(signal);
  return {
    fetch: (url, init) => send(url, init.method === "GET" && patience !== undefined ? { ...init, signal: patience.with(init.signal) } : init),
    ...(places === undefined ? {} : { places }),
    ...(options.write === undefined ? {} : { write: options.write.bind(options) }),
    secret: typeof secrets === "function" ? secrets : (name) => (secrets !== undefined && Object.hasOwn(secrets, name) ? secrets[name] : undefined),
    now: options.now?.bind(options) ?? Date.now,
    sleep: (ms) => (sleep === undefined ? pause(ms, signal) : notAfter(signal, sleep(ms))),
    ending: () => (signal?.aborted === true ? "the caller asked for it" : options.ending?.()),
    store: options.store ?? new MemoryStore(),
  };
}

/**
 * Waits, no longer than until `signal` is aborted. Never rejects.
 *
 * @param ms Milliseconds.
 */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    // Longer ones would be taken for none at all.
    const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Resolves with `waiting`, or when `signal` is aborted. */
function notAfter(signal: AbortSignal | undefined, waiting: Promise<void>): Promise<void> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const done = (): void => resolve();
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
    waiting.finally(() => signal.removeEventListener("abort", done)).then(resolve, reject);
  });
}

/** Gives up requests to the source that say nothing while the run should end. What sinks were sent has its own, shorter time. */
class Patience {
  readonly #over = new AbortController();

  constructor(end: AbortSignal) {
    const onEnd = (): void => {
      const timer: unknown = setTimeout(() => this.#over.abort(end.reason), SILENCE_MS);
      // Nothing has to stay awake for it, where a timer can be told.
      if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") timer.unref();
    };
    if (end.aborted) onEnd();
    else end.addEventListener("abort", onEnd, { once: true });
  }

  /** `own` is the request's time limit. A listener of our own would keep Deno awake until it is over, long after the answer. */
  with(own: AbortSignal | null | undefined): AbortSignal {
    return own === null || own === undefined ? this.#over.signal : AbortSignal.any([own, this.#over.signal]);
  }
}
