/** `edgesiem report` as somebody types it, against the emulated Security Monitor API. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { report } from "../emulator/security-monitor-client.ts";
import { formatLocal, parseLocal } from "../emulator/security-monitor-time.ts";
import { startSecurityMonitor, type SecurityMonitorEmulator, type SecurityMonitorOptions } from "../emulator/security-monitor.ts";
import { CLI, edgesiem, finished, type Finished } from "./command.ts";

const UNLIMITED = { requests: Infinity, perMs: 60_000 };
const ON_TERMINAL = fileURLToPath(new URL("on-terminal.py", import.meta.url));
/** Controls but line feeds and carriage returns, and what reorders text. */
const UNSAFE = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const home = mkdtempSync(join(tmpdir(), "edgesiem-report-"));
after(() => rmSync(home, { recursive: true, force: true }));

let monitor: SecurityMonitorEmulator | undefined;
afterEach(async () => {
  await monitor?.close();
  assert.deepEqual(monitor?.errors ?? [], [], "the emulator itself failed");
  monitor = undefined;
});

async function start(options: SecurityMonitorOptions = {}): Promise<SecurityMonitorEmulator> {
  monitor = await startSecurityMonitor({ rateLimit: UNLIMITED, ...options });
  return monitor;
}

function environment({ credentials }: SecurityMonitorEmulator): Record<string, string> {
  const { clientToken, clientSecret, accessToken } = credentials;
  return { HOME: home, AKAMAI_CLIENT_TOKEN: clientToken, AKAMAI_CLIENT_SECRET: clientSecret, AKAMAI_ACCESS_TOKEN: accessToken };
}

function reportCommand(monitor: SecurityMonitorEmulator, args: readonly string[]): string[] {
  return ["report", ...args, "--host", monitor.url, "--allow-insecure-loopback"];
}

function run(monitor: SecurityMonitorEmulator, ...args: string[]): Promise<Finished> {
  return edgesiem(reportCommand(monitor, args), { env: environment(monitor) });
}

/** A window of so many minutes that ended a day ago, as options and as the API's parameters. */
function aDayAgo(monitor: SecurityMonitorEmulator, minutes: number, timeZone = "GMT"): { options: string[]; dates: { startDate: string; endDate: string }; startSeconds: number } {
  const end = Math.floor(monitor.now() / 3_600_000) * 3600 - 86_400;
  const startSeconds = end - minutes * 60;
  const dates = { startDate: formatLocal(startSeconds, timeZone), endDate: formatLocal(end, timeZone) };
  const typed = (text: string): string => text.replace(/^(\d\d)\/(\d\d)\/(\d{4}):(\d\d:\d\d).*$/, "$3-$1-$2T$4");
  return { options: ["--start", typed(dates.startDate), "--end", typed(dates.endDate)], dates, startSeconds };
}

/** Parameters of the last request for rows. */
function asked(monitor: SecurityMonitorEmulator): URLSearchParams {
  const target = monitor.requests.findLast(({ target }) => target.includes("/data?"))?.target ?? assert.fail("no report was asked for");
  return new URL(target, monitor.url).searchParams;
}

const linesOf = ({ stdout }: Finished): string[] => stdout.toString().trimEnd().split("\n");

