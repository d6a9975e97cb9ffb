/** A plain client for tests of the Security Monitor emulator: Node's `fetch`, signed by Akamai's own client. */

import { createRequire } from "node:module";
import type { SecurityMonitorEmulator } from "./security-monitor.ts";

interface EdgeGridClient {
  auth(request: { path: string; method: string }): { request: { headers: { Authorization: string } } };
}
type EdgeGridConstructor = new (clientToken: string, clientSecret: string, accessToken: string, host: string) => EdgeGridClient;

const EdgeGrid = createRequire(import.meta.url)("akamai-edgegrid") as EdgeGridConstructor;

export interface Report {
  columns: { type: string; name: string; index: number; aggregate?: string; peak?: string; unit?: null }[];
  rows: string[][];
  metaData: Record<string, unknown>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

/** The target of a report; members of `filterParams` and `sortParams` are given as values. */
export function reportTarget(pack: number, parameters: Record<string, unknown>): string {
  const search = Object.entries(parameters).map(([name, value]) => {
    const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
    // What `encodeURIComponent` leaves as it is, the signing client may not.
    return `${name}=${encodeURIComponent(text).replaceAll("'", "%27")}`;
  });
  return `/security-monitor/v1/report-packs/${pack}/data${search.length === 0 ? "" : `?${search.join("&")}`}`;
}

export async function request(monitor: SecurityMonitorEmulator, target: string, method = "GET", headers: Record<string, string> = {}): Promise<Reply> {
  const { clientToken, clientSecret, accessToken } = monitor.credentials;
  // Akamai's client signs for https, whatever the connection is.
  const origin = monitor.url.replace("http:", "https:");
  const signed = new EdgeGrid(clientToken, clientSecret, accessToken, origin).auth({ path: target, method });
  const response = await fetch(monitor.url + target, { method, headers: { authorization: signed.request.headers.Authorization, ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The document of an answer that has to be 200. */
export async function read(monitor: SecurityMonitorEmulator, target: string): Promise<unknown> {
  const { status, text } = await request(monitor, target);
  if (status !== 200) throw new Error(`${target}: ${status} ${text}`);
  return JSON.parse(text);
}

export async function report(monitor: SecurityMonitorEmulator, pack: number, parameters: Record<string, unknown>): Promise<Report> {
  return (await read(monitor, reportTarget(pack, parameters))) as Report;
}
