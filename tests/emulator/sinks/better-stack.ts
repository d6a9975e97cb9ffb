/**
 * Better Stack's `POST /` for logs, from its documentation ("Ingesting logs"): its four answers word for word, its limits, and the
 * forms of `dt`. A time that it cannot read becomes a text beside that of the arrival, which is in `silent`.
 */

import type { Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, lines, mediaType, type Stored } from "./read.ts";

const MAX_WIRE_BYTES = 10 * 1024 * 1024;
const MAX_BODY_BYTES = 20 * 1024 * 1024;
const MAX_RECORD_BYTES = 10 * 1024 * 1024;

export class BetterStack extends Fake {
  readonly silent = { untimed: 0 };
  readonly #token: string;

  constructor(options: FakeOptions & { token: string }) {
    super(options);
    this.#token = options.token;
  }

  protected answer({ method, path, headers, body, wireBytes }: Incoming): Reply {
    if (path !== "/") throw new Refusal({ status: 404, body: "" });
    if (method !== "POST") throw new Refusal({ status: 405, body: "" });
    if (headers.authorization !== `Bearer ${this.#token}`) throw new Refusal({ status: 403, body: "Unauthorized" });
    if (wireBytes > MAX_WIRE_BYTES || body.length > MAX_BODY_BYTES) throw new Refusal({ status: 413, body: "payload reached size limit" });
    const records = readRecords(mediaType(headers), body);
    if (records === undefined || this.poisoned(records).length > 0) throw new Refusal({ status: 406, body: "Couldn't parse JSON content." });
    if (records.some(({ bytes }) => bytes.length > MAX_RECORD_BYTES)) throw new Refusal({ status: 413, body: "payload reached size limit" });
    this.silent.untimed += records.filter(({ value }) => !isTime((value as { dt?: unknown }).dt)).length;
    this.keep(records);
    return { status: 202, body: "" };
  }
}

function readRecords(type: string, body: Buffer): Stored[] | undefined {
  let records: Stored[];
  if (type === "application/x-ndjson") {
    records = lines(body).map(({ bytes }) => ({ bytes, value: json(bytes) }));
  } else {
    const read = type === "application/json" ? json(body) : undefined;
    records = Array.isArray(read) ? arrayRecords(body) : [{ bytes: body, value: read }];
  }
  return records.length > 0 && records.every(({ value }) => isObject(value)) ? records : undefined;
}

/** Whole seconds, milliseconds or nanoseconds since 1970, or RFC 3339, also with a space in the middle. */
function isTime(dt: unknown): boolean {
  if (typeof dt === "number") return Number.isInteger(dt) && [10, 13, 19].includes(String(dt).length);
  return dt === undefined || (typeof dt === "string" && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(dt) && !Number.isNaN(Date.parse(dt)));
}