describe("what there is to report on", () => {
  it("is a table of report packs", async () => {
    const done = await run(await start(), "packs");
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(linesOf(done), [
      "    ID  NAME      TIME ZONE  ACTIVE",
      " 12332  Sample 1  GMT        yes",
      "121234  Sample 2  EST5EDT    yes",
      " 12400  Sample 3  GMT        no",
    ]);
    // What was typed to reach the account is needed again.
    assert.match(done.stderr, /^edgesiem: .*edgesiem report stores 12332 --host http:\S+ --allow-insecure-loopback\n$/);
  });

  it("is CSV or JSON of them for programs, with nothing beside it", async () => {
    const monitor = await start();
    const csv = await run(monitor, "packs", "--format", "csv");
    assert.deepEqual([csv.stdout.toString().split("\r\n")[1], csv.stderr], ["12332,Sample 1,GMT,yes", ""]);
    const json = await run(monitor, "packs", "--format", "json");
    const packs = JSON.parse(json.stdout.toString()) as { id: number; subType: string }[];
    assert.deepEqual([packs.map(({ id }) => id), packs[0]?.subType, json.stderr], [[12332, 121234, 12400], "QoS_Security_Monitor", ""]);
  });

  it("is what a pack consists of, by its name in any case", async () => {
    const done = await run(await start(), "pack", "sample 2");
    assert.equal(done.code, 0, done.stderr);
    const rows = linesOf(done).map((line) => line.split(/ {2,}/));
    assert.deepEqual(rows[0], ["WHAT", "ID", "NAME", "DESCRIPTION"]);
    assert.deepEqual([...new Set(rows.slice(1).map(([what]) => what))], ["dimension", "metric", "data store", "data source"]);
    assert.ok(rows.some(([what, id, name]) => what === "metric" && id === "544" && name === "Requests Denied"));
    assert.match(done.stderr, /Sample 2 \(121234\), time zone EST5EDT/);
  });

  it("is the stores of a pack, or one of them, with their dimensions and metrics", async () => {
    const monitor = await start();
    const all = await run(monitor, "stores", "121234");
    const rows = linesOf(all).map((line) => line.trim().split(/ {2,}/));
    assert.ok(rows.some(([store, what, id, name]) => store === "960" && what === "dimension" && id === "961" && name === "Hostname"));
    assert.match(all.stderr, /store 960: "hosts and policies", aggregated by 300 s, at most 120 min at once, kept for 2 days/);
    const one = await run(monitor, "stores", "121234", "hosts and policies", "--format", "json");
    assert.equal((JSON.parse(one.stdout.toString()) as { id: number }).id, 960);
  });

  it("is the policies of a pack", async () => {
    assert.match((await run(await start(), "sources", "12332")).stdout.toString(), /2673 {2}Security Monitor Data Source {2}policyId {2}111_375 mob_1183 /);
  });
});

