/** Akamai's SIEM events one by one. */

import type { DecodedEvent } from "../types.ts";
import { EventClient, invalid, whatIsSet, wholeNumber, type EventClientOptions } from "./client-base.ts";

/** What a client needs, and what can be set about it. */
export interface AkamaiSiemClientOptions extends EventClientOptions {
  /** The API client's host, such as `akab-….luna.akamaiapis.net`. */
  host: string;
  clientToken: string;
  clientSecret: string;
  accessToken: string;
  /** Ids of the security configurations. An offset belongs to this set. */
  configIds: readonly (number | string)[];
  /** Begin with the events after this offset, which an earlier client or another connector kept. */
  offset?: string | undefined;
  /** Begin at this time, no more than 12 hours ago; a number is seconds since 1970. Without it and `offset`, where the API begins. */
  from?: Date | number | undefined;
  /** Events to ask for at once, up to 600,000; 10,000 if it is not set. */
  limit?: number | undefined;
}

/**
 * Pulls events from Akamai's SIEM API: an async iterable of documents.
 *
 * Retries, cut pages, clocks that are wrong and offsets that expired are taken care of as in the Worker. The source is read no
 * faster than events are taken; at most some megabytes are held. Leaving the loop ends the run and its connections.
 *
 * {@link AkamaiSiemClient.offset} is where to go on from. It moves page by page: whoever begins there again misses nothing, and may see the
 * events of the last page twice.
 *
 * `T` is what the schema writes: with another than `decoded`, say so (`new AkamaiSiemClient<string>({ schema: "cef", … })`).
 *
 * The loop rejects with `SourceError` and the like if something is in the way that does not pass by itself.
 *
 * @example
 * ```ts
 * import { AkamaiSiemClient } from "edgesiem/pipeline";
 *
 * const client = new AkamaiSiemClient({
 *   host: "akab-example.luna.akamaiapis.net",
 *   clientToken: "akab-client-token",
 *   clientSecret: "a-secret",
 *   accessToken: "akab-access-token",
 *   configIds: [14227],
 *   // The example's own network, which has a page without events.
 *   fetch: async () => new Response('{"total":0,"offset":"an-offset"}\n'),
 * });
 * for await (const event of client) console.log(event);
 * console.log(client.offset); // an-offset
 * ```
 */
export class AkamaiSiemClient<T = DecodedEvent> extends EventClient<T> {
  readonly #begin: string | undefined;

  /** @throws {@link InvalidArgumentError} `to` without `from`. The other options are checked when the iteration begins. */
  constructor(options: AkamaiSiemClientOptions) {
    const { host, clientToken, clientSecret, accessToken, configIds, limit, offset } = options;
    wholeNumber("limit", limit, "1 to 600000");
    if (offset !== undefined && options.from !== undefined) throw invalid("`offset` and `from` exclude each other", "leave one of them out");
    super(options, {
      table: whatIsSet({ kind: "akamai-siem", host, config_ids: [...configIds], limit, start_offset: offset }),
      secrets: { clientToken, clientSecret, accessToken },
      secretAdvice: "take it from the API client's credentials",
      names: { config_ids: "configIds", client_token: "clientToken", client_secret: "clientSecret", access_token: "accessToken", start_offset: "offset", start_from: "from" },
    });
    this.#begin = offset;
  }

  /** Where to go on from: every event before it was taken. `undefined` before the first page was taken whole. */
  get offset(): string | undefined {
    const { offset } = Object(this.lastCursor) as { offset?: unknown };
    return typeof offset === "string" ? offset : this.#begin;
  }
}
