import assert from "node:assert/strict";
import { test } from "node:test";
import { Datadog } from "../emulator/sinks/datadog.ts";
import { isObject, type Stored } from "../emulator/sinks/read.ts";
import { Strict, parsed } from "./strict.ts";

const log = ({ value }: Stored): Record<string, unknown> => (isObject(value) ? value : {});
const ran = new Strict({
  kind: "datadog",
  make: () => new Datadog({ apiKey: "0123456789abcdef" }),
  table: ({ origin }) => ({ url: origin, api_key: { secret: "KEY" }, ddsource: "akamai", service: "waf", hostname: "edge", tags: ["env:test", "team:soc"] }),
  secrets: { KEY: "0123456789abcdef" },
  document: (stored) => parsed({ ...stored, value: log(stored)["message"] }),
  id: (stored) => log(stored)["edgesiem_id"],
  fits: 900_000,
  tooLong: 1_000_001,
  lanes: {
    text: (make) => ({ fake: make(), schema: "cef", table: { gzip: true } }),
  },
});

test("datadog: accepted by a strict fake", () => {
  ran.arrived("plain");
  const { ddsource, service, hostname, ddtags } = log(ran.fake("plain").stored[0]!);
  assert.deepEqual({ ddsource, service, hostname, ddtags }, { ddsource: "akamai", service: "waf", hostname: "edge", ddtags: "env:test,team:soc" });
});

test("datadog: partial failure: none; a refused batch is halved until the bad event is alone", async () => {
  await ran.onlyThePoisonIsSetAside(/HTTP 400/);
});

test("datadog: repeats: stored twice; both carry the same `@edgesiem_id`", () => {
  ran.arrived("failing", { duplicates: ran.repeatedBatch() });
  ran.idsAreOneToOne();
});

test("datadog: limits: 1000 logs and 5 MB a request, 1 MB a log", async () => {
  await ran.limitsAreKept();
  assert.deepEqual(ran.fake("plain").silent, { truncated: 0, tooOld: 0 });
});

test("datadog waits as Retry-After says", () => ran.waitsAsAsked());

test("datadog gets text as messages, packed if so configured", () => {
  const message = (stored: Stored): Stored => ({ ...stored, value: log(stored)["message"] });
  ran.arrived("text", { document: message });
  assert.ok(ran.fake("text").stored.every((stored) => /^CEF:0\|/.test(String(message(stored).value))));
  assert.equal(ran.fake("text").counters.gzip, ran.fake("text").counters.taken);
});
