/** The page as the Worker serves it: workerd answers, and a real Chromium asks. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { readToEnd } from "../web/steps.ts";
import { startRig, type Rig, type Visit } from "../web/rig.ts";
import { serve, type Served } from "./page-rig.ts";
import { ADMIN_TOKEN, STREAM } from "./rig.ts";

const AVAILABLE = 300;

let served: Served;
before(async () => {
  served = await serve({ available: AVAILABLE });
});
after(() => served?.[Symbol.asyncDispose]());

const token = { authorization: `Bearer ${ADMIN_TOKEN}` };

describe("whose a path is", () => {
  /** Method, path, whether the token is sent; the status, and who answers. */
  const CASES: readonly (readonly [method: string, path: string, headers: Record<string, string>, status: number, who: "page" | "worker"])[] = [
    ["GET", "/", {}, 200, "page"],
    ["GET", "/?q=1", {}, 200, "page"],
    ["HEAD", "/", {}, 200, "page"],
    ["GET", "/streams", {}, 200, "page"],
    ["GET", "/index.html", {}, 307, "page"],
    ["GET", "/streams.html", {}, 307, "page"],
    ["POST", "/", token, 405, "page"],
    ["DELETE", "/streams", token, 405, "page"],
    ["GET", "/THIRD_PARTY_LICENSES.txt", {}, 200, "page"],
    ["GET", "/healthz", {}, 200, "worker"],
    ["HEAD", "/healthz", {}, 200, "worker"],
    ["GET", "/status", {}, 401, "worker"],
    ["GET", "/status", token, 200, "worker"],
    ["GET", "/metrics", {}, 401, "worker"],
    ["GET", "/metrics", token, 200, "worker"],
    ["POST", "/reports", {}, 401, "worker"],
    ["GET", `/streams/${STREAM}/gaps`, {}, 401, "worker"],
    ["GET", `/streams/${STREAM}/gaps`, token, 200, "worker"],
    ["GET", "/streams/", token, 404, "worker"],
    ["GET", "/nothing", {}, 404, "worker"],
    ["POST", "/nothing", token, 404, "worker"],
    ["GET", "/nothing.html", {}, 404, "worker"],
    ["GET", "/assets/", {}, 404, "worker"],
    ["GET", "/_headers", {}, 404, "worker"],
    ["GET", "/%2e%2e/wrangler.toml", {}, 404, "worker"],
  ];
  for (const [method, path, headers, status, who] of CASES) {
    it(`${method} ${path}${headers === token ? " with the token" : ""} is answered with ${status} by the ${who}`, async () => {
      const answer = await served.rig.fetch(path, { method, headers });
      assert.equal(answer.status, status, answer.body);
      // All that the Worker itself answers is its own and of now.
      assert.equal(answer.headers["cache-control"] === "no-store", who === "worker");
      if (method === "HEAD") assert.equal(answer.body, "");
    });
  }

  it("each document has its own policy as a header, and none may be framed", async () => {
    for (const [path, connect] of [["/", "connect-src 'none'"], ["/streams", "connect-src 'self'"]] as const) {
      const { headers } = await served.rig.fetch(path);
      const policy = (headers["content-security-policy"] ?? "").split("; ");
      for (const part of ["default-src 'none'", connect, "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(part), `${path}: ${part}`);
      assert.deepEqual([headers["x-content-type-options"], headers["x-frame-options"], headers["referrer-policy"]], ["nosniff", "DENY", "no-referrer"]);
      assert.match(headers["content-type"] ?? "", /^text\/html/);
    }
  });

  it("a document that has not changed is not sent again, and one that has is not taken from a cache", async () => {
    const first = await served.rig.fetch("/");
    assert.match(first.headers["cache-control"] ?? "", /must-revalidate/);
    const again = await served.rig.fetch("/", { headers: { "if-none-match": first.headers["etag"] ?? assert.fail("no etag") } });
    assert.deepEqual([again.status, again.body], [304, ""]);
    const [script = assert.fail("no script")] = /assets\/[\w.-]+\.js/.exec(first.body) ?? [];
    const { headers } = await served.rig.fetch(`/${script}`);
    assert.match(headers["content-type"] ?? "", /^text\/javascript/);
    assert.match(headers["cache-control"] ?? "", /immutable/);
  });
});

