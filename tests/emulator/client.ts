/** A plain client for the emulator's own tests; it signs with Akamai's own library. */

import { createRequire } from "node:module";
import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import type { Credentials } from "./auth.ts";
import type { SiemEmulator } from "./siem.ts";

interface EdgeGridClient {
  auth(request: { path: string; method?: string; headers?: Record<string, string> }): { request: { headers: { Authorization: string } } };
}
type EdgeGridConstructor = new (clientToken: string, clientSecret: string, accessToken: string, host: string) => EdgeGridClient;

const require = createRequire(import.meta.url);
const EdgeGrid = require("akamai-edgegrid") as EdgeGridConstructor;
const { generateAuth } = require(join(dirname(require.resolve("akamai-edgegrid")), "src/auth.js")) as {
  generateAuth(request: object, clientToken: string, clientSecret: string, accessToken: string, host: string, maxBody: undefined, nonce: string | undefined, timestamp: string): { headers: { Authorization: string } };
};

export interface Signing {
  credentials?: Partial<Credentials>;
  scheme?: "http" | "https";
  /** Milliseconds since 1970; the client's own clock if left out. */
  atMs?: number;
  nonce?: string;
}

export function authorization(siem: SiemEmulator, target: string, { credentials, scheme = "http", atMs, nonce }: Signing = {}): string {
  const { clientToken, clientSecret, accessToken } = { ...siem.credentials, ...credentials };
  const origin = `${scheme}://127.0.0.1:${siem.port}`;
  // The client class knows https only, and the present only.
  if (scheme === "https" && atMs === undefined && nonce === undefined) {
    return new EdgeGrid(clientToken, clientSecret, accessToken, origin).auth({ path: target }).request.headers.Authorization;
  }
  const timestamp = `${new Date(atMs ?? Date.now()).toISOString().slice(0, 19).replaceAll("-", "")}+0000`;
  return generateAuth({ method: "GET", path: target, headers: {} }, clientToken, clientSecret, accessToken, origin, undefined, nonce, timestamp).headers.Authorization;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** As it travelled. */
  wire: Buffer;
  body: Buffer;
  /** Whether the connection broke before the end of the body, as far as HTTP can tell. */
  isBroken: boolean;
}

/** Sends exactly this. */
export function send(origin: string, target: string, headers: Record<string, string>, method = "GET", body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(origin);
    const outgoing = request({ host: url.hostname, port: url.port, path: target, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const done = (isBroken: boolean): void => {
        const wire = Buffer.concat(chunks);
        const unpacked = response.headers["content-encoding"] === "gzip" && !isBroken ? gunzipSync(wire) : wire;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, wire, body: unpacked, isBroken });
      };
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done(false));
      response.on("error", () => done(true));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export function get(siem: SiemEmulator, target: string, signing: Signing = {}, headers: Record<string, string> = {}): Promise<Answer> {
  return send(siem.url, target, { authorization: authorization(siem, target, signing), ...headers });
}

export interface PageRead {
  lines: Buffer[];
  context: { total: number; offset: string; limit?: number };
}

/** Splits a whole body into its events and its context line. */
export function readPage(body: Buffer): PageRead {
  const lines: Buffer[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(0x0a, start);
    const end = newline === -1 ? body.length : newline;
    if (end > start) lines.push(body.subarray(start, end));
    start = end + 1;
  }
  const context = lines.pop();
  return { lines, context: JSON.parse(context?.toString("utf8") ?? "null") as PageRead["context"] };
}

/** Target that continues at `offset`. */
export function continued(offset: string, limit: number): string {
  return `/siem/v1/configs/14227%3B29182?offset=${encodeURIComponent(offset)}&limit=${limit}`;
}
