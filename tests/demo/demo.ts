/**
 * The main job on this machine: the emulator of Akamai's SIEM API, the built Worker on workerd with its KV
 * namespace, and a receiver that checks every event. `cargo xtask demo` builds what this needs and runs it.
 */

import { parseArgs, styleText } from "node:util";
import { startRig, type Rig } from "../e2e/rig.ts";

const USAGE = `usage: cargo xtask demo [-- options]
  --once         one bounded round instead of going on until Ctrl-C
  --json         prints one JSON object last and nothing else (implies --once)
  --events N     events that are there at the start (10000)
  --rate N       events a second from then on (400; 0 with --once)
  --every S      seconds between two cron events (2; a deployed Worker has 60)
  --sink KIND    webhook or splunk-hec (splunk-hec)
  --faults       every few rounds something breaks: a cut body, a full source, a lost acknowledgement
  --seed N       which events (1)`;

interface Options {
  once: boolean;
  json: boolean;
  events: number;
  rate: number;
  every: number;
  sink: "webhook" | "splunk-hec";
  faults: boolean;
  seed: number;
}

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function readOptions(): Options {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        once: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        events: { type: "string", default: "10000" },
        rate: { type: "string" },
        every: { type: "string", default: "2" },
        sink: { type: "string", default: "splunk-hec" },
        faults: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const number = (name: string, text: string, low: number, high: number): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < low || value > high) fail(`--${name} must be ${low} to ${high}, not ${text}`);
    return value;
  };
  const once = values.once || values.json;
  const { sink } = values;
  if (sink !== "webhook" && sink !== "splunk-hec") fail("--sink must be webhook or splunk-hec");
  return {
    once,
    json: values.json,
    events: Math.floor(number("events", values.events, 0, 5_000_000)),
    rate: once ? 0 : number("rate", values.rate ?? "400", 0, 50_000),
    every: number("every", values.every, 0.2, 3600),
    sink,
    faults: values.faults,
    seed: Math.floor(number("seed", values.seed, 0, 2 ** 31)),
  };
}

/** What a round adds up to. */
interface Figures {
  pulled: number;
  delivered: number;
  duplicates: number;
  lost: number;
  errors: number;
  kv_offset: string | null;
  emulator_offset: string | null;
}

class Demo {
  readonly #rig: Rig;
  readonly #options: Options;
  readonly #startedAt = Date.now();
  #rounds = 0;
  #errors = 0;
  #lastError = "";
  #note = "";
  /** Uncompressed, as the Worker counts them. */
  readonly #bytes = { in: 0, out: 0 };

  constructor(rig: Rig, options: Options) {
    this.#rig = rig;
    this.#options = options;
  }

