/**
 * Loki's `POST /loki/api/v1/push` with JSON, from its documentation ("Loki HTTP API", "Enforce rate limits and push request
 * validation") and the limits that are its defaults (`limits_config`). Lines that are fine are stored even if others of the
 * same request are not.
 */

import type { Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { isObject, json, mediaType, type Stored } from "./read.ts";

/** `max_line_size`. */
const MAX_LINE_BYTES = 256 * 1024;
/** Senders stay below `ingestion_rate_mb`, 4 MB a second; a larger request would never pass. */
const MAX_BODY_BYTES = 4_000_000;
const MAX_LABELS = 15;
const MAX_LABEL_NAME_BYTES = 1024;
const MAX_LABEL_VALUE_BYTES = 2048;
const MAX_METADATA_BYTES = 64 * 1024;
const MAX_METADATA_ENTRIES = 128;
/** `reject_old_samples_max_age`. */
const OLDEST_MS = 7 * 86_400_000;
/** `creation_grace_period`. */
const NEWEST_MS = 600_000;
/** Half of `max_chunk_age`. */
const BEHIND_NS = 3_600_000_000_000n;

/** As Loki answers when a tenant sends too much. */
export function lokiRateLimited(headers: Record<string, string> = {}): Reply {
  const body = "Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '1000' lines";
  return { status: 429, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

const text = (status: number, body: string): Refusal => new Refusal({ status, headers: { "content-type": "text/plain; charset=utf-8" }, body });

export interface LokiOptions extends FakeOptions {
  /** The only tenant there is. */
  tenant?: string;
  /** `user:password`. */
  basic?: string;
}

export interface LokiLine extends Stored {
  labels: Record<string, string>;
  ns: bigint;
  metadata: Record<string, string>;
}

export class Loki extends Fake {
  /** Lines that came a second time with the same labels and the same time: Loki stores them once. */
  repeated = 0;
  readonly #options: LokiOptions;
  readonly #newest = new Map<string, bigint>();
  readonly #known = new Set<string>();

  constructor(options: LokiOptions) {
    super(options);
    this.#options = options;
  }

  protected answer({ method, path, headers, body, nowMs }: Incoming): Reply {
    if (path === "/ready" && method === "GET") return { status: 200, body: "ready\n" };
    if (path !== "/loki/api/v1/push") throw text(404, "404 page not found");
    if (method !== "POST") throw text(405, "");
    const { basic, tenant } = this.#options;
    if (basic !== undefined && headers.authorization !== `Basic ${Buffer.from(basic).toString("base64")}`) throw text(401, "");
    if (tenant !== undefined && headers["x-scope-orgid"] === undefined) throw text(401, "no org id");
    if (tenant !== undefined && headers["x-scope-orgid"] !== tenant) throw text(403, "");
    // Any other type is read as snappy-compressed protobuf, which this is not.
    if (mediaType(headers) !== "application/json") throw text(400, "snappy: corrupt input");
    if (body.length > MAX_BODY_BYTES) throw text(413, `request body too large: ${body.length} bytes, limit: ${MAX_BODY_BYTES} bytes`);
    const read = json(body);
    if (!isObject(read) || !Array.isArray(read["streams"])) throw text(400, "couldn't parse push request");
    const entries = read["streams"].flatMap(readStream);
    if (entries.length === 0) throw text(422, "error at least one valid stream is required for ingestion");
    const problems = entries.map((entry) => this.#problem(entry, nowMs));
    entries.filter((_, index) => problems[index] === undefined).forEach((entry) => this.#store(entry));
    const first = problems.find((problem) => problem !== undefined);
    if (first !== undefined) throw text(400, first);
    return { status: 204, body: "" };
  }

  #problem({ labels, ns, metadata, bytes }: LokiLine, nowMs: number): string | undefined {
    const stream = JSON.stringify(labels);
    const names = Object.keys(labels);
    if (names.length === 0) return "error at least one label pair is required per stream";
    if (names.length > MAX_LABELS) return `entry for stream '${stream}' has ${names.length} label names; limit ${MAX_LABELS}`;
    for (const [name, value] of Object.entries(labels)) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith("__")) return `Error parsing labels '${stream}'`;
      if (Buffer.byteLength(name) > MAX_LABEL_NAME_BYTES) return `stream '${stream}' has label name too long: '${name}'`;
      if (Buffer.byteLength(value) > MAX_LABEL_VALUE_BYTES) return `stream '${stream}' has label value too long: '${value}'`;
    }
    const ms = Number(ns / 1_000_000n);
    if (ms < nowMs - OLDEST_MS) return `entry for stream '${stream}' has timestamp too old: ${ms}`;
    if (ms > nowMs + NEWEST_MS) return `entry for stream '${stream}' has timestamp too new: ${ms}`;
    if (bytes.length > MAX_LINE_BYTES) return `Max entry size '${MAX_LINE_BYTES}' bytes exceeded for stream '${stream}' while adding an entry with length '${bytes.length}' bytes`;
    const size = Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
    if (size > MAX_METADATA_BYTES) return `stream '${stream}' has structured metadata too large: '${size}' bytes, limit: '${MAX_METADATA_BYTES}' bytes`;
    if (Object.keys(metadata).length > MAX_METADATA_ENTRIES) return `stream '${stream}' has too many structured metadata labels`;
    const newest = this.#newest.get(stream);
    if (newest !== undefined && ns < newest - BEHIND_NS) return `entry too far behind, entry timestamp is: ${ns}, oldest acceptable timestamp is: ${newest - BEHIND_NS}`;
    return this.poison(bytes) ? `entry for stream '${stream}' is poison` : undefined;
  }

  #store(entry: LokiLine): void {
    const stream = JSON.stringify(entry.labels);
    const key = `${stream} ${entry.ns} ${entry.bytes.toString("utf8")}`;
    if (entry.ns > (this.#newest.get(stream) ?? 0n)) this.#newest.set(stream, entry.ns);
    if (this.#known.has(key)) this.repeated += 1;
    else this.keep([entry]);
    this.#known.add(key);
  }
}

function readStream(stream: unknown): LokiLine[] {
  if (!isObject(stream) || !isText(stream["stream"]) || !Array.isArray(stream["values"])) throw text(400, "couldn't parse push request: stream");
  const labels = stream["stream"];
  return stream["values"].map((value: unknown) => {
    const [ns, line, metadata = {}, ...rest] = Array.isArray(value) ? (value as unknown[]) : [];
    if (typeof ns !== "string" || !/^\d{1,19}$/.test(ns) || typeof line !== "string" || !isText(metadata) || rest.length > 0) {
      throw text(400, "couldn't parse push request: values");
    }
    return { labels, ns: BigInt(ns), metadata, value: line, bytes: Buffer.from(line) };
  });
}

/** An object of nothing but strings. */
function isText(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((member) => typeof member === "string");
}
