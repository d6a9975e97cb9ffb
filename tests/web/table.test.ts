/** The table, its filter, the charts, copies and exports, with the mouse and without it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Download, Page } from "playwright-core";
import type { Core } from "../../npm/src/index.ts";
import { serious } from "./axe.ts";
import { event, lines } from "./events.ts";
import { MOST_SORTED_ROWS } from "../../npm/web/src/protocol.ts";
import { startRig, type Rig, type Visit } from "./rig.ts";
import { leaves, openFiles, openRow, readToEnd, rowTexts } from "./steps.ts";

const INLINE = process.env["EDGESIEM_INLINE"] ?? new URL("../../npm/dist/inline.js", import.meta.url).href;
const FIRST_MS = Date.UTC(2026, 10, 22, 10);
/** A thousand events, a second apart. */
const EVENTS = Array.from({ length: 1000 }, (_, k) =>
  event({
    client: `192.0.2.${k % 7}`,
    host: k % 2 === 0 ? "www.example.com" : "shop.example.com",
    path: `/p/${k}`,
    query: `n=${k}`,
    action: k % 4 === 0 ? "alert" : "deny",
    country: k % 3 === 0 ? "DE" : "BR",
    rule: `9500${k % 5}`,
    message: k % 5 === 1 ? "SQL injection" : "Other",
    startMs: FIRST_MS + k * 1000,
  }),
);

let rig: Rig;
let visit: Visit;
let page: Page;

