/** The page as it is built, served on the loopback interface, in a real Chromium that notes all that goes wrong. */

import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { build } from "vite";

const WEB = fileURLToPath(new URL("../../npm/web/", import.meta.url));
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** No step of a test takes longer, on a machine that others use too. */
const STEP_MS = 12_000;
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

export interface Rig extends AsyncDisposable {
  /** Folder of the built page. */
  folder: string;
  browser: Browser;
  origin: string;
  /** Opens a document of the page. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Visit>;
}

/** A page, and what it did that it should not. */
export interface Visit extends AsyncDisposable {
  page: Page;
  /** Every address that was asked for, but those of the page's own Blobs and data. */
  requests: string[];
  /** Dialogs, errors in the console, uncaught errors and violations of the policy. */
  faults: string[];
}

/** What answers addresses that are no files: the Worker that the streams' document asks. */
export type Answers = (path: string, request: { method: string; body: string; headers: Record<string, string> }) => Promise<{ status: number; body: string } | undefined>;

/** Builds the page, serves it and starts the browser, with more options of its own if any are given. */
export async function startRig(answers: Answers = async () => undefined, flags: readonly string[] = []): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "edgesiem-web-"));
  process.env["EDGESIEM_WEB_OUT"] = folder;
  await build({ configFile: join(WEB, "vite.config.ts"), root: WEB, logLevel: "warn" });
  const server = serve(folder, answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: program(), args: [...FLAGS, ...flags] });
  return {
    folder,
    browser,
    origin,
    visit: (path = "/", options = {}) => visit(browser, origin, path, options),
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function visit(browser: Browser, origin: string, path: string, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  const [requests, faults]: [string[], string[]] = [[], []];
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(blob|data):/.test(url)) requests.push(url.replace(origin, ""));
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  await page.exposeFunction("noteViolation", (text: string) => void faults.push(`policy: ${text}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
      (globalThis as unknown as { noteViolation(text: string): void }).noteViolation(`${violatedDirective} ${blockedURI} ${sample}`);
    });
  });
  await page.goto(`${origin}${path}`);
  return { page, requests, faults, [Symbol.asyncDispose]: () => context.close() };
}

function serve(folder: string, answers: Answers): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", async () => {
      const { authorization, "content-type": type } = request.headers;
      const headers = { ...(authorization === undefined ? {} : { authorization }), ...(type === undefined ? {} : { "content-type": type }) };
      const answer = await answers(request.url ?? "/", { method: request.method ?? "GET", body: Buffer.concat(pieces).toString(), headers });
      if (answer !== undefined) {
        response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
        return;
      }
      const file = join(folder, normalize(path === "/" ? "/index.html" : path));
      try {
        const body = readFileSync(file);
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
  });
}

function program(): string {
  const named = process.env["EDGESIEM_CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const file of [...(named === undefined ? [] : [named]), ...folders.flatMap((folder) => PROGRAMS.map((name) => join(folder, name)))]) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  throw new Error("there is no Chromium on PATH. What to do: install it, such as by `apt-get install chromium`, or name it in EDGESIEM_CHROMIUM");
}
