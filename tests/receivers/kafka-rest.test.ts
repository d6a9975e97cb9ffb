import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaRest, kafkaError, type KafkaRecord } from "../emulator/sinks/kafka-rest.ts";
import { Strict, httpDate, parsed } from "./strict.ts";

const BUSY = 321;
const ran = new Strict({
  kind: "kafka-rest",
  make: () => new KafkaRest({ topic: "akamai-waf", cluster: "lkc-abc123", basic: "KEY:api-secret" }),
  table: ({ origin }) => ({ url: origin, topic: "akamai-waf", user: "KEY", password: { secret: "SECRET" } }),
  secrets: { SECRET: "api-secret" },
  id: (stored) => (stored as KafkaRecord).key,
  fits: 900_000,
  tooLong: 1_100_000,
  failures: () => [kafkaError(429, "Too many requests", { "retry-after": "1" }), () => kafkaError(503, "Service Unavailable", { "retry-after": httpDate() })],
  lanes: {
    busy: (make) => {
      const fake = make();
      fake.retriableBatches = 2;
      fake.retriable = (record) => record.includes(ran.siem.events.requestId(BUSY));
      return { fake };
    },
    v3: (make) => ({ fake: make(), table: { api: "v3", cluster_id: "lkc-abc123", gzip: true } }),
    text: (make) => ({ fake: make(), schema: "cef", table: { encoding: "base64" } }),
    raw: (make) => ({ fake: make(), schema: "raw", table: { encoding: "base64" } }),
  },
});

test("kafka-rest: accepted by a strict fake", () => {
  ran.arrived("plain");
  ran.arrived("v3");
  ran.arrived("text");
  ran.arrived("raw", { document: (stored) => ({ ...parsed(stored), bytes: stored.bytes }) });
  ran.idsAreOneToOne("plain");
});

test("kafka-rest: partial failure: refused records become dead letters, busy partitions are asked again", async () => {
  await ran.onlyThePoisonIsSetAside(/failed the validation/);
  ran.arrived("busy");
  assert.deepEqual((await ran.setAside("busy")).numbers, ran.tooLong);
});

test("kafka-rest: repeats: another record with the same key, the event's id", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("kafka-rest: limits: 5000 records a request; larger ones than max.message.bytes become dead letters", async () => {
  // The limit is the topic's, so the proxy says so.
  await ran.limitsAreKept();
});

test("kafka-rest waits as Retry-After says", () => ran.waitsAsAsked());
