/** `SecurityMonitorClient` of the built package, against the emulated API. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { ReportQuery, SecurityMonitorClient, SecurityMonitorClientOptions } from "../../npm/src/pipeline/index.ts";
import { report } from "../emulator/security-monitor-client.ts";
import { formatLocal } from "../emulator/security-monitor-time.ts";
import { startSecurityMonitor, type SecurityMonitorEmulator, type SecurityMonitorFault, type SecurityMonitorOptions } from "../emulator/security-monitor.ts";
import { DIST, until } from "./pull-rig.ts";

const { SecurityMonitorClient: Client } = (await import(pathToFileURL(join(DIST, "pipeline-node.js")).href)) as typeof import("../../npm/src/pipeline/index.ts");

let monitor: SecurityMonitorEmulator | undefined;
afterEach(async () => {
  await monitor?.close();
  assert.deepEqual(monitor?.errors ?? [], [], "the emulator itself failed");
  monitor = undefined;
});

async function start(options: SecurityMonitorOptions = {}): Promise<SecurityMonitorEmulator> {
  monitor = await startSecurityMonitor({ rateLimit: { requests: Infinity, perMs: 60_000 }, ...options });
  return monitor;
}

function client({ url, credentials }: SecurityMonitorEmulator, options: Partial<SecurityMonitorClientOptions> = {}): SecurityMonitorClient {
  const { clientToken, clientSecret, accessToken } = credentials;
  return new Client({ host: url, clientToken, clientSecret, accessToken, allowInsecureLoopback: true, ...options });
}

/** An hour that ended a day ago. */
function anHour(monitor: SecurityMonitorEmulator): { start: string; end: string } {
  const end = Math.floor(monitor.now() / 3_600_000) * 3600 - 86_400;
  return { start: formatLocal(end - 3600, "GMT"), end: formatLocal(end, "GMT") };
}

