/**
 * The main job on this machine: the emulator of Akamai's SIEM API, the built Worker on workerd with its KV
 * namespace, and a receiver that checks every event. `cargo xtask demo` builds what this needs and runs it.
 */

import { parseArgs, styleText } from "node:util";
import { startRig, type Rig } from "../e2e/rig.ts";
import { interruptible } from "./interrupt.ts";

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
  console.error(`${message}\n\`cargo xtask demo --help\` lists the options.`);
  process.exit(2);
}

/** The options of `cargo xtask demo`, whose help is the only one (crates/xtask/src/demo.rs). */
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
      },
    }));
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const number = (name: string, text: string, low: number, high: number): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < low || value > high) fail(`--${name} must be ${low} to ${high}, not ${text}`);
    return value;
  };
  const once = values.once || values.json;
  const { sink } = values;
  if (sink !== "webhook" && sink !== "splunk-hec") fail("--sink must be webhook or splunk-hec");
  if (once && (values.faults || values.rate !== undefined)) fail("--faults and --rate need rounds that go on; leave out --once and --json");
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
  #faults: boolean;
  readonly #startedAt = Date.now();
  #rounds = 0;
  #errors = 0;
  /** How often each error has ended a round. */
  readonly #seen = new Map<string, number>();
  #lastError = "";
  #note = "";
  /** Uncompressed, as the Worker counts them. */
  readonly #bytes = { in: 0, out: 0 };

  constructor(rig: Rig, options: Options) {
    this.#rig = rig;
    this.#faults = options.faults;
  }

  endFaults(): void {
    this.#faults = false;
    this.#note = "";
    this.#rig.siem.faults.clear();
  }

  /** One cron event: whether the Worker found no more events, and the error that ended it. */
  async round(): Promise<{ caughtUp: boolean; error?: string }> {
    if (this.#faults) this.#breakSomething();
    this.#rounds += 1;
    const outcome = await this.#rig.cron();
    const run = this.#rig.takeRun();
    this.#bytes.in += run.report.bytes_in;
    this.#bytes.out += run.report.bytes_out;
    if (outcome === "ok") return { caughtUp: run.report.caught_up };
    this.#errors += 1;
    const error = run.error === null ? outcome : [run.error.message, ...Object.values(run.error.context)].join("; ");
    const times = (this.#seen.get(error) ?? 0) + 1;
    this.#seen.set(error, times);
    this.#lastError = `round ${count(this.#rounds)}: ${error}${times === 1 ? "" : ` (${count(times)} times so far)`}`;
    return { caughtUp: false, error: this.#lastError };
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
    const figures = await this.figures();
    const { verified, mismatches, unique } = this.#rig.receiver.tally.counters;
    const seconds = Math.max(1, Math.round((Date.now() - this.#startedAt) / 1000));
    const offset = figures.kv_offset ?? "-";
    // In the order of what a narrow terminal should still show.
    const parts = [
      `${count(seconds)} s`,
      `pulled ${count(figures.pulled)}`,
      `delivered ${count(figures.delivered)}`,
      `lost ${count(figures.lost)}`,
      `duplicates ${count(figures.duplicates)}`,
      `errors ${count(figures.errors)}`,
      ...(this.#note === "" ? [] : [this.#note]),
      `${megabytes(this.#bytes.in)} MB in, ${megabytes(this.#bytes.out)} MB out`,
      // The receiver checks an event that comes twice twice.
      `decoded ${count(Math.min(verified - mismatches, unique))}`,
      `KV offset ${offset.length > 18 ? `${offset.slice(0, 17)}…` : offset}${offset === figures.emulator_offset ? " (the emulator's)" : ""}`,
    ];
    const text = parts.join("  ");
    return text.length > columns ? `${text.slice(0, Math.max(0, columns - 1))}…` : text;
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
    this.#note = `fault: ${name}`;
  }
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function isAllWell(figures: Figures, available: number): boolean {
  return figures.lost === 0 && figures.errors === 0 && figures.delivered === available && figures.kv_offset !== null && figures.kv_offset === figures.emulator_offset;
}

async function once(demo: Demo, rig: Rig, options: Options): Promise<boolean> {
  const { available } = rig.siem;
  // A page has 10,000 events and a run 100 pages: this many rounds suffice unless something is wrong.
  const most = Math.ceil(available / 1_000_000) + 2;
  for (let round = 0; round < most && !(await demo.round()).caughtUp; round += 1);
  const figures = await demo.figures();
  const well = isAllWell(figures, available);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    console.log(await demo.line(Infinity));
    console.log(well ? success(available) : `Not every event arrived. ${demo.lastError}`);
  }
  return well;
}

function success(available: number): string {
  if (available === 0) return "There was nothing to deliver (--events 0).";
  return `All ${count(available)} events arrived, and the offset in KV is the emulator's last.`;
}

/** Waits, unless the user has interrupted. */
function pause(seconds: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    const timer = setTimeout(resolve, seconds * 1000);
    interrupted.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** The terminal's last line, written anew each time. Without a terminal: one line after the other. */
class LiveLine {
  readonly #isTerminal = process.stdout.isTTY === true;
  #shownWidth = 0;

  get columns(): number {
    // The terminal's own `^C` should still fit behind it.
    return this.#isTerminal ? Math.max(1, (process.stdout.columns || 120) - 3) : Infinity;
  }

  show(text: string): void {
    this.clear();
    process.stdout.write(this.#isTerminal ? text : `${text}\n`);
    this.#shownWidth = text.length;
  }

  clear(): void {
    if (!this.#isTerminal) return;
    // A terminal that became narrower has folded the line.
    const folds = Math.max(0, Math.ceil(this.#shownWidth / (process.stdout.columns || 120)) - 1);
    process.stdout.write(`${folds > 0 ? `\u001b[${folds}A` : ""}\r\u001b[J`);
    this.#shownWidth = 0;
  }
}

async function live(demo: Demo, rig: Rig, options: Options, interrupted: AbortSignal): Promise<boolean> {
  console.log(`SIEM API ${rig.siem.url}, receiver ${rig.receiver.url} (${options.sink}), Worker on workerd with KV.`);
  console.log(`A cron event every ${options.every} s, ${count(options.rate)} new events a second. Stop with Ctrl-C.\n`);
  const line = new LiveLine();
  while (!interrupted.aborted) {
    const { error } = await demo.round();
    if (error !== undefined) {
      line.clear();
      console.log(styleText("yellow", error));
    }
    line.show(await demo.line(line.columns));
    await pause(options.every, interrupted);
  }
  // One more round without a new fault: what was broken off when the user stopped is made up for.
  demo.endFaults();
  await demo.round();
  line.clear();
  const { lost } = await demo.figures();
  console.log(`\n${await demo.line(Infinity)}`);
  console.log(lost === 0 ? "Nothing was lost." : `${count(lost)} events were lost.`);
  return lost === 0;
}

const options = readOptions();
const [rig, interrupted] = await interruptible(() =>
  startRig({
    siem: {
      seed: options.seed,
      available: options.events,
      eventsPerSecond: options.rate,
      intervalMs: options.rate > 0 ? 1000 / options.rate : 1,
    },
    sink: options.sink,
    stream: { limits: { max_backoff_ms: 2000 } },
  }),
);
try {
  const demo = new Demo(rig, options);
  const well = options.once ? await once(demo, rig, options) : await live(demo, rig, options, interrupted);
  process.exitCode = well ? 0 : 1;
} finally {
  await rig.close();
}
