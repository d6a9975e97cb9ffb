import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { read, report, reportTarget, request, type Report } from "./security-monitor-client.ts";
import { ERROR_STATUSES, TITLES } from "./security-monitor-errors.ts";
import { formatLocal, parseLocal } from "./security-monitor-time.ts";
import { startSecurityMonitor, type SecurityMonitorEmulator, type SecurityMonitorOptions } from "./security-monitor.ts";

const PREFIX = "/security-monitor/v1/report-packs";
const PACK = 12332;
const [TIME, CLIENT, COUNTRY, CITY] = [43, 956, 957, 958];
const [TRIGGERED, DENIED, CONTRIBUTING, WARNED] = [3, 544, 546, 552];
const UNLIMITED = { requests: Infinity, perMs: 60_000 };

async function started(t: TestContext, options: SecurityMonitorOptions = {}): Promise<SecurityMonitorEmulator> {
  const monitor = await startSecurityMonitor({ rateLimit: UNLIMITED, ...options });
  t.after(async () => {
    await monitor.close();
    assert.deepEqual(monitor.errors, []);
  });
  return monitor;
}

/** A window that ends a day ago. */
function period(monitor: SecurityMonitorEmulator, minutes: number, timeZone = "GMT"): { startDate: string; endDate: string; startSeconds: number } {
  const end = Math.floor(monitor.now() / 3_600_000) * 3600 - 86_400;
  const startSeconds = end - minutes * 60;
  return { startDate: formatLocal(startSeconds, timeZone), endDate: formatLocal(end, timeZone), startSeconds };
}

function dates(monitor: SecurityMonitorEmulator, minutes: number, timeZone?: string): { startDate: string; endDate: string } {
  const { startDate, endDate } = period(monitor, minutes, timeZone);
  return { startDate, endDate };
}

test("report packs, stores and sources are those that the documentation shows", async (t) => {
  const monitor = await started(t);
  const packs = (await read(monitor, PREFIX)) as { id: number; timezone: string }[];
  assert.deepEqual(packs.map(({ id, timezone }) => [id, timezone]), [[12332, "GMT"], [121234, "EST5EDT"], [12400, "GMT"]]);
  const pack = (await read(monitor, `${PREFIX}/${PACK}`)) as Record<string, unknown>;
  assert.equal(pack["filters"], null);
  assert.deepEqual((pack["dimensions"] as { id: number }[]).map(({ id }) => id), [CITY, CLIENT, COUNTRY, TIME]);
  const stores = (await read(monitor, `${PREFIX}/${PACK}/data-stores`)) as { id: number; aggregationInSeconds: number }[];
  assert.deepEqual(stores.map(({ id, aggregationInSeconds }) => [id, aggregationInSeconds]), [[939, 60], [952, 60]]);
  assert.deepEqual(await read(monitor, `${PREFIX}/${PACK}/data-stores/939`), stores[0]);
  const sources = (await read(monitor, `${PREFIX}/${PACK}/data-sources`)) as { values: string[] }[];
  assert.equal(sources[0]?.values.includes("DFN_667"), true);
});

test("a report has the columns that were asked for, rows of strings, newest first", async (t) => {
  const monitor = await started(t);
  const { startDate, endDate, startSeconds } = period(monitor, 5);
  const { columns, rows, metaData } = await report(monitor, PACK, { startDate, endDate, dimensions: `${TIME},${COUNTRY}`, metrics: DENIED });
  assert.deepEqual(columns.map(({ type, name, index }) => [type, name, index]), [
    ["dimension", "Time", 0],
    ["dimension", "Country", 1],
    ["metric", "Requests Denied", 2],
  ]);
  const denied = rows.map(([, , value]) => Number(value));
  assert.equal(columns[2]?.aggregate, String(denied.reduce((a, b) => a + b)));
  assert.equal(columns[2]?.peak, String(Math.max(...denied)));
  const times = rows.map(([time]) => Number(time));
  assert.deepEqual(times, times.toSorted((a, b) => b - a));
  assert.deepEqual([...new Set(times)], [240, 180, 120, 60, 0].map((second) => startSeconds + second));
  assert.deepEqual(metaData, {
    aggregation: 60,
    limit: 300,
    startTimeInEpoch: startSeconds,
    hasMoreData: false,
    timeZone: "GMT",
    offset: 0,
    reportPack: "Sample 1",
    endTimeInEpoch: startSeconds + 300,
  });
});

