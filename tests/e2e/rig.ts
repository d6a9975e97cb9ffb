/**
 * Everything that a run of the built Worker needs, on the loopback interface: the emulator of Akamai's SIEM API,
 * the receiver, and the Worker itself on workerd with its KV namespace.
 *
 * The Worker is the bundle that `wrangler deploy` would upload (target/worker-bundle, made by `cargo xtask`), with
 * the dates and flags of wrangler.toml. It is started by Miniflare and not by wrangler's createTestHarness, because
 * that one (4.164) sends the Worker's requests through Node's fetch: a cut body, a refused connection or an unknown
 * host would be Node's and not workerd's.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_readConfig as readConfig } from "wrangler";
import { startReceiver, type Receiver, type ReceiverOptions } from "../emulator/receiver.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";

const WRANGLER_TOML = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
export const BUNDLE = fileURLToPath(new URL("../../target/worker-bundle", import.meta.url));

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
  /** Replaces the secrets that belong to the emulator. */
  secrets?: Record<string, string>;
}

/** The part of a KV namespace that tests use. */
export interface Namespace {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  list(options: { prefix: string }): Promise<{ keys: { name: string }[] }>;
}

export class Rig {
  readonly siem: SiemEmulator;
  readonly receiver: Receiver;
  readonly #miniflare: Miniflare;
  readonly #logs: string[];

  constructor(siem: SiemEmulator, receiver: Receiver, miniflare: Miniflare, logs: string[]) {
    this.siem = siem;
    this.receiver = receiver;
    this.#miniflare = miniflare;
    this.#logs = logs;
  }

  /** Lets the cron fire once and returns its outcome as the platform records it. */
  async cron(): Promise<string> {
    const worker = (await this.#miniflare.getWorker()) as unknown as { scheduled(event: { cron: string }): Promise<{ outcome: string }> };
    return (await worker.scheduled({ cron: "* * * * *" })).outcome;
  }

  async fetch(path: string, method = "GET"): Promise<{ status: number; body: string }> {
    const response = await this.#miniflare.dispatchFetch(`http://edgesiem.example${path}`, { method });
    return { status: response.status, body: await response.text() };
  }

  async kv(): Promise<Namespace> {
    return (await this.#miniflare.getKVNamespace("EDGESIEM_KV")) as unknown as Namespace;
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
    return this.#logs.splice(0);
  }

  /** The newest line about a run; clears the log. */
  takeRun(): RunLine {
    const line = this.takeLogs().filter((text) => text.includes('"event":"run"')).at(-1);
    if (line === undefined) throw new Error("the Worker logged no run");
    return JSON.parse(line) as RunLine;
  }

  async close(): Promise<void> {
    await this.#miniflare.dispose();
    await Promise.all([this.siem.close(), this.receiver.close()]);
  }
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  if (!existsSync(BUNDLE)) throw new Error("target/worker-bundle is missing; `cargo xtask demo` and `cargo xtask test` make it");
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
  const logs: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...worker(),
      bindings: { EDGESIEM: config as never, ...secrets },
      kvNamespaces: ["EDGESIEM_KV"],
      cf: false,
      handleStructuredLogs: ({ message }) => logs.push(message),
    }),
  );
  await miniflare.ready;
  return new Rig(siem, receiver, miniflare, logs);
}

/** The bundle and how to run it. */
function worker() {
  const { name, compatibility_date, compatibility_flags } = readConfig({ config: WRANGLER_TOML });
  const modules = readdirSync(BUNDLE)
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort()
    .map((file) => ({ type: file.endsWith(".js") ? ("ESModule" as const) : ("CompiledWasm" as const), path: join(BUNDLE, file) }));
  // The entry has to be the first one.
  modules.sort((a, b) => Number(b.type === "ESModule") - Number(a.type === "ESModule"));
  return { name: name ?? "edgesiem", modulesRoot: BUNDLE, modules, compatibilityDate: compatibility_date, compatibilityFlags: compatibility_flags };
}