describe("in a browser", { concurrency: false }, () => {
  /** Of tests/web: its browser, which notes all that goes wrong. What it serves itself is left at once. */
  let browser: Rig;
  before(async () => {
    browser = await startRig();
  });
  after(() => browser?.[Symbol.asyncDispose]());

  async function open(path: string): Promise<Visit> {
    const visit = await browser.visit();
    visit.requests.length = 0;
    await visit.page.goto(`${served.origin}${path}`);
    return visit;
  }
  const paths = ({ requests }: Visit): string[] => requests.map((url) => url.replace(served.origin, ""));

  it("the example is decoded; nothing is asked of anybody but for the page's files, and nothing breaks the policy", async () => {
    await using visit = await open("/");
    await visit.page.getByRole("button", { name: "Example" }).click();
    assert.equal(await readToEnd(visit.page), 600);
    assert.deepEqual(visit.faults, []);
    assert.deepEqual(
      paths(visit).filter((path) => !/^\/(assets\/[\w.-]+)?$/.test(path)),
      [],
    );
  });

  it("the document that decodes cannot ask even the Worker that it came from", async () => {
    await using visit = await open("/");
    const { page, faults } = visit;
    const reason = await page.evaluate(() => fetch("/healthz").then(() => "it could", (error: unknown) => String(error)));
    assert.match(reason, /TypeError/);
    assert.ok(faults.some((fault) => fault.includes(`violates the following Content Security Policy directive: "connect-src 'none'"`)), faults.join("\n"));
  });

  it("an operator follows the link to the streams, sees how they are and changes them", async () => {
    const { rig } = served;
    const poisoned = 12;
    rig.receiver.poison.add(poisoned);
    assert.equal(await rig.cron(), "ok");
    await using visit = await open("/");
    const { page } = visit;
    const stream = page.getByRole("region", { name: `Stream ${STREAM}` });
    const fact = (name: string): Promise<string> => stream.locator(".facts div", { has: page.getByText(name, { exact: true }) }).locator("dd").innerText();

    await page.getByRole("link", { name: "Streams" }).click();
    await page.getByLabel("Token").fill(ADMIN_TOKEN);
    await page.getByRole("button", { name: "Show the streams" }).click();
    await stream.waitFor();
    assert.deepEqual([await fact("delivered"), await fact("dead letters"), await fact("gaps open")], [String(AVAILABLE - 1), "1", "0"]);
    assert.match(await fact("lag"), /^\d+ (s|min)$/);

    await confirm(page, "Pause");
    await stream.getByText("paused", { exact: true }).waitFor();
    assert.notEqual((await rig.status()).paused_at, null);
    await confirm(page, "Resume");
    await stream.getByRole("button", { name: "Pause" }).waitFor();
    assert.equal((await rig.status()).paused_at, null);

    rig.siem.expireOffsets();
    rig.siem.append(50);
    await confirm(page, "Run now");
    await stream.getByRole("heading", { name: "Gaps" }).waitFor();
    assert.equal((await rig.status()).gaps_unacknowledged, 1);
    await confirm(page, "Acknowledge");
    await stream.getByRole("heading", { name: "Gaps" }).waitFor({ state: "detached" });
    assert.equal((await rig.status()).gaps_unacknowledged, 0);

    rig.receiver.poison.delete(poisoned);
    await stream.getByText("1 dead letter", { exact: true }).click();
    await confirm(page, "Send all again");
    await stream.locator(".letters").waitFor({ state: "detached" });
    assert.equal((await rig.deadLetters()).length, 0);
    assert.equal(rig.receiver.tally.has(poisoned), true);

    await stream.getByRole("button", { name: "Replay…" }).click();
    await page.getByRole("dialog", { name: "Replay" }).getByRole("button", { name: "Replay", exact: true }).click();
    await stream.locator(".replays li").first().waitFor();
    assert.equal((await rig.status()).replays.length, 1);

    assert.deepEqual(visit.faults, []);
    const asked = paths(visit).filter((path) => !/^\/(assets\/[\w.-]+)?$/.test(path));
    assert.deepEqual(asked.filter((path) => !/^\/(streams(\.html)?|status|streams\/emulated\/[\w-]+)$/.test(path)), []);
  });

  it("/#/streams leads to the streams too", async () => {
    await using visit = await open("/#/streams");
    await visit.page.waitForURL(`${served.origin}/streams`);
    await visit.page.getByLabel("Token").waitFor();
    assert.deepEqual(visit.faults, []);
  });
});

/** Presses a button and the same button of the dialog that asks. */
async function confirm(page: Page, label: string): Promise<void> {
  const stream = page.getByRole("region", { name: `Stream ${STREAM}` });
  await stream.getByRole("button", { name: label, exact: true }).first().click();
  await page.getByRole("dialog", { name: label }).getByRole("button", { name: label, exact: true }).click();
}
