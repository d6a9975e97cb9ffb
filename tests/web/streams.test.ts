/** The operator's view, over the built Worker. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { ADMIN_TOKEN, STREAM, startRig as startWorker, type Rig as Worker } from "../e2e/rig.ts";
import { serious } from "./axe.ts";
import { startRig, type Rig, type Visit } from "./rig.ts";

let worker: Worker;
let rig: Rig;
let visit: Visit;
let page: Page;

before(async () => {
  worker = await startWorker({ store: "durable-object", sink: "splunk-hec", siem: { available: 300 } });
  for (const event of [12, 123]) worker.receiver.poison.add(event);
  assert.equal(await worker.cron(), "ok");
  rig = await startRig(async (path, request) => {
    if (!/^\/(status|healthz|metrics|streams\/.+)/.test(path)) return undefined;
    return worker.fetch(path, request.body === "" ? { method: request.method, headers: request.headers } : request);
  });
  visit = await rig.visit("/streams.html");
  page = visit.page;
});
after(async () => {
  await visit?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
  await worker?.close();
});

const stream = (): ReturnType<Page["getByRole"]> => page.getByRole("region", { name: `Stream ${STREAM}` });

/** Presses a button and the same button of the dialog that asks. */
async function confirm(label: string): Promise<void> {
  await stream().getByRole("button", { name: label, exact: true }).first().click();
  await page.getByRole("dialog", { name: label }).getByRole("button", { name: label, exact: true }).click();
}

/** The browser notes a refused request as an error of its own. */
const forgive = (refusal: RegExp): void => {
  visit.faults.splice(0, visit.faults.length, ...visit.faults.filter((fault) => !refusal.test(fault)));
};

/** What a button's action came to. */
const outcomeOf = (label: string): ReturnType<Page["getByRole"]> => stream().locator(".confirmed", { hasText: label }).getByRole("status");

