/** What the other tests here look at is what the npm package writes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, schemaNames } from "../vectors/core.ts";
import { hostile, seededEvents } from "./corpus.ts";
import { SCHEMAS, convert, textOf } from "./documents.ts";

const EVENTS = [...seededEvents(300), ...hostile()];

for (const schema of SCHEMAS) {
  test(`the npm package and schema-convert write the same ${schema}`, (t) => {
    assert.ok(schemaNames().includes(schema));
    const documents = convert(schema, EVENTS.map(({ line }) => line));
    assert.equal(documents.length, EVENTS.length);
    EVENTS.forEach(({ name, line }, k) => assert.ok(decodeEvent(line, schema) === textOf(documents[k] ?? Buffer.of()), name));
    t.diagnostic(`${schema}: ${documents.length} documents`);
  });
}
