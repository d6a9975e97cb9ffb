/**
 * New Relic's Log API, `POST /log/v1`, from its documentation ("Introduction to the Log API"). What is in a payload is only
 * looked at after its 202: what New Relic would report as a `NrIntegrationError`, cut or drop is in `silent`.
 */

import { randomUUID } from "node:crypto";
import { jsonReply, type Reply } from "../delivery.ts";
import { member } from "../json-spans.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, isObject, json, mediaType, type Stored } from "./read.ts";

/** As it is sent. */
const MAX_WIRE_BYTES = 1_000_000;
const MAX_ATTRIBUTES = 255;
const MAX_NAME_CHARS = 255;
const OLDEST_MS = 48 * 3_600_000;
const RESERVED = new Set(["accountId", "eventType", "entity.guid", "entity.name", "entity.type"]);

const refused = (status: number, message = ""): Refusal => new Refusal(jsonReply(status, { error: message }));

export interface NewRelicLog extends Stored {
  /** Attributes of the block and of the log. */
  attributes: Record<string, unknown>;
  timestamp: number | undefined;
}

export class NewRelic extends Fake {
  /** What became wrong after a 202. */
  readonly silent: string[] = [];
  readonly #licenseKey: string;

  constructor(options: FakeOptions & { licenseKey: string }) {
    super(options);
    this.#licenseKey = options.licenseKey;
  }

  protected answer({ method, path, query, headers, body, wireBytes, nowMs }: Incoming): Reply {
    if (path !== "/log/v1") throw refused(404);
    if (method !== "POST") throw refused(405);
    if ((headers["api-key"] ?? query.get("Api-Key")) !== this.#licenseKey) throw refused(403);
    if (!["application/json", "json", "application/gzip", "gzip"].includes(mediaType(headers))) throw refused(415);
    if (wireBytes > MAX_WIRE_BYTES) throw refused(413);
    const read = json(body);
    if (!Array.isArray(read) || read.length === 0) throw refused(400, "not an array of blocks");
    const logs = arrayRecords(body).flatMap((block) => this.#readBlock(block));
    if (this.poisoned(logs).length > 0) throw refused(400, "poison");
    this.keep(logs.filter((log) => this.#isStored(log, nowMs)));
    return jsonReply(202, { requestId: randomUUID() });
  }

  #readBlock({ value, bytes }: Stored): NewRelicLog[] {
    if (!isObject(value) || !Array.isArray(value["logs"]) || value["logs"].length === 0) throw refused(400, "a block without logs");
    const common = (isObject(value["common"]) ? value["common"]["attributes"] : undefined) ?? {};
    const logs = arrayRecords(bytes, member(bytes, 0, "logs")?.start);
    return logs.map((log) => {
      const { attributes = {}, timestamp } = log.value as Record<string, unknown>;
      return { ...log, attributes: { ...common, ...(attributes as object) }, timestamp: timestamp as number | undefined };
    });
  }

  #isStored({ value, attributes, timestamp }: NewRelicLog, nowMs: number): boolean {
    const problem = this.#problem(value, attributes, timestamp, nowMs);
    if (problem !== undefined) this.silent.push(problem);
    return problem === undefined;
  }

  #problem(value: unknown, attributes: Record<string, unknown>, timestamp: unknown, nowMs: number): string | undefined {
    if (!isObject(value) || value["message"] === undefined) return "no message";
    if (Array.isArray(value["message"])) return "the message is an array";
    if (timestamp !== undefined && !Number.isInteger(timestamp)) return `timestamp ${String(timestamp)}`;
    // Seconds have ten digits for another 260 years.
    const ms = timestamp === undefined ? nowMs : Number(timestamp) < 1e11 ? Number(timestamp) * 1000 : Number(timestamp);
    if (ms < nowMs - OLDEST_MS) return "older than 48 hours";
    const flat = flattened(attributes);
    const own = Object.keys(value).filter((name) => !["timestamp", "message", "attributes"].includes(name));
    if (flat.length + own.length > MAX_ATTRIBUTES) return `${flat.length} attributes`;
    for (const [name, member] of flat) {
      if (name.length > MAX_NAME_CHARS) return `a name of ${name.length} characters`;
      if (RESERVED.has(name)) return `the name ${name} is reserved`;
      if (Array.isArray(member)) return `${name} is an array`;
    }
    return undefined;
  }
}

/** Members of members get names with dots. */
function flattened(attributes: Record<string, unknown>, prefix = ""): [string, unknown][] {
  return Object.entries(attributes).flatMap(([name, value]) => (isObject(value) ? flattened(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value] as [string, unknown]]));
}
