/**
 * The scenarios of tests/scenarios, run by the built Worker on workerd. crates/faults runs the same files by the native
 * pipeline; the README beside them says what their members mean.
 */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import type { Fault } from "../emulator/faults.ts";
import type { Reply } from "../emulator/delivery.ts";
import { STORES, startRig, type Rig, type StoreKind } from "./rig.ts";

const FOLDER = new URL("../scenarios/", import.meta.url);
/** The simulated world's: event 0 happened this long ago, and the others follow, one a second. */
const FIRST_EVENT_AGO_MS = 3_600_000;
const INTERVAL_MS = 1000;
/**
 * Of a stream in which event 19 did not come late, as none of the simulated ones does: a recovery goes on from the
 * latest time that an event gave.
 */
const SEED = 3;

type Status = { code: number; retry_after_s?: number };
type PageFault = { status: Status } | { cut: { lines: number } } | { broken: { lines: number } } | { unreadable: { line: number } };
type PostFault = { status: Status } | { answer_lost: object };

interface Observed {
  unique: number;
  sent_twice: number;
  dead_letters: number;
  gaps: number;
  posts: number;
  limits: number[];
}

interface Scenario {
  name: string;
  events: number;
  limit: number;
  batch_events: number;
  max_attempts: number;
  max_requests?: number;
  host_clock_off_s?: number;
  source?: Record<string, PageFault>;
  sink?: Record<string, PostFault>;
  sink_poison?: number[];
  sink_most_events?: number;
  sink_down_in_ticks?: number[];
  expire_before_ticks?: number[];
  append_before_ticks?: Record<string, number>;
  ticks: string[];
  expect: Observed;
}

let rig: Rig | undefined;

afterEach(async () => {
  const { siem, receiver } = rig ?? {};
  await rig?.close();
  rig = undefined;
  assert.deepEqual(siem?.errors ?? [], [], "the emulator itself failed");
  assert.deepEqual(receiver?.errors ?? [], [], "the receiver itself failed");
});

for (const store of STORES) {
  describe(`on the Worker with its state in ${store}`, () => {
    for (const scenario of scenarios()) {
      it(scenario.name, async () => {
        rig = await start(scenario, store);
        assert.deepEqual(await ticks(rig, scenario), scenario.ticks);
        assert.deepEqual(await observed(rig), scenario.expect);
        assert.deepEqual(rig.receiver.tally.mismatches, []);
        assert.deepEqual([rig.siem.faults.pending, rig.receiver.planned.size], [0, 0], "faults that never happened");
      });
    }
  });
}

function scenarios(): Scenario[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  assert.ok(files.length > 0, "there are no scenarios");
  return files.sort().map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Scenario);
}

async function start(scenario: Scenario, store: StoreKind): Promise<Rig> {
  const { events, limit, batch_events, max_attempts, max_requests } = scenario;
  const firstEventAtMs = Math.floor((Date.now() - FIRST_EVENT_AGO_MS) / INTERVAL_MS) * INTERVAL_MS;
  const rig = await startRig({
    store,
    siem: { seed: SEED, available: events, firstEventAtMs, intervalMs: INTERVAL_MS },
    source: { limit, min_limit: 1 },
    stream: { limits: { max_batch_events: batch_events, max_attempts, max_backoff_ms: 100 } },
    config: max_requests === undefined ? {} : { budget: { max_requests } },
  });
  rig.siem.clockOffsetMs = -(scenario.host_clock_off_s ?? 0) * 1000;
  rig.siem.faults.add(...byNumber(scenario.source ?? {}).map((fault) => (fault === undefined ? {} : pageFault(fault))));
  for (const [post, fault] of Object.entries(scenario.sink ?? {})) rig.receiver.planned.set(Number(post), postFault(fault));
  for (const event of scenario.sink_poison ?? []) rig.receiver.poison.add(event);
  rig.receiver.maxBatchEvents = scenario.sink_most_events ?? Infinity;
  return rig;
}

/** From the first to the last number, with nothing where there is none. */
function byNumber<T>(entries: Record<string, T>): (T | undefined)[] {
  const last = Math.max(-1, ...Object.keys(entries).map(Number));
  return Array.from({ length: last + 1 }, (_, number) => entries[number]);
}

function pageFault(fault: PageFault): Fault {
  if ("status" in fault) return { respond: reply(fault.status) };
  if ("cut" in fault) return { cut: { lines: fault.cut.lines, ending: "end" } };
  if ("broken" in fault) return { cut: { lines: fault.broken.lines, ending: "destroy" } };
  // The opening brace becomes a letter.
  return { edits: [{ line: fault.unreadable.line, flip: { byte: 0, bit: 0 } }] };
}

function postFault(fault: PostFault): Reply | "answer-lost" {
  return "status" in fault ? reply(fault.status) : "answer-lost";
}

function reply({ code, retry_after_s }: Status): Reply {
  const headers = retry_after_s === undefined ? {} : { headers: { "retry-after": String(retry_after_s) } };
  return { status: code, body: "not now", ...headers };
}

/** What each tick ends with. */
async function ticks(rig: Rig, scenario: Scenario): Promise<string[]> {
  const ends: string[] = [];
  for (let tick = 0; tick < scenario.ticks.length; tick += 1) {
    rig.siem.append(scenario.append_before_ticks?.[tick] ?? 0);
    if (scenario.expire_before_ticks?.includes(tick)) rig.siem.expireOffsets();
    const isDown = scenario.sink_down_in_ticks?.includes(tick) ?? false;
    if (isDown) await rig.receiver.down();
    const outcome = await rig.cron();
    const { error } = rig.takeRun();
    assert.equal(outcome, error === null ? "ok" : "exception");
    ends.push(error?.code ?? "ok");
    if (isDown) await rig.receiver.up();
  }
  return ends;
}

async function observed(rig: Rig): Promise<Observed> {
  const { unique, duplicates } = rig.receiver.tally.counters;
  const { dead_letters, gaps } = await rig.status();
  const asked = rig.siem.requests.map(({ target }) => new URL(target, rig.siem.url).searchParams.get("limit"));
  return {
    unique,
    sent_twice: duplicates,
    dead_letters: dead_letters.kept,
    gaps: gaps.length,
    posts: rig.receiver.counters.posts,
    limits: asked.map(Number),
  };
}
