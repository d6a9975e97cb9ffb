/** Set-up of a test against receivers; whatever it starts is closed after the test. */

import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { STREAM, startRig, type Json, type Rig, type RigOptions } from "../e2e/rig.ts";
import { startProxy, type Proxy } from "./proxy.ts";

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export const EVENTS = 2000;
export const SINK = "receiver";

/** The Worker with one stream and one sink. */
export async function startWith(table: Json, options: RigOptions = {}): Promise<Rig> {
  const rig = await startRig({ store: "durable-object", ...options, siem: { available: EVENTS, ...options.siem }, sinks: { [SINK]: table } });
  open.push(async () => {
    await rig.close();
    assert.deepEqual(rig.siem.errors, [], "the emulator itself failed");
  });
  return rig;
}

export async function proxyOf(url: string): Promise<Proxy> {
  const proxy = await startProxy(url);
  open.push(() => proxy.close());
  return proxy;
}

/** Runs the stream once, which must succeed, and returns what the run reports. */
export async function delivered(rig: Rig): Promise<{ delivered: number; dead_lettered: number; retries: number }> {
  const outcome = await rig.cron();
  const logs = rig.takeLogs();
  const run = logs.filter((line) => line.includes('"event":"run"')).at(-1);
  assert.equal(outcome, "ok", logs.join("\n").slice(0, 4000));
  assert.ok(run !== undefined, "the Worker logged no run");
  const { report } = JSON.parse(run) as { report: { delivered: number; dead_lettered: number; retries: number } };
  const { delivered, dead_lettered, retries } = report;
  return { delivered, dead_lettered, retries };
}

/** Runs the stream once: every event must be delivered, at the first attempt. */
export async function deliverAll(rig: Rig): Promise<void> {
  const { available } = rig.siem;
  const report = await delivered(rig);
  const letters = report.dead_lettered === 0 ? [] : (await rig.deadLetters()).map(({ id, reason, error }) => ({ id, reason, error }));
  assert.deepEqual({ ...report, letters }, { delivered: available, dead_lettered: 0, retries: 0, letters: [] });
}

/** Runs the stream once, which must fail, and returns the error as the Worker logs it. */
export async function failed(rig: Rig): Promise<{ code: string; message: string; user_action: string; context: Record<string, string> }> {
  assert.equal(await rig.cron(), "exception");
  const { error } = rig.takeRun();
  assert.ok(error !== null);
  return error;
}

/** Lets the stream begin anew: the next run asks for every event again and knows of no batch that was accepted. */
export async function forget(rig: Rig): Promise<void> {
  await rig.admin("POST", `/streams/${STREAM}/reset`, { confirm: STREAM });
}
