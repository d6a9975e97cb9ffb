/** What a user does with the page. */

import type { Page } from "playwright-core";

export interface FileGiven {
  name: string;
  content: string | Buffer;
}

/** Pastes a text into the field and decodes it. */
export async function decodeText(page: Page, text: string): Promise<void> {
  await page.getByLabel("Text", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Decode", exact: true }).click();
}

/** Picks files. */
export async function openFiles(page: Page, ...files: FileGiven[]): Promise<void> {
  await page.locator('input[type="file"]').setInputFiles(files.map(({ name, content }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) })));
}

/** Waits until everything is read and shown, and returns how many events there are. */
export async function readToEnd(page: Page): Promise<number> {
  await page.locator(".status .numbers", { hasText: / in [\d.]+ s$/ }).waitFor();
  const total = Number.parseInt((await page.locator(".status [role=status]").innerText()).replaceAll(",", ""), 10);
  if (total > 0) await leaves(page, total);
  return total;
}

/** Waits until the filter leaves so many events, and they are in the table. */
export async function leaves(page: Page, count: number): Promise<void> {
  await page.waitForFunction((rows) => document.querySelector('[role="grid"]')?.getAttribute("aria-rowcount") === String(rows + 1), count);
  if (count > 0) await page.waitForFunction(() => (document.querySelector(".window .row")?.textContent ?? "") !== "");
}

/** The texts of a row of the table, by column. */
export async function rowTexts(page: Page, at: number): Promise<Record<string, string>> {
  const names = await page.locator(".heading [role=columnheader]").allInnerTexts();
  const texts = await page.locator(".window .row").nth(at).locator("[role=gridcell]").allInnerTexts();
  return Object.fromEntries(names.map((name, k) => [(name.split(/\s/)[0] ?? "").toLowerCase(), texts[k] ?? ""]));
}

/** Opens the event of a row, and waits for it. */
export async function openRow(page: Page, at: number): Promise<void> {
  await page.locator(".window .row").nth(at).click();
  await page.getByRole("complementary", { name: "Event" }).waitFor();
}

/** Goes back to where events come in. */
export async function newInput(page: Page): Promise<void> {
  await page.getByRole("button", { name: "New input" }).click();
  await page.getByRole("heading", { name: /Drop files here/ }).waitFor();
}