test("the same seed gives the same report, another seed another", async (t) => {
  const [a, b, c] = [await started(t), await started(t), await started(t, { seed: 2 })];
  const query = { ...dates(a, 30), dimensions: CLIENT };
  assert.deepEqual(await report(a, PACK, query), await report(b, PACK, query));
  assert.notDeepEqual((await report(a, PACK, query)).rows, (await report(c, PACK, query)).rows);
});

test("more than 25,000 rows are read by pages of 10,000, each row once", async (t) => {
  const monitor = await started(t);
  const query = { ...dates(monitor, 239), dimensions: `${TIME},${CLIENT}`, metrics: TRIGGERED, limit: 10_000 };
  const keys = new Set<string>();
  let count = 0;
  for (let hasMore = true; hasMore; ) {
    const { rows, metaData } = await report(monitor, PACK, { ...query, offset: count });
    for (const [time, client] of rows) keys.add(`${time} ${client}`);
    count += rows.length;
    hasMore = metaData["hasMoreData"] === true;
  }
  assert.ok(count > 25_000, `${count} rows`);
  assert.equal(keys.size, count);
  assert.equal((await request(monitor, reportTarget(PACK, { ...query, offset: count }))).status, 204);
});

test("steps of time are those asked for, and add up to the same", async (t) => {
  const monitor = await started(t);
  const window = dates(monitor, 180, "EST5EDT");
  const total = async (parameters: Record<string, unknown>): Promise<[aggregation: unknown, times: number, sum: string | undefined]> => {
    const { columns, rows, metaData } = await report(monitor, 121234, { ...window, dimensions: TIME, metrics: TRIGGERED, ...parameters });
    return [metaData["aggregation"], rows.length, columns[1]?.aggregate];
  };
  const [, , sum] = await total({});
  assert.deepEqual(await total({ aggregation: 300 }), [300, 36, sum]);
  assert.deepEqual((await total({ aggregation: "year" }))[2], sum);
  const { rows } = await report(monitor, 121234, { ...window, dimensions: TIME, metrics: TRIGGERED, aggregation: "day" });
  for (const [time] of rows) assert.match(formatLocal(Number(time), "EST5EDT"), /:00:00$/);
});

/** What a condition means, said once more. */
const CONDITIONS: [condition: string, values: (string | number)[], holds: (actual: string) => boolean][] = [
  ["in", ["US", "CH"], (actual) => actual === "US" || actual === "CH"],
  ["nin", ["US", "CH"], (actual) => actual !== "US" && actual !== "CH"],
  ["contains", ["e", "ü"], (actual) => actual.includes("e") || actual.includes("ü")],
  ["ncontains", ["e", "ü"], (actual) => !actual.includes("e") && !actual.includes("ü")],
  ["starts", ["San", "東"], (actual) => /^(San|東)/.test(actual)],
  ["nstarts", ["San", "東"], (actual) => !/^(San|東)/.test(actual)],
  ["ends", ["n", "京"], (actual) => /[n京]$/.test(actual)],
  ["nends", ["n", "京"], (actual) => !/[n京]$/.test(actual)],
  ["eq", [7, 9], (actual) => actual === "7" || actual === "9"],
  ["neq", [7, 9], (actual) => actual !== "7" && actual !== "9"],
  ["gt", [30], (actual) => Number(actual) > 30],
  ["gte", [30], (actual) => Number(actual) >= 30],
  ["lt", [30], (actual) => Number(actual) < 30],
  ["lte", [30], (actual) => Number(actual) <= 30],
];

