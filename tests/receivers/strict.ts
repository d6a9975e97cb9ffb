/**
 * One Worker, one source, and a stream to a strict fake for each question: does everything arrive, what becomes of a batch that is
 * refused for a while or whose answer is lost, what becomes of an event that is refused for good. Every stream reads the same
 * events, two of which are as long as the receiver takes, and longer.
 */

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ADMIN_TOKEN, Rig, type Json, type RunLine } from "../e2e/rig.ts";
import { startRuntime } from "../e2e/runtime.ts";
import { startReceiver } from "../emulator/receiver.ts";
import { startSiem, type SiemEmulator } from "../emulator/siem.ts";
import type { Fake, Planned } from "../emulator/sinks/fake.ts";
import { isObject, type Stored } from "../emulator/sinks/read.ts";
import { Tally, type DocumentSchema } from "../emulator/tally.ts";

const EVENTS = 1000;
/** Numbers of the events that are special. */
export const POISON = 123;
const FITS = 700;
const TOO_LONG = 701;

export interface Lane<F extends Fake> {
  fake: F;
  /** Added to the sink's table and to the stream's. */
  table?: Json;
  stream?: Json;
  /** `decoded` unless something else is asked for. */
  schema?: string;
}

export interface Kind<F extends Fake> {
  kind: string;
  make: () => F;
  table: (fake: F) => Json;
  secrets: Record<string, string>;
  schema?: string;
  /** The document in what the receiver has stored, without what the sink has added; as it came if it is left out. */
  document?: (stored: Stored) => Stored;
  /** The event's id as the receiver has it, if it has one. */
  id?: (stored: Stored) => unknown;
  /** Bytes of a line that the receiver still takes, and of one that it does not; without the latter it takes any. */
  fits: number;
  tooLong?: number;
  /** What the first two deliveries of the failing stream are answered with, if not 429 and 503. */
  failures?: (fake: F) => readonly [Planned, Planned];
  /** More streams. */
  lanes?: Record<string, (make: () => F) => Lane<F>>;
}

/** The same object without members that the sink adds. */
export function without(...names: readonly string[]): (stored: Stored) => Stored {
  return ({ value, bytes }) => {
    if (!isObject(value)) return { value, bytes };
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
    return { value: rest, bytes };
  };
}

/** The document is text in JSON. */
export function parsed(stored: Stored): Stored {
  return { bytes: Buffer.from(String(stored.value)), value: JSON.parse(String(stored.value)) as unknown };
}

/** A moment that is at least a second away, as the date that HTTP writes (RFC 9110 section 5.6.7). */
export function httpDate(nowMs = Date.now()): string {
  return new Date(Math.ceil(nowMs / 1000) * 1000 + 1000).toUTCString();
}

