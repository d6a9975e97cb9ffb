/** Chromium with a folder of static files, both on this machine only. */

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { chromium, type Page } from "playwright-core";
import { find } from "./project.ts";

const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

export interface OpenedPage extends AsyncDisposable {
  page: Page;
  url: string;
  /** Every address that the page asked for. */
  requests: string[];
  /** What the page logged as an error, and what it threw. */
  errors: string[];
}

/** Serves `folder` and opens its index.html. */
export async function openFolder(folder: string): Promise<OpenedPage> {
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return openPage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

/** Opens a page whose server `close` ends. */
export async function openPage(url: string, close: () => Promise<unknown>): Promise<OpenedPage> {
  const executablePath = PROGRAMS.map((program) => find(program)).find((file) => file !== undefined);
  if (executablePath === undefined) {
    await close();
    throw new Error("there is no Chromium on PATH. What to do: install it, such as by `apt-get install chromium`");
  }
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const end = async (): Promise<void> => {
    await browser.close();
    await close();
  };
  try {
    const page = await browser.newPage();
    const [requests, errors]: [string[], string[]] = [[], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(url);
    return { page, url, requests, errors, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}
