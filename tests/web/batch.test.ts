/** Many records at once become the same rows as one by one, whatever is in them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Core } from "../../npm/src/index.ts";
import type { Row } from "../../npm/web/src/engine/index/row.ts";
import { Batch, BatchReader } from "../../npm/web/src/engine/input/batch.ts";
import { contentOf, rowOfFamily } from "../../npm/web/src/engine/input/record.ts";
import type { Family } from "../../npm/web/src/protocol.ts";
import { EventStream } from "../emulator/events.ts";
import { event, facet, headerBlock } from "./events.ts";

const INLINE = process.env["EDGESIEM_INLINE"] ?? new URL("../../npm/dist/inline.js", import.meta.url).href;
const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();
const BLNS = JSON.parse(readFileSync(new URL("../vectors/blns/blns.json", import.meta.url), "utf8")) as string[];
const VECTORS = JSON.parse(readFileSync(new URL("../vectors/schemas/trend-micro.json", import.meta.url), "utf8")) as { line: string }[];

type Record = Uint8Array<ArrayBuffer>;
const bytesOf = (text: string): Record => new TextEncoder().encode(text);

/** The row of a record read by itself; `undefined` if it is no event of the family. */
function alone(record: Record, family: Family): Row | undefined {
  try {
    const content = contentOf(core, record);
    return content.kind === "event" && content.family === family ? rowOfFamily(content.family, content.event) : undefined;
  } catch {
    return undefined;
  }
}

function together(records: readonly Record[], family: Family): Row[] | undefined {
  const batch = new Batch();
  if (!records.every((bytes) => batch.add({ bytes, offset: 0, length: bytes.length }))) return undefined;
  const reader = new BatchReader(core);
  const rows = reader.rows(batch, family);
  reader.free();
  return rows;
}

/** Whether the fast way gave a row, which is then the same as the slow way's. */
function isFast(record: Record, family: Family = "akamai-siem"): boolean {
  const [row] = together([record], family) ?? [];
  if (row === undefined) return false;
  assert.deepEqual(row, alone(record, family), new TextDecoder().decode(record).slice(0, 500));
  return true;
}