export class Strict<F extends Fake> {
  readonly lanes: Record<string, Lane<F>> = {};
  siem!: SiemEmulator;
  rig!: Rig;
  runs: RunLine[] = [];
  /** When the date was that the second failure named, milliseconds. */
  date = 0;
  readonly #kind: Kind<F>;
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(kind: Kind<F>) {
    this.#kind = kind;
    before(() => this.#run(), { timeout: 120_000 });
    after(() => this.#close());
  }

  async #run(): Promise<void> {
    const { make, lanes = {}, fits, tooLong, failures, table, kind, schema } = this.#kind;
    const failing = make();
    const [first, second] = failures?.(failing) ?? [
      { status: 429, headers: { "retry-after": "1" }, body: "" },
      () => {
        const date = httpDate();
        this.date = Date.parse(date);
        return { status: 503, headers: { "retry-after": date }, body: "" };
      },
    ];
    failing.fail(first).fail(second).loseAnswer();
    Object.assign(this.lanes, { plain: { fake: make() }, failing: { fake: failing }, poisoned: { fake: make() } });
    for (const [name, lane] of Object.entries(lanes)) this.lanes[name] = lane(make);
    this.siem = await startSiem({ available: EVENTS });
    this.#opened.push(this.siem);
    this.siem.events.lengthen(FITS, fits, "query");
    if (tooLong !== undefined) this.siem.events.lengthen(TOO_LONG, tooLong, "query");
    const poison = this.siem.events.requestId(POISON);
    this.lanes["poisoned"]!.fake.poison = (record) => record.includes(poison);
    const receiver = await startReceiver({ events: this.siem.events, schema: "other" });
    this.#opened.push(receiver);
    const streams: Json[] = [];
    const sinks: Json = {};
    for (const [name, lane] of Object.entries(this.lanes)) {
      await lane.fake.up();
      streams.push({ id: name, schema: lane.schema ?? schema ?? "decoded", sinks: [name], source: source(this.siem), limits: { ...LIMITS, ...(name === "plain" ? {} : { max_batch_events: 400 }) }, ...lane.stream });
      sinks[name] = { kind, ...table(lane.fake), ...lane.table };
    }
    const { clientToken, clientSecret, accessToken } = this.siem.credentials;
    const secrets = { AKAMAI_CLIENT_TOKEN: clientToken, AKAMAI_CLIENT_SECRET: clientSecret, AKAMAI_ACCESS_TOKEN: accessToken, ADMIN_TOKEN, ...this.#kind.secrets };
    // A member that a lane takes back is `undefined`.
    const config = JSON.parse(JSON.stringify({ store: "durable-object", allow_insecure_loopback: true, streams, sinks })) as Json;
    const environment = { config, secrets };
    this.rig = new Rig(this.siem, receiver, await startRuntime("miniflare", environment), environment);
    const outcome = await this.rig.cron();
    const logs = this.rig.takeLogs();
    assert.equal(outcome, "ok", logs.join("\n"));
    this.runs = logs.filter((line) => line.includes('"event":"run"')).map((line) => JSON.parse(line) as RunLine);
  }

  async #close(): Promise<void> {
    // The source and the receiver are there even if the Worker did not start.
    await (this.rig as Rig | undefined)?.close();
    await Promise.all(this.#opened.map((server) => server.close()));
    for (const { fake } of Object.values(this.lanes)) {
      await fake.close();
      assert.deepEqual(fake.errors, [], "a fake itself failed");
    }
  }

  fake(lane: string): F {
    return this.lanes[lane]!.fake;
  }

  /** Events that the receiver must not get because of their length. */
  get tooLong(): number[] {
    return this.#kind.tooLong === undefined ? [] : [TOO_LONG];
  }

  tally(lane: string, document = this.#kind.document): Tally {
    const schema = this.lanes[lane]!.schema ?? this.#kind.schema ?? "decoded";
    const checked: DocumentSchema = schema === "decoded" || schema === "raw" ? schema : "other";
    const tally = new Tally({ events: this.siem.events, schema: checked, available: () => EVENTS });
    for (const stored of this.fake(lane).stored) {
      const { value, bytes } = document?.(stored) ?? stored;
      const delivered = { value, bytes: () => bytes };
      tally.count(delivered, tally.numberOf(delivered));
    }
    return tally;
  }

  /** Every event but `missing` is there, says what it said, and is there once but for `duplicates`. */
  arrived(lane: string, { missing = this.tooLong, duplicates = 0, document = this.#kind.document }: { missing?: number[]; duplicates?: number; document?: (stored: Stored) => Stored } = {}): void {
    const run = this.runs.find(({ stream }) => stream === lane);
    assert.equal(run?.ok, true, JSON.stringify(run));
    const tally = this.tally(lane, document);
    assert.deepEqual(tally.missing(0, EVENTS), missing, "these are missing");
    assert.deepEqual(tally.mismatches, [], "these differ");
    const { unique, duplicates: twice, unnumbered, outOfRange } = tally.counters;
    assert.deepEqual([unique, twice, unnumbered, outOfRange], [EVENTS - missing.length, duplicates, 0, 0]);
  }

  /** The receiver had nothing to object to. */
  neverRefused(lane: string): void {
    assert.deepEqual(this.fake(lane).refusals, []);
  }

  /** Which events became dead letters, and why. */
  async setAside(lane: string): Promise<{ numbers: number[]; reasons: string[] }> {
    const { dead_letters: letters } = (await this.rig.admin("GET", `/streams/${lane}/dead-letters`)) as { dead_letters: Json[] };
    const whole = await Promise.all(letters.map(({ id, sink }) => this.rig.admin("GET", `/streams/${lane}/dead-letters/${String(id)}/${String(sink ?? "-")}`)));
    const numbers = whole.map((letter) => this.siem.events.numberIn(JSON.stringify(letter)) ?? -1);
    return { numbers: numbers.sort((a, b) => a - b), reasons: letters.map(({ reason }) => String(reason)) };
  }

  /** The event that is refused for good is set aside with what the receiver said; everything else is there. */
  async onlyThePoisonIsSetAside(says: RegExp, duplicates = 0): Promise<void> {
    const { numbers, reasons } = await this.setAside("poisoned");
    assert.deepEqual(numbers, [POISON, ...this.tooLong]);
    assert.ok(reasons.some((reason) => says.test(reason)), reasons.join("\n"));
    this.arrived("poisoned", { missing: [POISON, ...this.tooLong], duplicates });
  }

  /** The events that are too long never left, and the one that just fits did. */
  async limitsAreKept(lane = "plain"): Promise<void> {
    this.neverRefused(lane);
    assert.deepEqual((await this.setAside(lane)).numbers, this.tooLong);
    assert.ok(this.tally(lane).has(FITS));
  }

  /** After 429 with seconds and 503 with a date, nothing comes before its time. */
  waitsAsAsked(): void {
    const { arrivals, counters } = this.fake("failing");
    assert.ok(counters.planned >= 2, JSON.stringify(counters));
    const [refused, again, third] = arrivals as [number, number, number];
    // Timers of two processes: a few milliseconds apart.
    assert.ok(again - refused >= 990, `${again - refused} ms after a 429 that asks for a second`);
    if (this.date !== 0) assert.ok(third >= this.date - 10, `${this.date - third} ms before the date that a 503 names`);
  }

  /** A batch whose answer was lost comes again with the same bytes. Returns how many events it has. */
  repeatedBatch(): number {
    const { bodies, sizes, counters } = this.fake("failing");
    assert.equal(counters.lostAnswers, 1);
    assert.ok(bodies[0]!.equals(bodies[1]!), "the batch came again with other bytes");
    assert.ok(!bodies[1]!.equals(bodies[2]!));
    return sizes[0]!;
  }

  /** Each event has one id, whenever it comes, and no two have the same. */
  idsAreOneToOne(lane = "failing"): void {
    const { id, document } = this.#kind;
    const tally = this.tally(lane);
    const ids = new Map<unknown, number | undefined>();
    const numbers = new Map<number | undefined, unknown>();
    for (const stored of this.fake(lane).stored) {
      const { value, bytes } = document?.(stored) ?? stored;
      const [number, given] = [tally.numberOf({ value, bytes: () => bytes }), id?.(stored)];
      assert.match(String(given), /^[0-9a-f]{32}$/);
      assert.equal(ids.get(given) ?? number, number);
      assert.equal(numbers.get(number) ?? given, given);
      ids.set(given, number);
      numbers.set(number, given);
    }
  }
}

const LIMITS = { max_event_bytes: 4_194_304, max_in_flight: 6, max_in_flight_per_sink: 1, max_backoff_ms: 100 };

function source(siem: SiemEmulator): Json {
  return {
    kind: "akamai-siem",
    host: siem.url,
    config_ids: siem.configIds.map(Number),
    client_token: { secret: "AKAMAI_CLIENT_TOKEN" },
    client_secret: { secret: "AKAMAI_CLIENT_SECRET" },
    access_token: { secret: "AKAMAI_ACCESS_TOKEN" },
  };
}