describe("the streams' document", { concurrency: false }, () => {
  it("shows nothing without the token, and says what is wrong with another", async () => {
    await page.getByLabel("Token").fill("not the token, but long enough");
    await page.getByRole("button", { name: "Show the streams" }).click();
    await page.getByText("The token is not the one of the secret ADMIN_TOKEN.").waitFor();
    assert.equal(await stream().count(), 0);
    assert.equal(await page.getByRole("button", { name: "Forget the token" }).count(), 0, "it is forgotten already");
    forgive(/401 \(Unauthorized\)/);
  });

  it("shows how each stream is", async () => {
    await page.getByLabel("Token").fill(ADMIN_TOKEN);
    await page.getByRole("button", { name: "Show the streams" }).click();
    await stream().waitFor();
    assert.match(await stream().innerText(), /delivered\s+298[\s\S]*dead letters\s+2/);
    await stream().getByRole("img", { name: /^Lag, the age of the newest event, since / }).waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }])), "[{},{}]", "the token is kept in memory only");
  });

  it("has no serious finding of axe-core, also while it asks", async () => {
    assert.deepEqual(await serious(page), []);
    await stream().getByRole("button", { name: "Replay…" }).click();
    assert.deepEqual(await serious(page), []);
    await page.getByRole("dialog", { name: "Replay" }).getByRole("button", { name: "Cancel" }).click();
  });

  it("does nothing before it is confirmed", async () => {
    await stream().getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog", { name: "Pause" }).getByRole("button", { name: "Cancel" }).click();
    assert.equal((await worker.status()).paused_at, null);
  });

  it("pauses, resumes and runs", async () => {
    await confirm("Pause");
    await stream().getByText("paused", { exact: true }).waitFor();
    assert.notEqual((await worker.status()).paused_at, null);
    await confirm("Resume");
    await stream().getByRole("button", { name: "Pause" }).waitFor();
    assert.equal((await worker.status()).paused_at, null);
    const runs = (await worker.status()).totals.runs;
    await confirm("Run now");
    await outcomeOf("Run now").getByText("0 events delivered", { exact: true }).waitFor();
    assert.ok((await worker.status()).totals.runs > runs);
  });

  it("says why a run failed or was not begun", async () => {
    worker.siem.faults.add({ respond: { status: 403, body: '{"title":"\u001b[2Jno access"}', headers: { "content-type": "application/problem+json" } } });
    await confirm("Run now");
    await outcomeOf("Run now").getByText(/^the run failed: source_refused: .* What to do: /).waitFor();
    assert.doesNotMatch(await stream().innerText(), /\u001b/);
    await confirm("Pause");
    await stream().getByText("paused", { exact: true }).waitFor();
    await confirm("Run now");
    await outcomeOf("Run now").getByText(/^nothing was run: paused\. What to do: resume it first$/).waitFor();
    forgive(/409 \(Conflict\)/);
    await confirm("Resume");
    await stream().getByRole("button", { name: "Pause" }).waitFor();
    await confirm("Run now");
    await outcomeOf("Run now").getByText("0 events delivered", { exact: true }).waitFor();
  });

  it("fits a phone, also while it asks", async () => {
    const wide = page.viewportSize() ?? assert.fail("no viewport");
    await page.setViewportSize({ width: 360, height: 740 });
    const tooWide = (): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(await tooWide(), false);
    await stream().getByRole("button", { name: "Replay…" }).click();
    assert.equal(await tooWide(), false);
    const box = (await page.getByRole("dialog", { name: "Replay" }).boundingBox()) ?? assert.fail("no dialog");
    assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
    await page.getByRole("dialog", { name: "Replay" }).getByRole("button", { name: "Cancel" }).click();
    await page.setViewportSize(wide);
  });

  it("lists dead letters, sends them again and deletes them", async () => {
    await stream().getByText("2 dead letters").click();
    await stream().locator(".letters li").nth(1).waitFor();
    worker.receiver.poison.delete(12);
    await confirm("Send all again");
    await stream().getByText("1 dead letter", { exact: true }).waitFor();
    assert.equal(worker.receiver.tally.has(12), true);
    await stream().locator(".letters li").nth(1).waitFor({ state: "detached" });
    await stream().getByRole("button", { name: "Delete all" }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Cancel", "Enter takes nothing away");
    await page.keyboard.press("Enter");
    assert.equal((await worker.deadLetters()).length, 1);
    await confirm("Delete all");
    await stream().locator(".letters").waitFor({ state: "detached" });
    assert.equal((await worker.deadLetters()).length, 0);
  });

  it("acknowledges a gap", async () => {
    worker.siem.expireOffsets();
    worker.siem.append(50);
    assert.equal(await worker.cron(), "ok");
    await stream().getByRole("heading", { name: "Gaps" }).waitFor({ timeout: 30_000 });
    await confirm("Acknowledge");
    await stream().getByRole("heading", { name: "Gaps" }).waitFor({ state: "detached" });
    assert.equal((await worker.status()).gaps_unacknowledged, 0);
  });

  it("asks for a replay", async () => {
    await stream().getByRole("button", { name: "Replay…" }).click();
    await page.getByRole("dialog", { name: "Replay" }).getByRole("button", { name: "Replay", exact: true }).click();
    await stream().locator(".replays li").first().waitFor();
    assert.equal((await worker.status()).replays.length, 1);
  });

  it("asks nobody but the host that it came from, and breaks no policy", async () => {
    assert.deepEqual(visit.faults, []);
    assert.deepEqual(visit.requests.filter((url) => !/^\/(streams\.html|status|streams\/|assets\/)/.test(url)), []);
  });

  it("is where /#/streams leads", async () => {
    await using decode = await rig.visit("/#/streams");
    await decode.page.waitForURL(/\/streams\.html$/);
    await decode.page.getByLabel("Token").waitFor();
  });
});
