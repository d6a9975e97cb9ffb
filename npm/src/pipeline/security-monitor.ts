/** Akamai's Security Monitor: reports on demand. */

import type { DataSource, DataStore, IdOrName, Report, ReportPack, ReportQuery, ReportRequest, Reports as RawReports } from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";
import { ConfigError, SourceError, type Problem } from "../errors.ts";
import { reworded } from "./config-words.ts";
import { defaultFetch } from "./default-fetch.ts";
import { pause } from "./host.ts";
import { Instance } from "./instance.ts";
import { sharedModule } from "./module.ts";

export type { DataSource, DataStore, IdOrName, Report, ReportColumn, ReportField, ReportFilter, ReportPack, ReportQuery, ReportSort } from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";

/**
 * What a wait is for:
 *
 * - `rate-limit`: the client itself has sent five requests within a minute.
 * - `throttled`: the API answered 429, because of others that use the account.
 * - `unreachable`: there was no answer.
 * - `unavailable`: the API is busy or has trouble.
 * - `unreadable`: an answer was cut, or was no document of the API.
 */
export type WaitReason = "rate-limit" | "throttled" | "unreachable" | "unavailable" | "unreadable";

/** What a client needs, and what can be set about it. */
export interface SecurityMonitorClientOptions {
  /** The API client's host, such as `akab-….luna.akamaiapis.net`. */
  host: string;
  clientToken: string;
  clientSecret: string;
  accessToken: string;
  /** Ends what is under way, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called when a request has to wait for so many milliseconds, with the reason. */
  onWait?: ((ms: number, reason: WaitReason) => void) | undefined;
  /** Sends requests; the global one if it is not set. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Allows `http://` to this machine itself, for tests. */
  allowInsecureLoopback?: boolean | undefined;
}

/**
 * Asks Akamai's Security Monitor API for report packs and reports.
 *
 * The API is for occasional questions: five requests a minute, which the client keeps by waiting, and no polling. Packs, stores,
 * dimensions and metrics can be named by their ids or by their names, in any case. What a query may ask is checked before it is sent,
 * and everything that is wrong with it is said at once (`InvalidReportError`).
 *
 * All methods reject with one of this package's errors: `SourceError` with what the API says, `ConfigError` for options that cannot be used.
 *
 * @example
 * ```ts
 * import { SecurityMonitorClient } from "edgesiem/pipeline";
 *
 * const stores = [{ id: 939, dimensions: [{ id: 957, name: "Country" }], metrics: [{ id: 544, name: "Requests Denied" }] }];
 * const columns = [{ type: "dimension", name: "Country" }, { type: "metric", name: "Requests Denied" }];
 * const client = new SecurityMonitorClient({
 *   host: "akab-example.luna.akamaiapis.net",
 *   clientToken: "akab-client-token",
 *   clientSecret: "a-secret",
 *   accessToken: "akab-access-token",
 *   // The example's own network, which has one data store and one row.
 *   fetch: async (url) => Response.json(url.endsWith("/data-stores") ? stores : { columns, rows: [["US", "156"]], metaData: { hasMoreData: false } }),
 * });
 * const query = { pack: 12332, start: "2026-11-22T10:00", end: "2026-11-22T11:00", dimensions: ["Country"], metrics: ["Requests Denied"] };
 * console.log((await client.report(query)).rows); // [ [ 'US', '156' ] ]
 * ```
 */
export class SecurityMonitorClient {
  readonly #options: SecurityMonitorClientOptions;
  #instance: Promise<Instance<RawReports>> | undefined;

  /** The options are checked when the first question is asked. */
  constructor(options: SecurityMonitorClientOptions) {
    this.#options = { ...options };
  }

