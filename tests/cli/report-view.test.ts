/** Tables, CSV and bars, as they come out. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { displayWidth, fittedTo } from "../../npm/src/cli/display-width.ts";
import { seriesLines } from "../../npm/src/cli/report-view.ts";
import { sparkline, type Point } from "../../npm/src/cli/sparkline.ts";
import { csvCell, csvLines, tableLines, type Column } from "../../npm/src/cli/table.ts";

const COLUMNS: Column[] = [{ name: "Country", align: "left" }, { name: "Requests Denied", align: "right" }, { name: "City", align: "left" }];
const plain = (_style: unknown, text: string): string => text;

describe("the width of a text on a terminal", () => {
  const rows: [text: string, columns: number][] = [
    ["", 0],
    ["plain", 5],
    ["naïve", 5],
    ["nai\u0308ve", 5],
    ["東京", 4],
    ["한글", 4],
    ["ｶﾅ", 2],
    ["Ａ１", 4],
    ["\u{1f600}", 2],
    ["\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", 2],
    ["❤", 1],
    ["❤\ufe0f", 2],
    ["\u{20000}", 2],
    ["▁█", 2],
  ];
  for (const [text, columns] of rows) it(`${JSON.stringify(text)} is ${columns}`, () => assert.equal(displayWidth(text), columns));

  it("is what a text is cut to, between characters", () => {
    assert.deepEqual([fittedTo("東京都", 6), fittedTo("東京都", 5), fittedTo("東京都", 4), fittedTo("abc", 3), fittedTo("abcd", 3)], ["東京都", "東京…", "東…", "abc", "ab…"]);
  });
});

describe("a table", () => {
  it("is aligned by what a terminal shows, numbers at the right, and escapes what others wrote", () => {
    const lines = [...tableLines(COLUMNS, [["US", "156", "Boston"], ["東京", "7", "\u001b[2J"], ["DE", "12345", ""]], plain)];
    assert.deepEqual(lines, [
      "Country  Requests Denied  City",
      "US                   156  Boston",
      "東京                   7  \\u{1b}[2J",
      "DE                 12345",
    ]);
  });

  it("cuts a cell that nobody would read, and says so", () => {
    const [, line = ""] = tableLines([{ name: "x", align: "left" }], [["y".repeat(5000)]], plain);
    assert.deepEqual([displayWidth(line), line.endsWith("…")], [80, true]);
  });

  it("takes rows that lack cells, and leaves out cells without a column", () => {
    assert.deepEqual([...tableLines(COLUMNS, [["US"], ["DE", "1", "x", "more"]], plain)].slice(1), ["US", "DE                     1  x"]);
  });
});

describe("CSV", () => {
  const rows: [cell: string, written: string][] = [
    ["", ""],
    ["plain", "plain"],
    ["Washington, DC", '"Washington, DC"'],
    ['5" pipe', '"5"" pipe"'],
    ["two\nlines", '"two\nlines"'],
    ["two\r\nlines", '"two\r\nlines"'],
    [" room ", '" room "'],
    ["=1+1", "'=1+1"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ['=HYPERLINK("http://192.0.2.1")', '"\'=HYPERLINK(""http://192.0.2.1"")"'],
    ["+1+1", "'+1+1"],
    ["-1+1", "'-1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", '"\t\'=1"'],
    ["\r=1", '"\r\'=1"'],
    ["  =1", "'  =1"],
    ["\u0000=1", "'\u0000=1"],
    ["\ufeff\u200b@x", "'\ufeff\u200b@x"],
    ["\u00a0\u0000 +1+1", "'\u00a0\u0000 +1+1"],
    ["a;=1+1", "a;'=1+1"],
    ["a;-5;+6", "a;-5;+6"],
    ["a; @x|-1a", "a;' @x|'-1a"],
    ["a\t=1", "a\t'=1"],
    ["a\n=1", `"a\n'=1"`],
    ['a,"b;=1', `"a,""b;'=1"`],
    ["New York - Manhattan", "New York - Manhattan"],
    ["＝1+1", "'＝1+1"],
    ["-5", "-5"],
    ["+5.25", "+5.25"],
    ["-5a", "'-5a"],
    ["2014-11-13T00:04:00Z", "2014-11-13T00:04:00Z"],
  ];
  for (const [cell, written] of rows) it(`${JSON.stringify(cell)} is ${JSON.stringify(written)}`, () => assert.equal(csvCell(cell), written));

  it("guards headings too, has all columns in each line, and escapes controls on a terminal only", () => {
    const columns: Column[] = [{ name: "=x", align: "left" }, { name: "y", align: "right" }];
    assert.deepEqual([...csvLines(columns, [["\u001b[2J"]], false)], ["'=x,y", "\u001b[2J,"]);
    // What begins with these two letters is another kind of file to Excel.
    assert.deepEqual([...csvLines([{ name: "ID;PWXL;N;E", align: "left" }, { name: "ID", align: "left" }], [["ID", "1"]], false)], ['"ID;PWXL;N;E",ID', "ID,1"]);
    assert.deepEqual([...csvLines(columns, [["\u001b[2J", "1"]], true)], ["'=x,y", "\\u{1b}[2J,1"]);
  });
});

describe("bars over time", () => {
  const span = { start: 0, end: 480, step: 60 };
  const rows: [name: string, points: Point[], columns: number, bars: string][] = [
    ["rise to the highest", [[0, 0], [60, 1], [120, 2], [180, 3], [240, 4], [300, 6], [360, 7], [420, 8]], 80, "▁▁▂▃▄▆▇█"],
    ["are blank where nothing is known", [[60, 8], [420, 8]], 80, " █     █"],
    ["add points of the same time", [[0, 1], [0, 7], [60, 4]], 80, "█▄      "],
    ["are fewer than the columns, each for as many steps", [[0, 1], [60, 1], [120, 4], [420, 2]], 3, "█ ▄"],
    ["leave out what lies outside", [[-60, 100], [480, 100], [0, 1]], 80, "█       "],
    ["are the lowest where there is nothing but nothing", [[0, 0], [60, 0]], 80, "▁▁      "],
    ["leave out what is no number", [[0, Number.NaN], [60, Infinity], [120, 1]], 80, "  █     "],
  ];
  for (const [name, points, columns, bars] of rows) it(name, () => assert.equal(sparkline(points, span, columns), bars));

  it("are none for a span that is none, however it is written", () => {
    for (const wrong of [{ start: 0, end: 0, step: 60 }, { start: 60, end: 0, step: 60 }, { start: 0, end: 60, step: 0 }, { start: Number.NaN, end: 60, step: 60 }, { start: Infinity, end: -Infinity, step: 60 }]) {
      assert.equal(sparkline([[0, 1]], wrong, 80), "", JSON.stringify(wrong));
    }
  });

  it("are no more than the columns for any span", () => {
    assert.ok(sparkline([[0, 1]], { start: 0, end: 1e10, step: 1 }, 80).length <= 80);
  });

  it("stand in line, with their axis below", () => {
    const series = [
      { name: "Requests Denied", points: [[0, 1], [420, 8]] as Point[], facts: "total 9, peak 8" },
      { name: "Rules", points: [[60, 1]] as Point[], facts: "" },
    ];
    assert.deepEqual(seriesLines(series, span, { begin: "0:00", end: "0:08", note: "" }, 80), [
      "Requests Denied  ▁      █  total 9, peak 8",
      "Rules             █",
      "                 0:00 0:08",
    ]);
    assert.deepEqual(seriesLines(series, { ...span, end: 60 }, { begin: "", end: "", note: "" }, 80), [], "one bar shows nothing");
  });
});