test("every condition keeps the rows that it holds for, and no others", async (t) => {
  const monitor = await started(t);
  for (const [condition, values, holds] of CONDITIONS) {
    const isMetric = typeof values[0] === "number";
    const isCountry = condition.endsWith("in");
    const by = isCountry ? COUNTRY : CITY;
    const query = { ...dates(monitor, 5), dimensions: `${by},${CLIENT}`, metrics: DENIED, limit: 10_000 };
    const filterParams = [{ id: isMetric ? DENIED : by, type: isMetric ? "metric" : "dimension", condition, values }];
    const all = await report(monitor, PACK, query);
    const expected = all.rows.filter((row) => holds(row[isMetric ? 2 : 0] ?? ""));
    assert.ok(expected.length > 0 && expected.length < all.rows.length, condition);
    assert.deepEqual((await report(monitor, PACK, { ...query, filterParams })).rows, expected, condition);
  }
});

test("rows are broken down after the filter, so that one may be by what is not shown", async (t) => {
  const monitor = await started(t);
  const query = { ...dates(monitor, 10), dimensions: TIME, metrics: DENIED };
  const filterParams = [{ id: COUNTRY, type: "dimension", condition: "in", values: ["US"] }];
  const shown = await report(monitor, PACK, { ...query, dimensions: `${TIME},${COUNTRY}`, filterParams });
  assert.deepEqual((await report(monitor, PACK, { ...query, filterParams })).rows, shown.rows.map(([time, , denied]) => [time, denied]));
});

test("sorts apply in their order; an id that is both is told by its type", async (t) => {
  const monitor = await started(t);
  const query = { ...dates(monitor, 30), dimensions: `${COUNTRY},${CITY}`, metrics: `${DENIED},${WARNED}` };
  const sorted = async (...sortParams: object[]): Promise<Report["rows"]> => (await report(monitor, PACK, { ...query, sortParams })).rows;
  const countries = (await sorted({ id: COUNTRY, type: "dimension", order: "asc" }, { id: WARNED, type: "metric", order: "desc" })).map(([country]) => country);
  assert.deepEqual(countries, countries.toSorted());
  for (const [id, column] of [[DENIED, 2], [WARNED, 3]] as const) {
    const values = (await sorted({ id, type: "metric", order: "asc" })).map((row) => Number(row[column]));
    assert.deepEqual(values, values.toSorted((a, b) => a - b));
  }
  const { rows } = await report(monitor, PACK, query);
  assert.deepEqual(rows.map((row) => Number(row[2])), rows.map((row) => Number(row[2])).toSorted((a, b) => b - a));

  const both = { ...dates(monitor, 30, "EST5EDT"), dimensions: "3,961", metrics: "3" };
  const byPolicy = (await report(monitor, 121234, { ...both, sortParams: [{ id: 3, type: "dimension", order: "asc" }] })).rows.map(([policy]) => policy);
  assert.deepEqual(byPolicy, byPolicy.toSorted());
  const byRules = (await report(monitor, 121234, { ...both, sortParams: [{ id: 3, type: "metric", order: "asc" }] })).rows.map((row) => Number(row[2]));
  assert.deepEqual(byRules, byRules.toSorted((a, b) => a - b));
});

test("nothing to report is 204: no match, long ago, not yet", async (t) => {
  const monitor = await started(t);
  const filterParams = [{ id: COUNTRY, type: "dimension", condition: "in", values: ["us"] }];
  const at = (seconds: number): { startDate: string; endDate: string } => ({ startDate: formatLocal(seconds, "GMT"), endDate: formatLocal(seconds + 3600, "GMT") });
  const now = monitor.now() / 1000;
  for (const parameters of [{ ...dates(monitor, 60), filterParams }, at(now - 9 * 86_400), at(now + 3600)]) {
    const { status, text } = await request(monitor, reportTarget(PACK, { ...parameters, dimensions: COUNTRY }));
    assert.deepEqual([status, text], [204, ""]);
  }
});