  /** All report packs: their ids, names and time zones. */
  async reportPacks(): Promise<ReportPack[]> {
    return (await this.#perform({ operation: "report-packs" })) as ReportPack[];
  }

  /** One report pack with what it consists of. */
  async reportPack(pack: IdOrName): Promise<ReportPack> {
    return (await this.#perform({ operation: "report-pack", pack })) as ReportPack;
  }

  /** The data stores of a pack. A report is about the dimensions and metrics of one of them. */
  async dataStores(pack: IdOrName): Promise<DataStore[]> {
    return (await this.#perform({ operation: "data-stores", pack })) as DataStore[];
  }

  /** One data store of a pack. */
  async dataStore(pack: IdOrName, store: IdOrName): Promise<DataStore> {
    return (await this.#perform({ operation: "data-store", pack, store })) as DataStore;
  }

  /** The data sources of a pack: the ids of firewall policies. */
  async dataSources(pack: IdOrName): Promise<DataSource[]> {
    return (await this.#perform({ operation: "data-sources", pack })) as DataSource[];
  }

  /**
   * Checks a query as far as that goes without asking the API: what it says by itself, and what is known of the data stores from an
   * earlier report of the same pack. Sends nothing and waits for nothing.
   *
   * @throws `InvalidReportError` with every problem that shows.
   */
  async check(query: ReportQuery): Promise<void> {
    await this.#perform({ operation: "check", query });
  }

  /**
   * The rows of a report over less than four hours, in the time zone of its pack. Values are as they came: the API writes all of them as
   * texts, also numbers, and times as seconds since 1970.
   *
   * @throws `InvalidReportError` with every problem of the query.
   */
  async report(query: ReportQuery): Promise<Report> {
    return (await this.#perform({ operation: "report", query })) as Report;
  }

  async #perform(request: ReportRequest): Promise<unknown> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    try {
      this.#instance ??= this.#open();
      let instance = await this.#instance;
      if (instance.isStopped) instance = await (this.#instance = this.#open());
      return await instance.call((reports) => reports.perform(request as ReportRequest));
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof SourceError ? renamed(error) : error;
    }
  }

  /** A failure is not kept: the next call tries again. */
  async #open(): Promise<Instance<RawReports>> {
    const { host, clientToken, clientSecret, accessToken, allowInsecureLoopback, signal, onWait, fetch = defaultFetch } = this.#options;
    const secrets: Readonly<Record<string, string>> = { clientToken, clientSecret, accessToken };
    const secret = (name: string): { secret: string } => ({ secret: name });
    const config = {
      allow_insecure_loopback: allowInsecureLoopback === true,
      security_monitor: { host, client_token: secret("clientToken"), client_secret: secret("clientSecret"), access_token: secret("accessToken") },
    };
    const requests = new RecentRequests();
    const surroundings = {
      fetch: (url: string, init: RequestInit) => requests.watch(() => fetch(url, withSignal(init, signal))),
      secret: (name: string) => secrets[name],
      now: Date.now,
      sleep: (ms: number) => {
        onWait?.(ms, requests.waitReason(Date.now()));
        return pause(ms, signal);
      },
      ending: () => (signal?.aborted === true ? "the caller asked for it" : undefined),
    };
    try {
      return await Instance.open(await sharedModule(), ({ Reports }) => new Reports(config, surroundings));
    } catch (error) {
      this.#instance = undefined;
      throw error instanceof ConfigError ? reworded(error, (problems) => problems.map(ofOptions)) : error;
    }
  }
}

/** The module says how long it waits, not why; what it sent and what came of it tells. */
class RecentRequests {
  /** When the last ones ended, milliseconds. The module sends no more than five in a minute. */
  readonly #endedAtMs: number[] = [];
  /** What became of the last one, which is `unreadable` if it is asked again all the same. */
  #last: WaitReason = "unreadable";

  async watch(send: () => Promise<Response>): Promise<Response> {
    try {
      const response = await send();
      this.#last = response.ok ? "unreadable" : response.status === 429 ? "throttled" : "unavailable";
      return response;
    } catch (error) {
      this.#last = "unreachable";
      throw error;
    } finally {
      this.#endedAtMs.push(Date.now());
      if (this.#endedAtMs.length > REQUESTS_A_MINUTE) this.#endedAtMs.shift();
    }
  }

  waitReason(nowMs: number): WaitReason {
    const [first = 0] = this.#endedAtMs;
    const isFull = this.#endedAtMs.length === REQUESTS_A_MINUTE && nowMs - first < 60_000;
    return isFull ? "rate-limit" : this.#last;
  }
}

const REQUESTS_A_MINUTE = 5;

function withSignal(init: RequestInit, signal: AbortSignal | undefined): RequestInit {
  if (signal === undefined) return init;
  return { ...init, signal: init.signal === undefined || init.signal === null ? signal : AbortSignal.any([init.signal, signal]) };
}

/** The options behind the configuration's keys. */
const OPTIONS: Readonly<Record<string, string>> = { client_token: "clientToken", client_secret: "clientSecret", access_token: "accessToken" };

/** The host is an option here, and not the key of a configuration that the user never wrote. */
function renamed(error: SourceError): SourceError {
  const { code, retryable, context, userAction } = error;
  return new SourceError(error.message, { code, retryable, context, userAction: userAction.replaceAll("security_monitor.host", "the option host"), cause: error });
}

function ofOptions({ key, message, userAction }: Problem): Problem {
  const name = key.replace(/^security_monitor\./, "");
  if (Object.hasOwn(OPTIONS, name)) return { key: OPTIONS[name] ?? name, message: "it is empty", userAction: "take it from the API client's credentials" };
  const words = (text: string): string => text.replaceAll("allow_insecure_loopback = true", "allowInsecureLoopback: true");
  return { key: name, message: words(message), userAction: words(userAction) };
}
