/** What may be typed to say what a report is about. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFilter, readNames, readSorts } from "../../npm/src/cli/report-words.ts";
import type { IdOrName, ReportFilter, ReportSort } from "../../npm/src/pipeline/index.ts";

/** A refusal says what is wrong and what to do. */
function refuses(work: () => unknown, says: RegExp): void {
  assert.throws(work, (error: Error & { userAction?: string }) => {
    assert.match(error.message, says);
    assert.notEqual(error.userAction ?? "", "");
    return true;
  });
}

describe("a filter", () => {
  const read: [text: string, filter: ReportFilter][] = [
    ["Country in US,DE", { by: "Country", condition: "in", values: ["US", "DE"] }],
    ["  Country   IN  US , DE ", { by: "Country", condition: "in", values: ["US", "DE"] }],
    ["Country not in US", { by: "Country", condition: "nin", values: ["US"] }],
    ["Country nin US", { by: "Country", condition: "nin", values: ["US"] }],
    ["Country = US", { by: "Country", condition: "in", values: ["US"] }],
    ["Country!=US", { by: "Country", condition: "nin", values: ["US"] }],
    ["City contains york", { by: "City", condition: "contains", values: ["york"] }],
    ['City not contains "Washington, DC", Boston', { by: "City", condition: "ncontains", values: ["Washington, DC", "Boston"] }],
    ["City starts with New", { by: "City", condition: "starts", values: ["New"] }],
    ["City not ends with x", { by: "City", condition: "nends", values: ["x"] }],
    ["City ncontains x", { by: "City", condition: "ncontains", values: ["x"] }],
    ['City in "5 "" pipe"', { by: "City", condition: "in", values: ['5 " pipe'] }],
    ["Client IP in 192.0.2.1,2001:db8::1", { by: "Client IP", condition: "in", values: ["192.0.2.1", "2001:db8::1"] }],
    ["Policy in 16767", { by: "Policy", condition: "in", values: ["16767"] }],
    ["Requests Denied > 50", { by: "Requests Denied", condition: "gt", values: [50] }],
    ["Requests Denied>=50", { by: "Requests Denied", condition: "gte", values: [50] }],
    ["544 <= 3.5", { by: 544, condition: "lte", values: [3.5] }],
    ["544 < -3", { by: 544, condition: "lt", values: [-3] }],
    ["544 != 3", { by: 544, condition: "neq", values: [3] }],
    ["544 = 3,4", { by: 544, condition: "eq", values: [3, 4] }],
    ["544 neq 3", { by: 544, condition: "neq", values: [3] }],
    ["metric:43 gt 3", { by: 43, type: "metric", condition: "gt", values: [3] }],
    ["dimension:43 in x", { by: 43, type: "dimension", condition: "in", values: ["x"] }],
    ['"Signed in Users" starts a', { by: "Signed in Users", condition: "starts", values: ["a"] }],
    ['metric:"a > b" > 1', { by: "a > b", type: "metric", condition: "gt", values: [1] }],
    ['"957" in x', { by: "957", condition: "in", values: ["x"] }],
    ["東京 in 日本", { by: "東京", condition: "in", values: ["日本"] }],
  ];
  for (const [text, filter] of read) it(`${text} is read`, () => assert.deepEqual(readFilter("--filter", text), filter));

  const refused: [text: string, says: RegExp][] = [
    ["", /has no condition/],
    ["Country", /--filter Country has no condition/],
    ["Country in", /has no condition/],
    ["in US", /has no condition/],
    ["Country in US,,DE", /a value is empty/],
    ["Country in ,", /a value is empty/],
    ["Requests Denied > many", /many is no number/],
    ["Requests Denied > 1e400", /is no number/],
    ['City in "x', /a quote is not closed/],
    ['City in x"y', /a quote is not closed, or stands within a word/],
    ['"City" US', /has no condition/],
  ];
  for (const [text, says] of refused) it(`${JSON.stringify(text)} is refused`, () => refuses(() => readFilter("--filter", text), says));

  it("is read in a time that grows with its length only", () => {
    const begin = performance.now();
    readFilter("--filter", `a${" ".repeat(20_000)}in ${"x,".repeat(20_000)}y`);
    refuses(() => readFilter("--filter", "a ".repeat(20_000)), /no condition/);
    assert.ok(performance.now() - begin < 2_000);
  });
});

describe("names", () => {
  const read: [text: string, names: IdOrName[]][] = [
    ["Time", ["Time"]],
    ["Time, Client IP ,957", ["Time", "Client IP", 957]],
    ['"City, State","957"', ["City, State", "957"]],
    ["9".repeat(16), ["9".repeat(16)]],
  ];
  for (const [text, names] of read) it(`${text} are read`, () => assert.deepEqual(readNames("--dimensions", text), names));
  for (const text of ["", ",", "a,,b", "a,"]) it(`${JSON.stringify(text)} is refused`, () => refuses(() => readNames("--dimensions", text), /--dimensions: a name is empty/));
});

describe("an order", () => {
  const read: [text: string, sorts: ReportSort[]][] = [
    ["Country", [{ by: "Country", order: "asc" }]],
    ["Country,-Requests Denied", [{ by: "Country", order: "asc" }, { by: "Requests Denied", order: "desc" }]],
    ["-metric:544", [{ by: 544, type: "metric", order: "desc" }]],
    ['"-odd"', [{ by: "-odd", order: "asc" }]],
  ];
  for (const [text, sorts] of read) it(`${text} is read`, () => assert.deepEqual(readSorts("--sort", text), sorts));
  for (const text of ["-", "a,-"]) it(`${JSON.stringify(text)} is refused`, () => refuses(() => readSorts("--sort", text), /a name is empty/));
});