const text = (members: object): Record => bytesOf(JSON.stringify(members));
const HOSTILE: readonly Record[] = [
  ...BLNS.flatMap((naughty) => [event({ client: naughty, host: naughty, path: naughty, query: naughty, method: naughty, action: naughty, country: naughty, rule: naughty, message: naughty, header: ["X-A", naughty] })]).map(text),
  ...[null, 1, -0, 1e400, 1.5e3, true, "", [], {}, ["x"], { a: 1 }, "%3b%3b", "a;b;;"].flatMap((value) => {
    const { attackData, httpMessage } = event() as { attackData: object; httpMessage: object };
    return [
      ...["rules", "ruleMessages", "ruleActions", "ruleData", "ruleTags", "ruleVersions", "ruleSelectors", "clientIP", "appliedAction"].map((name) => ({ attackData: { ...attackData, [name]: value }, httpMessage })),
      ...["start", "method", "host", "status", "requestHeaders", "responseHeaders"].map((name) => ({ attackData, httpMessage: { ...httpMessage, [name]: value } })),
      { attackData: value, httpMessage, geo: value },
      { attackData, httpMessage: value },
      { attackData: value, httpMessage: value },
    ].map(text);
  }),
  ...[
    '{"attackData":{"rules":"OTUwMDAy","rules":"MzkwNA=="},"httpMessage":{}}',
    '{"attackData":{"rules":"OTUwMDAy"},"attackData":{"clientIP":"192.0.2.1"},"httpMessage":{}}',
    '{"attackData":{"rules":"OTUwMDAy","rules":[{"rule":"1"}]},"httpMessage":{"host":"a","host":"b"}}',
    '{"attackData":{"ruleData":"eA==","ruleData":5,"rules":"OTUwMDAy"}}',
    '{"attackData":{"rul\\u0065s":"OTUwMDAy","client\\u0049P":"192.0.2.1"},"httpMessage":{"path":"\\ud800\\u0000\\"\\\\"}}',
    '{"httpMessage":{"path":"/a\tb"}}',
    '{"httpMessage":{"path":"/a\nb"}}',
    '{"httpMessage":\n\r\t {"path" : "/" } }',
    '<134>1 host app: {"httpMessage":{"path":"/"}}',
    '{"httpMessage":{"path":"/"}} behind',
    '{"httpMessage":{"path":"/"}}{"httpMessage":{"path":"/2"}}',
    '{"httpMessage":{"path":"/"}',
    '{"httpMessage":{"path":"/"},}',
    '{"httpMessage":{"start":01}}',
    '{"__proto__":{"x":1},"attackData":{"__proto__":{"clientIP":"192.0.2.9"}},"httpMessage":{"constructor":"x"}}',
    "[]",
    "{}",
    "null",
    '{"offset":"a"}',
    `{"httpMessage":${"[".repeat(300)}${"]".repeat(300)}}`,
  ].map(bytesOf),
  Uint8Array.from([...bytesOf('{"httpMessage":{"path":"/'), 0xff, 0xc0, ...bytesOf('"}}')]),
  bytesOf('{"httpMessage":{"path":"/\u0000"}}'),
  text({ attackData: { rules: facet(...Array.from({ length: 60 }, (_, k) => `r${k % 40}\n`)), ruleActions: facet(...Array.from({ length: 70 }, (_, k) => (k === 50 ? "deny" : "alert"))), ruleData: facet(...Array.from({ length: 90 }, () => "x")) } }),
  text({ httpMessage: { requestHeaders: headerBlock(...Array.from({ length: 300 }, (_, k): [string, string] => [`A${k}`, "b"])) }, attackData: { rules: "OTUwMDAy;".repeat(500) } }),
  text({ attackData: { rules: ";".repeat(8800) } }),
];

describe("a batch of records", () => {
  it("has the rows of its records read one by one", () => {
    const stream = new EventStream({ seed: 7, firstEventAtMs: 1_790_000_000_000, intervalMs: 7, configIds: ["14227"] });
    const room = Buffer.alloc(64 * 1024);
    const records: Record[] = [];
    for (let k = 0; k < 2000; k += 1) records.push(Uint8Array.from(room.subarray(0, stream.copy(k, room, 0))));
    const usual = records.filter(({ length }) => length <= 9000);
    assert.ok(usual.length > 1900);
    for (let at = 0; at < usual.length; at += 5) {
      const some = usual.slice(at, at + 5);
      assert.deepEqual(together(some, "akamai-siem"), some.map((record) => alone(record, "akamai-siem")), `from event ${at} on`);
    }
  });

  it("never has other rows than them for hostile ones, but leaves them to be read one by one", () => {
    const fast = HOSTILE.filter((record) => isFast(record)).length;
    console.log(`${fast} of ${HOSTILE.length} hostile records were read at once`);
    assert.ok(fast > BLNS.length);
  });

  it("is read one by one if any record is a context line, no event, or one of the other family", () => {
    const usual = text(event());
    for (const other of ['{"offset":"a"}', '{"a":1}', "x", VECTORS[0]?.line ?? ""]) assert.equal(together([usual, bytesOf(other), usual], "akamai-siem"), undefined, other);
    assert.equal(together([usual, usual], "akamai-siem")?.length, 2);
  });

  it("of Trend Micro's events has the rows of its records too", () => {
    const fast = VECTORS.filter(({ line }) => isFast(bytesOf(line), "trend-micro-cas")).length;
    assert.ok(fast >= 15, `${fast} of ${VECTORS.length}`);
  });

  it("takes no record in which the decoder might count more rules and headers than it takes apart", () => {
    const bytes = text({ httpMessage: { path: "x".repeat(9000) } });
    assert.equal(new Batch().add({ bytes, offset: 0, length: bytes.length }), false);
  });
});
