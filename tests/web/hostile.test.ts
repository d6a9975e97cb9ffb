/** Events that attackers wrote: nothing in them runs, is fetched, hides, or breaks the page. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { event, facet, headerBlock, lines } from "./events.ts";
import { startRig, type Rig, type Visit } from "./rig.ts";
import { leaves, openFiles, openRow, readToEnd, rowTexts } from "./steps.ts";

const WEB = fileURLToPath(new URL("../../npm/web/src/", import.meta.url));
const BLNS = JSON.parse(readFileSync(new URL("../vectors/blns/blns.json", import.meta.url), "utf8")) as string[];

/** What browsers, templates and terminals have run where it was shown. */
const PAYLOADS = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "<svg/onload=alert`1`>",
  "javascript:alert(1)",
  '<a href="javascript:alert(1)">x</a>',
  "<iframe src=//203.0.113.9></iframe>",
  "<style>*{display:none}</style>",
  '<link rel=stylesheet href="//203.0.113.9/x.css">',
  '<meta http-equiv=refresh content="0;url=//203.0.113.9">',
  "<base href=//203.0.113.9>",
  "<form action=//203.0.113.9><input name=x autofocus onfocus=alert(1)>",
  "</textarea></script></style></title><script>alert(1)</script>",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
  "<%= 7*7 %>",
  "__proto__",
  "constructor",
  "\u001b[2J\u001b]0;owned\u0007",
  "\u202egnp.exe\u2066\u2069",
  "\u0000\u0001\u007f\u0085\u2028\u2029\ufeff",
  "Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0335\u031cL\u0362G\u0489O".repeat(10),
  "\ud800 alone",
  "=HYPERLINK(\"http://203.0.113.9\")",
  "a".repeat(3000),
  " ".repeat(200),
];

let rig: Rig;
let visit: Visit;

before(async () => {
  rig = await startRig();
});
beforeEach(async () => {
  await visit?.[Symbol.asyncDispose]();
  visit = await rig.visit();
});
after(async () => {
  await visit?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

/** No dialog, no error, no violation, nothing asked for but the page's own files, and nothing in the page that an event made. */
async function assertUnharmed(): Promise<void> {
  const made = await visit.page.evaluate(() => document.querySelectorAll("iframe, object, embed, img, svg, base, script:not([src]), style:not([nonce]), meta[http-equiv=refresh], [onerror], [onload], [onfocus], a[href^='javascript:']").length);
  assert.equal(made, 0);
  assert.deepEqual(visit.faults, []);
  assert.deepEqual(visit.requests.filter((url) => !/^\/(assets\/[\w.-]+\.(js|css))?$/.test(url)), []);
}

/** Nothing sticks out of the page sideways, and every row is as tall as it should be. */
async function assertLayout(): Promise<void> {
  const layout = await visit.page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    panel: Array.from(document.querySelectorAll("aside.event"), (panel) => panel.scrollWidth - panel.clientWidth),
    heights: [...new Set(Array.from(document.querySelectorAll(".window .row"), (row) => Math.round(row.getBoundingClientRect().height)))],
  }));
  assert.deepEqual(layout.panel.filter((overflow) => overflow > 0), []);
  assert.equal(layout.overflow, 0);
  assert.deepEqual(layout.heights, [26]);
}

/** An event with a text in every column. */
function filled(text: string): Record<string, unknown> {
  return event({ client: text, host: text, path: text, query: text, method: text, action: text, country: text, status: text, rule: text, message: text });
}

/** An event with texts in all that its view shows: rules, headers, the query, members and their names. */
function stuffed(texts: readonly string[]): Record<string, unknown> {
  const [text = ""] = texts;
  const made = filled(text);
  const facets = Object.fromEntries(["rules", "ruleMessages", "ruleTags", "ruleData", "ruleSelectors", "ruleActions"].map((name) => [name, facet(...texts)]));
  const headers = headerBlock(...texts.map((text): [string, string] => [text.replaceAll(/[:\r\n]/g, ""), text]));
  const query = texts.map((text) => `${Buffer.from(text).toString("utf8").replaceAll("%", "%25")}=${text}&%ff=%fe`).join("&");
  return {
    ...made,
    attackData: { ...(made["attackData"] as object), ...facets },
    httpMessage: { ...(made["httpMessage"] as object), query, requestHeaders: headers, responseHeaders: headers },
    custom: Object.fromEntries(texts.map((text) => [text, Buffer.from(text).toString("base64")])),
    ...Object.fromEntries(texts.map((text) => [`x${text}`, { [text]: text }])),
  };
}