  /** One cron event. Says whether the Worker found no more events. */
  async round(): Promise<boolean> {
    if (this.#options.faults) this.#breakSomething();
    this.#rounds += 1;
    const outcome = await this.#rig.cron();
    const run = this.#rig.takeRun();
    this.#bytes.in += run.report.bytes_in;
    this.#bytes.out += run.report.bytes_out;
    if (outcome !== "ok") {
      this.#errors += 1;
      this.#lastError = run.error === null ? outcome : `${run.error.message} (${Object.values(run.error.context).join("; ")})`;
    }
    return run.report.caught_up;
  }

  async figures(): Promise<Figures> {
    const { siem, receiver } = this.#rig;
    const { tally } = receiver;
    const kvOffset = (await this.#rig.offset()) ?? null;
    // What lies before the committed offset will never be asked for again: it must have arrived.
    const committed = kvOffset === null ? 0 : (siem.positionOf(kvOffset) ?? 0);
    return {
      pulled: siem.served,
      delivered: tally.counters.unique,
      duplicates: tally.counters.duplicates,
      lost: tally.missing(0, committed, Infinity).length,
      errors: this.#errors + tally.counters.mismatches + siem.errors.length + receiver.errors.length,
      kv_offset: kvOffset,
      emulator_offset: siem.lastOffset ?? null,
    };
  }

  /** The state in one line, for a terminal of `columns`. */
  async line(columns: number): Promise<string> {
    const { receiver } = this.#rig;
    const figures = await this.figures();
    const { verified, mismatches } = receiver.tally.counters;
    const seconds = Math.max(1, (Date.now() - this.#startedAt) / 1000);
    const offset = figures.kv_offset ?? "-";
    const parts = [
      `${seconds.toFixed(0).padStart(4)} s${this.#note}`,
      `pulled ${count(figures.pulled)}`,
      `decoded ${count(verified - mismatches)}`,
      `delivered ${count(figures.delivered)}`,
      `${(this.#bytes.in / 1e6).toFixed(1)} MB in, ${(this.#bytes.out / 1e6).toFixed(1)} MB out`,
      `duplicates ${figures.duplicates}`,
      `KV offset ${offset.length > 18 ? `${offset.slice(0, 17)}…` : offset}${offset === figures.emulator_offset ? " (the emulator's)" : ""}`,
      `errors ${figures.errors}`,
    ];
    const text = parts.join(" | ");
    return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
  }

  get lastError(): string {
    return this.#lastError;
  }

  #breakSomething(): void {
    const { siem, receiver } = this.#rig;
    const faults: [string, () => void][] = [
      ["the body is cut", () => siem.faults.add({ cut: { bytes: 100_000, ending: "close" } })],
      ["429 from the source", () => siem.faults.add({ problem: "too-many-requests", headers: { "retry-after": "1" } })],
      ["an acknowledgement is lost", () => (receiver.dropNextAnswers = 1)],
      ["503 from the sink", () => receiver.refuseNext({ status: 503, headers: { "retry-after": "1" }, body: "" })],
      ["the offset expires", () => siem.expireOffsets()],
    ];
    this.#note = "";
    if (this.#rounds % 3 !== 2) return;
    const [name, happen] = faults[Math.floor(this.#rounds / 3) % faults.length]!;
    happen();
    this.#note = ` | fault: ${name}`;
  }
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function isAllWell(figures: Figures, available: number): boolean {
  return figures.lost === 0 && figures.errors === 0 && figures.delivered === available && figures.kv_offset !== null && figures.kv_offset === figures.emulator_offset;
}

async function once(demo: Demo, rig: Rig, options: Options): Promise<boolean> {
  const { available } = rig.siem;
  // A page has 10,000 events and a run 100 pages: this many rounds suffice unless something is wrong.
  const most = Math.ceil(available / 1_000_000) + 2;
  for (let round = 0; round < most && !(await demo.round()); round += 1);
  const figures = await demo.figures();
  const well = isAllWell(figures, available);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    console.log(await demo.line(Infinity));
    console.log(well ? `All ${count(available)} events arrived, and the offset in KV is the emulator's last.` : `Not every event arrived. ${demo.lastError}`);
  }
  return well;
}

/** Waits, unless the user has interrupted. */
function pause(seconds: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    const timer = setTimeout(resolve, seconds * 1000);
    interrupted.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

async function live(demo: Demo, rig: Rig, options: Options, interrupted: AbortSignal): Promise<boolean> {
  const isTerminal = process.stdout.isTTY === true;
  console.log(`SIEM API ${rig.siem.url}, receiver ${rig.receiver.url} (${options.sink}), Worker on workerd with KV.`);
  console.log(`A cron event every ${options.every} s, ${options.rate} new events a second. Stop with Ctrl-C.\n`);
  let shown = "";
  while (!interrupted.aborted) {
    await demo.round();
    const line = await demo.line(isTerminal ? (process.stdout.columns || 120) - 1 : Infinity);
    if (demo.lastError !== shown) {
      shown = demo.lastError;
      process.stdout.write(`${isTerminal ? "\r\u001b[2K" : ""}${styleText("yellow", shown)}\n`);
    }
    process.stdout.write(isTerminal ? `\r\u001b[2K${line}` : `${line}\n`);
    await pause(options.every, interrupted);
  }
  // What is under way when the user stops is finished, so that the last figures are whole.
  await demo.round();
  const figures = await demo.figures();
  console.log(`\n\n${await demo.line(Infinity)}`);
  console.log(figures.lost === 0 ? "Nothing was lost." : `${figures.lost} events were lost.`);
  return figures.lost === 0;
}

const options = readOptions();
const interrupted = new AbortController();
process.on("SIGINT", () => interrupted.abort());
process.on("SIGTERM", () => interrupted.abort());
const rig = await startRig({
  siem: {
    seed: options.seed,
    available: options.events,
    eventsPerSecond: options.rate,
    intervalMs: options.rate > 0 ? 1000 / options.rate : 1,
  },
  sink: options.sink,
  stream: { limits: { max_backoff_ms: 2000 } },
});
try {
  const demo = new Demo(rig, options);
  const well = options.once ? await once(demo, rig, options) : await live(demo, rig, options, interrupted.signal);
  process.exitCode = well ? 0 : 1;
} finally {
  await rig.close();
}