describe("report data", () => {
  it("prints the rows that the API has, times on the pack's clock", async () => {
    const monitor = await start();
    const { options, dates, startSeconds } = aDayAgo(monitor, 5, "EST5EDT");
    const expected = await report(monitor, 121234, { ...dates, dimensions: "43,957", metrics: "544" });
    const done = await run(monitor, "data", "121234", ...options, "--dimensions", "Time,Country", "--metrics", "Requests Denied");
    assert.equal(done.code, 0, done.stderr);
    const [headings, ...rows] = linesOf(done).map((line) => line.split(/ {2,}/));
    assert.deepEqual(headings, ["Time", "Country", "Requests Denied"]);
    assert.deepEqual(rows, expected.rows.map(([time, country, denied]) => [onClock(Number(time)), country, denied]));
    const [from, to] = [onClock(startSeconds), onClock(startSeconds + 300)];
    // The date once, if the window has one.
    const until = to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to;
    assert.equal(done.stderr, `edgesiem: ${rows.length} rows, ${from} to ${until} EST5EDT, aggregated by 60 s\n`);
  });

  const onClock = (seconds: number): string => formatLocal(seconds, "EST5EDT").replace(/^(\d\d)\/(\d\d)\/(\d{4}):(\d\d:\d\d).*$/, "$3-$1-$2 $4");

  it("takes ids and names alike, and hands JSON through as it came", async () => {
    const monitor = await start();
    const { options, dates } = aDayAgo(monitor, 5);
    const expected = await report(monitor, 12332, { ...dates, dimensions: "43,958", metrics: "544,552" });
    const words = [["--dimensions", "time,CITY", "--metrics", "requests denied,Requests Warned"], ["--dimensions", "43", "--dimensions", "958", "--metrics", "544,552"]];
    for (const named of words) {
      const done = await run(monitor, "data", "Sample 1", ...options, ...named, "--format", "json");
      const answer = JSON.parse(done.stdout.toString()) as { rows: string[][]; more: boolean };
      assert.deepEqual([answer.rows, answer.more, done.code], [expected.rows, false, 0]);
    }
  });

  it("asks with the conditions and the order that were typed", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 30);
    const filters = ["--filter", "Country in US,DE", "--filter", "City not contains york", "--filter", "Requests Denied >= 3"];
    const done = await run(monitor, "data", "12332", ...options, "--dimensions", "Country,City", "--metrics", "Requests Denied", ...filters, "--sort", "-Requests Denied");
    assert.equal(done.code, 0, done.stderr);
    const sent = (name: string): unknown => JSON.parse(asked(monitor).get(name) ?? "");
    assert.deepEqual(sent("filterParams"), [
      { id: 957, type: "dimension", values: ["US", "DE"], condition: "in" },
      { id: 958, type: "dimension", values: ["york"], condition: "ncontains" },
      { id: 544, type: "metric", values: [3], condition: "gte" },
    ]);
    assert.deepEqual(sent("sortParams"), [{ id: 544, type: "metric", order: "desc" }]);
    const rows = linesOf(done).slice(1).map((line) => line.split(/ {2,}/));
    const denied = rows.map(([, , value]) => Number(value));
    assert.ok(rows.length > 1);
    assert.ok(rows.every(([country]) => country === "US" || country === "DE"));
    assert.deepEqual(denied, denied.toSorted((a, b) => b - a));
  });

  it("takes --last in the time zone of the pack, up to the minute that is over", async () => {
    const monitor = await start();
    const before = Math.floor(Date.now() / 60_000) * 60;
    const done = await run(monitor, "data", "Sample 2", "--last", "2h", "--dimensions", "Time", "--metrics", "Requests Denied", "--store", "939");
    assert.equal(done.code, 0, done.stderr);
    const [from = 0, until = 0] = ["startDate", "endDate"].map((name) => parseLocal(asked(monitor).get(name) ?? "", "EST5EDT") ?? assert.fail(name));
    assert.ok(until >= before && until <= Date.now() / 1000);
    assert.equal(until - from, 7200);
  });

  it("takes a window in UTC for a pack that has another clock", async () => {
    const monitor = await start();
    const { startSeconds, dates } = aDayAgo(monitor, 60, "EST5EDT");
    const utc = (seconds: number): string => new Date(seconds * 1000).toISOString();
    await run(monitor, "data", "121234", "--start", utc(startSeconds), "--end", utc(startSeconds + 3600), "--dimensions", "City", "--metrics", "544");
    assert.deepEqual([asked(monitor).get("startDate"), asked(monitor).get("endDate")], [dates.startDate, dates.endDate].map((text) => text.slice(0, 16)));
  });

  it("says when there are more rows, and prints all of them with --all, each once", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 239);
    const words = ["data", "12332", ...options, "--dimensions", "Time,Client IP", "--metrics", "Rules Triggered", "--format", "csv"];
    const some = await run(monitor, ...words);
    assert.match(some.stderr, /^edgesiem: 300 rows, .*; there are more, add --all\n$/);
    const all = await run(monitor, ...words, "--all");
    const [headings, ...rows] = all.stdout.toString().trimEnd().split("\r\n");
    assert.equal(headings, "Time,Client IP,Rules Triggered");
    assert.ok(rows.length > 25_000, `${rows.length}`);
    assert.equal(new Set(rows).size, rows.length);
    for (const row of rows.slice(0, 100)) assert.match(row, /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z,[\d.a-f:]+,\d+$/);
    assert.doesNotMatch(all.stderr, /there are more/);
  });

  it("says how to go on behind a limit that was asked for", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 60);
    const words = ["data", "12332", ...options, "--dimensions", "Time,Client IP", "--metrics", "544", "--limit", "7"];
    assert.match((await run(monitor, ...words)).stderr, /^edgesiem: 7 rows, .*; there are more, the next with --offset 7\n$/);
    assert.match((await run(monitor, ...words, "--offset", "7")).stderr, /; there are more, the next with --offset 14\n$/);
  });

  it("of a window without data prints no rows, and is no failure", async () => {
    const monitor = await start();
    const done = await run(monitor, "data", "12332", "--start", "2020-01-01T00:00", "--end", "2020-01-01T01:00", "--dimensions", "Time", "--metrics", "544");
    assert.deepEqual([done.code, done.stdout.length], [0, 0], done.stderr);
    // Nobody said what that clock is called.
    assert.equal(done.stderr, "edgesiem: no data, 2020-01-01 00:00 to 01:00 on the report pack's clock\n");
    const utc = ["--start", "2020-01-01T05:00Z", "--end", "2020-01-01T06:00Z", "--dimensions", "Time", "--metrics", "544"];
    assert.equal((await run(monitor, "data", "121234", ...utc)).stderr, "edgesiem: no data, 2020-01-01 00:00 to 01:00 EST5EDT\n");
    assert.equal((await run(monitor, "data", "Sample 1", ...utc)).stderr, "edgesiem: no data, 2020-01-01 05:00 to 06:00 GMT\n");
  });
});