test("a query that breaks a rule is refused with the name of what breaks it", async (t) => {
  const monitor = await started(t);
  const window = dates(monitor, 60);
  const filter = { id: COUNTRY, type: "dimension", condition: "in", values: ["US"] };
  const sort = { id: DENIED, type: "metric", order: "asc" };
  const cases: [Record<string, unknown>, RegExp][] = [
    [dates(monitor, 240), /under four hours/],
    [{ startDate: window.endDate, endDate: window.startDate }, /after startDate/],
    [{ startDate: window.startDate, endDate: window.startDate }, /after startDate/],
    [{ startDate: window.startDate }, /both or neither/],
    [{ endDate: window.endDate }, /both or neither/],
    [{ ...window, startDate: "2026-11-20T10:00" }, /MM\/dd\/yyyy:HH:mm/],
    [{ ...window, startDate: "02/30/2026:10:00" }, /startDate/],
    [{ ...window, endDate: "11/20/2026:24:00" }, /endDate/],
    [{ dimensions: `${TIME},${COUNTRY},${CITY}` }, /at most two/],
    [{ dimensions: "Country" }, /ids/],
    [{ dimensions: "" }, /ids/],
    [{ dimensions: `${TIME},${TIME}` }, /twice/],
    [{ dimensions: 1 }, /1 is unknown/],
    [{ metrics: 1 }, /1 is unknown/],
    [{ aggregation: 61 }, /aggregation/],
    [{ aggregation: "hour" }, /aggregation/],
    [{ limit: 0 }, /limit/],
    [{ limit: 10_001 }, /limit/],
    [{ offset: -1 }, /offset/],
    [{ timezone: "GMT" }, /no such parameter/],
    [{ filterParams: "[" }, /JSON/],
    [{ filterParams: filter }, /list/],
    [{ filterParams: [] }, /list/],
    [{ filterParams: [{ ...filter, values: [] }] }, /values/],
    [{ filterParams: [{ ...filter, values: [1] }] }, /strings/],
    [{ filterParams: [{ ...filter, condition: "eq" }] }, /no condition of a dimension/],
    [{ filterParams: [{ ...filter, type: "metric" }] }, /no metric/],
    [{ filterParams: [{ ...filter, id: DENIED, type: "metric" }] }, /no condition of a metric/],
    [{ filterParams: [{ ...filter, id: DENIED, type: "metric", condition: "gt" }] }, /numbers/],
    [{ filterParams: [{ id: COUNTRY, condition: "in", values: ["US"] }] }, /type is missing/],
    [{ filterParams: [{ ...filter, not: true }] }, /not is unknown/],
    [{ sortParams: [{ ...sort, order: "up" }] }, /order/],
    [{ sortParams: [{ id: COUNTRY, type: "dimension", order: "asc" }] }, /not one of the dimensions/],
    [{ sortParams: [{ id: DENIED, order: "asc" }] }, /type is missing/],
  ];
  for (const [parameters, expected] of cases) {
    const { status, text } = await request(monitor, reportTarget(PACK, parameters));
    const error = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([status, error["httpStatus"], error["title"]], [400, 400, TITLES[400]], text);
    assert.match(String(error["detail"]), expected);
  }
  const mixed = await request(monitor, reportTarget(121234, { dimensions: COUNTRY, metrics: DENIED, ...dates(monitor, 60, "EST5EDT") }));
  assert.equal(mixed.status, 200, mixed.text);
  const across = await request(monitor, reportTarget(121234, { dimensions: 961, metrics: CONTRIBUTING }));
  assert.match(across.text, /across data stores/);
  const long = await request(monitor, reportTarget(121234, { dimensions: 961, ...dates(monitor, 121, "EST5EDT") }));
  assert.match(long.text, /allows 120 minutes/);
  const twice = await request(monitor, `${reportTarget(PACK, { limit: 1 })}&limit=2`);
  assert.match(twice.text, /more than once/);
});

