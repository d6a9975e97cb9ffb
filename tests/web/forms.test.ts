/** Every form in which events come. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { corpus } from "../bench/corpus.ts";
import { event, facet, headerBlock, lines, report } from "./events.ts";
import { startRig, type Rig, type Visit } from "./rig.ts";
import { decodeText, newInput, openFiles, openRow, readToEnd, rowTexts } from "./steps.ts";

const SAMPLE = readFileSync(new URL("../vectors/akamai-siem/sekoia/raw_event.json", import.meta.url), "utf8");
const THREE = [event({ path: "/a" }), event({ path: "/b" }), event({ path: "/c" })];

let rig: Rig;
let visit: Visit;

before(async () => {
  rig = await startRig();
  visit = await rig.visit();
});
beforeEach(async () => {
  await visit.page.goto(rig.origin);
});
after(async () => {
  await visit?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

/** Forms of text, and how many events each has. */
const TEXTS: readonly (readonly [name: string, text: string, events: number])[] = [
  ["lines without a context line", lines(THREE), 3],
  ["lines without a line feed behind the last", lines(THREE).trimEnd(), 3],
  ["a page with its context line", `${lines(THREE)}{"offset":"318d8;abc","total":3,"limit":10}\n`, 3],
  ["pages behind each other", `${lines(THREE)}{"offset":"a","total":3}\n${lines(THREE)}{"offset":"b","total":3}\n`, 6],
  ["an array on one line", JSON.stringify(THREE), 3],
  ["an indented array", JSON.stringify(THREE, undefined, 2), 3],
  ["one indented event", JSON.stringify(THREE[0], undefined, 4), 1],
  ["indented events behind each other", THREE.map((event) => JSON.stringify(event, undefined, 2)).join("\n"), 3],
  ["the inside of an event", JSON.stringify(THREE[0]).slice(1, -1), 1],
  ["a byte order mark before lines", `\ufeff${lines(THREE)}`, 3],
  ["results of a Splunk search", lines(THREE.map((event) => ({ preview: false, result: { _raw: JSON.stringify(event), host: "x" } }))), 3],
  ["an export of Splunk with objects", lines(THREE.map((event) => ({ result: event }))), 3],
  ["incidents of XSOAR", JSON.stringify({ events: THREE.map((event) => ({ rawEvent: JSON.stringify(event) })) }), 3],
  ["lines with a time before each", THREE.map((event) => `2026-11-22T10:00:00Z host ${JSON.stringify(event)}`).join("\n"), 3],
  ["events of the schema decoded", lines([{ attackData: { rules: [{ rule: "950002" }] }, httpMessage: { path: "/a" } }]), 1],
];