for (const [name, texts] of [["payloads", PAYLOADS], ["the Big List of Naughty Strings", BLNS]] as const) {
  describe(name, () => {
    it("stand in the table, the charts and the filter as texts", async () => {
      await openFiles(visit.page, { name: `${texts[0] ?? ""}.ndjson`, content: lines(texts.map(filled)) });
      assert.equal(await readToEnd(visit.page), texts.length);
      await visit.page.locator(".choice summary").click();
      await visit.page.getByRole("checkbox", { name: "query" }).check();
      await visit.page.locator(".choice summary").click();
      await assertLayout();
      for (let k = 0; k < texts.length; k += 40) {
        await visit.page.locator(".grid").evaluate((grid, top) => grid.scrollTo({ top }), k * 26);
        await visit.page.waitForFunction(() => [...document.querySelectorAll(".window .row")].some((row) => row.textContent !== ""));
      }
      await visit.page.getByRole("searchbox", { name: "Filter" }).fill("<script>alert");
      await visit.page.waitForFunction(() => / of /.test(document.querySelector(".filter [role=status]")?.textContent ?? ""));
      await assertUnharmed();
    });

    it("stand in the event's view as texts, each of them", async () => {
      const events = Array.from({ length: Math.ceil(texts.length / 10) }, (_, k) => stuffed(texts.slice(10 * k, 10 * k + 10)));
      await openFiles(visit.page, { name: "hostile.ndjson", content: lines(events) });
      await readToEnd(visit.page);
      await openRow(visit.page, 0);
      for (let k = 1; k <= events.length; k += 1) {
        await visit.page.locator(".event-top h2", { hasText: `Event ${k} of` }).waitFor();
        await assertLayout();
        if (k < events.length) await visit.page.keyboard.press("ArrowDown");
      }
      await assertUnharmed();
    });
  });
}

it("what cannot be seen is named: controls, marks of direction, bytes that are no text", async () => {
  await openFiles(visit.page, { name: "marks.ndjson", content: lines([event({ path: "/\u202egnp.exe\u001b[31m", data: Uint8Array.of(0xff, 0x00, 0x41) })]) });
  await readToEnd(visit.page);
  assert.equal((await rowTexts(visit.page, 0))["path"], "/⟨U+202E⟩gnp.exe⟨ESC⟩[31m");
  await openRow(visit.page, 0);
  const rule = visit.page.locator(".rule");
  await rule.waitFor();
  assert.match(await rule.innerText(), /ff 00 41/);
  assert.match(await rule.innerText(), /⟨NUL⟩A/);
});

it("a line of 5 MB is one event, is shown by its beginning and copied whole", async () => {
  const long = "x".repeat(5_000_000);
  await openFiles(visit.page, { name: "long.ndjson", content: lines([event(), event({ path: `/${long}`, query: `q=${long}` }), event()]) });
  assert.equal(await readToEnd(visit.page), 3);
  await openRow(visit.page, 1);
  await visit.page.locator(".event .facts").waitFor();
  const length = (await visit.page.locator("aside.event").innerText()).length;
  assert.ok(length < 400_000, String(length));
  await visit.page.getByRole("group", { name: "Copy the event" }).getByRole("button", { name: "Raw" }).click();
  await visit.page.getByText("copied").waitFor();
  assert.ok((await visit.page.evaluate(() => navigator.clipboard.readText())).length > 10_000_000);
  await assertLayout();
  await assertUnharmed();
});

it("binary data gives no events, and says so in a bounded list", async () => {
  const noise = Buffer.alloc(3_000_000, Uint8Array.from({ length: 65_537 }, (_, k) => (k * 2_654_435_761) >>> 13));
  await openFiles(visit.page, { name: "noise.bin", content: noise }, { name: "ten-thousand", content: "{bad}\n".repeat(10_000) });
  assert.equal(await readToEnd(visit.page), 0);
  await visit.page.locator(".rejected summary").click();
  assert.ok((await visit.page.locator(".rejected li").count()) <= 101);
  await assertUnharmed();
});

it("more texts than fit and deep nesting leave the page usable", async () => {
  const deep = `{"attackData":{},"httpMessage":{"path":"/deep"},"x":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  const many = Array.from({ length: 5000 }, (_, k) => event({ client: `c${k}`, path: `/${k}`, rule: `r${k}` }));
  await openFiles(visit.page, { name: "many.ndjson", content: `${deep}\n${lines(many)}` });
  assert.ok((await readToEnd(visit.page)) >= 5000);
  await visit.page.getByRole("searchbox", { name: "Filter" }).fill("rule:r4999");
  await leaves(visit.page, 1);
  await assertUnharmed();
});

describe("the sources", () => {
  const sources = readdirSync(WEB, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));

  it("make no HTML of strings, and run none", () => {
    assert.ok(sources.length > 30);
    for (const { parentPath, name } of sources) {
      const text = readFileSync(join(parentPath, name), "utf8");
      assert.doesNotMatch(text, /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/, name);
    }
  });

  it("ask nothing of the network, but for the streams' document", () => {
    for (const { parentPath, name } of sources) {
      if (parentPath.endsWith("streams")) continue;
      assert.doesNotMatch(readFileSync(join(parentPath, name), "utf8"), /\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource/, name);
    }
  });

  it("are built into files that name no other host, and set no HTML of an event", () => {
    for (const name of readdirSync(join(rig.folder, "assets"))) {
      const text = readFileSync(join(rig.folder, "assets", name), "utf8");
      // Namespaces of XML are names, not addresses; the others are in the words of errors.
      const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
      assert.deepEqual(hosts.filter((host) => !["www.w3.org"].includes(host ?? "")), [], name);
      assert.doesNotMatch(text, /dangerouslySetInnerHTML\s*:/, name);
    }
  });
});
