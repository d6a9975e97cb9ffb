/**
 * Receivers as programs on the loopback interface, each in a folder of its own that is gone with it.
 *
 * `cargo xtask receivers` installs them (requirements.txt) and says where in EDGESIEM_RECEIVERS.
 */

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const STARTS_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 5_000;

export const S3_ACCESS_KEY = "AKIDTEST";
export const S3_SECRET_KEY = "a secret key for tests only";
export const CLICKHOUSE_PASSWORD = "a password for tests only";

const running = new Set<ChildProcess>();
// Whatever ends this process, no receiver outlives it.
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

export class Program {
  readonly url: string;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #output: Buffer[] = [];

  constructor(name: string, port: number, child: ChildProcess, folder: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#name = name;
    this.#child = child;
    this.#folder = folder;
    child.stdout?.on("data", (chunk: Buffer) => this.#output.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => this.#output.push(chunk));
    this.#ended = new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", (error) => {
        this.#output.push(Buffer.from(String(error)));
        resolve(error);
      });
    });
    running.add(child);
    void this.#ended.then(() => running.delete(child));
  }

  /** What it printed so far. */
  get output(): string {
    return Buffer.concat(this.#output).toString("utf8");
  }

  /** Resolves as soon as it takes connections. */
  async ready(): Promise<this> {
    const { port } = new URL(this.url);
    const until = Date.now() + STARTS_WITHIN_MS;
    while (!(await isListening(Number(port)))) {
      if (!running.has(this.#child)) throw new Error(`${this.#name} ended at once:\n${this.output}`);
      if (Date.now() > until) throw new Error(`${this.#name} does not listen on ${this.url}:\n${this.output}`);
      await wait(50);
    }
    return this;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = new AbortController();
    await Promise.race([this.#ended, wait(ENDS_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    if (running.has(this.#child)) this.#child.kill("SIGKILL");
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      resolve(true);
      socket.destroy();
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function installed(): string {
  const folder = process.env["EDGESIEM_RECEIVERS"];
  if (folder === undefined) throw new Error("EDGESIEM_RECEIVERS is not set: run `cargo xtask receivers`, which installs them and sets it");
  return folder;
}

/** A file of an installed Python package. */
function packaged(path: string): string {
  const library = join(installed(), "lib");
  const python = readdirSync(library).find((name) => name.startsWith("python")) ?? "";
  return join(library, python, "site-packages", path);
}

type Command = (port: number, folder: string) => Promise<[program: string, args: string[], environment?: Record<string, string>]>;

async function start(name: string, command: Command): Promise<Program> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "edgesiem-receiver-"));
  const [program, args, environment] = await command(port, folder);
  // stdin is a pipe that closes with this process, which some of them take as the sign to end.
  const child = spawn(program, args, { cwd: folder, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, PYTHONUNBUFFERED: "1", ...environment } });
  const started = new Program(name, port, child, folder);
  try {
    return await started.ready();
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** OpenSearch 3.8 by its interface, in memory. */
export function startOsmem(): Promise<Program> {
  return start("osmem-server", async (port) => [packaged("osmem_server/bin/osmem-server"), ["-addr", `127.0.0.1:${port}`]]);
}

/** Elasticsearch 8.15 by its interface. */
export function startNoida(): Promise<Program> {
  return start("noida-db", async (port, folder) => [
    packaged("noida_db/noida-db"),
    ["start", "--data-dir", folder, "--only", "elasticsearch", "--elasticsearch-port", String(port)],
  ]);
}

/** A collector that prints every log record, with all its attributes. */
export function startRotel(): Promise<Program> {
  return start("rotel", async (port) => {
    const endpoints = ["--otlp-http-endpoint", `127.0.0.1:${port}`, "--otlp-grpc-endpoint", `127.0.0.1:${await freePort()}`];
    return [packaged("rotel/rotel-agent"), ["start", ...endpoints, "--exporter", "blackhole", "--debug-log", "logs", "--debug-log-verbosity", "detailed"]];
  });
}

/** S3 with signatures verified. It ignores If-None-Match. */
export function startNanio(): Promise<Program> {
  return start("nanio", async (port, folder) => [
    join(installed(), "bin/nanio"),
    ["serve", "--data-dir", folder, "--host", "127.0.0.1", "--port", String(port)],
    { NANIO_ACCESS_KEY: S3_ACCESS_KEY, NANIO_SECRET_KEY: S3_SECRET_KEY },
  ]);
}

/** S3 with If-None-Match. It does not verify signatures. */
export function startMoto(): Promise<Program> {
  return start("moto", async (port) => [join(installed(), "bin/moto_server"), ["-H", "127.0.0.1", "-p", String(port)]]);
}

/** ClickHouse's engine behind as much of its HTTP interface as an insert and a question need. */
export function startClickHouse(): Promise<Program> {
  return ours("clickhouse.py", CLICKHOUSE_PASSWORD);
}

/** An OTLP receiver that decodes with the official messages and keeps every record. */
export function startOtlp(): Promise<Program> {
  return ours("otlp.py");
}

/** Runs a script of this folder to its end and returns what it printed. */
export async function runScript(script: string, ...args: string[]): Promise<string> {
  const options = { maxBuffer: 2 ** 30 };
  const { stdout } = await promisify(execFile)(join(installed(), "bin/python"), [beside(script), ...args], options);
  return stdout;
}

function beside(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

function ours(script: string, ...args: string[]): Promise<Program> {
  return start(script, async (port) => [join(installed(), "bin/python"), [beside(script), String(port), ...args]]);
}
