/** What tests of the commands that pull need: the emulator, the receiver, a folder with a configuration, and the built command. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { startReceiver, type Receiver, type ReceiverOptions } from "../emulator/receiver.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";

/** The built package: `cargo xtask npm` makes it, or `node npm/build.mjs` of what `cargo xtask wasm` made. */
export const DIST = fileURLToPath(new URL("../../npm/dist/", import.meta.url));
export const STREAM = "prod-waf";

export type Json = Record<string, unknown>;

/** How a command ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export interface RigOptions {
  siem?: SiemOptions;
  receiver?: Partial<ReceiverOptions>;
  /** Merged into the stream's source, the stream, and the secrets. */
  source?: Json;
  stream?: Json;
  secrets?: Record<string, string>;
  /** Instead of the one sink `soc`, which is the receiver. */
  sinks?: Record<string, Json>;
}

export class PullRig {
  readonly siem: SiemEmulator;
  readonly receiver: Receiver;
  readonly folder: string;
  readonly secrets: Record<string, string>;
  readonly #running = new Set<ChildProcess>();

  constructor(siem: SiemEmulator, receiver: Receiver, secrets: Record<string, string>) {
    this.siem = siem;
    this.receiver = receiver;
    this.folder = mkdtempSync(join(tmpdir(), "edgesiem-cli-"));
    this.secrets = secrets;
  }

  /** The stream's table. */
  stream(id: string, changes: Json = {}, source: Json = {}): Json {
    return {
      id,
      sinks: ["soc"],
      ...changes,
      source: {
        kind: "akamai-siem",
        host: this.siem.url,
        config_ids: this.siem.configIds.map(Number),
        client_token: { secret: "AKAMAI_CLIENT_TOKEN" },
        client_secret: { secret: "AKAMAI_CLIENT_SECRET" },
        access_token: { secret: "AKAMAI_ACCESS_TOKEN" },
        ...source,
      },
    };
  }

  get soc(): Json {
    return { kind: "webhook", url: `${this.receiver.url}/webhook`, signing_secret: { secret: "WEBHOOK_SECRET" } };
  }

  /** Writes edgesiem.toml. */
  configure(streams: Json[], sinks: Record<string, Json> = { soc: this.soc }): void {
    writeFileSync(join(this.folder, "edgesiem.toml"), toml({ allow_insecure_loopback: true, streams, sinks }));
  }

  /** Starts the command in the folder. */
  start(args: readonly string[], env: Record<string, string | undefined> = {}): Running {
    const child = spawn(process.execPath, [join(DIST, "cli.js"), ...args], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, ...this.secrets, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running.add(child);
    const ended = (async () => {
      const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
      this.#running.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
    })();
    return { child, ended };
  }

  run(args: readonly string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Runs the command with a pseudo terminal as its stdout or stderr, and gives what it wrote there. */
  async onTerminal(channel: "stdout" | "stderr", args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number | null; shown: string }> {
    const command = ["sh", "-c", 'stty columns 120 && exec "$@"', "sh", process.execPath, join(DIST, "cli.js"), ...args];
    const words = [fileURLToPath(new URL("on-terminal.py", import.meta.url)), `--${channel}-only`, ...command];
    const child = spawn("python3", words, { cwd: this.folder, env: { PATH: process.env["PATH"], HOME: this.folder, TERM: "xterm", ...this.secrets, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    const [shown, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { code: code as number | null, shown };
  }

  /** The checkpoint's offset. */
  offset(stream = STREAM): string | undefined {
    const text = this.#stateOf(`checkpoint%2f${stream}`);
    if (text === undefined) return undefined;
    return (JSON.parse(text) as { checkpoint: { cursor: { offset?: string } } }).checkpoint.cursor.offset;
  }

  #stateOf(name: string): string | undefined {
    try {
      const content = readFileSync(join(this.folder, ".edgesiem", name), "utf8");
      return content.slice(content.indexOf("\n") + 1);
    } catch {
      return undefined;
    }
  }

  /** Every event has arrived as it should be, and no more than `mostDuplicates` came twice. */
  assertLedger(mostDuplicates: number): void {
    const { tally } = this.receiver;
    assert.deepEqual(tally.missing(0, this.siem.available), [], "lost");
    assert.deepEqual(tally.mismatches, []);
    assert.equal(tally.counters.unique, this.siem.available);
    assert.ok(tally.counters.duplicates <= mostDuplicates, `${tally.counters.duplicates} events came twice, ${mostDuplicates} may`);
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    await Promise.all([this.siem.close(), this.receiver.close()]);
    rmSync(this.folder, { recursive: true, force: true });
    assert.deepEqual(this.siem.errors, [], "the emulator itself failed");
    assert.deepEqual(this.receiver.errors, [], "the receiver itself failed");
  }
}

export async function startPullRig(options: RigOptions = {}): Promise<PullRig> {
  const siem = await startSiem({ available: 1000, ...options.siem });
  const receiver = await startReceiver({ events: siem.events, schema: "decoded", available: () => siem.available, ...options.receiver });
  const rig = new PullRig(siem, receiver, {
    AKAMAI_CLIENT_TOKEN: siem.credentials.clientToken,
    AKAMAI_CLIENT_SECRET: siem.credentials.clientSecret,
    AKAMAI_ACCESS_TOKEN: siem.credentials.accessToken,
    WEBHOOK_SECRET: receiver.webhookSecret,
    ...options.secrets,
  });
  rig.configure([rig.stream(STREAM, options.stream, options.source)], options.sinks);
  return rig;
}

/** Waits for what another process brings about. */
export async function until(what: string, condition: () => boolean, patienceMs = 20_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Inline tables are JSON with other signs, which is all that a configuration here needs. */
function toml(config: Json): string {
  return Object.entries(config)
    .map(([key, value]) => `${key} = ${inline(value)}\n`)
    .join("");
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, member]) => `${JSON.stringify(key)} = ${inline(member)}`).join(", ")} }`;
}
