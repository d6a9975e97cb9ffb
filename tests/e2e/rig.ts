/**
 * Everything that a run of the built Worker needs, on the loopback interface: the emulator of Akamai's SIEM API,
 * the receiver, and the Worker itself with its KV namespace.
 */

import { startReceiver, type Receiver, type ReceiverOptions } from "../emulator/receiver.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";
import { startRuntime, type Bucket, type Environment, type HttpRequest, type Namespace, type Runtime, type RuntimeKind } from "./runtime.ts";

export const STREAM = "emulated";
export const ADMIN_TOKEN = "an admin token for tests only";

/** The checkpoint as the Worker keeps it in KV. */
export interface StoredCheckpoint {
  revision: number;
  checkpoint: {
    cursor: { offset?: string; from?: number };
    page_limit: number | null;
    clock_skew_ms: number;
    counters: { pages: number; fetched: number; delivered: number; dead_lettered: number };
  };
}

/** What `GET /status` says of a stream, as far as tests look at it. */
export interface StreamStatus {
  stream: string;
  position: null | { cursor: { offset?: string; from?: number }; page_limit: number | null; counters: Json };
  running_since: number | null;
  killed_runs: number;
  paused_at: number | null;
  runs: { ended_at: number | null; failing_since: number | null; error: null | { code: string; message: string }; last: RunLine };
  totals: { runs: number; sinks: Record<string, Record<string, number>> };
  gaps: { id: number; reason: string; acknowledged_at: number | null }[];
  gaps_unacknowledged: number;
  dead_letters: { kept: number; by_sink: Record<string, number> };
  replays: { id: string; ended_at: number | null; counters: Record<string, number>; error: null | { code: string } }[];
  problems: { severity: string; kind: string; text: string }[];
}

/** One line of the Worker's log about a run. */
export interface RunLine {
  event: "run";
  stream: string;
  /** Size of the core's linear memory at the end of the run; it never shrinks. */
  wasm_memory_bytes: number;
  ok: boolean;
  report: {
    pages: number;
    fetched: number;
    delivered: number;
    dead_lettered: number;
    bytes_in: number;
    bytes_out: number;
    posts: number;
    retries: number;
    gaps: number;
    caught_up: boolean;
    unfinished: boolean;
    wall_ms: number;
    sinks: Record<string, { batches: number; events: number; resumed_batches: number; dropped: number }>;
  };
  error: null | { code: string; message: string; context: Record<string, string>; user_action: string; retryable: boolean };
}

export type Json = Record<string, unknown>;

/** Where checkpoints are kept. */
export const STORES = ["kv", "durable-object"] as const;
export type StoreKind = (typeof STORES)[number];

export interface RigOptions {
  siem?: SiemOptions;
  receiver?: Partial<ReceiverOptions>;
  sink?: "webhook" | "splunk-hec";
  /** Tables of sinks by name, instead of the one that sends to the receiver; the stream sends to all of them. */
  sinks?: Record<string, Json>;
  /** `kv` unless something else is asked for. */
  store?: StoreKind;
  /** Folder in which what is stored survives a restart. */
  storage?: string;
  /** Of what the receiver gets it checks the content of `decoded` and `raw`; of others it counts the events. */
  schema?: string;
  /** Merged into the stream's source, sink and table, and into the configuration. */
  source?: Json;
  sinkTable?: Json;
  stream?: Json;
  config?: Json;
  /** `miniflare` unless something else is asked for. */
  runtime?: RuntimeKind;
  /** Names of R2 buckets that are bound to the Worker. */
  buckets?: string[];
  /** Replaces the secrets that belong to the emulator. */
  secrets?: Record<string, string>;
}

export class Rig {
  readonly siem: SiemEmulator;
  readonly receiver: Receiver;
  readonly config: Json;
  readonly #environment: Environment;
  #runtime: Runtime;

  constructor(siem: SiemEmulator, receiver: Receiver, runtime: Runtime, environment: Environment) {
    this.siem = siem;
    this.receiver = receiver;
    this.config = environment.config as Json;
    this.#environment = environment;
    this.#runtime = runtime;
  }

  /** Starts the Worker anew, with another configuration if one is given, and with what the storage folder still has. */
  async restart(config = this.config): Promise<void> {
    await this.#runtime.close();
    this.#runtime = await startRuntime("miniflare", { ...this.#environment, config });
  }

  /** Ends workerd without warning and starts it again on the same storage. */
  async killAndRestart(): Promise<void> {
    await this.#runtime.kill();
    this.#runtime = await startRuntime("miniflare", this.#environment);
  }

