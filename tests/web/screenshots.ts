/**
 * Pictures of the page, to be looked at: `node tests/web/screenshots.ts FOLDER [--gigabyte]`.
 *
 * Light, dark, on a phone, the event view, hostile events, the streams' document; with `--gigabyte` also with a gigabyte open.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { event, lines, report } from "./events.ts";
import { gigabyte } from "./gigabyte.ts";
import { startRig, type Visit } from "./rig.ts";
import { openFiles, openRow, readToEnd } from "./steps.ts";

const [folder, option] = process.argv.slice(2);
if (folder === undefined) throw new Error("name the folder for the pictures");
mkdirSync(folder, { recursive: true });

const VARIANTS = {
  light: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  wide: { viewport: { width: 2200, height: 1200 } },
} as const;

const TREND_MICRO = (JSON.parse(readFileSync(new URL("../vectors/schemas/trend-micro.json", import.meta.url), "utf8")) as { line: string }[]).map(({ line }) => JSON.parse(line) as unknown);

const HOSTILE = ["<script>alert(1)</script>", "\u202egnp.exe\u2066", "\u001b[2J\u001b]0;owned\u0007", "Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0335\u031cL\u0362G\u0489O".repeat(8), "x".repeat(3000), "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 mixed \u05e2\u05d1\u05e8\u05d9\u05ea", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "=cmd|' /C calc'!A0", "\u0000\u0001\u007f"];

async function picture({ page }: Visit, name: string): Promise<void> {
  await page.screenshot({ path: join(resolve(folder ?? ""), `${name}.png`) });
}

await using rig = await startRig();
for (const [name, options] of Object.entries(VARIANTS)) {
  await using visit = await rig.visit("/", options);
  await picture(visit, `${name}-empty`);
  await visit.page.getByRole("button", { name: "Example" }).click();
  await readToEnd(visit.page);
  await picture(visit, name);
  await openRow(visit.page, 3);
  await picture(visit, `${name}-event`);
  await visit.page.locator("aside.event .members").scrollIntoViewIfNeeded();
  await visit.page.getByRole("button", { name: "attackData.rules", exact: true }).click();
  await picture(visit, `${name}-members`);
}
{
  await using visit = await rig.visit();
  const hostile = HOSTILE.flatMap((text) => [event({ client: text, host: text, path: text, query: `${text}=${text}`, method: text, action: text, country: text, status: text, rule: text, message: text, data: text, header: ["X-A", text] }), event({ data: Uint8Array.of(0xff, 0xfe, 0x00, 0x41) })]);
  await openFiles(visit.page, { name: HOSTILE[0] ?? "", content: `${lines(hostile)}{"cut": \n` });
  await readToEnd(visit.page);
  await picture(visit, "hostile");
  await openRow(visit.page, 6);
  await picture(visit, "hostile-event");
  console.log(visit.faults);
}
for (const name of ["light", "dark", "phone"] as const) {
  await using visit = await rig.visit("/", VARIANTS[name]);
  await openFiles(visit.page, { name: "answer.json", content: JSON.stringify({ security_events: TREND_MICRO }) });
  await readToEnd(visit.page);
  await picture(visit, `trend-micro-${name}`);
  await openRow(visit.page, 3);
  await picture(visit, `trend-micro-${name}-event`);
}
{
  await using visit = await rig.visit();
  await openFiles(visit.page, { name: "report.json", content: JSON.stringify(report(40)) });
  await visit.page.locator(".report tbody tr").first().waitFor();
  await picture(visit, "report");
}
{
  await using visit = await rig.visit("/streams.html");
  await picture(visit, "streams-token");
}
if (option === "--gigabyte") {
  const file = gigabyte();
  try {
    await using visit = await rig.visit();
    visit.page.setDefaultTimeout(300_000);
    await visit.page.locator('input[type="file"]').setInputFiles(file.path);
    await readToEnd(visit.page);
    await picture(visit, "gigabyte");
  } finally {
    file[Symbol.dispose]();
  }
}
