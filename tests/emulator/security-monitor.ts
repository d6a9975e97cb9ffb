/**
 * An emulator of Akamai's Security Monitor API on the loopback interface: the six operations below
 * `/security-monitor/v1/report-packs`, over a table that follows from a seed.
 *
 * Where the documentation is silent: requests that are refused for their number do not count towards it, a report
 * without rows is 204, and a pack that is not active is 410.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { Authenticator, type Credentials } from "./auth.ts";
import { LoopbackServer } from "./loopback.ts";
import { PROBLEMS, problemDocument } from "./problems.ts";
import { FORBIDDEN_PACK_ID, PACKS, packDetails, packSummary, storeDetails, type ReportPack } from "./security-monitor-catalogue.ts";
import { errorDocument, Refused, type ErrorStatus } from "./security-monitor-errors.ts";
import { parseReport } from "./security-monitor-query.ts";
import { reportRows, summary } from "./security-monitor-table.ts";
import { DEFAULT_CREDENTIALS } from "./siem.ts";

export interface SecurityMonitorOptions {
  seed?: number;
  /** 0 or left out: any free one. */
  port?: number;
  credentials?: Credentials;
  /** Five a minute if left out, as documented. */
  rateLimit?: { requests: number; perMs: number };
  /** Sent with 429; Akamai documents none. */
  retryAfterSeconds?: number;
  /** Reports with more rows are 507. */
  maxRows?: number;
  /** The machine's clock, milliseconds. */
  now?: () => number;
}

/** What happens to an authorised request instead of an answer. */
export type SecurityMonitorFault =
  | { error: ErrorStatus; detail?: string; headers?: Record<string, string> }
  /** Any answer at all. */
  | { status: number; headers?: Record<string, string>; body: string }
  /** The connection is reset. */
  | { reset: true };

export interface SeenReportRequest {
  method: string;
  target: string;
  /** When it came by the emulator's clock, milliseconds. */
  atMs: number;
  /** 0 if there was no answer. */
  status: number;
}

const PREFIX = "/security-monitor/v1/report-packs";
const MAX_BODY_BYTES = 131_072;
const REMEMBERED_REQUESTS = 10_000;
const DEFAULT_RATE_LIMIT = { requests: 5, perMs: 60_000 };

/** What a request is answered with; without a document it is 204. */
interface Found {
  document?: unknown;
}

export class SecurityMonitorEmulator extends LoopbackServer {
  readonly credentials: Credentials;
  /** Requests oldest first, those that were refused included. */
  readonly requests: SeenReportRequest[] = [];
  /** Added to the machine's clock. */
  clockOffsetMs = 0;
  rateLimit: { requests: number; perMs: number };

  readonly #options: SecurityMonitorOptions;
  readonly #authenticator: Authenticator;
  readonly #faults: SecurityMonitorFault[] = [];
  #answeredAtMs: number[] = [];

  constructor(options: SecurityMonitorOptions = {}) {
    super(options.port);
    this.#options = options;
    this.credentials = options.credentials ?? DEFAULT_CREDENTIALS;
    this.rateLimit = options.rateLimit ?? DEFAULT_RATE_LIMIT;
    this.#authenticator = new Authenticator(this.credentials);
  }