  /** Lets the cron fire once and returns its outcome as the platform records it. */
  cron(): Promise<string> {
    return this.#runtime.cron();
  }

  fetch(path: string, request?: HttpRequest): Promise<{ status: number; body: string; headers: Record<string, string> }> {
    return this.#runtime.fetch(path, request);
  }

  /** A request of the operator's; fails unless it is answered with `expected`. */
  async admin(method: string, path: string, body?: unknown, expected = 200): Promise<Json> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const answer = await this.fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (answer.status !== expected) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Json;
  }

  async status(stream = STREAM): Promise<StreamStatus> {
    const { streams } = (await this.admin("GET", "/status")) as unknown as { streams: StreamStatus[] };
    const found = streams.find((status) => status.stream === stream);
    if (found === undefined) throw new Error(`/status does not know ${stream}`);
    return found;
  }

  kv(): Promise<Namespace> {
    return this.#runtime.kv();
  }

  /** The bucket that is bound to the Worker by this name. */
  bucket(name: string): Promise<Bucket> {
    return this.#runtime.bucket(name);
  }

  async stored(stream = STREAM): Promise<StoredCheckpoint | undefined> {
    const text = await (await this.kv()).get(`checkpoint/${stream}`);
    return text === null ? undefined : (JSON.parse(text) as StoredCheckpoint);
  }

  /** The offset in KV. */
  async offset(): Promise<string | undefined> {
    return (await this.stored())?.checkpoint.cursor.offset;
  }

  async deadLetters(): Promise<Json[]> {
    const { dead_letters: letters } = (await this.admin("GET", `/streams/${STREAM}/dead-letters`)) as { dead_letters: Json[] };
    return Promise.all(letters.map(({ id, sink }) => this.admin("GET", `/streams/${STREAM}/dead-letters/${id}/${sink ?? "-"}`)));
  }

  /** Everything that the Worker logged since the last call. */
  takeLogs(): string[] {
    return this.#runtime.takeLogs();
  }

  /** Every line about a run; clears the log. */
  takeRuns(): RunLine[] {
    const lines = this.takeLogs().filter((text) => text.includes('"event":"run"'));
    return lines.map((line) => JSON.parse(line) as RunLine);
  }

  /** The newest line about a run; clears the log. */
  takeRun(): RunLine {
    const run = this.takeRuns().at(-1);
    if (run === undefined) throw new Error("the Worker logged no run");
    return run;
  }

  async close(): Promise<void> {
    await this.#runtime.close();
    await Promise.all([this.siem.close(), this.receiver.close()]);
  }
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const siem = await startSiem({ available: 1000, ...options.siem });
  const schema = options.schema ?? "decoded";
  const checked = schema === "decoded" || schema === "raw" ? schema : "other";
  const receiver = await startReceiver({ events: siem.events, schema: checked, available: () => siem.available, ...options.receiver });
  const sink =
    (options.sink ?? "webhook") === "webhook"
      ? { kind: "webhook", url: `${receiver.url}/webhook`, signing_secret: { secret: "WEBHOOK_SECRET" } }
      : { kind: "splunk-hec", url: receiver.url, token: { secret: "SPLUNK_TOKEN" } };
  const config = {
    store: options.store ?? "kv",
    allow_insecure_loopback: true,
    streams: [
      {
        id: STREAM,
        schema,
        sinks: Object.keys(options.sinks ?? { receiver: true }),
        source: {
          kind: "akamai-siem",
          host: siem.url,
          config_ids: siem.configIds.map(Number),
          client_token: { secret: "AKAMAI_CLIENT_TOKEN" },
          client_secret: { secret: "AKAMAI_CLIENT_SECRET" },
          access_token: { secret: "AKAMAI_ACCESS_TOKEN" },
          ...options.source,
        },
        ...options.stream,
      },
    ],
    sinks: options.sinks ?? { receiver: { ...sink, ...options.sinkTable } },
    ...options.config,
  };
  const secrets = {
    AKAMAI_CLIENT_TOKEN: siem.credentials.clientToken,
    AKAMAI_CLIENT_SECRET: siem.credentials.clientSecret,
    AKAMAI_ACCESS_TOKEN: siem.credentials.accessToken,
    WEBHOOK_SECRET: receiver.webhookSecret,
    SPLUNK_TOKEN: receiver.splunkToken,
    ADMIN_TOKEN,
    ...options.secrets,
  };
  const buckets = options.buckets ?? [];
  const environment = { config, secrets, buckets, ...(options.storage === undefined ? {} : { storage: options.storage }) };
  return new Rig(siem, receiver, await startRuntime(options.runtime ?? "miniflare", environment), environment);
}
