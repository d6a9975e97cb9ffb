/**
 * The built Worker on workerd, started in one of two ways.
 *
 * It is the bundle that `wrangler deploy` would upload (target/worker-bundle, made by `cargo xtask`), with the dates
 * and flags of wrangler.toml.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { createTestHarness, unstable_readConfig as readConfig } from "wrangler";

const WRANGLER_TOML = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
export const BUNDLE = fileURLToPath(new URL("../../target/worker-bundle", import.meta.url));

/** The part of a KV namespace that tests use. */
export interface Namespace {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string }): Promise<{ keys: { name: string }[] }>;
}

/** The part of an R2 bucket that tests use. */
export interface Bucket {
  list(options?: { prefix?: string; cursor?: string }): Promise<{ objects: { key: string; size: number }[]; truncated: boolean; cursor?: string }>;
  get(key: string): Promise<null | StoredObject>;
  put(key: string, value: string): Promise<unknown>;
}

export interface StoredObject {
  size: number;
  uploaded: Date;
  httpMetadata?: { contentType?: string; contentEncoding?: string };
  customMetadata?: Record<string, string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface Runtime {
  /** Lets the cron fire once and returns its outcome as the platform records it. */
  cron(): Promise<string>;
  fetch(path: string, request?: HttpRequest): Promise<{ status: number; body: string; headers: Record<string, string> }>;
  kv(): Promise<Namespace>;
  bucket(name: string): Promise<Bucket>;
  /** Everything that the Worker logged since the last call. */
  takeLogs(): string[];
  /** Ends workerd as the kernel does when it is out of memory: nothing gets to say goodbye. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

const OBJECT = "StreamObject";

export interface HttpRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Environment {
  config: unknown;
  secrets: Record<string, string>;
  /** Folder in which KV and the objects survive the runtime; they are forgotten with it if it is left out. */
  storage?: string;
  /** Names of R2 buckets that are bound to the Worker. */
  buckets?: readonly string[];
}

/** `miniflare`: the Worker's requests go out from workerd. `harness`: wrangler's own, whose requests go through Node. */
export type RuntimeKind = "miniflare" | "harness";

export async function startRuntime(kind: RuntimeKind, environment: Environment): Promise<Runtime> {
  if (!existsSync(BUNDLE)) throw new Error("target/worker-bundle is missing; `cargo xtask demo` and `cargo xtask test` make it");
  return kind === "miniflare" ? onMiniflare(environment) : onHarness(environment);
}

interface Scheduled {
  scheduled(event: { cron: string }): Promise<{ outcome: string }>;
}

const CRON = { cron: "* * * * *" };

async function onMiniflare({ config, secrets, storage, buckets = [] }: Environment): Promise<Runtime> {
  const logs: string[] = [];
  const before = workerds();
  const script = worker();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...script,
      bindings: { EDGESIEM: config as never, ...secrets },
      kvNamespaces: ["EDGESIEM_KV"],
      r2Buckets: [...buckets],
      durableObjects: { EDGESIEM_STREAM: { className: OBJECT, useSQLite: true } },
      ...(storage === undefined ? {} : { resourcePersistencePath: storage }),
      // Otherwise every start waits for a server of Cloudflare's that tests do not need.
      cf: false,
      handleStructuredLogs: ({ message }) => logs.push(message),
    }),
  );
  await miniflare.ready;
  const started = workerds().filter((pid) => !before.includes(pid));
  return {
    async cron() {
      const worker = (await miniflare.getWorker()) as unknown as Scheduled;
      return (await worker.scheduled(CRON)).outcome;
    },
    async fetch(path, request = {}) {
      const response = await miniflare.dispatchFetch(`http://edgesiem.example${path}`, request);
      return { status: response.status, body: await response.text(), headers: Object.fromEntries(response.headers) };
    },
    async kill() {
      for (const pid of started) process.kill(pid, "SIGKILL");
      await miniflare.dispose().catch(() => undefined);
    },
    bucket: async (name) => (await miniflare.getR2Bucket(name)) as unknown as Bucket,
    kv: async () => (await miniflare.getKVNamespace("EDGESIEM_KV")) as unknown as Namespace,
    takeLogs: () => logs.splice(0),
    close: () => miniflare.dispose(),
  };
}

/** The processes of workerd that this process has started. */
function workerds(): number[] {
  const list = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  const rows = list.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  return rows.filter((row) => row !== null && Number(row[2]) === process.pid && /workerd/.test(row[3]!)).map((row) => Number(row![1]));
}

/** The bundle and how to run it. */
function worker() {
  const { name, compatibility_date, compatibility_flags } = readConfig({ config: WRANGLER_TOML });
  const modules = readdirSync(BUNDLE)
    .filter((file) => /\.(js|wasm)$/.test(file))
    .map((file) => ({ type: file.endsWith(".js") ? ("ESModule" as const) : ("CompiledWasm" as const), path: join(BUNDLE, file) }))
    // The entry has to be the first one.
    .sort((a, b) => Number(b.type === "ESModule") - Number(a.type === "ESModule"));
  return { name: name ?? "edgesiem", modulesRoot: BUNDLE, modules, compatibilityDate: compatibility_date, compatibilityFlags: compatibility_flags };
}

async function onHarness({ config, secrets }: Environment): Promise<Runtime> {
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  const harness = createTestHarness({
    workers: [{ configPath: WRANGLER_TOML, prebuiltWorkerDir: BUNDLE, vars: { EDGESIEM: config as never }, secrets }],
  });
  await harness.listen();
  const worker = harness.getWorker<{ EDGESIEM_KV: Namespace }>();
  return {
    cron: async () => (await worker.scheduled(CRON)).outcome,
    async fetch(path, request = {}) {
      const response = await worker.fetch(path, request);
      return { status: response.status, body: await response.text(), headers: Object.fromEntries(response.headers) };
    },
    kill: () => Promise.reject(new Error("only workerd on Miniflare is ended like this")),
    bucket: () => Promise.reject(new Error("only workerd on Miniflare has buckets")),
    kv: async () => (await worker.getEnv()).EDGESIEM_KV,
    takeLogs() {
      const logs = harness.getLogs().map(({ message }) => message);
      harness.clearLogs();
      return logs;
    },
    close: () => harness.close(),
  };
}