before(async () => {
  rig = await startRig();
});
beforeEach(async () => {
  await visit?.[Symbol.asyncDispose]();
  visit = await rig.visit();
  page = visit.page;
  await openFiles(page, { name: "events.ndjson", content: lines(EVENTS) });
  await readToEnd(page);
});
after(async () => {
  await visit?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const filterTo = (text: string): Promise<void> => page.getByRole("searchbox", { name: "Filter" }).fill(text);
const filterText = (): Promise<string> => page.getByRole("searchbox", { name: "Filter" }).inputValue();

describe("the filter", () => {
  const FILTERS: readonly (readonly [filter: string, events: number])[] = [
    ["host:shop.example.com", 500],
    ["host:shop.example.com host:www.example.com", 1000],
    ["host:shop.example.com action:alert", 0],
    ["-action:alert", 750],
    ["rule:95000", 200],
    ["rule:9500*", 1000],
    ["sql", 200],
    ["SQL -host:shop*", 100],
    ["path:/p/99?", 0],
    ["path:/p/99*", 11],
    ["ip:192.0.2.6 country:DE", 48],
    [`from:2026-11-22T10:00:10Z to:2026-11-22T10:00:20Z`, 10],
    ['"n=999"', 1],
  ];
  it("leaves what it says, by words, fields, patterns and times", async () => {
    for (const [filter, events] of FILTERS) {
      await filterTo(filter);
      await leaves(page, events).catch(() => assert.fail(`${filter}: ${events} expected, ${String(visit.faults)}`));
    }
  });

  it("says what is wrong with it", async () => {
    await filterTo("from:yesterday");
    await page.getByText('from: "yesterday" is no time').waitFor();
    await filterTo("foo:bar");
    await page.getByText("there is no field foo: the term was looked for as a text").waitFor();
  });
});

describe("the charts", () => {
  it("narrow the table by a click, and widen it by another", async () => {
    await page.getByRole("button", { name: "shop.example.com" }).click();
    await leaves(page, 500);
    assert.equal(await filterText(), "host:shop.example.com");
    assert.equal(await page.locator(".top-table", { hasText: "Hosts" }).locator("tbody tr").count(), 1);
    await page.getByRole("button", { name: "shop.example.com" }).click();
    await leaves(page, 1000);
    await page.locator(".legend").getByRole("button", { name: /alert/ }).click();
    await leaves(page, 250);
  });

  it("show the numbers that a count of the events gives", async () => {
    const rows = await page.locator(".top-table", { hasText: "Clients" }).locator("tbody tr").allInnerTexts();
    assert.deepEqual(rows[0]?.split(/\s+/), ["192.0.2.0", "143"]);
    assert.match(await page.locator(".legend").innerText(), /deny\s*750[\s\S]*alert\s*250/);
  });

  it("choose a time by dragging, and by the table of numbers without a mouse", async () => {
    const plot = await page.locator(".u-over").boundingBox();
    assert.ok(plot !== null);
    await page.mouse.move(plot.x + plot.width * 0.25, plot.y + 20);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => /^2\d\d of/.test(document.querySelector(".filter [role=status]")?.textContent ?? ""));
    assert.match(await filterText(), /^from:2026-11-22T10:0\d:\d\d\.000Z to:/);
    await page.getByRole("button", { name: "All times" }).click();
    await leaves(page, 1000);
    await page.getByText("Numbers", { exact: true }).click();
    await page.getByRole("button", { name: "Only from 2026-11-22 10:01:00" }).click();
    await page.waitForFunction(() => /^10 of/.test(document.querySelector(".filter [role=status]")?.textContent ?? ""));
  });
});

describe("the table", () => {
  it("sorts by a column both ways and not at all", async () => {
    const heading = (column: string): ReturnType<Page["getByRole"]> => page.getByRole("columnheader", { name: column, exact: true });
    const firstRowHas = async (text: string): Promise<void> => void (await page.waitForFunction((text) => document.querySelector(".window .row")?.textContent?.includes(text), text));
    await heading("time UTC").getByRole("button").click();
    await firstRowHas("/p/999");
    await page.locator('[aria-sort="descending"] button').click();
    await firstRowHas("/p/0");
    await heading("path").getByRole("button").click();
    await page.waitForFunction(() => document.querySelectorAll(".window .row")[2]?.textContent?.includes("/p/10"));
    assert.equal(await page.locator('[aria-sort="ascending"]').innerText().then((text) => text.slice(0, 4)), "path");
    await page.locator('[aria-sort="ascending"] button').click();
    await firstRowHas("/p/999");
    await page.locator('[aria-sort="descending"] button').click();
    await firstRowHas("/p/0");
  });

  it("shows the whole arrow in a heading, however narrow", async () => {
    for (const column of ["method", "country", "status"]) {
      await page.getByRole("columnheader", { name: column }).getByRole("button").click();
      const arrow = page.locator('[aria-sort="ascending"]', { hasText: column }).locator(".order");
      await arrow.waitFor();
      const left = await arrow.evaluate((arrow) => (arrow.closest(".cell")?.getBoundingClientRect().right ?? 0) - arrow.getBoundingClientRect().right);
      assert.ok(left >= 0, `${column}: ${left}`);
    }
  });

  it("is walked through and opened by the keyboard alone", async () => {
    await page.locator(".grid").focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.querySelector(".row.current")?.textContent?.includes("/p/999"));
    assert.equal(await page.locator(".grid").getAttribute("aria-activedescendant"), "row-999");
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".event-top h2", { hasText: "Event 2 of 1,000" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.locator(".event-top h2", { hasText: "Event 3 of 1,000" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("aside.event").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.className), "grid");
  });

  it("shows the columns that are chosen", async () => {
    await page.locator(".choice summary").click();
    await page.getByRole("checkbox", { name: "query" }).check();
    await page.getByRole("checkbox", { name: "country" }).uncheck();
    await page.waitForFunction(() => document.querySelector(".window .row")?.textContent?.includes("n=0"));
    assert.deepEqual(Object.keys(await rowTexts(page, 0)), ["time", "client", "method", "host", "path", "query", "action", "status", "rules"]);
  });
});

describe("without a mouse", () => {
  it("the menu of columns is as wide as its names, is closed by Escape, and the event beside it stays", async () => {
    await openRow(page, 0);
    const summary = page.locator(".choice summary");
    await summary.focus();
    await page.keyboard.press("Enter");
    const heights = await page.locator(".choice label").evaluateAll((labels) => labels.map((label) => label.getBoundingClientRect().height));
    assert.ok(heights.length === 10 && heights.every((height) => height < 30), String(heights));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    await page.locator(".choice:not([open])").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Columns");
    assert.equal(await page.locator("aside.event").count(), 1);
  });

  it("columns are chosen by the keyboard", async () => {
    await page.locator(".choice summary").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.waitForFunction(() => !document.querySelector(".heading")?.textContent?.includes("client"));
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelector(".heading")?.textContent?.includes("client"));
  });
});