describe("pasted text", () => {
  for (const [name, text, events] of TEXTS) {
    it(`${name} gives all its events`, async () => {
      await decodeText(visit.page, text);
      assert.equal(await readToEnd(visit.page), events);
      assert.equal(await visit.page.locator(".rejected").count(), 0);
      assert.match((await rowTexts(visit.page, 0))["path"] ?? "", /^\/a$/);
      assert.equal((await rowTexts(visit.page, 0))["rules"], "950002");
      await openRow(visit.page, 0);
      await visit.page.locator(".rule h3", { hasText: "950002" }).waitFor();
    });
  }

  it("Akamai's own sample shows what the attacker did", async () => {
    await decodeText(visit.page, SAMPLE);
    assert.equal(await readToEnd(visit.page), 1);
    assert.deepEqual(await rowTexts(visit.page, 0), {
      time: "2017-04-04 10:57:02",
      client: "192.0.2.82",
      method: "GET",
      host: "www.hmapi.com",
      path: "/",
      action: "deny",
      country: "US",
      status: "200",
      rules: "950002 950006 CMD-INJECTION-ANOMALY",
    });
    await openRow(visit.page, 0);
    const panel = visit.page.getByRole("complementary", { name: "Event" });
    assert.deepEqual(await panel.locator(".rule h3").allInnerTexts(), ["950002\nalert", "950006\nalert", "CMD-INJECTION-ANOMALY\ndeny"]);
    assert.match(await panel.innerText(), /System Command Injection/);
    assert.match(await panel.innerText(), /com_jce telnet\.exe/);
    assert.match(await panel.innerText(), /BOT\/0\.1 \(BOT for JCE\)/);
  });

  it("a lone facet becomes a list", async () => {
    await decodeText(visit.page, facet("950002", "CMD-INJECTION-ANOMALY", Buffer.from([0xb4, 0xff])));
    const items = visit.page.locator(".snippet li");
    await items.first().waitFor();
    const texts = await items.allInnerTexts();
    assert.deepEqual(texts.slice(0, 2), ["950002", "CMD-INJECTION-ANOMALY"]);
    assert.match(texts[2] ?? "", /b4 ff/);
  });

  it("a lone header block becomes a table", async () => {
    await decodeText(visit.page, `"${headerBlock(["Host", "www.example.com"], ["X-A", "1"], ["X-A", "2"])}",`);
    const rows = visit.page.locator(".snippet tr");
    await rows.first().waitFor();
    assert.deepEqual(await rows.allInnerTexts(), ["Host\twww.example.com", "X-A\t1", "X-A\t2"]);
  });

  it("a report of Security Monitor becomes a table with its times", async () => {
    const small = {
      columns: [
        { type: "dimension", name: "Time", description: "Time", index: 0 },
        { type: "dimension", name: "Country", description: "Country", index: 1 },
        { type: "metric", name: "Requests Denied", description: "Number", index: 2, aggregate: "292", peak: "156", unit: null },
      ],
      rows: [["1415837040", "US", "156"], ["1415837040", "CH", "136"]],
      metaData: { aggregation: 60, startTimeInEpoch: 1415836800, timeZone: "GMT" },
    };
    await decodeText(visit.page, JSON.stringify(small, undefined, 4));
    const rows = visit.page.locator(".report tbody tr");
    await rows.first().waitFor();
    assert.deepEqual((await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " ")), ["2014-11-13 00:04 US 156", "2014-11-13 00:04 CH 136"]);
    assert.equal((await visit.page.locator(".report thead th").first().innerText()).replace(/\s+/g, " "), "Time GMT");
    assert.equal(await visit.page.locator(".report .part").count(), 0);
  });

  it("what the command writes of a report says of what it is, on which clock, and that there are more rows", async () => {
    const written = { ...report(300), metaData: undefined, pack: 12332, metadata: { aggregation: 60, timezone: "EST5EDT", start: 1_795_341_600, end: 1_795_356_000, pack: "Shop" }, offset: 300, more: true, requests: 2 };
    await decodeText(visit.page, JSON.stringify(written));
    await visit.page.locator(".report tbody tr").first().waitFor();
    assert.equal((await visit.page.locator(".report .facts").innerText()).replace(/\s+/g, " "), "Report pack Shop Window 2026-11-22 05:00 to 2026-11-22 09:00 EST5EDT Aggregation 60 s");
    assert.match(await visit.page.locator(".report .part").innerText(), /^300 rows of the report came before these\. The report has more rows than these/);
    assert.match(await visit.page.locator(".report tbody tr").first().innerText(), /^2026-11-22 05:00\t/);
  });

  it("a report is scrolled sideways on a phone, with each value on one line", async () => {
    await using phone = await rig.visit("/", { viewport: { width: 390, height: 844 }, isMobile: true });
    await openFiles(phone.page, { name: "report.json", content: JSON.stringify(report(5)) });
    await phone.page.locator(".report tbody tr").first().waitFor();
    const layout = await phone.page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      heights: Array.from(document.querySelectorAll(".report tbody td"), (cell) => cell.getBoundingClientRect().height).filter((height) => height > 26),
    }));
    assert.deepEqual(layout, { overflow: 0, heights: [] });
    await phone.page.locator(".report .wide").evaluate((region) => region.scrollTo({ left: region.scrollWidth }));
    const ends = await phone.page.locator(".report tbody td").last().evaluate((cell) => cell.getBoundingClientRect().right);
    assert.ok(ends <= 390, String(ends));
  });

  it("a file of many reports shows the last ones, without holding the page up", async () => {
    const wide = (k: number): unknown => ({
      columns: Array.from({ length: 50 }, (_, index) => ({ type: "metric", name: `m${index}`, index })),
      rows: Array.from({ length: 200 }, (_, row) => Array.from({ length: 50 }, (_, index) => String((row * index + k) % 1000))),
      metaData: { reportPack: `pack ${k}` },
    });
    await openFiles(visit.page, { name: "many.ndjson", content: lines(Array.from({ length: 60 }, (_, k) => wide(k))) });
    await visit.page.getByText("There are 60 reports in the input; the last 10 of them are shown.").waitFor();
    await visit.page.locator(".report .facts", { hasText: "pack 59" }).waitFor();
    assert.deepEqual(await visit.page.locator(".report .facts dd").allInnerTexts(), Array.from({ length: 10 }, (_, k) => `pack ${50 + k}`));
    // What takes the page's time is the number of cells that it draws.
    assert.ok((await visit.page.locator(".report td").count()) < 8000);
  });

  it("a report of ten thousand rows with hostile names is shown in parts, as texts", async () => {
    const hostile = "<img src=x onerror=alert(1)>\u202egnp\u0007";
    await openFiles(visit.page, { name: "report.json", content: JSON.stringify(report(10_001, hostile)) });
    const rows = visit.page.locator(".report tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 200);
    await visit.page.getByText("the first 10,000 of 10,001 rows").waitFor();
    await visit.page.getByRole("button", { name: "Show 1,000 more of 10,000 rows" }).click();
    await visit.page.waitForFunction(() => document.querySelectorAll(".report tbody tr").length === 1200);
    assert.equal(await visit.page.locator(".report img").count(), 0);
    assert.match(await visit.page.locator(".report thead").innerText(), /<img src=x onerror=alert\(1\)>⟨U\+202E⟩gnp⟨BEL⟩/);
    assert.match(await rows.nth(1).innerText(), /2026-11-22 10:01\s+<img src=x[\s\S]*37/);
    assert.deepEqual(visit.faults, []);
  });

  it("what is none of these is said to be none", async () => {
    await decodeText(visit.page, "Good morning!");
    await visit.page.getByText(/neither JSON, nor an encoded facet/).waitFor();
    await newInput(visit.page);
    await decodeText(visit.page, `${lines(THREE)}{"attackData": {"rules": "OTUw\n{"other":"object"}\n`);
    assert.equal(await readToEnd(visit.page), 3);
    await visit.page.getByText("2 pieces of the input could not be read as events").click();
    assert.match(await visit.page.locator(".rejected").innerText(), /byte [\d,]+: .*\n.*OTUw/);
  });
});