describe("SecurityMonitorClient", () => {
  it("gives packs, stores and sources, by ids and by names", async () => {
    const monitor = await start();
    const reports = client(monitor);
    assert.deepEqual((await reports.reportPacks()).map(({ id, timezone }) => [id, timezone]), [[12332, "GMT"], [121234, "EST5EDT"], [12400, "GMT"]]);
    assert.deepEqual((await reports.reportPack(12332))["dataSources"], [{ id: 2673, name: "Security Monitor Data Source" }]);
    assert.deepEqual((await reports.dataStores(12332)).map(({ id }) => id), [939, 952]);
    assert.equal((await reports.dataStore(12332, 939)).maxQueryDurationInMinutes, 1440);
    assert.ok((await client(monitor).dataSources("SAMPLE 1"))[0]?.values.includes("DFN_667"));
  });

  it("gives the rows that the API has, in their order", async () => {
    const monitor = await start();
    const { start: startDate, end: endDate } = anHour(monitor);
    const expected = await report(monitor, 12332, { startDate, endDate, dimensions: "43,957", metrics: "544", limit: 10_000 });
    const { rows, columns, metadata, more } = await client(monitor).report({ pack: 12332, ...anHour(monitor), dimensions: ["time", 957], metrics: ["Requests Denied"], all: true });
    assert.deepEqual([rows, columns.map(({ name }) => name), metadata.timezone, more], [expected.rows, ["Time", "Country", "Requests Denied"], "GMT", false]);
  });

  it("names everything that is wrong with a query, and asks for no report", async () => {
    const monitor = await start();
    const hour = anHour(monitor);
    const rows: [query: ReportQuery, keys: string[]][] = [
      [{ pack: 12332, start: "2026-11-22T00:00", end: "2026-11-22T04:00", dimensions: [43, 956, 957], metrics: [544], limit: 0 }, ["query.end", "query.dimensions[2]", "query.limit"]],
      [{ pack: 12332, ...hour, dimensions: ["Bananas"], metrics: ["Apples"], filters: [{ by: "Pears", condition: "in", values: ["x"] }] }, ["query.dimensions[0]", "query.metrics[0]", "query.filters[0].by"]],
      [{ pack: 12332, ...hour, dimensions: ["Time"], metrics: [544], filters: [{ by: "City", condition: "gt", values: [5] }] }, ["query.filters[0].condition"]],
    ];
    for (const [query, keys] of rows) {
      await assert.rejects(client(monitor).report(query), (error: Error & { code?: string; problems?: { key: string; userAction: string }[] }) => {
        assert.deepEqual([error.name, error.code], ["InvalidReportError", "invalid_report"]);
        assert.deepEqual((error.problems ?? []).map(({ key }) => key), keys);
        assert.ok((error.problems ?? []).every(({ userAction }) => userAction !== ""));
        return true;
      });
    }
    assert.ok(monitor.requests.every(({ target }) => !target.includes("/data?")));
  });

  it("waits for its turn after five requests in a minute, says so, and can be ended meanwhile", async () => {
    const monitor = await start();
    const controller = new AbortController();
    const waits: [ms: number, reason: string][] = [];
    const reports = client(monitor, { signal: controller.signal, onWait: (...wait) => waits.push(wait) });
    for (let k = 0; k < 5; k += 1) await reports.dataSources(12332);
    assert.equal(waits.length, 0);
    const sixth = reports.dataSources(12332);
    sixth.catch(() => undefined);
    await until("it waits", () => waits.length > 0);
    assert.ok(waits.every(([ms, reason]) => ms > 0 && ms <= 60_000 && reason === "rate-limit"), waits.join());
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(sixth, reason);
    assert.equal(monitor.requests.length, 5);
    await assert.rejects(reports.reportPacks(), reason);
  });

  it("says what it waits for", async () => {
    const monitor = await start();
    const document = { status: 200, body: "[]" };
    const rows: [fault: SecurityMonitorFault, reason: string][] = [
      [{ error: 429, headers: { "retry-after": "0" } }, ""],
      [{ error: 429, headers: { "retry-after": "1" } }, "throttled"],
      [{ error: 503, headers: { "retry-after": "1" } }, "unavailable"],
      [{ reset: true }, "unreachable"],
      [{ status: 200, body: "<html>" }, "unreadable"],
    ];
    const waited = async ([fault, expected]: (typeof rows)[number]): Promise<void> => {
      const waits: string[] = [];
      monitor.failNext(fault, document);
      await client(monitor, { onWait: (_, reason) => waits.push(reason) }).reportPacks();
      assert.deepEqual([...new Set(waits)], expected === "" ? [] : [expected], JSON.stringify(fault));
    };
    for (const row of rows) await waited(row);
  });

  it("checks a query without asking, with what it learned from a report", async () => {
    const monitor = await start();
    const reports = client(monitor);
    const query: ReportQuery = { pack: 12332, ...anHour(monitor), dimensions: ["Time"], metrics: ["Apples"] };
    await reports.check(query);
    await assert.rejects(reports.check({ ...query, dimensions: [43, 956, 957] }), { name: "InvalidReportError", code: "invalid_report" });
    assert.equal(monitor.requests.length, 0);
    await reports.report({ ...query, metrics: [544] });
    const sent = monitor.requests.length;
    await assert.rejects(reports.check(query), /metrics\[0\]: .*Apples/);
    assert.equal(monitor.requests.length, sent);
  });

  it("rejects with the API's words, and with the options that cannot be used", async () => {
    const monitor = await start();
    await assert.rejects(client(monitor).reportPack(4711), { name: "SourceError", code: "source_refused", message: /report pack 4711 does not exist/ });
    const rows: [options: Partial<SecurityMonitorClientOptions>, says: RegExp][] = [
      [{ clientSecret: "" }, /^clientSecret: it is empty$/],
      [{ allowInsecureLoopback: false }, /^host: /],
      [{ host: "not a host" }, /^host: /],
    ];
    for (const [options, says] of rows) {
      const reports = client(monitor, options);
      await assert.rejects(reports.reportPacks(), (error: Error & { userAction: string }) => {
        assert.equal(error.name, "ConfigError");
        assert.match(error.message, says);
        assert.doesNotMatch(error.message + error.userAction, /security_monitor|wrangler|allow_/);
        return true;
      });
      // What failed is not kept.
      await assert.rejects(reports.reportPacks(), { name: "ConfigError" });
    }
  });
});
