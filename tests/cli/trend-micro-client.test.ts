/**
 * `TrendMicroCasClient` of the built package, against the emulated API. Its requests are at least three seconds apart, because the
 * API takes twenty a minute: what can be seen in one run is seen in one.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { TrendMicroCasClient, TrendMicroCasClientOptions, TrendMicroCasEvent } from "../../npm/src/pipeline/index.ts";
import { startTrendMicro, type TrendMicroEmulator, type TrendMicroOptions } from "../emulator/trend-micro.ts";
import { DIST } from "./pull-rig.ts";

const { TrendMicroCasClient: Client } = (await import(pathToFileURL(join(DIST, "pipeline-node.js")).href)) as typeof import("../../npm/src/pipeline/index.ts");

const HOUR_MS = 3_600_000;
/** The shortest time between two requests, at twenty a minute. */
const INTERVAL_MS = 3_000;

async function started(t: TestContext, options: TrendMicroOptions = {}): Promise<TrendMicroEmulator> {
  const cas = await startTrendMicro({ services: ["gmail"], kinds: ["dlp"], spreadMs: 20 * HOUR_MS, ...options });
  t.after(async () => {
    await cas.close();
    assert.deepEqual(cas.errors, [], "the emulator itself failed");
  });
  return cas;
}

function client<T = TrendMicroCasEvent>(cas: TrendMicroEmulator, options: Partial<TrendMicroCasClientOptions> = {}): TrendMicroCasClient<T> {
  return new Client<T>({ host: cas.url, token: cas.token, services: ["gmail"], events: ["dlp"], requestsPerMinute: 20, allowInsecureLoopback: true, ...options });
}

async function take(cas: TrendMicroEmulator, events: AsyncIterable<TrendMicroCasEvent>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of events) numbers.push(cas.events.numberOf(event.log_item_id ?? "") ?? assert.fail("no event of the emulator"));
  return numbers;
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, k) => start + k);

describe("TrendMicroCasClient", { concurrency: true }, () => {
  it("yields every event once over several pages, and another one goes on from its cursor", async (t) => {
    const cas = await started(t, { available: 300 });
    const first = client(cas, { limit: 200 });
    assert.equal(first.cursor, undefined);
    assert.deepEqual(sorted(await take(cas, first)), range(0, 300));
    const { cursor } = first;
    assert.ok(cursor !== undefined);
    cas.append(20, cas.now() - 100_000, cas.now() - 70_000);
    assert.deepEqual(sorted(await take(cas, client(cas, { cursor }))), range(300, 320));
    const times = cas.requests.map(({ atMs }) => atMs);
    for (const [k, at] of times.slice(1).entries()) assert.ok(at - (times[k] ?? at) >= INTERVAL_MS, `${times.join()}`);
    assert.deepEqual(Object.keys(cas.statuses), ["200"]);
  });

  it("writes them decoded, or as the schema that was asked for", async (t) => {
    const cas = await started(t, { available: 20 });
    for await (const { message } of client(cas)) {
      assert.ok(Array.isArray(message?.mail_message_sender));
      assert.match(message.detection_time ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
    }
    let count = 0;
    for await (const line of client<string>(cas, { schema: "cef" })) {
      assert.match(line, /^CEF:0\|Trend Micro\|/);
      count += 1;
    }
    assert.equal(count, 20);
  });

  it("asks only for what is named, in the older form of the API too", async (t) => {
    const cas = await started(t, { available: 30, services: ["gmail", "box"], kinds: ["dlp", "ransomware"], bodyForm: "camel" });
    const numbers: number[] = [];
    for await (const event of client(cas, { services: ["box"], events: ["dlp", "ransomware"], path: "legacy", limit: 200 })) numbers.push(cas.events.numberIn(JSON.stringify(event)) ?? assert.fail("no event of the emulator"));
    assert.deepEqual(sorted(numbers), range(0, 30).filter((number) => cas.events.entry(number).service === "box"));
    for (const { target } of cas.requests) assert.match(target, /^\/siem\/v1\/security_events\?.*service=box/);
  });

  it("rejects when its token is refused, and never says it", async (t) => {
    const cas = await started(t, { available: 1 });
    await assert.rejects(take(cas, client(cas, { token: "hunter2-hunter2" })), (error: Error & { userAction?: string }) => {
      assert.deepEqual([error.name, (error as { code?: string }).code], ["SourceError", "source_refused"]);
      assert.match(`${error.message} ${error.userAction}`, /Automation and Integration APIs/);
      assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /hunter2/);
      return true;
    });
  });

  it("rejects with the signal's reason while it waits for its turn", async (t) => {
    const cas = await started(t, { available: 1 });
    const controller = new AbortController();
    const next = client(cas, { requestsPerMinute: 1, signal: controller.signal })[Symbol.asyncIterator]().next();
    const reason = new Error("enough");
    setImmediate(() => controller.abort(reason));
    await assert.rejects(next, reason);
    assert.equal(cas.requests.length, 0);
  });
});

describe("options of TrendMicroCasClient that cannot be used", () => {
  const OPTIONS = { region: "eu", token: "a-token" } as const;
  const drain = async (options: TrendMicroCasClientOptions): Promise<void> => {
    for await (const _ of new Client(options)) assert.fail("an event");
  };

  it("are named when the loop begins", async () => {
    const rows: [options: TrendMicroCasClientOptions, says: RegExp][] = [
      [{ ...OPTIONS, token: "" }, /^token: it is empty$/],
      [{ ...OPTIONS, host: "api.tmcas.trendmicro.com" }, /^(region|host): /],
      [{ token: "a-token" }, /^(region|host): /],
      [{ ...OPTIONS, services: ["no such service"] }, /^services/],
      [{ ...OPTIONS, events: [] }, /^events/],
      [{ ...OPTIONS, requestsPerMinute: 21 }, /^requestsPerMinute: /],
      [{ ...OPTIONS, limit: 501 }, /^limit: /],
      [{ ...OPTIONS, schema: "sentinel" }, /^schema/],
    ];
    for (const [options, says] of rows) {
      await assert.rejects(drain(options), (error: Error & { userAction: string }) => {
        assert.equal(error.name, "ConfigError");
        assert.match(error.message, says);
        assert.doesNotMatch(error.message + error.userAction, /streams\[|wrangler|requests_per/);
        return true;
      });
    }
  });

  it("that mean nothing are refused at once", () => {
    for (const options of [{ cursor: "no cursor" }, { cursor: "[]" }, { cursor: "{}", from: 1 }, { to: 1 }, { limit: 1.5 }, { requestsPerMinute: Number.NaN }]) {
      assert.throws(() => new Client({ ...OPTIONS, ...options }), { name: "InvalidArgumentError" }, JSON.stringify(options));
    }
  });
});