  /** The emulator's clock, milliseconds. */
  now(): number {
    return (this.#options.now ?? Date.now)() + this.clockOffsetMs;
  }

  /** Each of the next authorised requests meets the next of these. */
  failNext(...faults: SecurityMonitorFault[]): void {
    this.#faults.push(...faults);
  }

  state(): Record<string, unknown> {
    return { requests: this.requests.slice(-100), pendingFaults: this.#faults.length };
  }

  protected serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: target = "", headers } = request;
    const now = this.now();
    const seen: SeenReportRequest = { method, target, atMs: now, status: 0 };
    this.requests.push(seen);
    if (this.requests.length > REMEMBERED_REQUESTS) this.requests.shift();
    request.resume();
    response.sendDate = false;
    response.setHeader("date", new Date(now).toUTCString());
    const send = (status: number, type: string, body: string | Buffer, more: Record<string, string> = {}): void => {
      seen.status = status;
      response.writeHead(status, { ...(status !== 204 && { "content-type": type, "content-length": Buffer.byteLength(body) }), ...more });
      response.end(status === 204 ? undefined : body);
    };

    const host = headers.host ?? "";
    const unauthorised = this.#authenticator.problem(headers.authorization, method, host, target, now);
    if (unauthorised !== undefined) {
      const facts = { method, host, target, count: this.requests.length, nowMs: now };
      return send(PROBLEMS[unauthorised].status, "application/problem+json", problemDocument(unauthorised, facts));
    }
    const refuse = (status: ErrorStatus, detail: string, more?: Record<string, string>): void => send(status, "application/json", errorDocument(status, detail), more);
    const fault = this.#faults.shift();
    if (fault !== undefined) {
      if ("reset" in fault) return void request.socket.resetAndDestroy();
      if ("error" in fault) return refuse(fault.error, fault.detail ?? "as the emulator was told", fault.headers);
      return send(fault.status, "application/json", fault.body, fault.headers);
    }
    if (this.#isTooOften(now)) {
      const { retryAfterSeconds } = this.#options;
      return refuse(429, `more than ${this.rateLimit.requests} requests a minute`, retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) });
    }
    try {
      checkMethod(request);
      const { document } = this.#find(target, now);
      if (document === undefined) return send(204, "", "");
      send(200, "application/json", JSON.stringify(document));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error.status, error.detail);
    }
  }

  /** Five in any minute, not five a minute of the clock. */
  #isTooOften(now: number): boolean {
    const { requests, perMs } = this.rateLimit;
    this.#answeredAtMs = this.#answeredAtMs.filter((at) => now - at < perMs);
    if (this.#answeredAtMs.length >= requests) return true;
    this.#answeredAtMs.push(now);
    return false;
  }

  #find(target: string, now: number): Found {
    const [path = "", search = ""] = split(target, "?");
    if (path !== PREFIX && !path.startsWith(`${PREFIX}/`)) throw new Refused(404, `${path} does not exist`);
    const [packId, operation, storeId, ...more] = path === PREFIX ? [] : path.slice(PREFIX.length + 1).split("/");
    if (more.length > 0) throw new Refused(404, `${path} does not exist`);
    if (search !== "" && operation !== "data") throw new Refused(400, "this operation has no parameters");
    if (packId === undefined) return { document: PACKS.map(packSummary) };
    const pack = packOf(packId);
    if (operation === undefined) return { document: packDetails(pack) };
    if (operation === "data-stores" && storeId !== undefined) {
      const store = pack.dataStores.find(({ id }) => id === identifier(storeId));
      if (store === undefined) throw new Refused(404, `data store ${storeId} does not exist`);
      return { document: storeDetails(store) };
    }
    if (storeId !== undefined) throw new Refused(404, `${path} does not exist`);
    switch (operation) {
      case "data-stores":
        return { document: pack.dataStores.map(storeDetails) };
      case "data-sources":
        return { document: pack.dataSources };
      case "data":
        return this.#report(pack, search, now);
      default:
        throw new Refused(404, `${path} does not exist`);
    }
  }

  #report(pack: ReportPack, search: string, now: number): Found {
    if (!pack.isActive) throw new Refused(410, `report pack ${pack.id} is not active`);
    const query = parseReport(search, pack, now / 1000);
    const rows = reportRows(this.#options.seed ?? 1, query, pack.timezone, now / 1000);
    if (rows.length > (this.#options.maxRows ?? Infinity)) throw new Refused(507, `the report has ${rows.length} rows`);
    const { dimensions, metrics, offset, limit } = query;
    const page = rows.slice(offset, offset + limit);
    if (page.length === 0) return {};
    return {
      document: {
        columns: [
          ...dimensions.map(({ name, description }, index) => ({ type: "dimension", name, description, index })),
          ...metrics.map((metric, k) => ({
            type: "metric",
            name: metric.name,
            description: metric.description,
            index: dimensions.length + k,
            ...summary(rows, metric),
            unit: null,
          })),
        ],
        rows: page.map((row) => [...dimensions.map(({ column }) => row.dimensions[column]), ...metrics.map(({ column }) => String(row.metrics[column]))]),
        metaData: {
          aggregation: query.aggregation,
          limit,
          startTimeInEpoch: query.startSeconds,
          hasMoreData: offset + page.length < rows.length,
          timeZone: pack.timezone,
          offset,
          reportPack: pack.name,
          endTimeInEpoch: query.endSeconds,
        },
      },
    };
  }
}

/** The documentation's words are that the method generally should be GET; bodies have refusals of their own. */
function checkMethod({ method, headers }: IncomingMessage): void {
  if (method === "GET") return;
  const length = headers["content-length"];
  if (length === undefined && method !== "DELETE" && method !== "HEAD" && method !== "OPTIONS") throw new Refused(411, "Content-Length is missing");
  if (Number(length) > MAX_BODY_BYTES) throw new Refused(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
  throw new Refused(405, "GET only");
}

function packOf(segment: string): ReportPack {
  const id = identifier(segment);
  if (id === FORBIDDEN_PACK_ID) throw new Refused(403, `report pack ${id} is not for this user`);
  const pack = PACKS.find((known) => known.id === id);
  if (pack === undefined) throw new Refused(404, `report pack ${id} does not exist`);
  return pack;
}

function identifier(segment: string): number {
  if (!/^\d{1,12}$/.test(segment)) throw new Refused(400, "an id must be a number");
  return Number(segment);
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Starts the emulator on the loopback interface. */
export function startSecurityMonitor(options: SecurityMonitorOptions = {}): Promise<SecurityMonitorEmulator> {
  return new SecurityMonitorEmulator(options).listen();
}
