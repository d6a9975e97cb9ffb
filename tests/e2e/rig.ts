/**
 * Everything that a run of the built Worker needs, on the loopback interface: the emulator of Akamai's SIEM API,
 * the receiver, and the Worker itself with its KV namespace.
 */

import { startReceiver, type Receiver, type ReceiverOptions } from "../emulator/receiver.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";
import { startRuntime, type Namespace, type Runtime, type RuntimeKind } from "./runtime.ts";

export const STREAM = "emulated";

/** The checkpoint as the Worker keeps it in KV. */
export interface StoredCheckpoint {
  revision: number;
  checkpoint: {
    cursor: { offset?: string; from?: number };
    page_limit: number | null;
    clock_skew_ms: number;
    counters: { pages: number; fetched: number; delivered: number; dead_lettered: number };
    gaps: { reason: string; lost: unknown; resumed_from: number }[];
  };
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
    wall_ms: number;
  };
  error: null | { code: string; message: string; context: Record<string, string>; user_action: string; retryable: boolean };
}

type Json = Record<string, unknown>;

export interface RigOptions {
  siem?: SiemOptions;
  receiver?: Partial<ReceiverOptions>;
  sink?: "webhook" | "splunk-hec";
  schema?: "decoded" | "raw";
  /** Merged into the stream's source, sink and table, and into the configuration. */
  source?: Json;
  sinkTable?: Json;
  stream?: Json;
  config?: Json;
  /** `miniflare` unless something else is asked for. */
  runtime?: RuntimeKind;
  /** Replaces the secrets that belong to the emulator. */
  secrets?: Record<string, string>;
}

export class Rig {
  readonly siem: SiemEmulator;
  readonly receiver: Receiver;
  readonly config: Json;
  readonly #secrets: Record<string, string>;
  #runtime: Runtime;

  constructor(siem: SiemEmulator, receiver: Receiver, runtime: Runtime, config: Json, secrets: Record<string, string>) {
    this.siem = siem;
    this.receiver = receiver;
    this.config = config;
    this.#secrets = secrets;
    this.#runtime = runtime;
  }

  /** Starts the Worker anew with another configuration and an empty KV namespace. */
  async restart(config: Json): Promise<void> {
    await this.#runtime.close();
    this.#runtime = await startRuntime("miniflare", { config, secrets: this.#secrets });
  }

  /** Lets the cron fire once and returns its outcome as the platform records it. */
  cron(): Promise<string> {
    return this.#runtime.cron();
  }

  fetch(path: string, method = "GET"): Promise<{ status: number; body: string }> {
    return this.#runtime.fetch(path, method);
  }

  kv(): Promise<Namespace> {
    return this.#runtime.kv();
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
    const kv = await this.kv();
    const { keys } = await kv.list({ prefix: `dead-letter/${STREAM}/` });
    return Promise.all(keys.map(async ({ name }) => JSON.parse((await kv.get(name)) ?? "null") as Json));
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
  const receiver = await startReceiver({ events: siem.events, schema, available: () => siem.available, ...options.receiver });
  const sink =
    (options.sink ?? "webhook") === "webhook"
      ? { kind: "webhook", url: `${receiver.url}/webhook`, signing_secret: { secret: "WEBHOOK_SECRET" } }
      : { kind: "splunk-hec", url: receiver.url, token: { secret: "SPLUNK_TOKEN" } };
  const config = {
    store: "kv",
    allow_insecure_loopback: true,
    streams: [
      {
        id: STREAM,
        schema,
        sinks: ["receiver"],
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
    sinks: { receiver: { ...sink, ...options.sinkTable } },
    ...options.config,
  };
  const secrets = {
    AKAMAI_CLIENT_TOKEN: siem.credentials.clientToken,
    AKAMAI_CLIENT_SECRET: siem.credentials.clientSecret,
    AKAMAI_ACCESS_TOKEN: siem.credentials.accessToken,
    WEBHOOK_SECRET: receiver.webhookSecret,
    SPLUNK_TOKEN: receiver.splunkToken,
    ...options.secrets,
  };
  const runtime = await startRuntime(options.runtime ?? "miniflare", { config, secrets });
  return new Rig(siem, receiver, runtime, config, secrets);
}