describe("what attackers chose", () => {
  const hostnames = async (monitor: SecurityMonitorEmulator): Promise<string[]> => [...aDayAgo(monitor, 60, "EST5EDT").options, "--dimensions", "Hostname", "--metrics", "Requests Denied"];

  it("runs in no spreadsheet", async () => {
    const monitor = await start();
    const { stdout } = await run(monitor, "data", "121234", ...(await hostnames(monitor)), "--format", "csv");
    assert.match(stdout.toString(), /^'=1\+1\.example\.com,\d+\r$/m);
  });

  it("drives no terminal, in any format", async () => {
    const monitor = await start();
    for (const format of ["table", "csv", "json"]) {
      const args = reportCommand(monitor, ["data", "121234", ...(await hostnames(monitor)), "--format", format]);
      const done = await finished("python3", [ON_TERMINAL, process.execPath, CLI, ...args], { env: { ...environment(monitor), TERM: "dumb" } });
      assert.equal(done.code, 0);
      assert.doesNotMatch(done.stdout.toString(), UNSAFE, format);
      assert.match(done.stdout.toString(), /\\u(?:\{1b\}|001b)\[2Jwww\.example\.com/, format);
    }
  });

  it("is written into a table that nobody looks at without controls either", async () => {
    const monitor = await start();
    assert.doesNotMatch((await run(monitor, "data", "121234", ...(await hostnames(monitor)))).stdout.toString(), UNSAFE);
  });
});

async function onTerminal(monitor: SecurityMonitorEmulator, words: string[]): Promise<string> {
  const command = ["sh", "-c", 'stty columns 100 && exec "$@"', "sh", process.execPath, CLI, ...reportCommand(monitor, words)];
  return (await finished("python3", [ON_TERMINAL, ...command], { env: { ...environment(monitor), TERM: "dumb" } })).stdout.toString();
}

/** Answers of a server that has these rows. */
function answers(rows: string[][], more: Record<string, unknown> = {}): { status: number; body: string }[] {
  const stores = [{ id: 952, name: "s", dimensions: [{ id: 43, name: "Time" }], metrics: [{ id: 3, name: "Rules Triggered" }], aggregationInSeconds: 60 }];
  const columns = [
    { type: "dimension", name: "Time", index: 0 },
    { type: "metric", name: "Rules Triggered", index: 1, aggregate: "99999", peak: "9999" },
  ];
  return [stores, { columns, rows, metaData: { hasMoreData: false, timeZone: "GMT", aggregation: 60, ...more } }].map((document) => ({ status: 200, body: JSON.stringify(document) }));
}

const OVER_TIME = ["--dimensions", "Time", "--metrics", "Rules Triggered"];

describe("report data on a terminal", () => {
  it("draws the rows that it shows, in any order, with their total", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 60);
    const rows = [1, 2, 4, 0, 8].map((value, minute) => [String(1_415_836_800 + minute * 60), String(value)]);
    const window = { startTimeInEpoch: 1_415_836_680, endTimeInEpoch: 1_415_837_160 };
    const drawing = async (shown: string[][], hasMoreData: boolean): Promise<string> => {
      monitor.failNext(...answers(shown, { ...window, hasMoreData }));
      const text = await onTerminal(monitor, ["data", "12332", ...options, ...OVER_TIME]);
      return /^Rules Triggered  .*\n.*$/m.exec(text)?.[0] ?? text;
    };
    const byValue = rows.toSorted(([, a], [, b]) => Number(b) - Number(a));
    for (const shown of [rows, rows.toReversed(), byValue]) {
      assert.equal(await drawing(shown, false), "Rules Triggered    ▁▂▄▁█   total 15, peak 8\n                 23:58 00:06");
    }
    // Of a part nothing is said about the rest of the window.
    assert.equal(await drawing(byValue, true), "Rules Triggered  ▁▂▄▁█  total 15, peak 8\n                 00:00 00:05  of these rows only");
  });

  it("shows the rows also if their time cannot be drawn", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 60);
    for (const odd of [{ endTimeInEpoch: 1e15 }, { aggregation: 1e15 }, { startTimeInEpoch: -1e15 }, { endTimeInEpoch: "soon" }, { aggregation: null, timeZone: 5 }]) {
      monitor.failNext(...answers([["1415837040", "156"]], odd));
      const shown = await onTerminal(monitor, ["data", "12332", ...options, ...OVER_TIME]);
      assert.match(shown, /2014-11-13 00:04 +156/);
      assert.doesNotMatch(shown, /Invalid|[▁█]/);
    }
  });

  it("draws each metric over time, and nowhere else", async () => {
    const monitor = await start();
    const { options } = aDayAgo(monitor, 60);
    const words = ["data", "12332", ...options, "--dimensions", "Time,Country", "--metrics", "Requests Denied,Requests Warned", "--all"];
    const shown = await onTerminal(monitor, words);
    const bars = [...shown.matchAll(/^(Requests \w+) +([ ▁▂▃▄▅▆▇█]+) {2}total \d+, peak \d+$/gm)];
    assert.deepEqual(bars.map(([, name]) => name), ["Requests Denied", "Requests Warned"]);
    for (const [line, , drawn = ""] of bars) {
      assert.match(drawn, /█/);
      assert.ok(line.length <= 100, line);
    }
    assert.match(shown, /^ +\d\d:\d\d +\d\d:\d\d {2}added over Country$/m);
    assert.doesNotMatch(await onTerminal(monitor, [...words, "--format", "csv"]), /[▁█]/);
    assert.doesNotMatch((await run(monitor, ...words)).stdout.toString(), /[▁█]/);
  });
});

