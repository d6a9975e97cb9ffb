/** Windows of time on the clock of a report pack, wherever this machine is. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { durationMinutes, isOnPackClock, unplacedWindow, windowOf, type WindowOptions } from "../../npm/src/cli/report-window.ts";
import { TimeZone } from "../../npm/src/cli/time-zone.ts";

const at = (time: string): number => Date.parse(time);

describe("a time zone", () => {
  const rows: [name: string, time: string, wallClock: string, timestamp: string][] = [
    ["GMT", "2014-11-13T00:04:00Z", "2014-11-13T00:04:00", "2014-11-13T00:04:00Z"],
    ["UTC", "2014-11-13T00:04:59Z", "2014-11-13T00:04:59", "2014-11-13T00:04:59Z"],
    ["EST5EDT", "2014-11-13T00:04:00Z", "2014-11-12T19:04:00", "2014-11-12T19:04:00-05:00"],
    ["EST5EDT", "2026-07-01T00:00:00Z", "2026-06-30T20:00:00", "2026-06-30T20:00:00-04:00"],
    ["America/St_Johns", "2026-11-22T12:00:00Z", "2026-11-22T08:30:00", "2026-11-22T08:30:00-03:30"],
    ["Asia/Kathmandu", "2026-11-22T12:00:00Z", "2026-11-22T17:45:00", "2026-11-22T17:45:00+05:45"],
    ["Pacific/Kiritimati", "2026-12-31T12:00:00Z", "2027-01-01T02:00:00", "2027-01-01T02:00:00+14:00"],
    ["GMT+5:30", "2026-11-22T12:00:00Z", "2026-11-22T17:30:00", "2026-11-22T17:30:00+05:30"],
    ["UTC-8", "2026-11-22T12:00:00Z", "2026-11-22T04:00:00", "2026-11-22T04:00:00-08:00"],
    ["-0330", "2026-11-22T12:00:00Z", "2026-11-22T08:30:00", "2026-11-22T08:30:00-03:30"],
  ];
  for (const [name, time, wallClock, timestamp] of rows) {
    it(`${name} shows ${wallClock} at ${time}`, () => {
      const zone = new TimeZone(name);
      assert.deepEqual([zone.wallClock(at(time)), zone.timestamp(at(time))], [wallClock, timestamp]);
      // Again, as it is remembered.
      assert.equal(zone.wallClock(at(time)), wallClock);
    });
  }

  it("that nobody knows is refused", () => {
    for (const name of ["", "Mars/Olympus", "\u001b[2J", "GMT-99:99", "GMT+15", "UTC-5:60"]) assert.throws(() => new TimeZone(name), RangeError);
  });

  it("changes its clocks at the minute", () => {
    const zone = new TimeZone("America/New_York");
    assert.deepEqual(["2026-11-01T05:59:00Z", "2026-11-01T06:00:00Z"].map((time) => zone.timestamp(at(time))), ["2026-11-01T01:59:00-04:00", "2026-11-01T01:00:00-05:00"]);
  });
});

describe("a window", () => {
  const rows: [options: WindowOptions, zone: string, now: string, start: string, end: string][] = [
    [{}, "GMT", "2026-11-22T12:00:59Z", "2026-11-22T11:00", "2026-11-22T12:00"],
    [{ last: "2h" }, "GMT", "2026-11-22T01:30:00Z", "2026-11-21T23:30", "2026-11-22T01:30"],
    [{ last: "1h30m" }, "EST5EDT", "2026-11-22T12:00:00Z", "2026-11-22T05:30", "2026-11-22T07:00"],
    [{ last: "45m" }, "Asia/Kathmandu", "2026-11-22T12:00:00Z", "2026-11-22T17:00", "2026-11-22T17:45"],
    [{ last: "90min" }, "GMT", "2027-01-01T00:30:00Z", "2026-12-31T23:00", "2027-01-01T00:30"],
    [{ start: "2026-11-22T10:00", end: "11/22/2026:11:30" }, "EST5EDT", "2026-11-22T12:00:00Z", "2026-11-22T10:00", "2026-11-22T11:30"],
    [{ start: "2026-11-22 10:00", end: "2026-11-22T11:30" }, "EST5EDT", "2026-11-22T12:00:00Z", "2026-11-22T10:00", "2026-11-22T11:30"],
    [{ start: "2026-11-22T10:00Z", end: "2026-11-22T12:30:00+01:00" }, "EST5EDT", "2026-11-22T12:00:00Z", "2026-11-22T05:00", "2026-11-22T06:30"],
    [{ start: "2028-02-29T10:00", end: "2028-02-29T11:00" }, "GMT", "2026-11-22T12:00:00Z", "2028-02-29T10:00", "2028-02-29T11:00"],
  ];
  for (const [options, zone, now, start, end] of rows) {
    it(`${JSON.stringify(options)} in ${zone} is from ${start} to ${end}`, () => assert.deepEqual(windowOf(options, new TimeZone(zone), at(now)), { start, end, warning: "" }));
  }

  const uncertain: [start: string, end: string, why: RegExp][] = [
    ["2026-11-01T05:15Z", "2026-11-01T07:30Z", /^--start 2026-11-01T05:15Z is 2026-11-01T01:15 on the report pack's clock, which came twice that day$/],
    ["2026-11-01T06:15Z", "2026-11-01T07:15Z", /^--start 2026-11-01T06:15Z is .* came twice/],
    ["2026-11-01T04:30Z", "2026-11-01T06:30Z", /^--end 2026-11-01T06:30Z is 2026-11-01T01:30 .* came twice/],
    ["2026-11-01T04:30Z", "2026-11-01T07:30Z", /^clocks in EST5EDT were changed within this window, which would be 2026-11-01T00:30 to 2026-11-01T02:30 to the API$/],
    ["2026-03-08T06:30Z", "2026-03-08T07:30Z", /^clocks in EST5EDT were changed within this window, which would be 2026-03-08T01:30 to 2026-03-08T03:30 to the API$/],
  ];
  for (const [start, end, why] of uncertain) {
    it(`from ${start} to ${end} is refused where clocks were changed`, () => {
      assert.throws(() => windowOf({ start, end }, new TimeZone("EST5EDT"), at(end)), { message: why, exitCode: 2 });
    });
  }

  it("beside a change of the clocks is what it says, also with seconds", () => {
    const windowIn = (start: string, end: string): string[] => {
      const window = windowOf({ start, end }, new TimeZone("EST5EDT"), at(end));
      return [window.start, window.end];
    };
    assert.deepEqual(windowIn("2026-11-01T04:00:45Z", "2026-11-01T04:59:10Z"), ["2026-11-01T00:00", "2026-11-01T00:59"]);
    assert.deepEqual(windowIn("2026-11-01T07:00:45Z", "2026-11-01T08:00Z"), ["2026-11-01T02:00", "2026-11-01T03:00"]);
    assert.deepEqual(windowIn("2026-03-08T07:00Z", "2026-03-08T08:00:30Z"), ["2026-03-08T03:00", "2026-03-08T04:00"]);
  });

  it("that is uncertain by the hour that comes twice says so", () => {
    const { start, end, warning } = windowOf({ last: "30m" }, new TimeZone("EST5EDT"), at("2026-11-01T06:45:00Z"));
    assert.deepEqual([start, end], ["2026-11-01T01:15", "2026-11-01T01:45"]);
    assert.match(warning, /changed within this window or next to it/);
  });

  it("over a change of the clocks is told to be uncertain", () => {
    const { start, end, warning } = windowOf({ last: "2h" }, new TimeZone("America/New_York"), at("2026-11-01T07:30:00Z"));
    assert.deepEqual([start, end], ["2026-11-01T01:30", "2026-11-01T02:30"]);
    assert.match(warning, /clocks in America\/New_York were changed/);
  });

  const refused: [options: WindowOptions, says: RegExp][] = [
    [{ last: "soon" }, /--last soon is no duration/],
    [{ last: "0m" }, /is no duration/],
    [{ last: "" }, /is no duration/],
    [{ last: "2" }, /is no duration/],
    [{ last: "9999999m" }, /is no duration/],
    [{ last: "1h", end: "2026-11-22T10:00" }, /--last goes without --start and --end/],
    [{ start: "2026-11-22T10:00" }, /--end is missing/],
    [{ end: "2026-11-22T10:00" }, /--start is missing/],
    [{ start: "yesterday", end: "2026-11-22T10:00" }, /--start yesterday is no time/],
    [{ start: "2026-11-22T10:00", end: "2026-02-30T10:00" }, /--end 2026-02-30T10:00 is no time/],
    [{ start: "2026-11-22T10:00", end: "13/01/2026:10:00" }, /--end .* is no time/],
    [{ start: "2026-11-22T10:00", end: "2026-11-22T24:00" }, /--end .* is no time/],
    [{ start: "2026-11-22T10:00", end: "2026-11-22T25:00Z" }, /--end .* is no time/],
  ];
  for (const [options, says] of refused) it(`${JSON.stringify(options)} is refused`, () => assert.throws(() => windowOf(options, new TimeZone("GMT"), 0), says));

  it("is refused for both its ends at once", () => {
    const rows: [options: WindowOptions, keys: string[]][] = [
      [{ start: "noon" }, ["--start", "--end"]],
      [{ end: "noon" }, ["--start", "--end"]],
      [{ start: "noon", end: "13/13/2026:00:00" }, ["--start", "--end"]],
      [{ last: "soon", start: "noon" }, ["--last", "--last"]],
    ];
    for (const [options, keys] of rows) {
      assert.throws(
        () => windowOf(options, undefined, 0),
        (error: Error & { problems?: { key: string; userAction: string }[] }) => {
          assert.deepEqual((error.problems ?? []).map(({ key }) => key), keys);
          assert.ok((error.problems ?? []).every(({ userAction }) => userAction !== ""));
          return true;
        },
        JSON.stringify(options),
      );
    }
  });

  it("has its length before anybody knows the pack's clock, where that does not depend on it", () => {
    const now = at("2026-11-22T12:00:00Z");
    assert.deepEqual(unplacedWindow({ last: "2h" }, now), { start: "2026-11-22T10:00", end: "2026-11-22T12:00", warning: "" });
    assert.equal(unplacedWindow({ start: "2026-11-22T10:00", end: "2026-11-22T12:00Z" }, now), undefined);
    assert.throws(() => unplacedWindow({ start: "noon" }, now));
  });

  it("needs the pack's time zone only where times are not on its clock", () => {
    const onClock = { start: "2026-11-22T10:00", end: "2026-11-22T11:00" };
    const rows: [options: WindowOptions, isOn: boolean][] = [[onClock, true], [{}, false], [{ last: "1h" }, false], [{ ...onClock, end: "2026-11-22T11:00Z" }, false]];
    for (const [options, isOn] of rows) assert.equal(isOnPackClock(options), isOn, JSON.stringify(options));
    assert.equal(windowOf(onClock, undefined, 0).start, onClock.start);
    assert.throws(() => windowOf({}, undefined, 0), /time zone of this report pack/);
  });

  it("is as long as its duration says", () => {
    assert.deepEqual(["2h", "45m", "1h30m", "90min", "1h0m"].map((text) => durationMinutes("--last", text)), [120, 45, 90, 90, 60]);
  });
});
