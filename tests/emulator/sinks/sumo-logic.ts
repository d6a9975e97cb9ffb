/**
 * Sumo Logic's HTTP source, `POST /receiver/v1/http/<code>`, from its documentation ("Upload Logs to an HTTP Source",
 * "Troubleshooting HTTP Sources", "Search Large Messages"). Sumo sets no hard limit and wants batches of at most 1 MB before
 * compression; here a larger one is refused as one that took too long. A message of more than 64 KB is sliced, which is in
 * `silent`.
 */

import type { Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { lines, utf8 } from "./read.ts";

const MOST_BYTES = 1_000_000;
const SLICE_BYTES = 65_536;
/** Names that Sumo documents; anything else that begins like them is a typing mistake that Sumo would ignore. */
const HEADERS = new Set(["x-sumo-name", "x-sumo-host", "x-sumo-category", "x-sumo-fields", "x-sumo-client"]);

/** As Sumo words it. */
export const SUMO_THROTTLED: Reply = { status: 429, body: "You have temporarily exceeded your Sumo Logic quota. Please try again at a later time" };

export class SumoLogic extends Fake {
  readonly silent = { sliced: 0 };
  /** The `x-sumo-` headers of each delivery. */
  readonly metadata: Record<string, string>[] = [];
  readonly #path: string;

  constructor(options: FakeOptions & { code: string }) {
    super(options);
    this.#path = `/receiver/v1/http/${options.code}`;
  }

  protected answer({ method, path, headers, body }: Incoming): Reply {
    if (path !== this.#path) throw new Refusal({ status: 401, body: "" });
    if (method !== "POST") throw new Refusal({ status: 405, body: "" });
    const sumo = Object.entries(headers).filter(([name]) => name.startsWith("x-sumo-")) as [string, string][];
    const unknown = sumo.find(([name]) => !HEADERS.has(name));
    if (unknown !== undefined) throw new Refusal({ status: 400, body: `unknown header ${unknown[0]}` });
    const fields = headers["x-sumo-fields"];
    if (fields !== undefined && !String(fields).split(",").every((pair) => /^\s*[^=,\s]+=[^=,]+$/.test(pair))) {
      throw new Refusal({ status: 400, body: "fields are not key=value, key=value" });
    }
    if (utf8(body) === undefined) throw new Refusal({ status: 400, body: "not UTF-8" });
    if (body.length > MOST_BYTES) throw new Refusal({ status: 408, body: "" });
    const messages = lines(body);
    if (messages.length === 0) throw new Refusal({ status: 400, body: "no data" });
    if (this.poisoned(messages).length > 0) throw new Refusal({ status: 400, body: "" });
    this.metadata.push(Object.fromEntries(sumo));
    this.silent.sliced += messages.filter(({ bytes }) => bytes.length > SLICE_BYTES).length;
    this.keep(messages.filter(({ bytes }) => bytes.length <= SLICE_BYTES));
    return { status: 200, body: "" };
  }
}
