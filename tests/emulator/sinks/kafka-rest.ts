/**
 * Confluent's REST Proxy: `POST /topics/<topic>` (v2) and `POST /v3/clusters/<cluster>/topics/<topic>/records`, from its API
 * reference and its codes of errors (io.confluent.kafkarest.Errors). Each record has an outcome of its own. A topic here has one
 * partition, and lets no record pass that is larger than `max.message.bytes` with its overhead.
 */

import { jsonReply, type Reply } from "../delivery.ts";
import { member } from "../json-spans.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { arrayRecords, concatenatedRecords, isObject, json, mediaType, type Stored } from "./read.ts";

/** Broker default: 1 MiB and the overhead of a batch of one. */
const MAX_MESSAGE_BYTES = 1_048_588;
const BATCH_OVERHEAD_BYTES = 70;
const V2_TYPE = "application/vnd.kafka.v2+json";

/** How the proxy words a refusal. */
export function kafkaError(code: number, message: string, headers: Record<string, string> = {}): Reply {
  const status = code > 999 ? Math.floor(code / 100) : code;
  return jsonReply(status, { error_code: code, message }, { "content-type": V2_TYPE, ...headers });
}

const refused = (...error: Parameters<typeof kafkaError>): Refusal => new Refusal(kafkaError(...error));

export interface KafkaRecord extends Stored {
  key: unknown;
}

export interface KafkaRestOptions extends FakeOptions {
  topic: string;
  cluster?: string;
  /** `user:password`. */
  basic?: string;
}

export class KafkaRest extends Fake {
  /** Records that the brokers do not take for now (50003), for so many batches. */
  retriable: (record: Buffer) => boolean = () => false;
  retriableBatches = 0;
  readonly #options: KafkaRestOptions;

  constructor(options: KafkaRestOptions) {
    super(options);
    this.#options = options;
  }

  protected answer(incoming: Incoming): Reply {
    const { method, path, headers } = incoming;
    const { topic, cluster, basic } = this.#options;
    if (basic !== undefined && headers.authorization !== `Basic ${Buffer.from(basic).toString("base64")}`) throw refused(401, "Unauthorized");
    const found = /^\/topics\/([^/]+)$/.exec(path) ?? /^(?:\/kafka)?\/v3\/clusters\/([^/]+)\/topics\/([^/]+)\/records$/.exec(path);
    if (found === null) throw refused(404, "HTTP 404 Not Found");
    const isV3 = found.length === 3;
    if (found.at(-1) !== topic) throw refused(40401, "Topic not found.");
    if (isV3 && found[1] !== cluster) throw refused(404, "Cluster not found.");
    if (method === "GET" && !isV3) return jsonReply(200, { name: topic, configs: {}, partitions: [{ partition: 0, leader: 0, replicas: [] }] });
    if (method !== "POST") throw refused(405, "HTTP 405 Method Not Allowed");
    return isV3 ? this.#produceV3(incoming) : this.#produceV2(incoming);
  }

  #produceV2({ headers, body }: Incoming): Reply {
    const type = mediaType(headers);
    if (!["application/vnd.kafka.json.v2+json", "application/vnd.kafka.binary.v2+json"].includes(type)) throw refused(415, "HTTP 415 Unsupported Media Type");
    const accept = String(headers.accept ?? "*/*");
    if (!accept.split(",").some((range) => [V2_TYPE, "application/vnd.kafka+json", "application/json", "*/*"].includes(range.split(";")[0]!.trim()))) throw refused(406, "HTTP 406 Not Acceptable");
    const read = json(body);
    if (!isObject(read)) throw refused(400, "Bad Request");
    if (!Array.isArray(read["records"]) || read["records"].length === 0) throw refused(422, "records may not be empty");
    const records = arrayRecords(body, member(body, body.indexOf("{"), "records")?.start).map((record) => readRecord(record, type.includes("binary")));
    const outcomes = this.#produce(records);
    const offsets = outcomes.map((outcome) => (typeof outcome === "number" ? { partition: 0, offset: outcome, error_code: null, error: null } : { partition: null, offset: null, error_code: outcome.code, error: outcome.error }));
    return jsonReply(200, { offsets, key_schema_id: null, value_schema_id: null }, { "content-type": V2_TYPE });
  }

  #produceV3({ headers, body }: Incoming): Reply {
    if (mediaType(headers) !== "application/json") throw refused(415, "HTTP 415 Unsupported Media Type");
    const read = concatenatedRecords(body);
    if (read === undefined || read.length === 0) throw refused(400, "Bad Request");
    const { topic, cluster } = this.#options;
    const outcomes = this.#produce(read.map(readV3));
    const reports = outcomes.map((outcome) => (typeof outcome === "number" ? { error_code: 200, cluster_id: cluster, topic_name: topic, partition_id: 0, offset: outcome } : { error_code: outcome.code, message: outcome.error }));
    return { status: 200, headers: { "content-type": "application/json" }, body: reports.map((report) => JSON.stringify(report)).join("\n") };
  }

  /** Offset or error of each. */
  #produce(records: readonly KafkaRecord[]): (number | { code: number; error: string })[] {
    const isBusy = this.retriableBatches > 0;
    if (isBusy) this.retriableBatches -= 1;
    return records.map((record) => {
      const size = record.bytes.length + Buffer.byteLength(JSON.stringify(record.key ?? null)) + BATCH_OVERHEAD_BYTES;
      if (size > MAX_MESSAGE_BYTES) return { code: 50002, error: `Kafka error: The message is ${size} bytes when serialized which is larger than ${MAX_MESSAGE_BYTES}, which is the value of the max.request.size configuration.` };
      if (this.poison(record.bytes)) return { code: 50002, error: "Kafka error: This record has failed the validation on broker and hence will be rejected." };
      if (isBusy && this.retriable(record.bytes)) return { code: 50003, error: "Retriable Kafka error: The server is not the leader for that topic-partition." };
      this.keep([record]);
      return this.stored.length - 1;
    });
  }
}

function readRecord({ bytes, value: record }: Stored, isBinary: boolean): KafkaRecord {
  if (!isObject(record) || !("value" in record)) throw refused(422, "Unrecognized record");
  const unknown = Object.keys(record).find((name) => !["key", "value", "partition"].includes(name));
  if (unknown !== undefined) throw refused(422, `Unrecognized field: ${unknown}`);
  const { key, value } = record;
  if (isBinary) {
    if (typeof value !== "string" || Buffer.from(value, "base64").toString("base64") !== value) throw refused(422, "value is not base64");
    const plain = Buffer.from(value, "base64");
    return { key: typeof key === "string" ? Buffer.from(key, "base64").toString("utf8") : key, bytes: plain, value: plain.toString("utf8") };
  }
  const span = member(bytes, 0, "value");
  return { key, value, bytes: bytes.subarray(span?.start, span?.end) };
}

function readV3({ bytes, value: record }: Stored): KafkaRecord {
  const [value, key] = isObject(record) ? [record["value"], record["key"]] : [];
  if (!isObject(value) || !["JSON", "STRING", "BINARY"].includes(String(value["type"])) || !("data" in value)) throw refused(422, "Unrecognized record");
  if (value["type"] === "BINARY") {
    const plain = Buffer.from(String(value["data"]), "base64");
    return { key: isObject(key) ? key["data"] : undefined, bytes: plain, value: plain.toString("utf8") };
  }
  const outer = member(bytes, 0, "value")?.start ?? 0;
  const span = member(bytes, outer, "data");
  return { key: isObject(key) ? key["data"] : undefined, value: value["data"], bytes: bytes.subarray(span?.start, span?.end) };
}
