/** Events of Trend Micro Cloud App Security: each form in which they come, the table, an event, exports. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Download, Page } from "playwright-core";
import type { Core } from "../../npm/src/index.ts";
import { serious } from "./axe.ts";
import { event, lines } from "./events.ts";
import { startRig, type Rig, type Visit } from "./rig.ts";
import { decodeText, leaves, openFiles, openRow, readToEnd, rowTexts } from "./steps.ts";

const INLINE = process.env["EDGESIEM_INLINE"] ?? new URL("../../npm/dist/inline.js", import.meta.url).href;
const VECTORS = JSON.parse(readFileSync(new URL("../vectors/schemas/trend-micro.json", import.meta.url), "utf8")) as { name: string; line: string }[];
const lineOf = (name: string): string => VECTORS.find((vector) => vector.name === name)?.line ?? "";
const THREE = ["dlp-file", "mail-phishing", "ransomware"].map((name) => JSON.parse(lineOf(name)) as Record<string, unknown>);

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
});
after(async () => {
  await visit?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

const FORMS: readonly (readonly [name: string, text: string])[] = [
  ["one a line", lines(THREE)],
  ["as an array", JSON.stringify(THREE)],
  ["as an indented array", JSON.stringify(THREE, undefined, 2)],
  ["as a whole answer", JSON.stringify({ current_link: "", next_link: "", security_events: THREE, traceId: "x" })],
  ["as an indented answer in the older spelling", JSON.stringify({ selfLink: "", securityEvents: THREE }, undefined, 1)],
  ["as answers, one a line", lines([{ security_events: THREE.slice(0, 2) }, { security_events: [] }, { security_events: THREE.slice(2) }])],
  ["as results of a Splunk search", lines(THREE.map((event) => ({ result: { _raw: JSON.stringify(event) } })))],
  ["with a time before each", THREE.map((event) => `2026-11-22T10:00:00Z host ${JSON.stringify(event)}`).join("\n")],
];

describe("events of Trend Micro", () => {
  for (const [name, text] of FORMS) {
    it(`${name} fill the table`, async () => {
      await decodeText(page, text);
      assert.equal(await readToEnd(page), 3);
      assert.equal(await page.locator(".rejected").count(), 0);
      assert.deepEqual(await rowTexts(page, 0), {
        time: "2026-11-22 09:30:31",
        user: "ann@example.com",
        service: "Box",
        event: "dlp",
        action: "Quarantine",
        status: "success",
        policy: "PCI",
        threat: "",
        file: "cards.csv",
      });
      assert.equal((await rowTexts(page, 1))["file"], "FW: invoice");
      assert.equal((await rowTexts(page, 2))["threat"], "Ransom_CERBER.A");
    });
  }

  it("of one long answer are exported as fast as those of lines, also in another order", async () => {
    const many = Array.from({ length: 4000 }, (_, k) => ({ ...THREE[0], log_item_id: `id-${k}`, message: { ...Object(THREE[0]?.["message"]), file_name: `file-${(k * 7919) % 4000}`, padding: "x".repeat(700) } }));
    await openFiles(page, { name: "answers.ndjson", content: lines([{ security_events: many.slice(0, 2000) }, { security_events: many.slice(2000) }]) });
    assert.equal(await readToEnd(page), 4000);
    await page.getByRole("columnheader", { name: "file or subject" }).getByRole("button").click();
    await page.waitForFunction(() => document.querySelectorAll(".window .row")[1]?.textContent?.includes("file-1"));
    assert.equal((await rowTexts(page, 2))["file"], "file-10");
    await page.getByRole("button", { name: "Export…" }).click();
    await page.getByRole("combobox", { name: "Format" }).selectOption({ label: "As it came, NDJSON" });
    const waiting: Promise<Download> = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export 4,000 events" }).click();
    // Read again for each of its events, such an answer would take minutes: the step has its usual time.
    const written = readFileSync(await (await waiting).path(), "utf8").trimEnd().split("\n").map((line) => (JSON.parse(line) as { message: { file_name: string } }).message.file_name);
    assert.deepEqual(written, Array.from({ length: 4000 }, (_, k) => `file-${k}`).sort());
  });

  it("stand beside Akamai's in one table, with the columns and charts of both", async () => {
    await openFiles(page, { name: "trend.ndjson", content: lines(THREE) }, { name: "akamai.ndjson", content: lines([event(), event({ host: "shop.example.com" })]) });
    assert.equal(await readToEnd(page), 5);
    const columns = Object.keys(await rowTexts(page, 0));
    for (const column of ["client", "user", "host", "policy", "rules"]) assert.ok(columns.includes(column), column);
    await page.getByRole("button", { name: "shop.example.com" }).click();
    await leaves(page, 1);
    await page.getByRole("button", { name: "shop.example.com" }).click();
    await page.locator(".top-table", { hasText: "Users" }).getByRole("button", { name: "ann@example.com" }).click();
    await leaves(page, 3);
    assert.equal(await page.getByRole("searchbox", { name: "Filter" }).inputValue(), "user:ann@example.com");
  });

  it("show what was found, as it came and decoded, and are copied in their schemas", async () => {
    const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();
    await decodeText(page, lineOf("old-dlp-mail"));
    assert.equal(await readToEnd(page), 1);
    await openRow(page, 0);
    const panel = page.getByRole("complementary", { name: "Event" });
    assert.match(await panel.locator(".facts").innerText(), /user2@example\.com[\s\S]*Exchange DLP[\s\S]*figures/);
    assert.equal(await panel.locator(".rule, .section", { hasText: /^Rules/ }).count(), 0);
    const member = panel.locator(".members tr", { hasText: "message.detection_time" });
    assert.match(await member.innerText(), /2016-07-22T01:51:31\s+2016-07-22T01:51:31(\.000)?Z/);
    assert.deepEqual((await panel.locator(".copies button").allInnerTexts()).map((text) => text.trim()), ["JSON", "Raw", "ECS", "OCSF", "CEF"]);
    await panel.getByRole("button", { name: "ECS", exact: true }).click();
    await panel.locator("button", { hasText: "ECS copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.deepEqual(JSON.parse(copied), JSON.parse(core.convert(lineOf("old-dlp-mail"), { name: "ecs", events: "trend-micro-cas" })[0] ?? ""));
    assert.deepEqual(await serious(page), []);
  });

  it("are exported in their schemas as the package converts them, and Akamai's are not offered", async () => {
    const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();
    const records = VECTORS.filter(({ name }) => !["nothing", "message-is-text", "twice"].includes(name)).map(({ line }) => line.replaceAll("\n", " "));
    await openFiles(page, { name: "trend.ndjson", content: `${records.join("\n")}\n` });
    const total = await readToEnd(page);
    const written = records.filter((line) => {
      const { log_item_id: id, service, event } = JSON.parse(line) as Record<string, unknown>;
      return typeof id === "string" || (typeof service === "string" && typeof event === "string");
    });
    assert.equal(total, written.length);
    await page.getByRole("button", { name: "Export…" }).click();
    const labels = await page.getByRole("combobox", { name: "Format" }).locator("option").allInnerTexts();
    assert.ok(!labels.some((label) => /Sentinel|Elastic's/.test(label)), String(labels));
    for (const [label, schema] of [["OCSF, NDJSON", "ocsf"], ["CEF, lines of text", "cef"], ["Decoded, NDJSON", "decoded"]] as const) {
      await page.getByRole("combobox", { name: "Format" }).selectOption({ label });
      const waiting: Promise<Download> = page.waitForEvent("download");
      await page.getByRole("button", { name: /^Export \d+ events$/ }).click();
      const text = readFileSync(await (await waiting).path(), "utf8");
      assert.equal(text, written.map((line) => `${core.convert(line, { name: schema, events: "trend-micro-cas" })[0] ?? ""}\n`).join(""), schema);
    }
  });
});

it("hostile texts in every member reach the page as texts", async () => {
  const hostile = "<img src=x onerror=alert(1)>\u202egnp.exe\u0007{{7*7}}";
  const message = Object.fromEntries(["affected_user", "triggered_policy_name", "action", "action_result", "security_risk_name", "mail_message_subject", "file_name", "location"].map((name) => [name, hostile]));
  await decodeText(page, JSON.stringify({ log_item_id: hostile, service: hostile, event: hostile, message: { ...message, [hostile]: hostile, detection_time: "2026-11-22T09:30:31Z" } }));
  assert.equal(await readToEnd(page), 1);
  await openRow(page, 0);
  assert.equal(await page.locator("img").count(), 0);
  assert.match((await rowTexts(page, 0))["user"] ?? "", /^<img src=x onerror=alert\(1\)>⟨U\+202E⟩gnp\.exe⟨BEL⟩\{\{7\*7\}\}$/);
  assert.deepEqual(visit.faults, []);
});