describe("files", () => {
  it("many, compressed and not, become one table, and each event is read again from its own", async () => {
    await openFiles(
      visit.page,
      { name: "a.ndjson", content: lines(THREE) },
      { name: "b.json.gz", content: gzipSync(lines([event({ path: "/packed" })])) },
      { name: "c.json", content: JSON.stringify([event({ path: "/array" })], undefined, 2) },
    );
    assert.equal(await readToEnd(visit.page), 5);
    for (const [row, path, name] of [[0, "/a", "a.ndjson"], [3, "/packed", "b.json.gz"], [4, "/array", "c.json"]] as const) {
      assert.equal((await rowTexts(visit.page, row))["path"], path);
      await openRow(visit.page, row);
      await visit.page.locator(".facts", { hasText: name }).waitFor();
      await visit.page.locator(".raw summary").click();
      assert.match(await visit.page.locator(".raw pre").innerText(), new RegExp(`"path": ?"${path}"`));
      await visit.page.locator(".raw summary").click();
    }
  });

  it("a broken archive keeps what was before the break", async () => {
    const whole = gzipSync(lines(Array.from({ length: 20_000 }, (_, k) => event({ path: `/${k}` }))));
    await openFiles(visit.page, { name: "cut.gz", content: whole.subarray(0, whole.length / 2) });
    assert.ok((await readToEnd(visit.page)) > 1000);
    await visit.page.locator(".status .problem", { hasText: "cut.gz" }).waitFor();
  });

  const MEMBERS = [THREE, Array.from({ length: 3000 }, (_, k) => event({ path: `/${k}`, query: "x".repeat(k % 50) })), [event({ path: "/last" })]].map((events) => gzipSync(lines(events)));
  const ARCHIVE = Buffer.concat(MEMBERS);

  it("an archive of several members is read to its end, and its events are read again", async () => {
    await openFiles(visit.page, { name: "three.gz", content: ARCHIVE });
    assert.equal(await readToEnd(visit.page), 3004);
    assert.equal(await visit.page.locator(".status .problem").count(), 0);
    await visit.page.locator(".grid").focus();
    await visit.page.keyboard.press("End");
    await visit.page.keyboard.press("Enter");
    await visit.page.locator(".facts", { hasText: "/last" }).waitFor();
  });

  it("what follows the last member is told and left out", async () => {
    for (const [name, behind] of [["text", Buffer.from("and some text\n".repeat(5000))], ["zeros", Buffer.alloc(70_000)], ["half a magic number", Buffer.of(0x1f)]] as const) {
      await visit.page.goto(rig.origin);
      await openFiles(visit.page, { name: "three.gz", content: Buffer.concat([ARCHIVE, behind]) });
      assert.equal(await readToEnd(visit.page), 3004, name);
      const note = await visit.page.locator(".status .problem").innerText();
      assert.equal(note, `three.gz: The compressed data ends at byte ${ARCHIVE.length.toLocaleString("en")} of ${(ARCHIVE.length + behind.length).toLocaleString("en")}; what follows is not gzip and was left out.`);
    }
  });

  it("an archive of several members that is cut or damaged keeps what was before", async () => {
    const [first, second] = MEMBERS.map(({ length }) => length);
    assert.ok(first !== undefined && second !== undefined);
    const damaged = Buffer.from(ARCHIVE);
    damaged.writeUInt32LE(0, first + second - 8);
    const CASES = [
      ["within the first member's last bytes", ARCHIVE.subarray(0, first - 3), 3, 3, /the file ends within its compressed data/],
      ["within the second member's header", ARCHIVE.subarray(0, first + 5), 3, 3, /the file ends within its compressed data/],
      ["within the second member", ARCHIVE.subarray(0, first + second / 2), 4, 3002, /the file ends within its compressed data/],
      ["within the last member's last bytes", ARCHIVE.subarray(0, -2), 3004, 3004, /the file ends within its compressed data/],
      ["a checksum that is wrong", damaged, 3003, 3003, /damaged at byte [\d,]+ of the file/],
    ] as const;
    for (const [name, content, least, most, said] of CASES) {
      await visit.page.goto(rig.origin);
      await openFiles(visit.page, { name: "cut.gz", content });
      const events = await readToEnd(visit.page);
      assert.ok(events >= least && events <= most, `${name}: ${events}`);
      assert.match(await visit.page.locator(".status .problem").innerText(), said, name);
    }
  });

  it("reading can be cancelled, and what was read stays", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgesiem-cancel-"));
    try {
      await visit.page.locator('input[type="file"]').setInputFiles(corpus(folder, 50).path);
      await visit.page.locator(".window .row").first().waitFor();
      await visit.page.getByRole("button", { name: "Cancel" }).click();
      await visit.page.locator(".status [role=status]", { hasText: "stopped at" }).waitFor();
      assert.ok((await visit.page.locator(".window .row").count()) > 5);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("UTF-16 is named, with what to do", async () => {
    await openFiles(visit.page, { name: "wide.json", content: Buffer.from(`\ufeff${lines(THREE)}`, "utf16le") });
    await visit.page.getByText(/wide\.json: this is UTF-16; save it as UTF-8/).waitFor();
  });

  it("can be dropped anywhere", async () => {
    const transfer = await visit.page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "dropped.ndjson"));
      return transfer;
    }, lines(THREE));
    await visit.page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    assert.equal(await readToEnd(visit.page), 3);
  });
});

it("the example opens by its button, and nothing was asked of anybody but the page's own files", async () => {
  await visit.page.getByRole("button", { name: "Example" }).click();
  assert.equal(await readToEnd(visit.page), 600);
  assert.deepEqual(visit.faults, []);
  assert.deepEqual(visit.requests.filter((url) => !/^\/(assets\/[\w.-]+\.(js|css))?$/.test(url)), []);
});