describe("an event", () => {
  it("marks a member on both sides, with all that became part of the same decoded one", async () => {
    await openRow(page, 0);
    await page.locator(".members").getByRole("button", { name: "attackData.ruleTags" }).click();
    const marked = await page.locator(".members tr.marked th").allInnerTexts();
    assert.deepEqual(marked, ["attackData.rules", "attackData.ruleMessages", "attackData.ruleTags", "attackData.ruleData", "attackData.ruleSelectors", "attackData.ruleActions"]);
  });

  it("is copied in each form as the package converts it", async () => {
    const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();
    await openRow(page, 3);
    const buttons = page.getByRole("group", { name: "Copy the event" });
    const copied = async (label: string): Promise<string> => {
      await buttons.getByRole("button", { name: label, exact: true }).click();
      await buttons.locator("button", { hasText: `${label} copied` }).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const line = JSON.stringify(EVENTS[3]);
    assert.deepEqual(JSON.parse(await copied("JSON")), core.decodeEvent(line));
    assert.equal(await copied("Raw"), line);
    assert.equal(await copied("CEF"), core.convert(line, "cef")[0]);
    for (const [label, schema] of [["ECS", "ecs"], ["OCSF", "ocsf"]] as const) assert.deepEqual(JSON.parse(await copied(label)), JSON.parse(core.convert(line, schema)[0] ?? ""));
    assert.match(await copied("curl"), /^curl [\s\S]*--url 'https:\/\/shop\.example\.com\/p\/3\?n=3'/);
  });
});

describe("an export", () => {
  const exported = async (label: string): Promise<string> => {
    await page.getByRole("combobox", { name: "Format" }).selectOption({ label });
    const waiting: Promise<Download> = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Export \d+ events?$/ }).click();
    return readFileSync(await (await waiting).path(), "utf8");
  };

  it("has what the filter leaves, in every schema, as the package converts it", async () => {
    const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();
    await filterTo("path:/p/1*");
    await leaves(page, 111);
    await page.getByRole("button", { name: "Export…" }).click();
    const left = EVENTS.filter((event) => String((event["httpMessage"] as { path: string }).path).startsWith("/p/1")).map((event) => JSON.stringify(event));
    for (const [label, schema] of [["Decoded, NDJSON", "decoded"], ["As it came, NDJSON", "raw"], ["OCSF, NDJSON", "ocsf"], ["CEF, lines of text", "cef"]] as const) {
      assert.equal(await exported(label), left.map((line) => `${core.convert(line, schema)[0] ?? ""}\n`).join(""), schema);
    }
  });

  it("is in the order of the table, and says so", async () => {
    await page.getByRole("columnheader", { name: "client" }).getByRole("button").click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    await filterTo("path:/p/1*");
    await leaves(page, 111);
    await page.getByRole("button", { name: "Export…" }).click();
    await page.getByText("What the filter leaves, in the order of the table.").waitFor();
    const clients = (await exported("CSV, a row an event")).trimEnd().split("\r\n").slice(1).map((line) => line.split(",")[1] ?? "");
    assert.equal(clients.length, 111);
    assert.deepEqual(clients, clients.toSorted());
    assert.notEqual(clients[0], clients.at(-1));
  });

  it("of more events than are put in order is in that of the input, and says so", async () => {
    const many = Array.from({ length: MOST_SORTED_ROWS + 1 }, (_, k) => `{"httpMessage":{"path":"/${(k * 7919) % 10_007}","start":"1795341600"}}`);
    await page.goto(rig.origin);
    await openFiles(page, { name: "many.ndjson", content: `${many.join("\n")}\n` });
    await readToEnd(page);
    await page.getByRole("columnheader", { name: "path" }).getByRole("button").click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    await page.getByRole("button", { name: "Export…" }).click();
    await page.getByText("in the order of the input: only up to 20,000 events are written in the order of the table").waitFor();
    await page.getByRole("combobox", { name: "Format" }).selectOption({ label: "As it came, NDJSON" });
    const waiting: Promise<Download> = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Export 20,001 events$/ }).click();
    assert.equal(readFileSync(await (await waiting).path(), "utf8"), `${many.join("\n")}\n`);
  });

  it("as CSV runs nothing in a spreadsheet", async () => {
    await page.goto(rig.origin);
    await openFiles(page, { name: "formulas.ndjson", content: lines([event({ path: "=1+1", host: "@SUM(A1)", client: "+1", query: '-2,"x"\n', country: "\t=1" })]) });
    await readToEnd(page);
    await page.getByRole("button", { name: "Export…" }).click();
    const text = await exported("CSV, a row an event");
    assert.equal(text, `time,client,method,host,path,query,action,country,status,rules\r\n2026-11-22T10:00:00.000Z,+1,GET,'@SUM(A1),'=1+1,"'-2,""x""\n",deny,"\t'=1",403,950002\r\n`);
  });
});

describe("accessibility", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no serious finding in ${colorScheme}: empty, with events, with an event, on a phone`, async () => {
      await using visit = await rig.visit("/", { colorScheme });
      assert.deepEqual(await serious(visit.page), []);
      await visit.page.getByRole("button", { name: "Example" }).click();
      await readToEnd(visit.page);
      await visit.page.getByRole("button", { name: "Export…" }).click();
      assert.deepEqual(await serious(visit.page), []);
      await openRow(visit.page, 2);
      assert.deepEqual(await serious(visit.page), []);
      await visit.page.setViewportSize({ width: 390, height: 844 });
      assert.deepEqual(await serious(visit.page), []);
    });
  }

  it("everything that can be clicked can be reached by the tabulator, in the order of the page", async () => {
    const names: string[] = [];
    for (let k = 0; k < 12; k += 1) {
      await page.keyboard.press("Tab");
      names.push(await page.evaluate(() => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").slice(0, 20)));
    }
    assert.deepEqual(names.slice(0, 6), ["New input", "Streams", "Filter", "Charts", "Columns", "Export…"]);
  });
});

it("none of this asked anything of anybody", () => {
  assert.deepEqual(visit.faults, []);
  assert.deepEqual(visit.requests.filter((url) => !/^\/(assets\/[\w.-]+\.(js|css))?$/.test(url)), []);
});