describe("what cannot be asked", () => {
  it("is said all at once, by the options that were typed, before any report is asked for", async () => {
    const monitor = await start();
    const rows: [words: string[], says: RegExp[]][] = [
      [["--start", "2026-11-22T00:00", "--end", "2026-11-22T04:00", "--dimensions", "Time,City,Country", "--metrics", "544"], [/--end: .*four hours/, /--dimensions: /]],
      [["--dimensions", "Bananas", "--metrics", "Apples", "--filter", "Pears in x", "--sort", "-Plums"], [/--dimensions: .*Bananas/, /--metrics: .*Apples/, /--filter 'Pears in x': .*Pears/, /--sort: .*Plums/]],
      [["--dimensions", "Time", "--metrics", "544", "--filter", "City > 5"], [/--filter 'City > 5': /]],
      [["--last", "4h", "--dimensions", "Time", "--metrics", "544"], [/--last: .*four hours/]],
      [["--dimensions", "Bananas", "--metrics", "544", "--filter", "City > 5"], [/--dimensions: .*Bananas/, /--filter 'City > 5': a dimension has no condition/]],
    ];
    for (const [words, says] of rows) {
      const { code, stdout, stderr } = await run(monitor, "data", "12332", ...words);
      assert.deepEqual([code, stdout.length], [2, 0], stderr);
      for (const said of says) assert.match(stderr, said);
      assert.doesNotMatch(stderr, /query|filters|sort\[/);
    }
    assert.ok(monitor.requests.every(({ target }) => !target.includes("/data?")));
  });

  it("is refused before anything is sent, as far as it shows by itself, and all of it", async () => {
    const monitor = await start();
    const rows: [words: string[], says: RegExp[]][] = [
      [["--dimensions", "Time,City,Country", "--metrics", "544"], [/^edgesiem: --dimensions: a report has at most two dimensions, and these are 3\n/]],
      [["--last", "5h", "--dimensions", "Time,time", "--filter", "Country in US", "--filter", "dimension:City > 5", "--aggregation", "day"], [/--last: .*300 minutes/, /--dimensions: `time` is there already/, /--filter 'dimension:City > 5': a dimension has no condition/]],
      [["--start", "noon", "--dimensions", "Time"], [/--start: noon is no time/, /--end: is missing/]],
      [["--start", "2026-11-22T10:00Z", "--end", "2026-11-22T14:00Z", "--limit", "0", "--filter", "Country", "--metrics", '"'], [/--filter: Country has no condition/, /--metrics: " *: a quote/, /--limit: 0 is out of range/, /--end: .*four hours/]],
      [[], [/--metrics: neither a dimension nor a metric .*\n {2}.*`edgesiem report stores PACK --host \S+ --allow-insecure-loopback` lists them/]],
    ];
    for (const [words, says] of rows) {
      const { code, stderr } = await run(monitor, "data", "Sample 2", ...words);
      assert.equal(code, 2, stderr);
      for (const said of says) assert.match(stderr, said);
    }
    assert.equal(monitor.requests.length, 0);
  });

  const refused: [name: string, args: string[], says: RegExp][] = [
    ["a pack that is not there", ["data", "Sample 9", "--metrics", "544"], /there is no report pack Sample 9\n.*`edgesiem report packs --host \S+ --allow-insecure-loopback`/],
    ["a time that is none", ["data", "12332", "--start", "noon", "--end", "2026-11-22T10:00"], /--start noon is no time/],
    ["a window without an end", ["data", "12332", "--start", "2026-11-22T10:00"], /--end is missing/],
    ["two ways to say when", ["data", "12332", "--last", "1h", "--end", "2026-11-22T10:00"], /--last goes without/],
    ["a duration that is none", ["data", "12332", "--last", "soon"], /--last soon is no duration/],
    ["a limit out of range", ["data", "12332", "--limit", "10001"], /--limit 10001 is out of range/],
    ["both a limit and all", ["data", "12332", "--limit", "10", "--all"], /--all.*cannot be used with.*--limit/],
    ["another format", ["packs", "--format", "xml"], /table, csv, json/],
    ["a filter without a condition", ["data", "12332", "--filter", "Country"], /--filter Country has no condition/],
  ];
  for (const [name, args, says] of refused) {
    it(`is ${name}`, async () => {
      const { code, stdout, stderr } = await run(await start(), ...args);
      assert.deepEqual([code, stdout.length], [2, 0], stderr);
      assert.match(stderr, says);
    });
  }

  it("is anything without credentials", async () => {
    const { code, stderr } = await edgesiem(["report", "packs"], { env: { HOME: home } });
    assert.equal(code, 2);
    assert.match(stderr, /no credentials: cannot read .*\.edgerc/);
  });
});

describe("an API that refuses", () => {
  it("is said with its own words, and the exit code is 3", async () => {
    const monitor = await start();
    const refused: [args: string[], says: RegExp][] = [
      [["pack", "12999"], /403.*not for this user/s],
      [["pack", "4711"], /404.*report pack 4711 does not exist/s],
    ];
    for (const [args, says] of refused) {
      const { code, stdout, stderr } = await run(monitor, ...args);
      assert.deepEqual([code, stdout.length], [3, 0], stderr);
      assert.match(stderr, says);
    }
  });

  it("for wrong credentials is said without them", async () => {
    const monitor = await start();
    const { code, stderr } = await edgesiem(reportCommand(monitor, ["packs"]), { env: { ...environment(monitor), AKAMAI_CLIENT_SECRET: "hunter2" } });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /401/);
    assert.doesNotMatch(stderr, /hunter2/);
  });

  it("because it was asked too often is asked again when it says so", async () => {
    const monitor = await start();
    monitor.failNext({ error: 429, headers: { "retry-after": "1" } });
    const done = await run(monitor, "packs");
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /^edgesiem: waiting [01]\.\d s: the five requests that the API takes in a minute are used up, by others or by commands before this one\n/);
    assert.equal(monitor.requests.length, 2);
  });
});

describe("an API that is not one", () => {
  it("is asked once more, and said by the option that names its host", async () => {
    const monitor = await start();
    monitor.failNext(...Array.from({ length: 5 }, () => ({ status: 200, body: "<html>" })));
    const { code, stderr } = await run(monitor, "packs");
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^edgesiem: waiting 2\.0 s: the API's answer could not be read and is asked for once more\n/);
    assert.match(stderr, /check --host, and look for a proxy/);
    assert.equal(monitor.requests.length, 2);
  });

  it("is read behind a byte order mark, without a second request", async () => {
    const monitor = await start();
    monitor.failNext({ status: 200, body: '\ufeff[{"id":7,"name":"marked"}]' });
    const done = await run(monitor, "packs");
    assert.match(done.stdout.toString(), /7 {2}marked/);
    assert.deepEqual([done.code, monitor.requests.length], [0, 1]);
  });
});

describe("somebody who has only the help", () => {
  it("gets from the first example to a report", async () => {
    const monitor = await start();
    const help = (await edgesiem(["report", "--help"])).stdout.toString();
    const examples = [...help.matchAll(/^ {2}edgesiem report (.*?)(?: {3,}.*)?$/gm)].map(([, words = ""]) => words);
    assert.equal(examples.length, 3, help);
    for (const words of examples) {
      const script = `exec "$0" "$1" report ${words} --host "$2" --allow-insecure-loopback`;
      const done = await finished("sh", ["-c", script, process.execPath, CLI, monitor.url], { env: environment(monitor) });
      assert.equal(done.code, 0, `${words}: ${done.stderr}`);
      assert.notEqual(done.stdout.length, 0, words);
    }
  });
});
