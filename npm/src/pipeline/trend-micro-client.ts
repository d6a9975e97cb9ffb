/** Trend Micro Cloud App Security's events one by one. */

import type { TrendMicroCasEvent } from "../types.ts";
import { EventClient, invalid, whatIsSet, wholeNumber, type EventClientOptions } from "./client-base.ts";

/** Where an organisation's data is: each region has a host of its own. */
export type TrendMicroCasRegion = "us" | "eu" | "jp" | "au" | "uk" | "ca" | "sg" | "in";

/** What a client needs, and what can be set about it. */
export interface TrendMicroCasClientOptions extends EventClientOptions {
  /** An authentication token of the Log Retrieval API, from the console under Administration > Automation and Integration APIs. */
  token: string;
  /** Which host is asked; either this or `host`. */
  region?: TrendMicroCasRegion | undefined;
  /** The host by its name, such as `api-eu.tmcas.trendmicro.com`. */
  host?: string | undefined;
  /** Which services are asked for, such as `exchange` or `onedrive`; all of them if it is not set. */
  services?: readonly string[] | undefined;
  /** Which types of events: `securityrisk`, `virtualanalyzer`, `ransomware`, `dlp`; all of them if it is not set. */
  events?: readonly string[] | undefined;
  /** Where to go on from: {@link TrendMicroCasClient.cursor} of an earlier client with the same services and events. */
  cursor?: string | undefined;
  /** Begin at this time, no more than 72 hours ago; a number is seconds since 1970. Without it and `cursor`, a day ago. */
  from?: Date | number | undefined;
  /** Events to ask for at once, up to 500, which it is if it is not set; the older API takes 200. */
  limit?: number | undefined;
  /** `legacy` asks `/siem/v1/security_events`, which some older tenants have; `/v1/siem/security_events` if it is not set. */
  path?: "current" | "legacy" | undefined;
  /** At most so many requests a minute, up to 20; 10 if it is not set. All clients of an organisation share what is allowed. */
  requestsPerMinute?: number | undefined;
  /** At most so many requests a day, 1440 to 28800; 1440 times `requestsPerMinute` if it is not set. */
  requestsPerDay?: number | undefined;
}

/**
 * Pulls security events of Trend Micro Cloud App Security: an async iterable of documents.
 *
 * The API is asked for each service and each type of event by itself, so that a round over all of them takes 48 requests: at ten a
 * minute nearly five minutes. Name the `services` and `events` that matter, and it is done sooner. The first request comes one interval
 * after the loop began, because nobody knows when the API was asked before.
 *
 * {@link TrendMicroCasClient.cursor} is where to go on from. It moves page by page: whoever begins there again misses nothing, and may see
 * the events of the last page twice.
 *
 * `T` is what the schema writes: with another than `decoded`, say so (`new TrendMicroCasClient<string>({ schema: "cef", … })`).
 *
 * The loop rejects with `SourceError` and the like if something is in the way that does not pass by itself.
 *
 * @example
 * ```ts
 * import { TrendMicroCasClient } from "edgesiem/pipeline";
 *
 * const client = new TrendMicroCasClient({
 *   region: "eu",
 *   token: "an-authentication-token",
 *   services: ["exchange"],
 *   events: ["dlp"],
 *   requestsPerMinute: 20,
 *   // The example's own network, which has one event.
 *   fetch: async () => Response.json({
 *     next_link: "",
 *     last_log_item_generation_time: new Date(Date.now() - 3_600_000).toISOString(),
 *     security_events: [{ log_item_id: "1", service: "Exchange Online", event: "dlp", message: { mail_message_sender: "a@example.com" } }],
 *   }),
 * });
 * for await (const { message } of client) console.log(message?.mail_message_sender); // [ 'a@example.com' ]
 * console.log(typeof client.cursor); // string
 * ```
 */
export class TrendMicroCasClient<T = TrendMicroCasEvent> extends EventClient<T> {
  /** @throws {@link InvalidArgumentError} `to` without `from`, or a cursor that is none. The other options are checked when the iteration begins. */
  constructor(options: TrendMicroCasClientOptions) {
    const { token, region, host, services, events, cursor, limit, path, requestsPerMinute, requestsPerDay } = options;
    wholeNumber("limit", limit, "1 to 500");
    wholeNumber("requestsPerMinute", requestsPerMinute, "1 to 20");
    wholeNumber("requestsPerDay", requestsPerDay, "1440 to 28800");
    if (cursor !== undefined && options.from !== undefined) throw invalid("`cursor` and `from` exclude each other", "leave one of them out");
    super(options, {
      table: whatIsSet({
        kind: "trend-micro-cas",
        region,
        host,
        services: services === undefined ? undefined : [...services],
        events: events === undefined ? undefined : [...events],
        limit,
        path,
        requests_per_minute: requestsPerMinute,
        requests_per_day: requestsPerDay,
      }),
      secrets: { token },
      secretAdvice: "take it from the console, under Administration > Automation and Integration APIs",
      cursor: cursor === undefined ? undefined : bookmark(cursor),
      names: { start_from: "from", requests_per_minute: "requestsPerMinute", requests_per_day: "requestsPerDay" },
    });
  }

  /** Where to go on from, to be kept as it is: every event before it was taken. `undefined` before the first page was taken whole. */
  get cursor(): string | undefined {
    const cursor = this.lastCursor;
    return cursor === undefined ? undefined : JSON.stringify(cursor);
  }
}

function bookmark(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw invalid("`cursor` is none of this client's", "hand over what `cursor` of an earlier client was, or leave it out");
}