test("start and end are in the time zone of the pack, through the changes of daylight saving", () => {
  for (const [text, zone, expected] of [
    ["11/13/2014:00:00", "GMT", "2014-11-13T00:00:00.000Z"],
    ["07/01/2026:12:30", "EST5EDT", "2026-07-01T16:30:00.000Z"],
    ["01/01/2026:12:30", "EST5EDT", "2026-01-01T17:30:00.000Z"],
    ["11/01/2026:01:30", "EST5EDT", "2026-11-01T05:30:00.000Z"],
    ["11/01/2026:02:30", "EST5EDT", "2026-11-01T07:30:00.000Z"],
    ["03/08/2026:02:30", "EST5EDT", "2026-03-08T07:30:00.000Z"],
    ["03/08/2026:03:00", "EST5EDT", "2026-03-08T07:00:00.000Z"],
  ] as const) {
    assert.equal(new Date((parseLocal(text, zone) ?? NaN) * 1000).toISOString(), expected, text);
  }
  for (const text of ["1/1/2026:00:00", "01/01/2026 00:00", "13/01/2026:00:00", "01/01/2026:00:60", ""]) assert.equal(parseLocal(text, "GMT"), undefined, text);
});

test("five requests a minute are answered, the sixth is 429 until the first is a minute ago", async (t) => {
  let now = Date.now();
  const monitor = await started(t, { rateLimit: { requests: 5, perMs: 60_000 }, retryAfterSeconds: 60, now: () => now });
  // The client signs by the real clock, from which a server's may be half a minute away.
  now -= 29_000;
  for (let k = 0; k < 5; k += 1) assert.equal((await request(monitor, PREFIX)).status, 200);
  const refused = await request(monitor, PREFIX);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "60"]);
  assert.deepEqual(JSON.parse(refused.text), { httpStatus: 429, detail: "more than 5 requests a minute", title: TITLES[429] });
  now += 55_000;
  assert.equal((await request(monitor, PREFIX)).status, 429);
  monitor.rateLimit = { requests: 5, perMs: 55_000 };
  assert.equal((await request(monitor, PREFIX)).status, 200);
});

test("every status of the table can be had, with its document", async (t) => {
  const monitor = await started(t);
  for (const status of ERROR_STATUSES) {
    monitor.failNext({ error: status, detail: `detail ${status}` });
    const { status: actual, text } = await request(monitor, PREFIX);
    assert.equal(actual, status);
    assert.deepEqual(JSON.parse(text), { httpStatus: status, detail: `detail ${status}`, title: TITLES[status] });
  }
  assert.equal((await request(monitor, PREFIX)).status, 200);
});

test("refusals that need no trigger", async (t) => {
  const monitor = await started(t, { maxRows: 10 });
  const cases: [target: string, method: string, status: number][] = [
    [`${PREFIX}/1`, "GET", 404],
    [`${PREFIX}/abc`, "GET", 400],
    [`${PREFIX}/12999`, "GET", 403],
    [`${PREFIX}/12400/data`, "GET", 410],
    [`${PREFIX}/${PACK}/data-stores/1`, "GET", 404],
    [`${PREFIX}/${PACK}/data-sources/1`, "GET", 404],
    [`${PREFIX}/${PACK}/other`, "GET", 404],
    [`${PREFIX}/`, "GET", 400],
    [`${PREFIX}?limit=1`, "GET", 400],
    ["/security-monitor/v2/report-packs", "GET", 404],
    [PREFIX, "DELETE", 405],
    [PREFIX, "PUT", 405],
    [reportTarget(PACK, { dimensions: CLIENT }), "GET", 507],
  ];
  for (const [target, method, status] of cases) assert.equal((await request(monitor, target, method)).status, status, `${method} ${target}`);
});

test("a signature that Akamai would not take is the gateway's refusal", async (t) => {
  const monitor = await started(t);
  assert.equal((await request(monitor, PREFIX, "GET", { authorization: "" })).status, 400);
  assert.equal((await fetch(monitor.url + PREFIX)).status, 401);
  monitor.clockOffsetMs = 120_000;
  const { status, headers, text } = await request(monitor, PREFIX);
  assert.equal(status, 400);
  assert.match(text, /Invalid timestamp/);
  assert.ok(Math.abs(Date.parse(headers.get("date") ?? "") - monitor.now()) < 2000);
});
