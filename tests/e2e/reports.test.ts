/** `POST /reports` on the built Worker, against the emulator of Akamai's Security Monitor API. */

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { formatLocal } from "../emulator/security-monitor-time.ts";
import { startSecurityMonitor, type SecurityMonitorEmulator, type SecurityMonitorOptions } from "../emulator/security-monitor.ts";
import { ADMIN_TOKEN, startRig, type Json, type Rig } from "./rig.ts";

const PACK = 12332;
const COUNTRY = 957;
let world: { monitor: SecurityMonitorEmulator; rig: Rig } | undefined;

async function start(options: SecurityMonitorOptions = {}, config?: Json): Promise<{ monitor: SecurityMonitorEmulator; rig: Rig }> {
  const monitor = await startSecurityMonitor(options);
  const { clientToken, clientSecret, accessToken } = monitor.credentials;
  const security_monitor = {
    host: monitor.url,
    client_token: { secret: "MONITOR_CLIENT_TOKEN" },
    client_secret: { secret: "MONITOR_CLIENT_SECRET" },
    access_token: { secret: "MONITOR_ACCESS_TOKEN" },
  };
  const secrets = { MONITOR_CLIENT_TOKEN: clientToken, MONITOR_CLIENT_SECRET: clientSecret, MONITOR_ACCESS_TOKEN: accessToken };
  const rig = await startRig({ store: "durable-object", siem: { available: 10 }, config: config ?? { security_monitor }, secrets });
  world = { monitor, rig };
  return world;
}

afterEach(async () => {
  if (world === undefined) return;
  await world.rig.close();
  await world.monitor.close();
  assert.deepEqual(world.monitor.errors, []);
  world = undefined;
});

/** A window of an hour that ended yesterday. */
function anHour(monitor: SecurityMonitorEmulator): { start: string; end: string } {
  const end = Math.floor(monitor.now() / 3_600_000) * 3600 - 86_400;
  return { start: formatLocal(end - 3600, "GMT"), end: formatLocal(end, "GMT") };
}

describe("POST /reports", () => {
  it("is the operator's only", async () => {
    const { monitor, rig } = await start();
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: '{"operation":"report-packs"}' };
    assert.equal((await rig.fetch("/reports", request)).status, 401);
    const wrong = await rig.fetch("/reports", { ...request, headers: { ...request.headers, authorization: "Bearer x" } });
    assert.equal(wrong.status, 401);
    const get = await rig.fetch("/reports", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    assert.deepEqual([get.status, get.headers["allow"]], [405, "POST"]);
    assert.equal(monitor.requests.length, 0);
  });

  it("does not exist where it is not configured", async () => {
    const { rig } = await start({}, {});
    await rig.admin("POST", "/reports", { operation: "report-packs" }, 404);
  });

  it("lists packs, stores and sources", async () => {
    const { rig } = await start();
    const packs = JSON.stringify(await rig.admin("POST", "/reports", { operation: "report-packs" }));
    assert.match(packs, /"timezone":"EST5EDT"/);
    const stores = JSON.stringify(await rig.admin("POST", "/reports", { operation: "data-stores", pack: PACK }));
    assert.match(stores, /"Requests Denied"/);
    const sources = JSON.stringify(await rig.admin("POST", "/reports", { operation: "data-sources", pack: PACK }));
    assert.match(sources, /DFN_667/);
  });

  it("reports by names, with a filter and a sort, and never asks more than five times a minute", async () => {
    const { monitor, rig } = await start();
    const query = {
      pack: PACK,
      ...anHour(monitor),
      dimensions: ["country", "City"],
      metrics: ["requests denied"],
      filters: [{ by: "Country", condition: "nin", values: ["US"] }],
      sort: [{ by: "Requests Denied", order: "desc" }],
    };
    const { columns, rows } = (await rig.admin("POST", "/reports", { operation: "report", query })) as { columns: { name: string }[]; rows: string[][] };
    assert.deepEqual(columns.map(({ name }) => name), ["Country", "City", "Requests Denied"]);
    assert.ok(rows.length > 3);
    assert.equal(rows.some(([country]) => country === "US"), false);
    const denied = rows.map((row) => Number(row[2]));
    assert.deepEqual(denied, denied.toSorted((a, b) => b - a));
    assert.ok(monitor.requests.every(({ status }) => status === 200));
    assert.ok(monitor.requests.length <= 5);
  });

  it("says every rule that a query breaks, and asks for nothing", async () => {
    const { monitor, rig } = await start();
    const { start: from } = anHour(monitor);
    const query = { pack: PACK, start: from, end: from, dimensions: ["Time", "Country", "City"], limit: 10_001 };
    const answer = JSON.stringify(await rig.admin("POST", "/reports", { operation: "report", query }, 400));
    for (const key of ["end", "dimensions", "limit"]) assert.match(answer, new RegExp(key));
    assert.equal(monitor.requests.some(({ target }) => target.includes("/data?")), false);
    await rig.admin("POST", "/reports", { operation: "everything" }, 400);
    await rig.admin("POST", "/reports", { operation: "report", query: { pack: "x".repeat(70_000) } }, 413);
  });

  it("tells trouble of the API as such, with its detail", async () => {
    const { monitor, rig } = await start();
    monitor.failNext({ error: 403, detail: "not for this user" });
    const answer = JSON.stringify(await rig.admin("POST", "/reports", { operation: "report-packs" }, 502));
    assert.match(answer, /not for this user/);
    assert.match(answer, /user_action/);
    const { clientSecret, accessToken } = monitor.credentials;
    for (const secret of [clientSecret, accessToken]) assert.equal(answer.includes(secret), false);
  });

  it("an empty report is a report without rows", async () => {
    const { monitor, rig } = await start();
    const query = { pack: PACK, ...anHour(monitor), dimensions: [COUNTRY], metrics: [544], filters: [{ by: COUNTRY, condition: "in", values: ["XX"] }] };
    const { rows } = (await rig.admin("POST", "/reports", { operation: "report", query })) as { rows: unknown[] };
    assert.deepEqual(rows, []);
  });
});
