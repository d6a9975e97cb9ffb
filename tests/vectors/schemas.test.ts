/** Events in every schema, as JavaScript sees them, over the vectors that the Rust tests read. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { PageDecoder, decodeEvent, json, schemaNames } from "./core.ts";
import type { EdgeSiemError, SchemaName } from "./core.ts";

interface Row {
  name: string;
  line: string;
  document: string;
}

/** Where the vectors of a schema are; the others are in the file of their name. */
const FILES: Record<string, string> = { "elastic-integration": "ecs-integration" };

function rows(schema: string): Row[] {
  if (schema === "raw") return rows("ecs").map((row) => ({ ...row, document: row.line }));
  if (schema === "decoded") {
    const decoded = json<{ name: string; line: string; expected: string }[]>("decode/decoded.json");
    return decoded.map(({ expected, ...row }) => ({ ...row, document: expected }));
  }
  return json<Row[]>(`schemas/${FILES[schema] ?? schema}.json`);
}

/** Documents are lines: a line feed, which is white space in JSON, becomes a space. */
const oneLine = (schema: string, text: string): string => (schema === "raw" ? text.replaceAll("\n", " ") : text);

const utf8 = new TextEncoder();

/** The documents of a page, pushed in chunks of `size` bytes, and the lines that were refused. */
function convertPage(lines: readonly string[], size: number, schema?: SchemaName) {
  using decoder = new PageDecoder(undefined, schema);
  const body = utf8.encode(lines.join("\n"));
  const out: Uint8Array[] = [];
  let rejected = 0;
  for (let at = 0; at < body.length; at += size) {
    out.push(decoder.push(body.subarray(at, at + size)));
    rejected += decoder.rejected.length;
  }
  const end = decoder.finish();
  rejected += decoder.rejected.length;
  const text = Buffer.concat([...out, end.decoded]).toString();
  return { documents: text.split("\n").slice(0, -1), rejected, events: decoder.events, context: end.context };
}

describe("the schemas", () => {
  test("are these", () => {
    const known = ["cef", "decoded", "ecs", "elastic-integration", "ocsf", "otel", "raw", "sentinel"];
    assert.deepEqual(schemaNames().toSorted(), known);
  });

  for (const schema of schemaNames()) {
    test(`${schema}: each vector becomes exactly the expected document`, () => {
      const vectors = rows(schema);
      assert.ok(vectors.length >= 30);
      for (const { name, line, document } of vectors) {
        assert.equal(decodeEvent(line, schema), oneLine(schema, document), name);
      }
    });

    test(`${schema}: a page becomes a line for each event, however it is cut`, () => {
      // In a page, a line feed ends the event.
      const vectors = rows(schema).filter(({ line }) => !line.includes("\n"));
      const lines = vectors.map(({ line }) => line);
      const documents = vectors.map(({ document }) => document);
      for (const size of [100, 100_000]) {
        const page = convertPage([...lines, "no event", '{"offset":"a","total":1}'], size, schema);
        assert.deepEqual(page.documents, documents);
        assert.deepEqual([page.events, page.rejected, page.context], [lines.length, 1, { offset: "a", total: 1 }]);
      }
    });
  }

  test("are `decoded` unless one is named", () => {
    const line = '{"attackData":{"rules":"OTUwMDAy"}}';
    assert.equal(decodeEvent(line), decodeEvent(line, "decoded"));
    assert.deepEqual(convertPage([line], 100).documents, [decodeEvent(line)]);
  });

  test("refuse a name that is none of theirs, and say which there are", () => {
    for (const unknown of ["", "ECS", "json", "\u001b[31mred"]) {
      const name = unknown as SchemaName;
      for (const call of [() => decodeEvent("{}", name), () => new PageDecoder(undefined, name)]) {
        assert.throws(call, (error: EdgeSiemError) => {
          assert.equal(error.code, "unknown_schema");
          for (const known of schemaNames()) assert.ok(error.message.includes(known) && error.userAction.includes(known));
          assert.match(error.message, /^[ -~]+$/);
          return true;
        });
      }
    }
  });

  test("refuse what is no event", () => {
    for (const schema of schemaNames()) {
      assert.throws(() => decodeEvent('{"offset":"a"}', schema), { code: "malformed_event" });
    }
  });
});
